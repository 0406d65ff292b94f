"""The secret of the draw: sealed two months ahead, opened when the month is over. Nobody presses anything.

Whoever closes a case must not know whether it will be looked at, so the secret stays in a file that only the server
may read (``notary.keys``). Whoever rules that file must not choose, so the commitment stands in the ledger, signed and
witnessed, before the first case of the month is closed; and what witnesses sign after the month goes into the seed, so
that not even he knows it before they do. A file that is lost does not end the draw: it makes it twice as large.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils.timezone import localdate

from accountability import drawing
from accountability.drawseed import DrawSeed
from notary import keys
from notary.models import Checkpoint, Cosignature
from notary.standalone import draw
from responsibility import acting, chains, clock, ledger

log = structlog.get_logger(__name__)
# Default of ours: how long witnesses have for signing after the end of a month, and how many months are sealed ahead.
WAIT = timedelta(days=3)
AHEAD = 2
# One at a time over all processes; the number is only ours.
LOCK = "SELECT pg_advisory_xact_lock(7312)"


def keep() -> None:
    """Seal the months to come, and open those that have ended."""
    now = clock.now()
    for month in _coming(now):
        seal(month)
    for month in DrawSeed.objects.filter(opened_at__isnull=True, begins__lt=now).values_list("month", flat=True):
        unseal(month)


def _coming(now: datetime) -> list[str]:
    first = localdate(now).replace(day=1)
    months = [first.year * 12 + first.month - 1 + ahead for ahead in range(1, AHEAD + 1)]
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in months]


def chain_of(month: str) -> UUID:
    """The chain on which commitment and secret of a month stand."""
    told = hashlib.md5(f"draw:{month}".encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(told) | chains.BEYOND)


def _place(month: str) -> str:
    return f"draw-secrets/{month}"


@transaction.atomic
def seal(month: str) -> DrawSeed | None:
    """Make the secret of a ``month`` that has not begun; ``None`` when it is sealed already, or has begun."""
    since, _until = drawing.bounds(month)
    _only_one()
    now = clock.now()
    if now >= since or DrawSeed.objects.filter(month=month).exists():
        return None
    secret = secrets.token_bytes(32)
    keys.hide(_place(month), secret.hex())
    made = DrawSeed.objects.create(
        month=month, chain=chain_of(month), begins=since, commitment=draw.commitment(month, secret), at=now
    )
    _tell(made, "draw.commit", {"commitment": made.commitment}, now)
    return made


@transaction.atomic
def unseal(month: str) -> DrawSeed | None:
    """Tell the secret of a ``month`` when its witnesses have had their time; ``None`` before that, and once done."""
    _only_one()
    since, until = drawing.bounds(month)
    now, found = clock.now(), DrawSeed.objects.select_for_update(no_key=True).get(month=month)
    closing = Checkpoint.objects.filter(made_at__gte=until).order_by("size").first()
    if found.opened_at is not None or now < until + WAIT or closing is None:
        return None
    found.opened_at, found.size = now, closing.size
    found.secret = _secret(found)
    found.lines = "".join(_lines(since, until))
    found.save(update_fields=["opened_at", "size", "secret", "lines"])
    told = {"secret": found.secret, "size": found.size, "cosignatures": found.lines.splitlines()}
    _tell(found, "draw.reveal", told, now)
    return found


def _secret(found: DrawSeed) -> str:
    """What the file holds, where it is what was committed to; else an empty text."""
    kept = keys.hidden(_place(found.month))
    try:
        if kept and draw.commitment(found.month, bytes.fromhex(kept)) == found.commitment:
            return kept
    except ValueError:
        pass
    log.error("draw_secret_lost", month=found.month)
    return ""


def _lines(since: datetime, until: datetime) -> list[str]:
    """The first line of each witness that was known before the month, over a checkpoint made after its end."""
    told = Cosignature.objects.filter(
        witness__added_at__lt=since, checkpoint__made_at__gte=until, at__gte=until, at__lt=until + WAIT
    )
    return sorted(told.order_by("witness", "at", "pk").distinct("witness").values_list("line", flat=True))


def _only_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def _tell(of: DrawSeed, verb: str, after: dict, now: datetime) -> None:
    act = ledger.Act(of.chain, verb, "draw", of.month, of.month, after={"month": of.month} | after)
    ledger.record([act], by=acting.SYSTEM, at=now)
