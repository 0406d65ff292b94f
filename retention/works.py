"""What is over age, class by class, and how it goes. Conditions a law or a hold sets stand in the database's functions.

``%(before)s``: what came before is over age; ``{ids}`` in ``remove``: the rows that were picked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection

from desk import exporting
from responsibility.exchange import purging

# A page counts no further.
COUNTED = 10_000
OLD = "SELECT {what} FROM {table} t WHERE {moment} < %(before)s AND NOT ({stays})"
COUNT = "SELECT count(*) FROM ({old} LIMIT {most}) AS counted"
OLDEST = "SELECT min({moment}) FROM {table} t"
GOES = "{first} DELETE FROM {table} WHERE id = ANY(%(ids)s)"
Picked = dict[str, list]


@dataclass(frozen=True)
class Rows:
    """Rows of one ``table`` (called ``t``), of the class ``code``; ``name`` is that of the table to later works."""

    code: str
    table: str
    moment: str
    remove: str
    stays: str = "false"

    def pick(self, before: datetime, limit: int, picked: Picked) -> list:
        """The keys of at most ``limit`` rows that go, locked; rows that others hold are passed by."""
        asked = self._old("t.id") + " LIMIT %(limit)s FOR UPDATE OF t SKIP LOCKED"
        return [key for (key,) in _rows(asked, {"before": before, "limit": limit} | _told(picked))]

    def count(self, before: datetime, picked: Picked) -> int:
        """How many would go, up to ``COUNTED``."""
        asked = COUNT.format(old=self._old("1"), most=COUNTED)
        return _rows(asked, {"before": before} | _told(picked))[0][0]

    def oldest(self) -> datetime | None:
        """The moment of the oldest row that is there."""
        return _rows(OLDEST.format(moment=self.moment, table=self.table), {})[0][0]

    def take(self, ids: list, run: UUID) -> Callable[[], None] | None:
        """Let them go, in the transaction of the run's entry; what is left to do after its commit."""
        if ids:
            with connection.cursor() as cursor:
                cursor.execute(self.remove, {"ids": ids, "run": str(run)})
        return None

    def _old(self, what: str) -> str:
        return OLD.format(what=what, table=self.table, moment=self.moment, stays=self.stays)


class Payloads(Rows):
    """What sources sent, as they sent it: only a digest stays."""

    def oldest(self) -> datetime | None:
        """The oldest that still is as it came."""
        asked = "SELECT min(received_at) FROM alerts_alert WHERE payload <> '{}' AND NOT payload ? 'retired'"
        return _rows(asked, {})[0][0]


class Uploads(Rows):
    """Rows whose files go after the commit: a row without its file would be worse than a file without its row."""

    def take(self, ids: list, run: UUID) -> Callable[[], None] | None:
        """As above; the files are left for afterwards."""
        found = purging.remove(ids)
        return (lambda: purging.unlink(found)) if found else None


class Sealed:
    """Files that have expired; they are no rows."""

    code, table = "sealed", "files"

    def pick(self, before: datetime, limit: int, picked: Picked) -> list[Path]:
        """All of them; ``before`` is now."""
        return exporting.expired()

    def count(self, before: datetime, picked: Picked) -> int:
        """How many there are."""
        return len(exporting.expired())

    def oldest(self) -> None:
        """Not told: each has a day of its own."""

    def take(self, ids: list[Path], run: UUID) -> Callable[[], None]:
        """After the commit."""
        return lambda: exporting.remove(ids)


def _attempts(table: str, first: str = "") -> Rows:
    remove = GOES.format(first=first, table=table)
    return Rows("logins", table, "t.attempt_time", remove, "bihuan_held(NULL, NULL, t.attempt_time)")


# Red that its reader has not looked at is never forgotten; what still waits to be sent is not either.
MESSAGE_STAYS = """
    t.grade_rank = 1 AND t.person_id IS NOT NULL AND t.read_at IS NULL
    OR EXISTS (SELECT 1 FROM notices_delivery d WHERE d.message_id = t.id AND d.status = 'waiting')
    OR EXISTS (SELECT 1 FROM notices_line l JOIN notices_notice n ON n.id = l.notice_id
        WHERE l.message_id = t.id AND bihuan_held(n.chain, NULL, n.at))
"""
MESSAGE_GOES = """
    WITH lines AS (DELETE FROM notices_line WHERE message_id = ANY(%(ids)s)),
    sent AS (DELETE FROM notices_delivery WHERE message_id = ANY(%(ids)s))
    DELETE FROM notices_message WHERE id = ANY(%(ids)s)
"""
NOTICE_STAYS = """
    t.addressed_at IS NULL OR bihuan_held(t.chain, NULL, t.at) OR EXISTS (
        SELECT 1 FROM notices_line l WHERE l.notice_id = t.id AND l.message_id <> ALL(%(notices_message)s::bigint[]))
"""
EXPIRATIONS = """
    WITH gone AS (DELETE FROM axes_accessattemptexpiration WHERE access_attempt_id = ANY(%(ids)s))
"""
WORKS: list[Rows | Sealed] = [
    Rows(
        "readings", "alerts_reading", "t.received_at", "DELETE FROM alerts_reading WHERE id = ANY(%(ids)s)",
        "bihuan_bound(NULL, t.risk_object_id, t.observed_at, %(before)s)",
    ),
    Payloads(
        "payloads", "alerts_alert", "t.received_at",
        "UPDATE alerts_alert SET payload = bihuan_retired(payload, %(run)s) WHERE id = ANY(%(ids)s)",
        "t.payload = '{}' OR t.payload ? 'retired'"
        " OR bihuan_bound(t.chain, t.risk_object_id, t.received_at, %(before)s)",
    ),
    Rows("notices", "notices_message", "t.at", MESSAGE_GOES, MESSAGE_STAYS),
    Rows("notices", "notices_notice", "t.at", "DELETE FROM notices_notice WHERE id = ANY(%(ids)s)", NOTICE_STAYS),
    _attempts("axes_accessattempt", EXPIRATIONS),
    _attempts("axes_accesslog"),
    _attempts("axes_accessfailurelog"),
    Uploads(
        "uploads", "responsibility_upload", "t.brought_at", "",
        "t.state NOT IN ('judged', 'faulty') OR bihuan_held(t.chain, NULL, t.brought_at)",
    ),
    Sealed(),
]  # fmt: skip


def digests(ids: list) -> str:
    """SHA-256 over the lines ``<alert> <digest of its payload>`` in the order of the alerts, hex, of what is there."""
    asked = """
        SELECT encode(sha256(convert_to(string_agg(id || ' ' ||
            coalesce(payload -> 'retired' ->> 'sha256', encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')),
            chr(10) ORDER BY id), 'UTF8')), 'hex')
        FROM alerts_alert WHERE id = ANY(%(ids)s)
    """
    return _rows(asked, {"ids": ids})[0][0]


def _told(picked: Picked) -> dict:
    return {"notices_message": picked.get("notices_message", [])}


def _rows(asked: str, given: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(asked, given)
        return cursor.fetchall()
