"""预计超时: by how much the way alone will break the promise to arrive, told before sending and while under way."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cases.models import Case, Dispatch
from resources.matching import Kit, Source


def late_by(minutes: float | None, allowed: float) -> int:
    """Whole minutes by which a way of ``minutes`` outlasts ``allowed``, at least 1; 0 where it does not.

    Of the minutes as a page shows them, so that its reader can do the sum.
    """
    if minutes is None or minutes <= allowed:
        return 0
    return max(1, round(minutes - allowed))


def late_sources(kit: Kit, case: Case) -> list[tuple[Source, int]]:
    """What the form has filled in that would come too late, each with its minutes, the latest first.

    The arrival clock of a dispatch starts when it is sent, so all of the promise is left before that.
    """
    taken: Iterable[Source] = (s for line in kit.lines for s in line.sources if s.take and s.leg and not s.again)
    found = [(source, late_by(source.leg.minutes, case.policy["arrive"])) for source in taken if source.leg]
    return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])


def expected_late(dispatch: Dispatch, case: Case, now: datetime) -> int:
    """By how many minutes ``dispatch``, still on its way, will be late; of a drill, minutes of the exercise.

    Who has not left yet cannot be there before the whole way from now on; who has left is on it since then.
    """
    if dispatch.minutes is None or dispatch.arrived_at is not None or not dispatch.is_out:
        return 0
    expected = (dispatch.departed_at or now) + timedelta(minutes=dispatch.minutes / case.speed)
    allowed = (dispatch.clock.due_at - now).total_seconds() / 60 * case.speed
    return late_by((max(expected, now) - now).total_seconds() / 60 * case.speed, allowed)
