"""Whether each clock stands where its events lead, worked out anew without any of the code that moved it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

import structlog
from django.core.cache import cache
from django.db import connection, transaction

from cases.models import Deadline
from cases.models.clock import What

log = structlog.get_logger(__name__)

CHUNK = 5000
LAST_CHECK = "last-clock-check"
NAMED = 3
# In the order of the events of a clock, which is that of their ids: several may share an instant.
STORY = """
    SELECT d.id, c.number, c.chain, d.kind, d.started_at, d.due_at, d.paused_at, d.stopped_at, d.missed_at, d.unit_id,
        e.what, e.at, e.minutes, e.until, e.unit_id
    FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id LEFT JOIN cases_clockevent e ON e.deadline_id = d.id
    WHERE %(chain)s::uuid IS NULL OR c.chain = %(chain)s
    ORDER BY d.id, e.id
"""


@dataclass
class Figures:
    """What a clock shows now."""

    started_at: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    missed_at: datetime | None = None
    unit_id: int | None = None


@dataclass(frozen=True)
class Difference:
    """A figure of the clock ``kind`` of the case ``number`` that is not what its events lead to."""

    number: str
    chain: UUID
    deadline: int
    kind: str
    field: str
    stored: object
    recomputed: object

    def __str__(self) -> str:
        return f"{self.number} · {self.kind} #{self.deadline} · {self.field}: {self.stored} ≠ {self.recomputed}"


Event = tuple[str, datetime, float | None, datetime | None, int | None]


def figures(events: Iterable[Event]) -> Figures:
    """Where ``events`` (what, at, minutes, until, unit) lead, in their order."""
    now, ceiling = Figures(), None
    for what, at, minutes, until, unit in events:
        if what == What.START:
            now.started_at, now.unit_id = at, unit
            now.due_at = until or at + timedelta(minutes=minutes or 0)
        elif what == What.PAUSE:
            now.paused_at, ceiling = at, until
        elif what == What.RESUME and now.paused_at and now.due_at:
            now.due_at += min(at, ceiling or at) - now.paused_at
            now.paused_at = None
        elif what == What.EXTEND and now.due_at:
            now.due_at += timedelta(minutes=minutes or 0)
        elif what == What.HAND_ON:
            now.unit_id = unit
        elif what == What.MISS:
            now.missed_at = at
        elif what == What.STOP:
            now.stopped_at, now.paused_at = at, None
    return now


def differences(done: Callable[[int], None] = lambda _count: None, chain: UUID | None = None) -> Iterator[Difference]:
    """Each figure that differs, clock by clock. One statement, read as it comes; ``done`` is told how far it is.

    ``chain``: the clocks of one case only.
    """
    names = [field.name for field in fields(Figures)]
    checked = 0
    for key, rows in groupby(_rows(chain), key=lambda row: row[:10]):
        pk, number, of, kind, *stored = key
        told = figures(row[10:] for row in rows if row[10])
        for name, here in zip(names, stored, strict=True):
            there = getattr(told, name)
            if here != there:
                yield Difference(number, of, pk, kind, name, here, there)
        checked += 1
        if checked % CHUNK == 0:
            done(checked)
    done(checked)


def check() -> list[Difference]:
    """Look for differences, and report them to the log and to ``/readyz``."""
    found = list(differences())
    for difference in found[:NAMED]:
        log.error("clock_differs", difference=str(difference))
    cache.set(LAST_CHECK, {"differences": len(found), "first": [str(one) for one in found[:NAMED]]}, timeout=None)
    log.info("clocks_checked", clocks=count(), differences=len(found))
    return found


def last_check() -> dict | None:
    """What the last check found: ``{"differences", "first"}``; ``None`` when there was none."""
    return cache.get(LAST_CHECK)


def count() -> int:
    """How many clocks there are to check."""
    return Deadline.objects.count()


def _rows(chain: UUID | None) -> Iterator[tuple]:
    # A server-side cursor, which needs a transaction: a month of a district is hundreds of thousands of rows.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(STORY, {"chain": chain})
        while rows := cursor.fetchmany(CHUNK):
            yield from rows
