"""派单: the lead of the medium loop has others do their part, and hears from each whether it is done.

An order goes to one unit. It answers, does it with proof, or gives it back with a reason: back to who gave it, never
on to a third (facts 0, no. 2 and 6). What is asked must be in the unit's list of powers (facts 2.3).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import actions, guards, typed
from cases.changes import Changes, locked_case
from cases.models import Case, Evidence, Loop, Order, OrderState, Party, State
from cases.models.work import EvidenceKind
from responsibility import access, acting, authority, clock, directory, roster
from responsibility.directory import Directory
from responsibility.models import Post, Power, Unit, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST_MINUTES = 30 * 24 * 60
# What a unit can be ordered to do; urging, designating and commanding are no work on a danger.
ORDERABLE = [Power.ASSIST, Power.FIRST_ACTION, Power.DISSUADE, Power.REPORT, Power.ORDER, Power.ENFORCE]
FROM = {
    "acknowledge": [OrderState.GIVEN],
    "done": [OrderState.ACKNOWLEDGED],
    "return": [OrderState.GIVEN, OrderState.ACKNOWLEDGED],
    "withdraw": [OrderState.GIVEN, OrderState.ACKNOWLEDGED, OrderState.RETURNED],
}


@dataclass
class Step:
    """One act on one order, with everything that it may need."""

    order: Order
    case: Case
    post: Post
    actor: acting.Actor
    data: dict
    changes: Changes


@transaction.atomic
def give(
    case_id: int, *, by: User, unit: str, text: str, minutes: int, power: str = Power.ASSIST.value,
    mandatory: bool = True, wanted: str = "",
) -> Order:  # fmt: skip
    """Order ``unit`` (code) to do ``text`` within natural ``minutes``; it becomes a party in support.

    ``power`` is what is asked in the words of the authority table, ``wanted`` the kind of proof. Raises ``Forbidden``
    for who does not command, ``Refused`` in the small loop and for a unit without the power (naming the row that says
    so), ``Invalid`` with the field that cannot be used.
    """
    text = typed.text(text, "text")
    _judge(power, minutes, wanted)
    case, changes, actor = _open(case_id, by)
    post = may_give(actor, case)
    able_now(case)
    whom = _whom(changes.known, unit, post.unit)
    authority.require(whom, power, changes.known)
    joined = whom.pk in changes.engaged[case.pk]
    changes.engage(case, whom, DutyRole.SUPPORT)
    order = Order.objects.create(
        case=case, unit=whom, by_unit=post.unit, power=power, text=text, mandatory=mandatory, minutes=minutes,
        wanted=wanted, given_at=changes.now, given_by=by,
        clock=changes.start_own(case, "order", whom, minutes),
        # A unit that has just joined is called by its acknowledgement of the case.
        call=changes.start_own(case, "order_call", whom, case.policy["acknowledge"]) if joined else None,
    )  # fmt: skip
    after = {"text": text, "power": power, "minutes": minutes, "mandatory": mandatory, "wanted": wanted}
    _tell(changes, case, order, "order.give", after)
    changes.write(by=actor, post=post)
    return order


def act(order_id: int, verb: str, *, by: User, data: dict | None = None) -> Order:
    """``acknowledge``, ``done``, ``return`` or ``withdraw`` an order as ``by``.

    ``data``: ``answered_by`` (acknowledge, see there); ``note``, needed as the reason of ``return`` and ``withdraw``;
    ``evidence``, ids of proof given on the case (done). Raises ``Forbidden``, ``Refused`` or ``Invalid`` and then
    changes nothing; ``Order.DoesNotExist``.
    """
    data = data or {}
    note = typed.text(data.get("note") or "", "note", needed=verb in ("return", "withdraw"))
    case_id = Order.objects.values_list("case_id", flat=True).get(pk=order_id)
    with transaction.atomic():
        case, changes, actor = _open(case_id, by)
        order = Order.objects.select_related("unit", "by_unit", "clock", "call").get(pk=order_id)
        post = may_withdraw(actor, case, order) if verb == "withdraw" else may_answer(actor, order, verb)
        if order.state not in FROM[verb]:
            raise Refused("wrong_state", _("这份派单%(state)s，不能这样办理。") % {"state": order.get_state_display()})
        step = Step(order, case, post, actor, {**data, "note": note}, changes)
        after = DOES[verb](step)
        order.save()
        _tell(changes, case, order, f"order.{verb}", after, note)
        changes.write(by=actor, post=step.post)
    return order


def _open(case_id: int, by: User) -> tuple[Case, Changes, acting.Actor]:
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    return case, changes, acting.of(by)


def _acknowledge(step: Step) -> dict:
    """签收 by a named post on duty. The same answer counts for the case, where the unit still owed one."""
    order, changes = step.order, step.changes
    party = Party.objects.get(case=step.case, unit=order.unit, until__isnull=True)
    if party.acknowledged_at is None:
        move = actions.Move(step.case, step.post, step.actor, step.data, changes)
        told = actions.DOES["acknowledge"](move) or {}
        step.post = move.post
        changes.tell(step.case, "case.acknowledge", after={"state": str(step.case.state), **told})
    else:
        standing = roster.standing(step.actor, step.post, changes.now)
        step.post = standing.post
    order.acknowledge()
    order.acknowledged_at, order.acknowledged_by = changes.now, step.actor.user
    changes.stop_own(order.call)
    return {}


def _done(step: Step) -> dict:
    """办结 with the proof that the order wants, given on the case by the unit since the order came."""
    order, note = step.order, step.data["note"]
    proof = _proof(order, step.data.get("evidence") or [])
    order.finish()
    _end(step, note)
    order.proof.set(proof)
    return {"evidence": [item.sha256 for item in proof]}


def _give_back(step: Step) -> dict:
    step.order.give_back()
    _end(step, step.data["note"])
    return {}


def _withdraw(step: Step) -> dict:
    step.order.withdraw()
    _end(step, step.data["note"])
    return {}


def _end(step: Step, answer: str) -> None:
    order, changes = step.order, step.changes
    order.ended_at, order.ended_by, order.answer = changes.now, step.actor.user, answer
    changes.stop_own(order.clock)
    changes.stop_own(order.call)


def _proof(order: Order, ids: list) -> list[Evidence]:
    if not isinstance(ids, list) or not all(isinstance(pk, int) and not isinstance(pk, bool) for pk in ids):
        raise Invalid("bad_choice", _("凭证应为编号的列表。"), "evidence")
    of_unit = Evidence.objects.filter(case=order.case_id, unit=order.unit_id, uploaded_at__gte=order.given_at)
    found = list(of_unit.filter(pk__in=ids))
    if len(found) < len(set(ids)):
        raise Invalid("unknown_code", _("只能引用本单位接单以后在本案提交的凭证。"), "evidence")
    if order.wanted and order.wanted not in {item.kind for item in found}:
        told = {"kind": EvidenceKind(order.wanted).label}
        raise Refused("no_evidence", _("这份派单要求提交%(kind)s。") % told, "evidence")
    return found


DOES: dict[str, Callable[[Step], dict]] = {
    "acknowledge": _acknowledge,
    "done": _done,
    "return": _give_back,
    "withdraw": _withdraw,
}


def _tell(changes: Changes, case: Case, order: Order, verb: str, after: dict, note: str = "") -> None:
    changes.touch(case)
    told = {"order": order.pk, "unit": order.unit.code, "progress": str(order.state)}
    changes.tell(case, verb, after=told | after, note=note)


# --- who, and when ------------------------------------------------------------
def may_give(actor: acting.Actor, case: Case) -> Post:
    """The post in which ``actor`` gives orders on ``case``: one that commands; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "order.give", holder=guards.commanding(case))
    if post is None:
        told = {"unit": case.holder.label if case.holder else "—"}
        raise Forbidden("not_holder", _("派单由当前负责的%(unit)s办理。") % told)
    return post


