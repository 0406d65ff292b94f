"""What waits for an outsider. Each part says it by a function in ``WAITS``; the home page asks them all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Case, Count, Min, Q, QuerySet, When
from django.utils.translation import pgettext_lazy

from responsibility.acting import Actor

FEW = 3
DAY = timedelta(days=1)


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

    ``few``: those that are late and the oldest of them. ``url``: where all of them are, empty where there is no such
    page. ``by``: what their times mean (a key of ``WORDS``). ``news``: to be known, the reader has nothing to do.
    """

    label: str
    count: int
    url: str = ""
    late: int = 0
    oldest_at: datetime | None = None
    few: tuple[One, ...] = ()
    by: str = ""
    news: bool = False

    @property
    def word(self) -> str:
        """What the times beside its things are, in a word."""
        return str(WORDS.get(self.by, ""))

    @property
    def has_term(self) -> bool:
        """Whether its times lie ahead: what has to be done until then."""
        return self.by in TERMS


_said = partial(pgettext_lazy, "moment")
# What a time means, by its column.
WORDS = {
    "due_at": _said("期限"), "ends_at": _said("到期"), "until": _said("到期"), "answer_until": _said("期限"),
    "noticed_at": _said("报案"),
    "found_at": _said("事发"), "appointed_at": _said("约定"), "rectified_at": _said("整改"), "asked_at": _said("提出"),
    "proposed_at": _said("提交"), "answered_at": _said("退回"), "opened_at": _said("事发"), "visit": _said("上门"),
    "decided": _said("告知"), "waits_since": _said("等待始于"), "declined_at": _said("否认"), "ended_at": _said("停止"),
}  # fmt: skip
TERMS = {"due_at", "ends_at", "until", "answer_until", "appointed_at", "visit"}
WAITS: list[Callable[[Actor, datetime], list[Waiting]]] = []


def of(actor: Actor, now: datetime) -> list[Waiting]:
    """Everything that waits for ``actor``: what is late first, then what has a term, then what is oldest.

    A fixed number of statements.
    """
    found = [each for wait in WAITS for each in wait(actor, now)]
    return sorted(found, key=lambda each: (not each.late, not each.has_term, each.oldest_at or now))


def told(
    label: str,
    rows: QuerySet,
    by: str,
    show: Callable[..., One],
    *,
    url: str = "",
    late: Q | None = None,
    news: bool = False,
    means: str = "",
) -> list[Waiting]:
    """``rows`` as one kind that waits, nothing when there are none; ``by`` is the column of time. Two statements.

    ``means``: what the times are (a key of ``WORDS``), where the column does not say it. Shown are a few: of ``news``
    the newest, else what is late and what is due first.
    """
    lates = Count("pk", filter=late) if late is not None else Count("pk", filter=Q(pk__in=[]))
    sums = rows.order_by().aggregate(count=Count("pk"), late=lates, oldest=Min(by))
    if not sums["count"]:
        return []
    order = ("-pk",) if news else (by, "pk")
    if late is not None and sums["late"]:
        rows, order = rows.annotate(over=Case(When(late, then=0), default=1)), ("over", *order)
    few = tuple(show(row) for row in rows.order_by(*order)[:FEW])
    return [Waiting(label, sums["count"], url, sums["late"], sums["oldest"], few, means or by, news)]
