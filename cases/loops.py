"""How a case rises: each level joins, none is released."""

from cases.changes import Changes
from cases.models import Case, Loop, State
from cases.policy import RISES
from responsibility.models import Unit
from responsibility.models.matrix import DutyRole

COMMAND = "large_loop_command"
ORDER = list(Loop)
UNCONTAINED = (State.TRIAGE, State.DISPATCHED, State.ACKNOWLEDGED, State.ON_SITE)


def rises(case: Case, trigger: str) -> Loop | None:
    """The loop to which ``trigger`` widens ``case`` by the policy it was opened under; ``None`` when it does not.

    ``trigger``: the kind of a missed clock, a colour, or ``casualties``.
    """
    return widens(case.policy, case.loop, trigger)


def widens(policy: dict, loop: str, trigger: str) -> Loop | None:
    """``rises`` of a case that was promised ``policy`` and stands in ``loop``."""
    wanted = (RISES | policy.get("rises", {})).get(trigger)
    return Loop(wanted) if wanted and ORDER.index(Loop(wanted)) > ORDER.index(Loop(loop)) else None


def taking_over(
    to: str, holder: Unit | None, lead: Unit | None, command: Unit | None
) -> tuple[Unit | None, list[tuple[Unit | None, DutyRole]]]:
    """Who commands in loop ``to`` after ``holder``, and who joins in which role; an empty unit joins nothing.

    The lead in the medium loop, the district command in the large one; without a lead the command joins, so that
    somebody decides.
    """
    if to == Loop.MEDIUM:
        return lead or holder, [(lead, DutyRole.LEAD) if lead else (command, DutyRole.COMMAND)]
    return command or lead or holder, [(lead, DutyRole.LEAD), (command, DutyRole.COMMAND)]


def due_by_grade(case: Case) -> Loop | None:
    """The loop that the colour of ``case`` asks for, when it is wider than the present one."""
    return rises(case, str(case.grade))


def rise(changes: Changes, case: Case, to: str, *, why: str, note: str = "", **facts) -> None:
    """Widen ``case`` to loop ``to``; ``why`` is the trigger, such as ``contain`` or ``grade:red``, ``facts`` what the
    ledger shall tell of it besides.

    Whoever joins becomes a party with its own acknowledgement and clock. The holder changes, the street stays.
    """
    before = {"loop": str(case.loop), "holder": _code(case.holder)}
    command = changes.known.unit_with(COMMAND)
    case.holder, joining = taking_over(to, case.holder, case.lead, command)
    if to == Loop.MEDIUM:
        case.rise_to_medium()
        # The limit is that of the danger: once it is under control there is none.
        if case.state in UNCONTAINED:
            changes.start(case, "medium_limit", case.holder, minutes=case.policy["medium"])
    else:
        case.rise_to_large()
    for unit, role in joining:
        changes.engage(case, unit, role)
    changes.touch(case)
    changes.overtake(case, "escalate")
    after = {"loop": str(case.loop), "holder": _code(case.holder), "why": why} | facts
    changes.tell(case, "case.escalate", before=before, after=after, note=note)


def stand_down(changes: Changes, case: Case, *, note: str = "") -> None:
    """解除大闭环: the district hands the case back to the medium loop; only a request it has granted does that.

    The command is no longer engaged; the lead, or who holds the case for want of one, goes on.
    """
    before = {"loop": str(case.loop), "holder": _code(case.holder)}
    command = changes.known.unit_with(COMMAND)
    case.stand_down()
    if case.lead is not None:
        case.holder = case.lead
        if command is not None and command != case.lead:
            changes.release(case, command, DutyRole.COMMAND)
    changes.touch(case)
    after = {"loop": str(case.loop), "holder": _code(case.holder)}
    changes.tell(case, "case.stand_down", before=before, after=after, note=note)


def _code(unit: Unit | None) -> str | None:
    return unit.code if unit else None