def may_withdraw(actor: acting.Actor, case: Case, order: Order) -> Post:
    """The post in which ``actor`` withdraws ``order``: of the unit that gave it, or of one that commands now."""
    post = access.post_for(actor, "order.withdraw", holder={order.by_unit_id} | guards.commanding(case))
    if post is None:
        raise Forbidden("not_holder", _("撤回派单由%(unit)s办理。") % {"unit": order.by_unit.label})
    return post


def may_answer(actor: acting.Actor, order: Order, verb: str) -> Post:
    """The post in which ``actor`` does ``verb`` for the unit of ``order``; ``Forbidden`` otherwise."""
    post = access.post_for(actor, f"order.{verb}", named={order.unit_id})
    if post is None:
        raise Forbidden("not_engaged", _("这份派单由%(unit)s办理。") % {"unit": order.unit.label})
    return post


def able_now(case: Case) -> None:
    """``Refused`` unless orders can be given on ``case`` as it stands: from the medium loop on, while it is worked."""
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能派单。") % {"state": case.get_state_display()})
    if case.loop == Loop.SMALL:
        raise Refused("small_loop", _("小闭环由街镇自行处置；需要其他部门时请先请示提级。"))


def _whom(known: Directory, code: str, giver: Unit) -> Unit:
    unit = known.units_by_code.get(code) if storable(code) else None
    if unit is None or unit.closed_on is not None:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": code[:64]}, "unit")
    if unit.pk == giver.pk:
        raise Invalid("bad_choice", _("派单须给其他单位。"), "unit")
    return unit


def _judge(power: str, minutes: object, wanted: str) -> None:
    if power not in ORDERABLE:
        raise Invalid("bad_choice", _("请选择要求的事项。"), "power")
    typed.minutes(minutes, LONGEST_MINUTES)
    if wanted and wanted not in EvidenceKind.values:
        raise Invalid("bad_choice", _("凭证类别应为 photo、reading、document 或 video。"), "wanted")
