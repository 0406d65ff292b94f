"""抽查: 5 % of the cases closed in a month, drawn so that nobody can steer the draw and anybody can repeat it.

The seed is the log's signature on the first checkpoint made after the month has ended. Before that nobody knows it,
so nobody who closes a case can know whether it will be looked at; afterwards it is published, signed and witnessed, and
cannot be changed. An Ed25519 signature follows from key and text alone (RFC 8032, 5.1.6), so whoever writes into the
ledger without holding the key cannot try out one entry after another until the draw suits him, as he could if the root
alone were the seed. Whoever holds the key as well could; that is what the witnesses are for.

To repeat it: take SHA-256 of the signature (64 bytes) as seed; for each case closed in the month whose entry stands in
the tree at that size take SHA-256 over seed and number; the lowest twentieth, rounded up, is drawn.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from notary import notes
from notary.models import Checkpoint
from responsibility import clock
from responsibility.refusals import Invalid

ONE_IN = 20
MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)
CLOSED = """
    SELECT DISTINCT e.subject_id FROM responsibility_ledgerentry e
    JOIN notary_leaf l ON l.entry = e.id AND l.position < %(size)s
    WHERE e.verb = 'case.close' AND e.subject_type = 'case' AND e.at >= %(since)s AND e.at < %(until)s
        AND NOT e.after ? 'drill'
    ORDER BY 1
"""


@dataclass(frozen=True)
class Draw:
    """The draw of one month: the checkpoint and ``seed`` (hex) it rests on, out of how many, and the case numbers."""

    month: str
    checkpoint: Checkpoint
    seed: str
    closed: int
    numbers: list[str]


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first instant of a local month ``2026-10`` and that of the next. ``Invalid`` for what is none."""
    first = parse_date(f"{month}-01") if MONTH.fullmatch(month) else None
    if first is None or not clock.FIRST.year < first.year < clock.LAST.year:
        raise Invalid("bad_month", _("月份应为 2026-01 的形式。"), "month")
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    since, until = (make_aware(datetime.combine(day, time.min)) for day in (first, following))
    return since, until


def of_month(month: str) -> Draw | None:
    """The draw of ``month``; ``None`` before the first checkpoint after its end. Two statements. ``Invalid``."""
    since, until = bounds(month)
    first = Checkpoint.objects.filter(made_at__gte=until).order_by("size").first()
    if first is None:
        return None
    seed = seed_of(first.note)
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, {"size": first.size, "since": since, "until": until})
        numbers = [number for (number,) in cursor.fetchall()]
    return Draw(month, first, seed.hex(), len(numbers), lowest(seed, numbers))


def seed_of(note: str) -> bytes:
    """The seed that the signed note of a checkpoint gives: SHA-256 of the signature of the log, which stands first."""
    return hashlib.sha256(notes.Note.read(note).signatures[0].signature).digest()


def lowest(seed: bytes, numbers: list[str]) -> list[str]:
    """The twentieth of ``numbers``, rounded up, whose digest with ``seed`` is lowest; in the order of the digests."""
    ranked = sorted(numbers, key=lambda number: hashlib.sha256(seed + number.encode()).digest())
    return ranked[: math.ceil(len(numbers) / ONE_IN)]
