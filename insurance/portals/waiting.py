"""What waits for an outsider. Each part says it by a function in ``WAITS``; the home page asks them all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Min, Q, QuerySet

from responsibility.acting import Actor

FEW = 3
DAY = timedelta(days=1)


class Means(StrEnum):
    """What the time beside a thing is: until when, for when, or since when."""

    DUE = "due"
    AT = "at"
    SINCE = "since"


# What the column says by which things of a kind are ordered.
MEANS = {"noticed_at": Means.SINCE, "rectified_at": Means.SINCE, "found_at": Means.SINCE, "opened_at": Means.SINCE,
         "appointed_at": Means.AT, "proposed_at": Means.AT}  # fmt: skip


@dataclass(frozen=True)
class One:
    """One thing that waits: what it is called, a line about it, its page (may be empty), when it is due or came."""

    name: str
    text: str
    url: str
    at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """Things of one kind that wait: ``late`` of the ``count`` are late, the oldest since or until ``oldest_at``.

    ``few``: those with the nearest term, where there is one, else the newest. ``url``: where all of them are, empty
    where there is no such page. ``means``: what the times are. ``mine``: whether it is the reader who has to act; what
    others have to do is told apart.
    """

    label: str
    count: int
    url: str = ""
    late: int = 0
    oldest_at: datetime | None = None
    few: tuple[One, ...] = ()
    means: str = Means.DUE
    mine: bool = True


WAITS: list[Callable[[Actor, datetime], list[Waiting]]] = []


def of(actor: Actor, now: datetime) -> list[Waiting]:
    """Everything that waits for ``actor``: what is late first, then what has a term, then what is oldest.

    A fixed number of statements.
    """
    found = [each for wait in WAITS for each in wait(actor, now)]
    return sorted(found, key=lambda each: (not each.late, each.means == Means.SINCE, each.oldest_at or now))


def told(
    label: str, rows: QuerySet, by: str, show: Callable[..., One], *, url: str = "", late: Q | None = None,
    mine: bool = True,
) -> list[Waiting]:  # fmt: skip
    """``rows`` as one kind that waits, nothing when there are none; ``by`` is the column of time. Two statements."""
    lates = Count("pk", filter=late) if late is not None else Count("pk", filter=Q(pk__in=[]))
    sums = rows.order_by().aggregate(count=Count("pk"), late=lates, oldest=Min(by))
    if not sums["count"]:
        return []
    means = MEANS.get(by, Means.DUE)
    nearest = ("-pk",) if means == Means.SINCE else (by, "pk")
    few = tuple(show(row) for row in rows.order_by(*nearest)[:FEW])
    return [Waiting(label, sums["count"], url, sums["late"], sums["oldest"], few, means, mine)]
