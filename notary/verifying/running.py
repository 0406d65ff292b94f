"""Running the passes over many ranges: in one process or several, and again from where it was interrupted."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import connection

from notary import growing
from notary.verifying import archives, passes, work
from notary.verifying.passes import Part, Sign

# Below this, it is not worth a second process.
WORTH_SHARING = 100_000
# Ranges that wait for each process.
AHEAD = 2

Shared = Callable[[Callable, Iterable], Iterable[Part]]


@dataclass
class State:
    """How far a run has come: each pass up to where, and what it found. Written down after every range."""

    database: str = ""
    settled: int = 0
    chains: str = str(passes.FIRST)
    ids: int = passes.LOWEST
    archive: str = "0:0"
    entries: int = 0
    placed: int = 0
    archived: int = 0
    waiting: int = 0
    found: int = 0
    hashing: float = 0.0
    signs: list[Sign] = field(default_factory=list)

    @classmethod
    def read(cls, place: Path) -> "State | None":
        """The state of an interrupted run; none when there is none, or none that can be used."""
        try:
            kept = json.loads(place.read_text(encoding="utf-8"))
            return cls(**kept | {"signs": [Sign(**sign) for sign in kept["signs"]]})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, place: Path) -> None:
        """Keep it, whole or not at all."""
        fresh = place.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.replace(place)

    def take(self, part: Part) -> None:
        """Add what a range gave."""
        self.found += part.found
        self.waiting += part.waiting
        self.hashing = part.hashing or self.hashing
        self.signs += part.signs[: max(0, passes.KEPT - len(self.signs))]


def begin() -> State:
    """The state of a run that begins now."""
    return State(database=database(), settled=growing.mark())


def database() -> str:
    """Which database this is: a run goes on only where it began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database() || '/' || oid FROM pg_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def run(state: State, shared: Shared, keep: Callable[[State], None], done: Callable[[int], None]) -> None:
    """The passes over what is left, and over the archive; ``keep`` is called after each range.

    ``done`` is told how many entries were read so far, in the database and in files.
    """
    for part in shared(work.links, passes.chain_ranges(UUID(state.chains))):
        state.take(part)
        state.chains, state.entries = part.upto, state.entries + part.entries
        keep(state)
        done(state.entries)
    ranges = ((above, upto, state.settled) for above, upto in passes.id_ranges(state.ids))
    for part in shared(work.places, ranges):
        state.take(part)
        state.ids, state.placed = int(part.upto), state.placed + part.entries
        keep(state)
    _archive(state, shared, keep, done)


def _archive(state: State, shared: Shared, keep: Callable[[State], None], done: Callable[[int], None]) -> None:
    volume, offset = map(int, state.archive.split(":"))
    for part in shared(archives.entries, archives.spans(volume, offset)):
        state.take(part)
        state.archive, state.archived = part.upto, state.archived + part.entries
        keep(state)
        done(state.entries + state.archived)
    whole = Part(state.archive)
    for sign in archives.files():
        whole.add(sign)
    state.take(whole)


def jobs_for(total: int) -> int:
    """How many processes are worth it. Within a transaction only this one sees what it wrote."""
    if total < WORTH_SHARING or connection.in_atomic_block:
        return 1
    return min(2, os.cpu_count() or 1)


@contextmanager
def workers(jobs: int) -> Iterator[Shared]:
    """Gives ``shared(task, ranges)``: the parts in the order of the ranges, worked in ``jobs`` processes."""
    if jobs <= 1:
        yield map
        return
    # The processes take no connection along, and are there before any thread is.
    connection.close()
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=work.ready) as pool:
        pool.submit(os.getpid).result()
        try:
            yield lambda task, ranges: _in_order(pool, task, ranges, jobs * AHEAD)
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, task: Callable, ranges: Iterable, ahead: int) -> Iterator[Part]:
    ranges = iter(ranges)
    waiting: list[Future] = [pool.submit(task, range_) for range_ in islice(ranges, ahead)]
    while waiting:
        yield waiting.pop(0).result()
        waiting += [pool.submit(task, range_) for range_ in islice(ranges, 1)]
