"""What is over age in tables, class by class, and how it goes. What a law or a hold asks stands in the database.

``%(before)s``: what came before is over age; ``%(ids)s`` in ``remove``: the rows that were picked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connection

from responsibility.exchange import purging

# A page counts no further.
COUNTED = 10_000
OLD = "SELECT {what} FROM {table} t WHERE {moment} < %(before)s AND {goes}"
COUNT = "SELECT count(*) FROM ({old} LIMIT {most}) AS counted"
OLDEST = "SELECT min({moment}) FROM {table} t WHERE {there}"
DIGEST = """
    SELECT encode(sha256(convert_to(string_agg({line}, chr(10) ORDER BY t.id), 'UTF8')), 'hex')
    FROM {table} t WHERE t.id = ANY(%(ids)s)
"""
# What went is named by its number and its moment: words of people are in no digest that outlives them.
LINE = "t.id || ' ' || {moment}"
GOES = "{first} DELETE FROM {table} WHERE id = ANY(%(ids)s)"
Picked = dict[str, list]
After = Callable[[], None] | None


class Work(Protocol):
    """How one class, or one table of it, goes. ``table`` is its name to later works."""

    @property
    def code(self) -> str: ...

    @property
    def table(self) -> str: ...

    def pick(self, before: datetime, limit: int, picked: Picked) -> list:
        """At most ``limit`` things that go, locked against others."""

    def count(self, before: datetime) -> int:
        """How many would go, up to ``COUNTED``."""

    def oldest(self) -> datetime | None:
        """The moment of the oldest that is there."""

    def digest(self, ids: list) -> str:
        """SHA-256, hex, over what was picked, one line each."""

    def take(self, ids: list, run: UUID) -> After:
        """Let them go, in the transaction of the run's entry; what is left to do after its commit."""


@dataclass(frozen=True)
class Rows:
    """Rows of one ``table`` (called ``t``), of the class ``code``. ``there``: those that count as still there."""

    code: str
    table: str
    moment: str
    remove: str
    goes: str = "true"
    there: str = "true"
    line: str = LINE

    def pick(self, before: datetime, limit: int, picked: Picked) -> list:
        """The keys of rows that go; rows that others hold are passed by."""
        asked = self._old("t.id") + " LIMIT %(limit)s FOR UPDATE OF t SKIP LOCKED"
        return [key for (key,) in rows(asked, {"before": before, "limit": limit} | _told(picked))]

    def count(self, before: datetime) -> int:
        """As ``Work`` says."""
        asked = COUNT.format(old=self._old("1"), most=COUNTED)
        return rows(asked, {"before": before} | _told({}))[0][0]

    def oldest(self) -> datetime | None:
        """As ``Work`` says."""
        return rows(OLDEST.format(moment=self.moment, table=self.table, there=self.there), {})[0][0]

    def digest(self, ids: list) -> str:
        """Over the lines in the order of the rows."""
        line = self.line.format(moment=self.moment)
        return rows(DIGEST.format(line=line, table=self.table), {"ids": ids})[0][0]

    def take(self, ids: list, run: UUID) -> After:
        """As ``Work`` says; nothing is left to do."""
        with connection.cursor() as cursor:
            cursor.execute(self.remove, {"ids": ids, "run": str(run)})
        return None

    def _old(self, what: str) -> str:
        return OLD.format(what=what, table=self.table, moment=self.moment, goes=self.goes)


class Uploads(Rows):
    """Rows whose files go after the commit: a row without its file would be worse than a file without its row."""

    def take(self, ids: list, run: UUID) -> After:
        """As above; the files are left for afterwards."""
        found = purging.remove(ids)
        return lambda: purging.unlink(found)


def _attempts(table: str, first: str = "") -> Rows:
    remove = GOES.format(first=first, table=table)
    return Rows("logins", table, "t.attempt_time", remove, "NOT bihuan_held(NULL, NULL, t.attempt_time)")


# Red that its reader has not looked at is never forgotten; what still waits to be sent is not either.
MESSAGE_GOES = """
    NOT (t.grade_rank = 1 AND t.person_id IS NOT NULL AND t.read_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM notices_delivery d WHERE d.message_id = t.id AND d.status = 'waiting')
    AND NOT EXISTS (SELECT 1 FROM notices_line l JOIN notices_notice n ON n.id = l.notice_id
        WHERE l.message_id = t.id AND bihuan_held(n.chain, NULL, n.at))
"""
# One statement, so that a message never stands without its lines.
MESSAGE = """
    WITH lines AS (DELETE FROM notices_line WHERE message_id = ANY(%(ids)s)),
    sent AS (DELETE FROM notices_delivery WHERE message_id = ANY(%(ids)s))
    DELETE FROM notices_message WHERE id = ANY(%(ids)s)
"""
NOTICE_GOES = """
    t.addressed_at IS NOT NULL AND NOT bihuan_held(t.chain, NULL, t.at) AND NOT EXISTS (
        SELECT 1 FROM notices_line l WHERE l.notice_id = t.id AND l.message_id <> ALL(%(notices_message)s::bigint[]))
"""
EXPIRATIONS = """
    WITH gone AS (DELETE FROM axes_accessattemptexpiration WHERE access_attempt_id = ANY(%(ids)s))
"""
AS_IT_CAME = "t.payload <> '{}' AND NOT bihuan_is_retired(t.payload)"
TABLES: list[Rows] = [
    # What was measured names nobody, so the digest is over all of it.
    Rows(
        "readings", "alerts_reading", "t.received_at", "DELETE FROM alerts_reading WHERE id = ANY(%(ids)s)",
        "NOT bihuan_bound(NULL, t.risk_object_id, t.observed_at, %(before)s)", line="to_jsonb(t)::text",
    ),
    # Only the digest of what a source sent stays, where it stood.
    Rows(
        "payloads", "alerts_alert", "t.received_at",
        "UPDATE alerts_alert SET payload = bihuan_retired(payload, %(run)s) WHERE id = ANY(%(ids)s)",
        f"{AS_IT_CAME} AND NOT bihuan_bound(t.chain, t.risk_object_id, t.received_at, %(before)s)",
        AS_IT_CAME, "t.id || ' ' || encode(sha256(convert_to(t.payload::text, 'UTF8')), 'hex')",
    ),
    Rows("notices", "notices_message", "t.at", MESSAGE, MESSAGE_GOES),
    Rows("notices", "notices_notice", "t.at", "DELETE FROM notices_notice WHERE id = ANY(%(ids)s)", NOTICE_GOES),
    _attempts("axes_accessattempt", EXPIRATIONS),
    _attempts("axes_accesslog"),
    _attempts("axes_accessfailurelog"),
    Uploads(
        "uploads", "responsibility_upload", "t.brought_at", "",
        "t.state IN ('judged', 'faulty') AND NOT bihuan_held(t.chain, NULL, t.brought_at)",
        "t.state IN ('judged', 'faulty')",
    ),
]  # fmt: skip


def _told(picked: Picked) -> dict:
    return {"notices_message": picked.get("notices_message", [])}


def rows(asked: str, given: dict) -> list[tuple]:
    """What a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(asked, given)
        return cursor.fetchall()
