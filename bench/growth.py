"""What a ledger of ten million entries costs: to add to, to prove from, to check whole. Only when it is asked for."""

import time
from datetime import timedelta
from statistics import median

from django.db import connection, transaction

from bench.chain import AIM, again, first_entries, hashing, verified
from bench.figures import Figure
from bench.place import Place
from notary import checkpoints, growing, proofs
from responsibility.copying import copy
from responsibility.models import LedgerEntry

SIZES, QUICK = (10_000, 100_000, 1_000_000, 10_000_000), (2_000, 20_000)
# Entries of one checkpoint, many for a minute of a district.
NEW = 1_000
TIMES, PROOFS = 5, 50
MOST = 1.5


def growth(place: Place, quick: bool) -> list[Figure]:
    """Checkpoints of 1,000 new entries at every size, proofs and one whole verification at the largest."""
    sizes = QUICK if quick else SIZES
    rows = first_entries(min(sizes[0], 5_000))
    began, there, made = time.perf_counter(), LedgerEntry.objects.count(), []
    for size in sizes:
        there = _grow(rows, there, size)
        if not quick:
            # A checkpoint looks again at what came within the last minute; no minute of a district is like this one.
            time.sleep((growing.SETTLING + timedelta(seconds=1)).total_seconds())
        signed = [_signed(rows) for _time in range(TIMES)]
        there += NEW * TIMES
        made.append(median(signed))
    wrote = there / (time.perf_counter() - began)
    facts = {
        "sizes": " → ".join(f"{size:,}" for size in sizes),
        "checkpoint ms": " → ".join(f"{took:.0f}" for took in made),
        "entries written/s": wrote, "bytes an entry": _bytes() / there, **_proved(there),
    }  # fmt: skip
    return [
        Figure("growth-checkpoint", "检查点 a checkpoint of 1,000 new entries in the largest ledger", "ms", made[-1],
               made[0], f"in one of {sizes[0]:,}", made[-1] / made[0], f"ratio ≤ {MOST}", made[-1] / made[0] <= MOST,
               facts),
        _checked(),
    ]  # fmt: skip


def _grow(rows: list[dict], there: int, size: int) -> int:
    """Until ``size`` are there; taken into the tree as they come, as it is when a beat does it."""
    while there < size:
        for _turn in range(10):
            if there < size:
                there += _add(rows[: size - there])
        checkpoints.make()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE responsibility_ledgerentry, notary_leaf, notary_tile")
    return there


def _add(rows: list[dict]) -> int:
    with transaction.atomic():
        copy(LedgerEntry, again(rows), leave_out=["id", "xact"])
    return len(rows)


def _signed(rows: list[dict]) -> float:
    """Milliseconds to sign what is new."""
    _add(rows[:NEW])
    began = time.perf_counter()
    checkpoints.make()
    return (time.perf_counter() - began) * 1000


def _bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind IN ('r', 'm')
                AND (relname LIKE 'responsibility_ledgerentry%' OR relname IN ('notary_leaf', 'notary_tile'))
        """)
        return int(cursor.fetchone()[0])


def _proved(there: int) -> dict[str, float]:
    """Milliseconds for a proof that an entry is in the newest tree, and that the newest grew out of an older one."""
    newest = proofs.newest()
    assert newest is not None
    with connection.cursor() as cursor:
        places = [there * turn // PROOFS for turn in range(PROOFS)]
        cursor.execute("SELECT entry FROM notary_leaf WHERE position = ANY(%s)", [places])
        entries = [entry for (entry,) in cursor.fetchall()]
    included, consistent = [], []
    for entry in entries:
        began = time.perf_counter()
        proofs.inclusions([entry], newest)
        included.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        proofs.consistency(there // 3, newest.size)
        consistent.append((time.perf_counter() - began) * 1000)
    return {"inclusion proof ms": median(included), "consistency proof ms": median(consistent)}


def _checked() -> Figure:
    state, seconds = verified()
    value, floor = state.entries / seconds, state.entries / hashing(state.entries)
    return Figure("growth-verify", "台账核验 the largest ledger verified", "entries/s", value, floor,
                  "SHA-256 of the same bytes", value / floor, f"≥ {AIM:,}", value >= AIM,
                  {"entries": state.entries, "seconds": seconds, "faults": len(state.signs)})  # fmt: skip
