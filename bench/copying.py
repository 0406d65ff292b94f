"""Rows taken out of the product's tables and written again by plain COPY into twins of those tables."""

import time
from dataclasses import dataclass

from django.db import connection

# In the order of their foreign keys, with the column whose growth marks a batch.
WRITTEN = {
    "alerts_alert": "received_at",
    "cases_case": "id",
    "cases_party": "id",
    "cases_deadline": "id",
    "responsibility_ledgerentry": "id",
}


def marks(tables: dict[str, str] = WRITTEN) -> dict[str, object]:
    """How far each table has grown."""
    with connection.cursor() as cursor:
        found = {}
        for table, column in tables.items():
            cursor.execute(f"SELECT max({column}) FROM {table}")
            found[table] = cursor.fetchone()[0]
        return found


@dataclass
class Rows:
    """The rows of one table as COPY text."""

    table: str
    count: int
    text: bytes


def since(before: dict[str, object], names: list[str] | None = None, tables: dict[str, str] = WRITTEN) -> list[Rows]:
    """What was written after ``marks`` gave ``before``."""
    taken = []
    with connection.cursor() as cursor:
        for table, column in tables.items():
            if names and table not in names:
                continue
            newer = "TRUE" if before[table] is None else f"{column} > '{before[table]}'"
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {newer} ORDER BY {column}) TO STDOUT") as copy:
                text = b"".join(bytes(part) for part in copy)
            taken.append(Rows(table, text.count(b"\n"), text))
    return taken


def twins(tables: dict[str, str] = WRITTEN) -> None:
    """Make empty tables with the same columns, defaults, checks and indexes; no triggers and no foreign keys."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
        for table in tables:
            cursor.execute(f"CREATE TABLE bench.{table} (LIKE {table} INCLUDING ALL)")


def keep_keys(table: str) -> None:
    """Give the twin of ``table`` its foreign keys back: a plain insert pays for them, whoever makes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
            [table],
        )
        for (definition,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE bench.{table} ADD {definition}")


def seconds_to_copy(batch: list[Rows]) -> float:
    """Write ``batch`` into the twins in one transaction; the time it took, commit included."""
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute("BEGIN")
        for rows in batch:
            with cursor.copy(f"COPY bench.{rows.table} FROM STDIN") as copy:
                copy.write(rows.text)
        cursor.execute("COMMIT")
        return time.perf_counter() - began
