"""What the rows of the record were when they were written honestly, told by the ledger each minute.

The database notes each such writing by itself (``config/migrations/0004_rows_stand.py``): a line with the salted digest
of the row before and after. Lines become entries here; several changes of one row between two entries are one where
each goes on from the one before. A change that nobody noted breaks that, and stays to be seen.
"""

from collections.abc import Iterable

from django.db import connection, transaction

from responsibility import acting, chains, clock, ledger, looking

VERB = "rows.stand"
# Rows that one entry speaks of.
BATCH = 500
# Each entry makes a checkpoint, which is a row: alone they are told only when there are some.
ALONE = ("notary_checkpoint", 60)
TAKEN = """
    DELETE FROM responsibility_line WHERE id IN (SELECT id FROM responsibility_line ORDER BY id LIMIT %s)
        AND (SELECT bool_or(of_table <> %s) OR count(*) >= %s FROM responsibility_line)
    RETURNING id, of_table, of_row, was, becomes
"""
Told = dict[str, dict[str, list[str | None]]]


def tell() -> int:
    """Write into the ledger what was noted since the last time; how many entries. Several at once wait in line."""
    made = 0
    while True:
        with transaction.atomic():
            chain = chains.monthly("rows", clock.now())
            with connection.cursor() as cursor:
                cursor.execute(looking.ALONE, [VERB])
                cursor.execute(TAKEN, [BATCH, *ALONE])
                lines = sorted(cursor.fetchall())
            if not lines:
                return made
            acts = [_act(chain, rows) for rows in _gathered(line[1:] for line in lines)]
            ledger.record(acts, by=acting.SYSTEM)
            made += len(acts)


def _act(chain, rows: Told) -> ledger.Act:
    count = sum(map(len, rows.values()))
    return ledger.Act(chain, VERB, "rows", "", str(count), after={"rows": rows})


def _gathered(lines: Iterable[tuple]) -> list[Told]:
    """``{table: {row: [was, becomes]}}`` of lines in their order; a second one where a row does not go on from it."""
    found: list[Told] = [{}]
    for table, row, was, becomes in lines:
        known = found[-1].setdefault(table, {}).get(row)
        if known and known[1] != was:
            found.append({table: {}})
            known = None
        found[-1][table][row] = [known[0] if known else was, becomes]
    return found
