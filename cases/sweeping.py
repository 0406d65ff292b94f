"""The clock: find what has passed, record it once, raise what must rise.

Any number of sweepers may run at once. A case is claimed by its row lock with ``SKIP LOCKED``; whether a deadline
is missed is decided by one conditional update under that lock, so it happens once, whoever is killed.
"""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.core.cache import cache
from django.db import connection, transaction

from cases import ladder, reminding
from cases.changes import Changes, attach_units, locked
from cases.lapsing import Lapses
from cases.loops import rise, rises
from cases.models import Case, Deadline
from cases.models.clock import ASIDE, What
from responsibility import acting, clock, directory

log = structlog.get_logger(__name__)

BATCH = 500
LAST_SWEEP = "last-sweep"


@dataclass
class Report:
    """What one sweep did. ``seconds`` of wall time; ``failed`` rows were set aside for a minute."""

    missed: int = 0
    escalated: int = 0
    failed: int = 0
    seconds: float = 0.0


def sweep(batch: int = BATCH) -> Report:
    """Record every deadline that has passed by ``clock.now()`` and raise the cases that must rise.

    Safe to run many times at once and to be killed at any point. Reports itself to the log and to ``/readyz``.
    """
    began, report, now = time.monotonic(), Report(), clock.now()
    while True:
        try:
            found = _sweep_batch(now, batch, report)
        except Exception:
            log.exception("sweep_batch_failed")
            found = _one_by_one(now, batch, report)
        if not found:
            break
    report.seconds = time.monotonic() - began
    log.info("swept", **vars(report))
    cache.set(LAST_SWEEP, {"at": time.time(), **vars(report)}, timeout=None)
    return report


def _claim(now: datetime, limit: int) -> list[tuple[int, int]]:
    """``(deadline, case)`` ids that have passed, their cases locked; those locked by others are left to them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, c.id FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id"
            " WHERE d.stopped_at IS NULL AND d.missed_at IS NULL AND d.paused_at IS NULL AND d.due_at <= %s"
            " AND (d.retry_at > %s AND d.retry_at <= %s) IS NOT TRUE"
            " ORDER BY d.due_at LIMIT %s FOR NO KEY UPDATE OF c SKIP LOCKED",
            [now, now, now + ASIDE, limit],
        )
        return cursor.fetchall()


@transaction.atomic
def _sweep_batch(now: datetime, limit: int, report: Report) -> int:
    claimed = _claim(now, limit)
    if claimed:
        missed, escalated = _miss([deadline for deadline, _case in claimed], now)
        report.missed += missed
        report.escalated += escalated
    return len(claimed)


def _miss(deadline_ids: list[int], now: datetime) -> tuple[int, int]:
    """Mark the deadlines missed where they still are, and let the cases rise. Their cases are locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            # A rung that has passed is over; the acknowledgement itself runs until it is given.
            "UPDATE cases_deadline SET missed_at = %s, stopped_at = CASE kind WHEN 'rung' THEN %s END"
            " WHERE id = ANY(%s) AND stopped_at IS NULL AND missed_at IS NULL AND paused_at IS NULL"
            " RETURNING id, stopped_at IS NOT NULL",
            [now, now, deadline_ids],
        )
        won = dict(cursor.fetchall())
    if not won:
        return 0, 0
    deadlines = list(Deadline.objects.filter(pk__in=won).order_by("due_at", "id"))
    ids = {deadline.case_id for deadline in deadlines}
    known = directory.current()
    cases = {case.pk: attach_units(case, known) for case in Case.objects.filter(pk__in=ids).order_by("pk")}
    changes = Changes(known, now)
    changes.clocks.note(((one.pk, one.case_id) for one in deadlines), What.MISS)
    changes.clocks.note(((one.pk, one.case_id) for one in deadlines if won[one.pk]), What.STOP)
    changes.remember_parties(ids)
    escalated, lapses = 0, Lapses(changes, deadlines)
    climbing = [(cases[d.case_id], d) for d in deadlines if d.kind in ladder.KINDS and cases[d.case_id].is_open]
    calls = ladder.climb(changes, climbing)
    followed = reminding.follow(changes, [(cases[deadline.case_id], deadline) for deadline in deadlines])
    for deadline in deadlines:
        case = cases[deadline.case_id]
        told = _told(deadline, known) | calls.get(deadline.pk, {})
        changes.tell(case, "deadline.missed", after=told | followed.get(deadline.pk, {}))
        changes.touch(case)
        escalated += lapses.apply(case, deadline)
        to = rises(case, deadline.kind)
        if to and case.is_open:
            rise(changes, case, to, why=deadline.kind, **_told(deadline, known), minutes=deadline.minutes)
            escalated += 1
    lapses.write()
    changes.write(by=acting.SYSTEM)
    return len(won), escalated


def _told(deadline: Deadline, known: directory.Directory) -> dict:
    owing = known.units.get(deadline.unit_id or 0)
    return {
        "kind": deadline.kind,
        "due_at": deadline.due_at.isoformat(),
        "unit": owing.code if owing else None,
    }


def _one_by_one(now: datetime, limit: int, report: Report) -> int:
    """After a batch failed: each deadline by itself, and one that fails is set aside so that the others still are."""
    waiting = list(Deadline.objects.sweepable(now).order_by("due_at").values_list("pk", "case_id")[:limit])
    for pk, case_id in waiting:
        try:
            with transaction.atomic():
                list(locked(pk=case_id).values_list("pk"))
                missed, escalated = _miss([pk], now)
            report.missed += missed
            report.escalated += escalated
        except Exception:
            log.exception("deadline_not_swept", deadline=pk)
            Deadline.objects.filter(pk=pk).update(retry_at=now + ASIDE)
            report.failed += 1
    return len(waiting)


def oldest_unswept() -> datetime | None:
    """When the oldest deadline that has passed and is not recorded was due; ``None`` when there is none."""
    first = Deadline.objects.due(clock.now()).order_by("due_at").values_list("due_at", flat=True)
    return first.first()
