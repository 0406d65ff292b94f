"""Whether the rules that the database keeps by itself are still there, on, and the ones that were written.

A trigger that is switched off, narrowed or replaced, or whose function says something else now, lets everything pass
and looks like nothing. ``safeguards.json`` holds a digest of each as the migrations make it.
"""

import hashlib
import json
from pathlib import Path

from django.apps import apps
from django.db import connection

FILE = Path(__file__).with_suffix(".json")
OFF = "off"
# A table of the database's own, see ``config/migrations/0001_rows_told.py``.
CHANGES = "responsibility_change"
# A trigger counts as on only when it fires for everybody's writes: D is off, R fires for a replica's alone. To spell
# one out the database opens its table, and waits for whoever holds it for himself: not for those of ``held``.
TRIGGERS = """
    SELECT c.relname || '.' || t.tgname, t.tgenabled IN ('O', 'A'),
        CASE WHEN c.oid <> ALL (%s) THEN pg_get_triggerdef(t.oid, true) END
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, true,
        concat_ws(E'\n', l.lanname, p.provolatile, p.prosecdef, p.proconfig, p.prosrc)
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE pg_function_is_visible(p.oid) AND p.pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
# Tables of which another session has, or awaits, the whole.
HELD = """
    SELECT coalesce(array_agg(DISTINCT relation), '{}') FROM pg_locks
    WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def found(*, wait: bool = True) -> dict[str, str | None]:
    """Each trigger (``table.name``) and function (``name(arguments)``) of the database with its digest, or ``off``.

    ``wait=False``: ``None`` for a trigger of a table that another session keeps for itself at the moment.
    """
    tables = [CHANGES, *(model._meta.db_table for model in apps.get_models(include_auto_created=True))]
    with connection.cursor() as cursor:
        held: list[int] = []
        if not wait:
            cursor.execute(HELD)
            (held,) = cursor.fetchone()
        cursor.execute(f"{TRIGGERS} UNION ALL {FUNCTIONS} ORDER BY 1", [held, tables])
        return {name: _digest(text) if on else OFF for name, on, text in cursor.fetchall()}


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


def faults(*, wait: bool = True) -> list[str]:
    """What is missing, off, changed or not ours, each in a few words; empty when all is as it was written.

    ``wait=False`` passes over what cannot be compared at once because its table is held.
    """
    written, here = json.loads(FILE.read_text()), found(wait=wait)
    told = [f"missing: {name}" for name in written if name not in here]
    told += [f"unknown: {name}" for name in here if name not in written]
    for name, digest in here.items():
        if digest == OFF:
            told.append(f"off: {name}")
        elif digest is not None and name in written and digest != written[name]:
            told.append(f"changed: {name}")
    return told
