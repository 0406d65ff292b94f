"""The one run that removes what is over age, in batches, each with the entry that tells of it.

A batch is one transaction over all classes: it picks rows that nobody else holds, writes ``retention.run`` with counts
and digests by class, and removes them; the database lets kept rows go in no other. Killed in between, the next run goes
on. Two runs at once take turns.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from responsibility import acting, chains, clock, ledger
from retention import filed, papers, periods
from retention.works import TABLES, After, Picked, Work

log = structlog.get_logger(__name__)

BATCH = 5000
WORKS: list[Work] = [*TABLES, filed.Proofs(), *papers.ALL, filed.SealedFiles()]


def run(batch: int = BATCH) -> Counter:
    """Remove what is over age; how many by class. The first batch leaves its entry even when there is nothing."""
    gone: Counter[str] = Counter()
    left = True
    while left:
        done = _batch(batch, WORKS, silent=bool(gone))
        gone += done
        left = bool(done)
    filed.finish()
    papers.finish()
    log.info("retention_run", **gone)
    return gone


def expire() -> int:
    """Remove the files of sealed exports that have expired; how many. Silent where there is none."""
    return _batch(BATCH, [filed.SealedFiles()], silent=True).total()


def over(works: Iterable[Work] = WORKS) -> dict[str, int]:
    """How many of each class a run would remove now; every table counts up to ``works.COUNTED``."""
    limits = _limits()
    counts: Counter[str] = Counter({code: 0 for code in limits})
    for work in works:
        if work.code in limits:
            counts[work.code] += work.count(limits[work.code])
    return dict(counts)


def _limits() -> dict[str, datetime]:
    """Before which moment what is over age came, for each class that is not kept for good."""
    now = clock.now()
    return {code: now - timedelta(days=days) for code, days in periods.days().items() if days is not None}


def _batch(batch: int, works: Collection[Work], *, silent: bool) -> Counter:
    run, picked = chains.dated(), Picked()
    counts: Counter[str] = Counter()
    with transaction.atomic():
        periods.lock()
        limits = _limits()
        for work in works:
            picked[work.table] = work.pick(limits[work.code], batch, picked) if work.code in limits else []
            counts[work.code] += len(picked[work.table])
        counts = +counts
        if not counts and silent:
            return counts
        going = [(work, picked[work.table]) for work in works if picked[work.table]]
        _tell(run, counts, {work.table: work.digest(ids) for work, ids in going})
        afterwards = [work.take(ids, run) for work, ids in going]
    _finish(afterwards)
    return counts


def _tell(run: UUID, counts: Counter, digests: dict[str, str]) -> None:
    told = {"removed": counts.total(), **counts, **{f"sha256 {table}": value for table, value in digests.items()}}
    act = ledger.Act(run, "retention.run", "retention", str(run), "", after=told)
    ledger.record([act], by=acting.SYSTEM, new_chains=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bihuan.run', %s, true)", [str(run)])


def _finish(afterwards: list[After]) -> None:
    for each in afterwards:
        if each is not None:
            each()
