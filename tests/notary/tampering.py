"""What a superuser of the database can do to the ledger with the triggers off, and what the whole check then finds."""

import uuid

from django.db import connection

from notary import growing, merkle
from notary.models import Leaf
from notary.verifying import diagnosis, running, tree
from responsibility import ledger
from responsibility.models import LedgerEntry
from tests.responsibility.test_ledger import behind_the_triggers


def found() -> list:
    """What the whole check finds."""
    state = running.begin()
    running.run(state, map, lambda _state: None, lambda _count: None)
    assert state.entries == LedgerEntry.objects.count() == state.placed
    return diagnosis.diagnose(state.signs, list(tree.flaws()), state.settled)


def entry(chain: uuid.UUID, seq: int) -> LedgerEntry:
    return LedgerEntry.objects.get(chain=chain, seq=seq)


def redigest(chain: uuid.UUID) -> None:
    """Number the chain anew and give every entry a digest and a predecessor that fit."""
    rows = list(LedgerEntry.objects.filter(chain=chain).order_by("seq", "-id"))
    behind_the_triggers("UPDATE responsibility_ledgerentry SET seq = seq + 100000 WHERE chain = %s", chain)
    previous = ledger.GENESIS
    for seq, row in enumerate(rows, 1):
        row.seq, row.previous = seq, previous
        previous = ledger.digest(row)
        behind_the_triggers(
            "UPDATE responsibility_ledgerentry SET seq = %s, previous = %s, digest = %s WHERE id = %s",
            seq, row.previous, previous, row.pk,
        )  # fmt: skip


def regrow() -> None:
    """Rebuild every tile out of the digests that the places have now."""
    places = Leaf.objects.order_by("position").values_list("entry", flat=True)
    digests = dict(LedgerEntry.objects.values_list("id", "digest"))
    leaves = [merkle.leaf(bytes.fromhex(digests[entry])) for entry in places]
    behind_the_triggers("DELETE FROM notary_tile")
    with connection.cursor() as cursor:
        cursor.executemany(growing.KEEP, growing._grown(0, leaves))


def rewrite(log) -> LedgerEntry:
    """Change one entry, then its chain and the whole tree to fit."""
    target = entry(log, 3)
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = '从未发生' WHERE id = %s", target.pk)
    redigest(log)
    regrow()
    return target
