"""请示: one unit asks, another decides, and a decision on a case that has moved on is refused, not applied."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import arbitration, binding, deciding, guards
from cases.changes import Changes, locked_case
from cases.loops import rise
from cases.models import Case, Deadline, DeadlineKind, Loop, Request, RequestKind, State
from cases.models.work import RequestState, ReturnReason
from cases.pausing import end_pauses, pause
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Grade, Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

# A suspension is reviewed at the latest after this time.
SUSPEND_CEILING = timedelta(days=90)
EXTEND_CEILING_MINUTES = 24 * 60
ANSWER_LENGTH = 2000


# Asked by the system itself, never by a person.
BY_SYSTEM = {RequestKind.DETERMINE, RequestKind.REDISPATCH}


def ask(
    case_id: int, *, by: User, kind: str, reason: str, note: str = "", minutes: int | None = None, code: str = "",
    proposed: str = "",
) -> Request:  # fmt: skip
    """Ask for ``kind`` on the case. ``minutes``: how long an extension or a suspension shall be.

    A return needs ``code`` (see ``ReturnReason``) and may propose the unit whose case it is, by its code.

    Raises ``Forbidden``, ``Refused`` (not possible as things stand, or already asked) or ``Invalid``.
    """
    if kind not in RequestKind.values or kind in BY_SYSTEM:
        raise Invalid("bad_choice", _("请示类别应为 escalate、extend、suspend、void 或 return。"), "kind")
    if kind == RequestKind.RETURN and code not in ReturnReason.values:
        raise Invalid("bad_choice", _("请选择退回理由。"), "code")
    if not reason or len(reason) > 200 or "\x00" in reason + note:
        raise Invalid("required", _("请填写理由（200 字以内）。"), "reason")
    minutes = _checked_minutes(kind, minutes)
    with transaction.atomic():
        case, changes, actor = _open_case(case_id, by)
        post = guards.may_prove(actor, case, changes.engaged[case.pk], f"request.{kind}")
        POSSIBLE[kind](case)
        owner = arbitration.unit_to_designate(changes.known, proposed) if proposed else None
        if kind == RequestKind.RETURN and owner:
            arbitration.require_power(changes.known, case, post.unit_id, owner)
        if case.requests.filter(kind=kind, state=RequestState.PENDING).exists():
            raise Refused("already_asked", _("同类请示正在等待审批。"))
        request = Request.objects.create(
            case=case,
            kind=kind,
            reason=reason,
            note=note,
            minutes=minutes,
            asked_at=changes.now,
            asked_by=by,
            unit=post.unit,
            code=code if kind == RequestKind.RETURN else "",
            proposed=owner,
        )
        if kind == RequestKind.RETURN:
            arbitration.begin_clock(changes, case)
        changes.touch(case)
        after = {"request": request.pk, "reason": reason, "minutes": minutes}
        if code:
            after |= {"code": code, "proposed": proposed or None}
        changes.tell(case, f"request.{kind}", after=after, note=note)
        changes.write(by=actor, post=post)
    return request


def decide(
    request_id: int, *, by: User, approve: bool, answer: str = "", designate: str = "", second: str = ""
) -> Request:
    """Approve or refuse. A refusal needs its reason in ``answer``. Raises ``Forbidden``, ``Refused``, ``Invalid``.

    A dispute is ended by naming the unit whose case it is (``designate``, its code; the proposed one when left out);
    ``second`` is a unit that gets a linked case of its own. A refused return leaves the case for good where it is.
    """
    _judge_answer(answer, needed=not approve)
    with transaction.atomic():
        case_id = Request.objects.values_list("case_id", flat=True).get(pk=request_id)
        case, changes, actor = _open_case(case_id, by)
        request = Request.objects.select_related("unit", "proposed").get(pk=request_id)
        # First, because an approval may already have changed who would decide.
        if request.state == RequestState.OVERTAKEN:
            raise _moved_on()
        if request.state != RequestState.PENDING:
            raise Refused("already_decided", _("这份请示已经审批。"))
        post = decider(actor, request, case)
        if not approve and request.kind == RequestKind.DETERMINE:
            # Work Safety Law art. 10: what nobody owns is given to somebody; there is nothing to say no to.
            raise Refused("must_name", _("本案无主，必须指定责任单位，不能驳回。"))
        if approve:
            POSSIBLE[request.kind](case)
            GRANT.get(request.kind, arbitration.grant(designate))(changes, case, request, by)
        elif request.kind in arbitration.DISPUTES:
            arbitration.stay(changes, case, request)
        if second:
            arbitration.link_second(changes, case, request, second)
        request.state = RequestState.APPROVED if approve else RequestState.REFUSED
        request.decided_at, request.decided_by, request.answer = changes.now, by, answer.strip()
        request.save(update_fields=["state", "decided_at", "decided_by", "answer", "designated"])
        changes.touch(case)
        verb = "request.approve" if approve else "request.refuse"
        after = {"request": request.pk, "kind": str(request.kind), "state": str(case.state), "loop": str(case.loop)}
        if request.designated:
            after["designated"] = request.designated.code
        changes.tell(case, verb, after=after, note=answer)
        changes.write(by=actor, post=post)
    return request


def _judge_answer(answer: str, *, needed: bool) -> None:
    if needed and not answer.strip():
        raise Invalid("required", _("驳回须写明理由。"), "answer")
    if not storable(answer):
        raise Invalid("bad_character", _("含有无法保存的字符。"), "answer")
    if len(answer) > ANSWER_LENGTH:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": ANSWER_LENGTH}, "answer")


def decider(actor: acting.Actor, request: Request, case: Case) -> Post:
    """The post in which ``actor`` decides ``request``; ``Forbidden`` otherwise.

    Who, is told by the permission table; nobody decides what he himself or a unit of his asked, in whatever post.
    """
    post = access.post_for(actor, deciding.act(request.kind, case), **guards.places(case, ()))
    if post is None:
        raise Forbidden("not_decider", _("这份请示不由您的岗位审批。"))
    if request.unit_id in actor.unit_ids or (actor.user and request.asked_by_id == actor.user.pk):
        raise Forbidden("own_request", _("本人或本单位提出的请示，须由他人审批。"))
    return post


def _checked_minutes(kind: str, minutes: int | None) -> int | None:
    if kind not in (RequestKind.EXTEND, RequestKind.SUSPEND):
        return None
    ceiling = EXTEND_CEILING_MINUTES if kind == RequestKind.EXTEND else int(SUSPEND_CEILING.total_seconds() // 60)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= ceiling:
        told = _("请填写 1 至 %(ceiling)d 之间的分钟数。") % {"ceiling": ceiling}
        if kind == RequestKind.SUSPEND:
            told = _("挂账时长至少 1 分钟，至多 %(days)d 天。") % {"days": SUSPEND_CEILING.days}
        raise Invalid("bad_number", told, "minutes")
    return minutes


def _open_case(case_id: int, by: User):
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    return case, changes, acting.of(by)


def _may_escalate(case: Case) -> None:
    if case.loop == Loop.LARGE:
        raise Refused("already_large", _("案件已在大闭环。"))
    if not case.is_open:
        raise Refused("wrong_state", _("案件目前%(state)s，不能提级。") % {"state": case.get_state_display()})


def _may_extend(case: Case) -> None:
    if not _extendable(case).exists():
        raise Refused("nothing_to_extend", _("没有可以延期的时限。"))


def _extendable(case: Case):
    kinds = (DeadlineKind.CONTAIN, DeadlineKind.RECTIFY)
    return Deadline.objects.running().filter(case=case, kind__in=kinds, missed_at__isnull=True, paused_at__isnull=True)


def _may_suspend(case: Case) -> None:
    if case.grade == Grade.RED:
        raise Refused("red_case", _("红色案件不得挂账。"))
    if case.state != State.RECTIFYING:
        raise Refused("wrong_state", _("只有整改中的案件可以挂账。"))


def _may_void(case: Case) -> None:
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能作废。") % {"state": case.get_state_display()})


def _moved_on() -> Refused:
    return Refused("moved_on", _("请示之后案件已有变化，不能再按原请示批准。"))


def _escalate(changes: Changes, case: Case, request: Request, by: User) -> None:
    # The clock or the colour has raised it meanwhile: nobody asked for a wider loop than that.
    story = ledger.story(case.chain)
    asked = story.filter(verb="request.escalate", after__request=request.pk).values("seq")
    if story.filter(verb="case.escalate", seq__gt=Subquery(asked)).exists():
        raise _moved_on()
    to = Loop.MEDIUM if case.loop == Loop.SMALL else Loop.LARGE
    rise(changes, case, to, why="request", note=request.reason)


def _extend(changes: Changes, case: Case, request: Request, by: User) -> None:
    asked_for = list(_extendable(case).filter(started_at__lte=request.asked_at))
    if not asked_for:
        raise _moved_on()
    for deadline in asked_for:
        deadline.due_at += timedelta(minutes=request.minutes or 0)
        deadline.save(update_fields=["due_at"])


def _suspend(changes: Changes, case: Case, request: Request, by: User) -> None:
    until = changes.now + timedelta(minutes=request.minutes or 0)
    pause(changes, case, until=until, reason=request.reason, approved_by=by)


def _void(changes: Changes, case: Case, request: Request, by: User) -> None:
    binding.refuse_resources_out(case)
    case.annul()
    end_pauses(changes, case)
    changes.stop(case, *DeadlineKind.values)
    changes.overtake(case)
    binding.lapse(changes, case)


def _may_be_designated(case: Case) -> None:
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能指定。") % {"state": case.get_state_display()})


POSSIBLE = {
    "escalate": _may_escalate,
    "extend": _may_extend,
    "suspend": _may_suspend,
    "void": _may_void,
    "return": arbitration.may_return,
    "determine": _may_be_designated,
    "redispatch": _may_be_designated,
}
GRANT = {"escalate": _escalate, "extend": _extend, "suspend": _suspend, "void": _void}
