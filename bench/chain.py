"""How fast the ledger is proved unaltered."""

import hashlib
import os
import time
from statistics import median

from django.db import connection, transaction

from bench.figures import Figure
from bench.intake import BATCH, take_in
from bench.material import Material
from bench.place import Place
from notary import checkpoints
from notary.verifying import diagnosis, passes, running, tree
from responsibility import chains, ledger, reading
from responsibility.copying import copy
from responsibility.models import LedgerEntry

AIM = 50_000
JOBS = min(2, os.cpu_count() or 1)


def verify(place: Place, quick: bool) -> list[Figure]:
    """Entries a second from the tables to the verdict, beside SHA-256 of the same bytes; and that one edit is found.

    Chains and places in the tree are in it, as in ``manage.py verify_ledger``; it starts its processes each time.
    """
    count, rounds = (2000, 1) if quick else (300_000, 3)
    _fill(count)
    jobs = 1 if quick else JOBS
    ours, bare, seconds, faults = [], [], 0.0, 0
    for _ in range(rounds):
        state, took = verified(jobs)
        ours.append(took)
        bare.append(hashing(state.entries))
        began = time.perf_counter()
        faults = len(state.signs) + len(list(tree.flaws()))
        seconds = time.perf_counter() - began
    value, floor = state.entries / median(ours), state.entries / median(bare)
    facts = {
        "entries": state.entries,
        "processes": jobs,
        "tree and signatures s": seconds,
        "faults": faults,
        "faults found after one edit": _found_after_an_edit(),
    }
    figure = Figure(
        "ledger", "台账核验 ledger entries verified, chains and places in the tree", "entries/s", value, floor,
        "SHA-256 of the same bytes", value / floor, f"≥ {AIM:,}", value >= AIM, facts,
    )  # fmt: skip
    return [figure]


def verified(jobs: int = JOBS) -> tuple[running.State, float]:
    """What a verification of all entries found, and in how many seconds."""
    began = time.perf_counter()
    state = running.begin()
    with running.workers(jobs) as shared:
        running.run(state, shared, lambda _state: None, lambda _count: None)
    return state, time.perf_counter() - began


def first_entries(count: int) -> list[dict]:
    """At least ``count`` entries as intake writes them, as rows."""
    material = Material(series=5)
    while LedgerEntry.objects.count() < count:
        take_in([material.alert(code) for code in material.objects(BATCH)], "opened")
    return [row for row in reading.rows(passes.FIRST, passes.LAST)]


def _fill(count: int) -> None:
    """Entries as intake writes them, then the same under other names until there are enough, and their checkpoint."""
    rows = first_entries(min(count, 20_000))
    there = LedgerEntry.objects.count()
    while there < count:
        with transaction.atomic():
            copy(LedgerEntry, again(rows), leave_out=["id", "xact"])
        there += len(rows)
    checkpoints.make()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE responsibility_ledgerentry, notary_leaf")


def again(rows: list[dict]) -> list[dict]:
    """The same entries in chains of other names."""
    made, old, previous = [], None, ledger.GENESIS
    for row in rows:
        if row["chain"] != old:
            old, chain, previous = row["chain"], str(chains.dated()), ledger.GENESIS
        fresh = row | {"chain": chain, "previous": previous}
        previous = fresh["digest"] = ledger.digest(fresh)
        made.append(fresh)
    return made


def hashing(count: int) -> float:
    """Seconds that SHA-256 alone takes for as many entries, whose canonical forms are in hand."""
    texts = [ledger.canonical(row) for row in reading.rows(passes.FIRST, next(passes.chain_ranges())[1])]
    began = time.perf_counter()
    for text in texts:
        hashlib.sha256(text).hexdigest()
    return (time.perf_counter() - began) / len(texts) * count


def _found_after_an_edit() -> int:
    """Edit one entry with the triggers off, verify, take it back; how many places are named."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        LedgerEntry.objects.filter(pk=LedgerEntry.objects.order_by("-id")[100].pk).update(note="edited")
        state, _seconds = verified(1)
        found = len(diagnosis.diagnose(state.signs, [], state.settled))
        transaction.set_rollback(True)
    return found
