"""What befell the cases of a period, read from the ledger: case after case, of each its entries in their order.

A case belongs to the period in which it was opened, with everything that befell it since; drills are left out, what
was voided is not. Nothing of persons is read: an entry tells unit and post of who acted, never a name, and the sealed
words and reasons (``responsibility/sealing.py``) are not asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import orjson
from django.db import connection

from accountability.period import Period
from cases.models import Case
from responsibility import shelf
from responsibility.models import LedgerEntry
from responsibility.sealing import INNER

# Rows fetched at a time.
CHUNK = 2000
WHICH = "c.drill_id IS NULL AND c.opened_at >= %(since)s AND c.opened_at < %(until)s"
ENTRIES = f"""
    SELECT c.number, e.seq, e.at, e.verb, e.unit_label, e.post_label, e.before, e.after, e.digest
    FROM cases_case c JOIN responsibility_ledgerentry e ON e.chain = c.chain
    WHERE {WHICH} AND {shelf.HERE} {{telling}} ORDER BY c.opened_at, c.id, e.seq
"""  # noqa: S608, no word of it comes from outside
# The entries that say where a case stands, how wide it is and who holds it; one put to triage stands where it began.
TELLING = "AND (e.after ?| ARRAY['state', 'loop', 'holder'] OR e.verb = 'case.triage')"
TOLD_BY = ("state", "loop", "holder")
# The cases of which something lies in the archive, in the order of their files.
AWAY = f"SELECT c.number, c.chain FROM cases_case c WHERE {WHICH} AND NOT {shelf.HERE} ORDER BY c.chain"  # noqa: S608
# Of these, read at a time.
PIECE = 100


@dataclass(slots=True)
class Event:
    """One entry. ``unit`` and ``post`` are those of who acted, empty for the system; ``at`` has an offset.

    ``before`` and ``after`` hold what is said openly. ``digest`` is that of the entry, hex, under which it is proved.
    """

    number: str
    seq: int
    at: datetime
    verb: str
    unit: str
    post: str
    before: dict
    after: dict
    digest: str


def cases(period: Period, *, telling: bool = False) -> Iterator[tuple[str, Iterable[Event]]]:
    """Each case opened in ``period`` with its events, oldest first; a case is read up before the next is begun.

    Cases in the archive come first. ``telling``: only the entries that say where it stands, how wide it is, who holds
    it. One statement, by a cursor that is kept on the server, after one that asks for the archive, and constant memory,
    however many cases and however long each. ``Refused`` (``archive_missing``) where a file cannot be read.
    """
    return groupby(_events(period, telling), key=attrgetter("number"))


def _events(period: Period, telling: bool) -> Iterator[Event]:
    with connection.cursor() as cursor:
        cursor.execute(AWAY, period.bounds)
        away = cursor.fetchall()
    for first in range(0, len(away), PIECE):
        yield from _archived({chain: number for number, chain in away[first : first + PIECE]}, telling)
    with connection.chunked_cursor() as cursor:
        cursor.execute(ENTRIES.format(telling=TELLING if telling else ""), period.bounds)
        while rows := cursor.fetchmany(CHUNK):
            for number, seq, at, verb, unit, post, before, after, digest in rows:
                yield Event(number, seq, at, verb, unit, post, _open(before), _open(after), digest)


def _archived(numbers: dict[UUID, str], telling: bool) -> Iterator[Event]:
    """The events of some cases by chain, each of which lies in a volume, or begins in one and goes on here."""
    found = [shelf.entry(row) for row in shelf.rows(numbers)]
    found += LedgerEntry.objects.filter(chain__in=numbers)
    for entry in sorted(found, key=lambda entry: (entry.chain, entry.seq)):
        told = entry.verb == "case.triage" or not entry.after.keys().isdisjoint(TOLD_BY)
        if told or not telling:
            yield Event(
                numbers[entry.chain], entry.seq, entry.at, entry.verb, entry.unit_label, entry.post_label,
                _told(entry.before), _told(entry.after), entry.digest,
            )  # fmt: skip


def _open(said: str) -> dict:
    return _told(orjson.loads(said))


def _told(told: dict) -> dict:
    return {key: value for key, value in told.items() if key not in INNER}


def count(period: Period) -> int:
    """How many cases were opened in ``period``."""
    return Case.objects.real().filter(opened_at__gte=period.since, opened_at__lt=period.until).count()
