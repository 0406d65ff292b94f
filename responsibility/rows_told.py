"""Rows that no action of its own speaks of, told one by one: reference data, accounts, tokens, sources.

The database notes each change of such a row by itself (``config/migrations/0001_rows_told.py``), whoever makes it: a
page of the administrator, a loader, an import, a statement by hand. Here the notes become entries of the same
transaction; a note that is left at commit refuses it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

from responsibility import acting, erasing, ledger

ADDED, CHANGED, REMOVED = "row.add", "row.change", "row.remove"
NOTED = """
    SELECT id, of_table, of_row, before, after FROM responsibility_change
    WHERE xact = pg_current_xact_id()::text::bigint ORDER BY id
"""
FORGOTTEN = "DELETE FROM responsibility_change WHERE id = ANY(%s)"
# What a row is called by whoever reads of it, the first of these that it has.
CALLED = ("username", "name", "text", "label", "code", "date", "year", "verifier")
LABEL = 200

_by: ContextVar[acting.Actor] = ContextVar("rows_told_by", default=acting.SYSTEM)


def chain_of(table: str, row: str) -> UUID:
    """The chain of one row; the database derives it likewise."""
    return UUID(hashlib.md5(f"{table}:{row}".encode(), usedforsecurity=False).hexdigest())


@contextmanager
def told(by: acting.Actor | None = None) -> Iterator[None]:
    """Write into the ledger what happens inside to such rows, in one transaction with it.

    ``by``: who does it; whoever a surrounding block names when left out, and the system outside of all.
    """
    mark = _by.set(by or _by.get())
    try:
        with transaction.atomic():
            yield
            tell(_by.get())
    finally:
        _by.reset(mark)


def tell(by: acting.Actor, post=None) -> int:
    """Turn the notes of the present transaction into entries; how many."""
    with connection.cursor() as cursor:
        cursor.execute(NOTED)
        noted = [(pk, *key, json.loads(was), json.loads(now)) for pk, *key, was, now in cursor.fetchall()]
        if not noted:
            return 0
        post = post or next(iter(by.posts), None)
        ledger.record([_act(*change) for _pk, *change in noted], by=by, post=post)
        cursor.execute(FORGOTTEN, [[pk for pk, *_change in noted]])
    return len(noted)


def _act(table: str, row: str, before: dict, after: dict) -> ledger.Act:
    verb = ADDED if not before else CHANGED if after else REMOVED
    label = _label(after or before) or row
    changed = {key for key in before if before[key] != after.get(key)} if after else before.keys()
    was = {key: _unsaid(before[key], after.get(key)) for key in before if key in changed}
    return ledger.Act(chain_of(table, row), verb, table, row[:64], label, before=was, after=after)


def _unsaid(was: str | None, becomes: str | None) -> str | None:
    """What was erased by law is not said again by the entry that tells of it."""
    emptied = becomes is not None and was is not None and becomes.count(erasing.MARK) > was.count(erasing.MARK)
    return erasing.MARK if emptied else was


def _label(said: Mapping[str, str | None]) -> str:
    return next((value for name in CALLED if (value := said.get(name))), "")[:LABEL]
