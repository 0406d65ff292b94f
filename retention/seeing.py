"""What the page and the API tell: classes with what is set and what is over age, the last run, the holds."""

from dataclasses import dataclass
from datetime import datetime

from responsibility.models import LedgerEntry
from retention import periods, running
from retention.classes import CLASSES, Kept
from retention.models import Hold

LIFTED = 20
HELD = 200


@dataclass(frozen=True)
class Line:
    """One class: ``days`` set or by default (``None`` for good), the oldest that is there, how many are over age."""

    kept: Kept
    days: int | None
    oldest: datetime | None
    over: int | None


def lines() -> list[Line]:
    """One line for each class."""
    days, over, oldest = periods.days(), running.over(), _oldest()
    return [Line(kept, days[kept.code], oldest.get(kept.code), over.get(kept.code)) for kept in CLASSES]


def last_run() -> LedgerEntry | None:
    """The newest entry of a run."""
    return LedgerEntry.objects.filter(verb="retention.run").order_by("-id").first()


def holds() -> list[Hold]:
    """Those that hold, newest first, and the last that were lifted."""
    found = Hold.objects.select_related("case", "risk_object", "laid_by", "lifted_by")
    return [*found.filter(lifted_at=None)[:HELD], *found.exclude(lifted_at=None)[:LIFTED]]


def _oldest() -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for work in running.WORKS:
        moment = work.oldest()
        if moment is not None:
            found[work.code] = min(moment, found.get(work.code, moment))
    return found
