"""The one run that removes what is over age, in batches, each with the entry that tells of it.

A batch is one transaction over all classes: it picks rows that nobody else holds, writes ``retention.run`` with counts
by class, and removes them; the database lets kept rows go in no other. Killed in between, the next run goes on.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from responsibility import acting, chains, clock, ledger
from retention import periods
from retention.works import WORKS, Picked, Rows, Sealed, digests

log = structlog.get_logger(__name__)

BATCH = 5000


def run(batch: int = BATCH) -> Counter:
    """Remove what is over age; how many by class. The first batch leaves its entry even when there is nothing."""
    gone: Counter[str] = Counter()
    left = True
    while left:
        done = _batch(batch, silent=bool(gone))
        gone += done
        left = bool(done)
    log.info("retention_run", **gone)
    return gone


def over(works: list[Rows | Sealed] = WORKS) -> dict[str, int]:
    """How many of each class a run would remove now; every table counts up to ``works.COUNTED``."""
    counts: Counter[str] = Counter()
    limits, none = _limits(), Picked()
    for work in works:
        counts[work.code] += work.count(limits[work.code], none)
    return dict(counts)


def _limits() -> dict[str, datetime]:
    now = clock.now()
    return {code: now - timedelta(days=days) for code, days in periods.days().items() if days is not None}


def _batch(batch: int, *, silent: bool) -> Counter:
    run, picked = chains.dated(), Picked()
    counts: Counter[str] = Counter()
    with transaction.atomic():
        periods.lock()
        limits = _limits()
        for work in WORKS:
            picked[work.table] = work.pick(limits[work.code], batch, picked)
            counts[work.code] += len(picked[work.table])
        counts = +counts
        if not counts and silent:
            return counts
        _tell(run, counts, picked["alerts_alert"])
        afterwards = [work.take(picked[work.table], run) for work in WORKS]
    _finish(afterwards)
    return counts


def _tell(run: UUID, counts: Counter, payloads: list) -> None:
    told: dict[str, object] = {"removed": counts.total(), **counts}
    if payloads:
        told["digests"] = digests(payloads)
    act = ledger.Act(run, "retention.run", "retention", str(run), "", after=told)
    ledger.record([act], by=acting.SYSTEM, new_chains=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bihuan.run', %s, true)", [str(run)])


def _finish(afterwards: list[Callable[[], None] | None]) -> None:
    for each in afterwards:
        if each is not None:
            each()
