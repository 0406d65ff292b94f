"""抽查: 5 % of the cases closed in a month, drawn so that nobody can steer the draw and anybody can repeat it.

Rule 2: the seed joins a secret that was committed to before the month began (``accountability.seeding``) with what the
witnesses signed after its end. Whoever closes cases does not know the secret, and whoever knows it cannot change it any
more. A secret that is lost takes nobody out of the draw: a tenth is drawn then, by rule 1.

Rule 1, which holds for months without a commitment: the seed is the log's signature on the first checkpoint made after
the month has ended. Whoever writes into the ledger without holding the key cannot try out one entry after another until
the draw suits him (RFC 8032, 5.1.6: a signature follows from key and text alone); whoever holds the key as well could.

How it is repeated, and with which formulas, is ``notary/standalone/draw.py``, which outsiders run and this calls.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from accountability.drawseed import DrawSeed
from notary import notes
from notary.models import Checkpoint, Leaf
from notary.standalone import draw
from responsibility import clock
from responsibility.models import LedgerEntry
from responsibility.refusals import Invalid

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
    """The draw of one month: the checkpoint up to which cases count, the ``seed`` (hex), all closed cases, the drawn.

    ``sealed`` is the secret behind it, none by rule 1.
    """

    month: str
    checkpoint: Checkpoint
    seed: str
    among: list[str]
    numbers: list[str]
    one_in: int = draw.ONE_IN
    sealed: DrawSeed | None = None

    @property
    def rule(self) -> int:
        """By which rule the seed was made."""
        return 2 if self.sealed and self.sealed.secret else 1

    @property
    def closed(self) -> int:
        """Out of how many."""
        return len(self.among)

    @property
    def told(self) -> dict:
        """What ``draw.py`` repeats it from."""
        common = {"month": self.month, "rule": self.rule, "seed": self.seed, "one_in": self.one_in}
        common |= {"closed": self.among, "drawn": self.numbers, "checkpoint": self.checkpoint.note}
        if self.sealed is None or not self.sealed.secret:
            return common | {"signature": base64.b64encode(_signature(self.checkpoint)).decode()}
        lines = self.sealed.lines.splitlines(keepends=True)
        return common | {
            "commitment": self.sealed.commitment, "secret": self.sealed.secret, "cosignatures": lines,
        }  # fmt: skip

    @property
    def faults(self) -> list[str]:
        """What does not hold of it, recomputed now; empty when everything does."""
        return draw.faults(self.told)


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first instant of a local month ``2026-10`` and that of the next. ``Invalid`` for what is none."""
    first = parse_date(f"{month}-01") if MONTH.fullmatch(month) else None
    if first is None or not clock.FIRST.year < first.year < clock.LAST.year:
        raise Invalid("bad_month", _("月份应为 2026-01 的形式。"), "month")
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    since, until = (make_aware(datetime.combine(day, time.min)) for day in (first, following))
    return since, until


def of_month(month: str) -> Draw | None:
    """The draw of ``month``; ``None`` before it can be known. Three statements. ``Invalid``."""
    since, until = bounds(month)
    sealed = DrawSeed.objects.filter(month=month).first()
    if sealed is not None and sealed.opened_at is None:
        return None
    closing = Checkpoint.objects.order_by("size")
    first = (closing.filter(size=sealed.size or 0) if sealed else closing.filter(made_at__gte=until)).first()
    if first is None:
        return None
    seed, one_in = _seed(sealed, first)
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, {"size": first.size, "since": since, "until": until})
        numbers = [number for (number,) in cursor.fetchall()]
    return Draw(month, first, seed.hex(), numbers, draw.lowest(seed, numbers, one_in), one_in, sealed)


def _seed(sealed: DrawSeed | None, first: Checkpoint) -> tuple[bytes, int]:
    if sealed is None:
        return draw.seed_of_signature(_signature(first)), draw.ONE_IN
    if not sealed.secret:
        return draw.seed_of_signature(_signature(first)), draw.ONE_IN // 2
    return draw.seed(bytes.fromhex(sealed.secret), sealed.lines.splitlines(keepends=True)), draw.ONE_IN


def _signature(checkpoint: Checkpoint) -> bytes:
    """The signature of the log, which stands first under a checkpoint."""
    return notes.Note.read(checkpoint.note).signatures[0].signature


def sealed_in(sealed: DrawSeed) -> Checkpoint | None:
    """The first checkpoint that covers the commitment, where it was made before the month began."""
    told = LedgerEntry.objects.filter(chain=sealed.chain, verb="draw.commit", after__commitment=sealed.commitment)
    entry = told.order_by("seq").values_list("pk", flat=True).first()
    place = Leaf.objects.filter(entry=entry).values_list("position", flat=True).first() if entry else None
    if place is None:
        return None
    return Checkpoint.objects.filter(size__gt=place, made_at__lt=sealed.begins).order_by("size").first()
