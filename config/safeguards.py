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
# A trigger counts as on only when it fires for everybody's writes: D is off, R fires for a replica's alone.
TRIGGERS = """
    SELECT c.relname || '.' || t.tgname, t.tgenabled IN ('O', 'A'), pg_get_triggerdef(t.oid, true)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) AND c.relname = ANY(%s)
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, true,
        concat_ws(E'\n', l.lanname, p.provolatile, p.prosecdef, p.proconfig, p.prosrc)
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE pg_function_is_visible(p.oid) AND p.proname LIKE 'bihuan%%'
"""


def found() -> dict[str, str]:
    """Each trigger (``table.name``) and function (``name(arguments)``) of the database with its digest, or ``off``."""
    tables = [CHANGES, *(model._meta.db_table for model in apps.get_models(include_auto_created=True))]
    with connection.cursor() as cursor:
        cursor.execute(f"{TRIGGERS} UNION ALL {FUNCTIONS} ORDER BY 1", [tables])
        return {name: _digest(text) if on else OFF for name, on, text in cursor.fetchall()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def faults() -> list[str]:
    """What is missing, off, changed or not ours, each in a few words; empty when all is as it was written."""
    written, here = json.loads(FILE.read_text()), found()
    told = [f"missing: {name}" for name in written if name not in here]
    told += [f"unknown: {name}" for name in here if name not in written]
    for name, digest in here.items():
        if digest == OFF:
            told.append(f"off: {name}")
        elif name in written and digest != written[name]:
            told.append(f"changed: {name}")
    return told
