"""What each kind of request needs to be possible, and what its approval does to the case. In memory and under its lock.

``POSSIBLE[kind](case)`` raises ``Refused`` when the case has no room for it now; ``GRANT[kind](changes, case, request,
by)`` does it, ``by`` being ``None`` where the clock or a rule decides. ``DEFAULT`` is what the end of its clock means.
"""

from datetime import timedelta

from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from cases import arbitration, binding, command, sharing
from cases.changes import Changes
from cases.loops import rise, rises, stand_down
from cases.models import Case, Deadline, DeadlineKind, Loop, Request, RequestKind, State
from cases.models.work import Reason, RequestState
from cases.pausing import end_pauses, pause
from responsibility import ledger
from responsibility.models import Grade, User
from responsibility.refusals import Refused

# Design 4.2: silence about an escalation is consent, recorded against whom it is; facts 1.2: a longer or a suspended
# limit is a favour that somebody must grant. Disputes have clocks of their own and no default.
DEFAULT = dict.fromkeys(RequestKind.values, RequestState.REFUSED) | {"escalate": RequestState.APPROVED}


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


def _may_be_designated(case: Case) -> None:
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能指定。") % {"state": case.get_state_display()})


def _may_stand_down(case: Case) -> None:
    if case.loop != Loop.LARGE:
        raise Refused("not_large", _("案件不在大闭环。"))
    if case.contained_at is None:
        raise Refused("not_contained", _("险情尚未受控，不能解除大闭环。"))


def _may_share(case: Case) -> None:
    """A case may be shown at any time, also when it has ended."""


def moved_on() -> Refused:
    """The decision comes too late for what was asked."""
    return Refused("moved_on", _("请示之后案件已有变化，不能再按原请示批准。"))


def _escalate(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    # The clock or the colour has raised it meanwhile: nobody asked for a wider loop than that.
    story = ledger.story(case.chain)
    asked = story.filter(verb__in=("request.escalate", "request.appeal"), after__request=request.pk).values("seq")[:1]
    if by and story.filter(verb="case.escalate", seq__gt=Subquery(asked)).exists():
        raise moved_on()
    raise_loop(changes, case, request, why="request", by=by)


def raise_loop(changes: Changes, case: Case, request: Request, *, why: str, by: User | None, **facts) -> None:
    """Widen the loop as ``request`` asked, by one level; with casualties as far as the policy of the case says."""
    to = at_once(case, request) or (Loop.MEDIUM if case.loop == Loop.SMALL else Loop.LARGE)
    facts |= {"request": request.pk, "asked_by": request.unit.code if request.unit else None}
    if by:
        # A sealed key: whoever reads by a grant is not told names.
        facts["who"] = str(by)
    rise(changes, case, to, why=why, note=request.reason, **facts)


def at_once(case: Case, request: Request) -> Loop | None:
    """The loop to which casualties raise ``case`` without anybody being asked (design 4.2)."""
    return rises(case, "casualties") if request.code == Reason.CASUALTIES else None


def _extend(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    asked_for = list(_extendable(case).filter(started_at__lte=request.asked_at))
    if not asked_for:
        raise moved_on()
    for deadline in asked_for:
        changes.clocks.extend(deadline, (request.minutes or 0) / case.speed)


def _suspend(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    if by is None:
        raise ValueError("a suspension is granted by somebody")
    until = changes.now + timedelta(minutes=request.minutes or 0) / case.speed
    pause(changes, case, until=until, reason=request.reason, approved_by=by)


def _void(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    binding.refuse_resources_out(case)
    case.annul()
    end_pauses(changes, case)
    changes.stop(case, *DeadlineKind.values)
    changes.overtake(case)
    binding.lapse(changes, case)


def _stand_down(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    running = case.commands.filter(stood_down_at__isnull=True).select_related("commander__user").first()
    if running is None or by is None:
        stand_down(changes, case, note=request.reason)
        return
    told = command.end(running, case, changes, by, request.reason)
    changes.tell(case, "command.stand_down", before=told.pop("before"), after={"command": running.pk, **told})


def _share(changes: Changes, case: Case, request: Request, by: User | None) -> None:
    if by is None or request.proposed is None:
        raise ValueError("a case is shown to a unit by somebody")
    until = changes.now + timedelta(minutes=request.minutes or 0)
    sharing.grant(changes, case, {"unit": request.proposed}, until=until, reason=request.reason, by=by)


POSSIBLE = {
    "escalate": _may_escalate,
    "extend": _may_extend,
    "suspend": _may_suspend,
    "void": _may_void,
    "return": arbitration.may_return,
    "determine": _may_be_designated,
    "redispatch": _may_be_designated,
    "stand_down": _may_stand_down,
    "share": _may_share,
}
GRANT = {
    "escalate": _escalate, "extend": _extend, "suspend": _suspend, "void": _void, "stand_down": _stand_down,
    "share": _share,
}  # fmt: skip
