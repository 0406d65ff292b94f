"""A recorder inside the database: which tables each transaction of the product writes to, whoever makes it write.

Tests run in one transaction, so what would be a transaction in earnest is a savepoint here: the outermost ``atomic`` of
the product. What is written outside of any is a transaction of its own in earnest, which has no entry.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.transaction import Atomic

from tests.config.test_rows_told import FREE, LOOSE

LEDGER, OUTSIDE = "responsibility_ledgerentry", "outside"
INSTALL = """
CREATE UNLOGGED TABLE walk_seen (of_table text, unit text);
CREATE FUNCTION walk_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV[1]::text[] = to_jsonb(OLD) - TG_ARGV[1]::text[] THEN
        RETURN NULL;
    END IF;
    INSERT INTO walk_seen VALUES (TG_ARGV[0], coalesce(current_setting('walk.unit', true), 'outside'));
    RETURN NULL;
END $$;
DO $$
DECLARE
    its record;
BEGIN
    FOR its IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition AND relname <> 'walk_seen' LOOP
        EXECUTE format('CREATE TRIGGER walk AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW'
            ' EXECUTE FUNCTION walk_note(%L, %L)', its.relname, its.relname,
            (SELECT coalesce(array_agg(split_part(name, '.', 2)), '{}') FROM unnest(ARRAY[LOOSE]) name
             WHERE split_part(name, '.', 1) = its.relname));
    END LOOP;
END $$;
"""
# Written to without a word, and rightly; see there for each reason.
UNTOLD = set(FREE) - {LEDGER}


class Recorder:
    """Numbers the transactions of the product and tells what each wrote."""

    def __init__(self) -> None:
        self.depth = self.number = 0

    def mark(self, unit: str) -> None:
        if not connection.needs_rollback:
            connection.connection.execute("SELECT set_config('walk.unit', %s, false)", [unit])

    def written(self) -> dict[str, set[str]]:
        """The tables that each transaction since the last question wrote to."""
        units: dict[str, set[str]] = defaultdict(set)
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT unit, of_table FROM walk_seen")
            for unit, table in cursor.fetchall():
                units[unit].add(table)
            cursor.execute("DELETE FROM walk_seen")
        return units


def silent(units: dict[str, set[str]]) -> set[str]:
    """The tables of the record that were written to by a transaction without an entry."""
    found = set()
    for unit, tables in units.items():
        if unit == OUTSIDE or LEDGER not in tables:
            found |= tables - UNTOLD - {LEDGER}
    return found


@contextmanager
def recording(monkeypatch) -> Iterator[Recorder]:
    """Records what happens inside, in the transaction of the test."""
    recorder, enter, leave = Recorder(), Atomic.__enter__, Atomic.__exit__

    def entered(atomic):
        enter(atomic)
        recorder.depth += 1
        if recorder.depth == 1:
            recorder.number += 1
            recorder.mark(str(recorder.number))

    def left(atomic, *error):
        try:
            return leave(atomic, *error)
        finally:
            recorder.depth -= 1
            if recorder.depth == 0:
                recorder.mark(OUTSIDE)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(INSTALL.replace("LOOSE", ", ".join(f"'{name}'" for name in LOOSE)))
    monkeypatch.setattr(Atomic, "__enter__", entered)
    monkeypatch.setattr(Atomic, "__exit__", left)
    recorder.mark(OUTSIDE)
    try:
        yield recorder
    finally:
        monkeypatch.undo()
