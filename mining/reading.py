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

import orjson
from django.db import connection

from accountability.period import Period
from cases.models import Case
from responsibility.sealing import INNER

# Rows fetched at a time.
CHUNK = 2000
WHICH = "c.drill_id IS NULL AND c.opened_at >= %(since)s AND c.opened_at < %(until)s"
ENTRIES = f"""
    SELECT c.number, e.seq, e.at, e.verb, e.unit_label, e.post_label, e.before, e.after, e.digest
    FROM cases_case c JOIN responsibility_ledgerentry e ON e.chain = c.chain
    WHERE {WHICH} {{telling}} ORDER BY c.opened_at, c.id, e.seq
"""  # noqa: S608, no word of it comes from outside
# The entries that say where a case stands, how wide it is and who holds it; one put to triage stands where it began.
TELLING = "AND (e.after ?| ARRAY['state', 'loop', 'holder'] OR e.verb = 'case.triage')"


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

    ``telling``: only the entries that say where it stands, how wide it is, who holds it. One statement, by a cursor
    that is kept on the server, and constant memory, however many cases and however long each.
    """
    return groupby(_events(period, telling), key=attrgetter("number"))


def _events(period: Period, telling: bool) -> Iterator[Event]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(ENTRIES.format(telling=TELLING if telling else ""), period.bounds)
        while rows := cursor.fetchmany(CHUNK):
            for number, seq, at, verb, unit, post, before, after, digest in rows:
                yield Event(number, seq, at, verb, unit, post, _open(before), _open(after), digest)


def _open(said: str) -> dict:
    told = orjson.loads(said)
    return {key: value for key, value in told.items() if key not in INNER}


def count(period: Period) -> int:
    """How many cases were opened in ``period``."""
    return Case.objects.real().filter(opened_at__gte=period.since, opened_at__lt=period.until).count()
