"""督办 by hand: somebody reminds, urges, lists or circulates a unit; the unit replies; a supervision is lifted.

提醒 goes to the desk of the unit, 催办 to whoever commands in it, 挂牌督办 to the commanders, with a notice, an answer
within its clock and a lifting (facts 1.1), 通报 to the commanders of all units of its kind. A circular ends the ladder:
software records and hands over, it decides no guilt (facts 2.4).
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import guards, typed
from cases.changes import Changes, locked_case
from cases.models import Case, Party, State, Urging, UrgingKind
from cases.reminding import minutes_to_reply
from responsibility import access, acting, authority, clock, directory
from responsibility.models import Post, Power, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST_MINUTES = 30 * 24 * 60
# On one case; whoever needs more needs the next rung.
MOST_BY_HAND = 30
BY_HAND = {UrgingKind.REMINDER: "urge.urge", UrgingKind.URGE: "urge.urge"}


@transaction.atomic
def issue(case_id: int, *, by: User, kind: str, unit: str, text: str, minutes: int | None = None) -> Urging:
    """Remind, urge, list or circulate ``unit`` (code) on a case as ``by``, for the reason ``text``.

    ``minutes``, natural, for the answer to a supervision; the policy's where none is given. Raises ``Forbidden`` for
    who may not, ``Refused`` for a case that is not worked, a unit under supervision already or an office without the
    power to urge, ``Invalid`` with the field that cannot be used.
    """
    if kind not in UrgingKind.values:
        raise Invalid("bad_choice", _("请选择提醒、催办、挂牌督办或通报。"), "kind")
    text = typed.text(text, "text")
    minutes = None if minutes is None else typed.minutes(minutes, LONGEST_MINUTES)
    case, changes, actor = _open(case_id, by)
    post = may_issue(actor, case, kind)
    able_now(case)
    whom = _whom(changes, case, unit, post)
    if kind not in BY_HAND:
        authority.require(post.unit, Power.URGE, changes.known)
    if case.urgings.filter(by__isnull=False).count() >= MOST_BY_HAND:
        raise Refused("too_many", _("本案由人发出的督办已满 %(most)d 份。") % {"most": MOST_BY_HAND})
    kept = None
    if kind == UrgingKind.SUPERVISION:
        if case.urgings.listed().filter(unit=whom).exists():
            raise Refused("already_listed", _("%(unit)s在本案已被挂牌督办，尚未解除。") % {"unit": whom.label}, "unit")
        kept = changes.start_own(case, "supervise", whom, minutes or minutes_to_reply(case))
    urging = Urging.objects.create(
        case=case, unit=whom, kind=kind, text=text, at=changes.now, by=by, by_unit=post.unit, clock=kept
    )
    told = {"text": text} | ({"minutes": minutes or minutes_to_reply(case)} if kept else {})
    _tell(changes, case, urging, f"urging.{kind}", told)
    changes.write(by=actor, post=post)
    return urging


def reply(urging_id: int, *, by: User, text: str) -> Urging:
    """回复 for the unit that was urged, once; it stops the clock of a supervision.

    Raises ``Forbidden``, ``Refused`` (``already_replied``, ``needs_no_reply``), ``Invalid``; ``Urging.DoesNotExist``.
    """
    text = typed.text(text, "reply")
    case_id = Urging.objects.values_list("case_id", flat=True).get(pk=urging_id)
    with transaction.atomic():
        case, changes, actor = _open(case_id, by)
        urging = _read(urging_id)
        post = may_reply(actor, urging)
        if case.drill_id and not case.is_open:
            raise Refused("wrong_state", _("演练已结束，不再督办。"))
        if not urging.wants_reply:
            raise Refused("needs_no_reply", _("这一份无须回复，办理即可。"))
        if urging.replied_at is not None:
            raise Refused("already_replied", _("已经回复过。"))
        urging.reply, urging.replied_at, urging.replied_by = text, changes.now, by
        urging.save(update_fields=["reply", "replied_at", "replied_by"])
        changes.stop_own(urging.clock)
        _tell(changes, case, urging, "urging.reply", {}, note=text)
        changes.write(by=actor, post=post)
    return urging


def lift(urging_id: int, *, by: User, note: str) -> Urging:
    """解除 a listed supervision, with notice to the unit: after its answer, or when the case has ended.

    Raises ``Forbidden``, ``Refused`` (``not_listed``, ``no_reply``), ``Invalid``; ``Urging.DoesNotExist``.
    """
    note = typed.text(note, "note")
    case_id = Urging.objects.values_list("case_id", flat=True).get(pk=urging_id)
    with transaction.atomic():
        case, changes, actor = _open(case_id, by)
        urging = _read(urging_id)
        post = may_lift(actor)
        if not urging.is_listed:
            raise Refused("not_listed", _("没有可解除的挂牌督办。"))
        if urging.replied_at is None and case.is_open:
            told = {"unit": urging.unit.label}
            raise Refused("no_reply", _("%(unit)s尚未回复，案件也未办结，不能解除督办。") % told)
        urging.lift_note, urging.lifted_at, urging.lifted_by = note, changes.now, by
        urging.save(update_fields=["lift_note", "lifted_at", "lifted_by"])
        changes.stop_own(urging.clock)
        _tell(changes, case, urging, "urging.lift", {}, note=note)
        changes.write(by=actor, post=post)
    return urging


def _open(case_id: int, by: User) -> tuple[Case, Changes, acting.Actor]:
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    return case, Changes(directory.current(), clock.now()), acting.of(by)


def _read(urging_id: int) -> Urging:
    return Urging.objects.select_related("unit", "by_unit", "clock").get(pk=urging_id)


def _tell(changes: Changes, case: Case, urging: Urging, verb: str, after: dict, note: str = "") -> None:
    changes.touch(case)
    changes.tell(case, verb, after={"urging": urging.pk, "unit": urging.unit.code} | after, note=note)


# --- who, and when ----------------------------------------------------------------
def may_issue(actor: acting.Actor, case: Case, kind: str) -> Post:
    """The post in which ``actor`` urges by ``kind`` on ``case``; ``Forbidden`` otherwise."""
    post = access.post_for(actor, BY_HAND.get(UrgingKind(kind), "urge.supervise"), holder=guards.commanding(case))
    if post is None and kind in BY_HAND:
        raise Forbidden("wrong_role", _("提醒和催办由当前负责的单位或区里的席位发出。"))
    if post is None:
        raise Forbidden("wrong_role", _("挂牌督办和通报由区安委办发出。"))
    return post


def may_reply(actor: acting.Actor, urging: Urging) -> Post:
    """The post in which ``actor`` replies for the unit that was urged; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "urge.reply", named={urging.unit_id})
    if post is None:
        raise Forbidden("not_engaged", _("由%(unit)s回复。") % {"unit": urging.unit.label})
    return post


def may_lift(actor: acting.Actor) -> Post:
    """The post in which ``actor`` releases a supervision; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "urge.lift")
    if post is None:
        raise Forbidden("wrong_role", _("挂牌督办由区安委办解除。"))
    return post


def able_now(case: Case) -> None:
    """``Refused`` unless somebody can be urged on ``case`` as it stands."""
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能督办。") % {"state": case.get_state_display()})


def urgeable(case: Case) -> set[int]:
    """The ids of the units that can be urged on ``case``: who is engaged in it, and who answers for it."""
    engaged = set(Party.objects.filter(case=case, until__isnull=True).values_list("unit", flat=True))
    return engaged | {unit for unit in (case.holder_id, case.lead_id) if unit}


def _whom(changes: Changes, case: Case, code: str, post: Post) -> Unit:
    unit = changes.known.units_by_code.get(code) if isinstance(code, str) and storable(code) else None
    if unit is None:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": str(code)[:64]}, "unit")
    if unit.pk not in urgeable(case):
        raise Refused("not_engaged", _("%(unit)s不是本案的责任方。") % {"unit": unit.label}, "unit")
    if unit.pk == post.unit_id:
        raise Invalid("bad_choice", _("请选择其他单位。"), "unit")
    return unit
