"""挂账: the clocks of a case stand still, with who granted it and until when at the latest."""

from datetime import datetime

from cases.changes import Changes
from cases.models import Case, Deadline, Pause
from responsibility.models import User


def pause(changes: Changes, case: Case, *, until: datetime, reason: str, approved_by: User) -> None:
    """Suspend ``case``: its running clocks stop counting, and a review clock runs to ``until``."""
    case.suspend()
    # Whoever has something to decide on the case is not put off with it.
    clocks = list(Deadline.objects.running().filter(case=case, paused_at__isnull=True).exclude(kind="decide"))
    changes.clocks.pause(clocks, until)
    Pause.objects.bulk_create(
        Pause(deadline=deadline, since=changes.now, ceiling=until, reason=reason, approved_by=approved_by)
        for deadline in clocks
    )
    # As much shorter in a drill as ``start`` makes it.
    minutes = (until - changes.now).total_seconds() / 60
    changes.start(case, "review", case.holder, minutes=minutes * case.speed)
    changes.touch(case)


def end_pauses(changes: Changes, case: Case) -> None:
    """The case ends while it was put off: what was granted ends with it."""
    Pause.objects.filter(deadline__case=case, until__isnull=True).update(until=changes.now)


def unpause(changes: Changes, case: Case) -> None:
    """Resume ``case``: its clocks go on, and it need not be reviewed."""
    case.resume()
    changes.resume_clocks(case)
    changes.stop(case, "review")
    changes.touch(case)
