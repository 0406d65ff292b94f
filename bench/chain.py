"""How fast the ledger is proved unaltered."""

import hashlib
import time
from statistics import median

from django.db import connection, transaction

from bench.figures import Figure
from bench.intake import BATCH, take_in
from bench.material import Material
from bench.place import Place
from responsibility import ledger
from responsibility.models import LedgerEntry


def verify(place: Place, quick: bool) -> list[Figure]:
    """Entries a second from the table to the verdict, beside SHA-256 of the same bytes; and that one edit is found."""
    count, rounds = (2000, 1) if quick else (20_000, 3)
    material = Material(series=5)
    while LedgerEntry.objects.count() < count:
        take_in([material.alert(code) for code in material.objects(BATCH)], "opened")
    entries = LedgerEntry.objects.order_by("chain", "seq")[:count]
    texts = [ledger.canonical(entry) for entry in entries.iterator()]
    ours, bare = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        faults = list(ledger.verify(entries.iterator()))
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        for text in texts:
            hashlib.sha256(text).hexdigest()
        bare.append(time.perf_counter() - began)
    value, floor = count / median(ours), count / median(bare)
    facts = {
        "entries": count,
        "bytes an entry": sum(map(len, texts)) / count,
        "faults": len(faults),
        "faults found after one edit": _found_after_an_edit(entries),
    }
    figure = Figure(
        "ledger", "台账核验 ledger entries verified, read from the database", "entries/s", value, floor,
        "SHA-256 of the same bytes", value / floor, facts=facts,
    )  # fmt: skip
    return [figure]


def _found_after_an_edit(entries) -> int:
    """Edit one entry with the triggers off, verify, take it back; the number of faults."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        LedgerEntry.objects.filter(pk=entries[len(entries) // 2].pk).update(note="edited")
        found = len(list(ledger.verify(entries.iterator())))
        transaction.set_rollback(True)
    return found
