"""A month of the ledger into a file: written, read back, verified against the tree, and only then taken out.

Whatever happens in between, the entries are in the database or in a file that the database names; a file that it does
not name is of no account and is removed by the next run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import orjson
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import Range

from notary import proofs
from notary.archiving import marks
from notary.models import Checkpoint, Leaf
from notary.verifying import archives, passes
from notary.verifying.archives import Held
from notary.verifying.passes import Part
from responsibility import acting, chains, ledger, parts, reading, shelf, volumes
from responsibility.copying import copy
from responsibility.models import ArchivedChain, Volume
from responsibility.refusals import Refused

# The same as that of an erasure: what is being written into a file must not lose words meanwhile.
LOCK, UNLOCK = "SELECT pg_advisory_lock(7306)", "SELECT pg_advisory_unlock(7306)"
# How long writers may be kept waiting when the part is taken out; then it is tried another time.
PATIENCE = "SET LOCAL lock_timeout = '5s'"
FORMAT = "bihuan-ledger-archive/1"
MANIFEST = ".manifest.json"


def part_of(month: date) -> str:
    """The name of the part of a month, as migration 0012 gives it."""
    return f"responsibility_ledgerentry_{month:%Y_%m}"


def following(month: date) -> date:
    """The first day of the month after ``month``."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def bounds(month: date) -> tuple[UUID, UUID]:
    """The names above and up to which the chains of ``month`` lie."""
    first, end = (chains.first_of(datetime(day.year, day.month, 1, tzinfo=UTC)) for day in (month, following(month)))
    return UUID(int=first.int - 1), UUID(int=end.int - 1)


def months(before: date) -> list[date]:
    """The months before one of which there are entries in the database, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'responsibility_ledgerentry'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'"
        )
        found = sorted(month for (month,) in cursor.fetchall() if month < before)
    return [month for month in found if _count(month, "LIMIT 1")]


def obstacles(month: date) -> list[str]:
    """The chains that keep ``month`` in the database because they have no end, as texts. At most twenty."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT chain FROM {part_of(month)}")  # noqa: S608
        return [str(chain) for (chain,) in cursor.fetchall() if not chains.ends(chain)][:20]


def take(month: date) -> Volume:
    """Bring the entries of ``month`` into a file and out of the database; its row.

    Whether the cases of the month have ended is for the caller to know. ``Refused``: ``not_over``, ``standing`` (a
    chain without end), ``not_signed`` (an entry is not under a checkpoint yet), ``changed``, ``busy``.
    """
    today = timezone.now().astimezone(UTC).date()
    if following(month) > today:
        raise Refused("not_over", _("该月尚未过完，不能归档。"))
    with alone():
        if obstacles(month):
            raise Refused("standing", _("该月有长期链，不能归档。"))
        newest = proofs.newest()
        number = (Volume.objects.filter(month=month).aggregate(last=Max("number"))["last"] or 0) + 1
        volume = Volume(month=month, number=number, made_at=timezone.now())
        written = write(volume, placed(month, newest.size if newest else 0), newest)
        verified(volume, written)
        try:
            _swap(month, volume, written)
        except OperationalError as error:
            raise Refused("busy", _("台账正忙，未能在 5 秒内取出该月，请稍后再试。")) from error
    return volume


@contextmanager
def alone() -> Iterator[None]:
    """No other archiving and no erasure meanwhile, over all processes."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(UNLOCK)


def placed(month: date, size: int) -> Iterator[dict]:
    """The entries of ``month``, each with its place in the tree; ``Refused`` when that is not below ``size``."""
    above, last = bounds(month)
    for begin, end in passes.chain_ranges(above):
        rows = list(reading.rows(begin, min(end, last)))
        places = dict(Leaf.objects.filter(entry__in=[row["id"] for row in rows]).values_list("entry", "position"))
        for row in rows:
            if not 0 <= places.get(row["id"], -1) < size:
                raise Refused("not_signed", _("该月还有条目未入存证点，请一分钟后再试。"))
            yield row | {"position": places[row["id"]]}
        if end >= last:
            return


def write(volume: Volume, rows: Iterator[dict], signed: Checkpoint | None) -> volumes.Written:
    """Write the file of ``volume`` and its manifest, and what came of it into the row, which is not saved."""
    file = shelf.place(volume)
    written = volumes.write(file, rows)
    volume.sha256, volume.size, volume.entries = written.sha256, written.size, written.entries
    volume.first_position, volume.last_position = written.first_position, written.last_position
    volume.checkpoint = signed.size if signed else 0
    volumes.put(manifest_of(file), orjson.dumps(_manifest(volume, written, signed), option=orjson.OPT_INDENT_2))
    return written


def manifest_of(file: Path) -> Path:
    """The file beside a volume that says what is in it."""
    return file.with_name(file.name.removesuffix(".jsonl.gz") + MANIFEST)


def _manifest(volume: Volume, written: volumes.Written, signed: Checkpoint | None) -> dict:
    blocks: dict[int, list] = {}
    for one in written.chains:
        block = blocks.setdefault(one.offset, [one.offset, one.length, str(one.chain), ""])
        block[3] = str(one.chain)
    return {
        "format": FORMAT,
        "file": volume.name,
        "sha256": volume.sha256,
        "bytes": volume.size,
        "entries": volume.entries,
        "chains": len(written.chains),
        "positions": [volume.first_position, volume.last_position],
        "checkpoint": signed.note if signed else "",
        "blocks": {"columns": ["offset", "length", "first chain", "last chain"], "rows": list(blocks.values())},
    }


def verified(volume: Volume, written: volumes.Written) -> None:
    """Read the file again, every entry of it against the tree. ``volumes.Damaged`` when anything does not fit."""
    file, part = shelf.place(volume), Part("")
    held = {str(one.chain): Held(one.first, one.seq, one.digest) for one in written.chains}
    blocks: dict[int, tuple[int, int, int]] = {}
    inside: dict[int, list[str]] = {}
    for one in written.chains:
        count = blocks.get(one.offset, (0, 0, 0))[2] + one.seq - one.first + 1
        blocks[one.offset] = (one.offset, one.length, count)
        inside.setdefault(one.offset, []).append(str(one.chain))
    for start, end in archives.joined(blocks.values()):
        names = [name for offset, names in inside.items() if start <= offset < end for name in names]
        for sign in archives.examine(file, start, end, {name: held[name] for name in names}, part):
            raise volumes.Damaged(f"{volume.name}: {sign}")
    if part.entries != written.entries:
        raise volumes.Damaged(f"{volume.name}: {part.entries} of {written.entries} entries")


def _swap(month: date, volume: Volume, written: volumes.Written) -> None:
    part = part_of(month)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        tell("archive.write", volume)
        volume.save()
        index(volume, written)
        marks.add(written.ids)
        # From here on everybody waits, so there is nothing left to do but to count.
        cursor.execute("LOCK TABLE responsibility_ledgerentry IN ACCESS EXCLUSIVE MODE")
        if _count(month) != written.entries:
            raise Refused("changed", _("归档期间该月又有新条目，请再归档一次。"))
        cursor.execute(f"ALTER TABLE responsibility_ledgerentry DETACH PARTITION {part}")
        cursor.execute(f"DROP TABLE {part}")
        parts.make(month)


def _count(month: date, limit: str = "") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {part_of(month)} {limit}) part")  # noqa: S608
        return cursor.fetchone()[0]


def tell(verb: str, volume: Volume, before: dict | None = None) -> None:
    """Write down what was done with a volume: which file, its digest, how many entries."""
    after = {"file": volume.name, "sha256": volume.sha256, "entries": volume.entries, "checkpoint": volume.checkpoint}
    act = ledger.Act(chains.archive(), verb, "volume", volume.label, str(volume), before=before or {}, after=after)
    ledger.record([act], by=acting.SYSTEM)


def index(volume: Volume, written: volumes.Written) -> None:
    """Keep where each chain stands in the file of ``volume``."""
    rows = (
        {**vars(one), "volume_id": volume.pk, "ids": Range(one.least, one.greatest, "[]")} for one in written.chains
    )
    copy(ArchivedChain, rows, leave_out=["id"])


def leftovers() -> list[Path]:
    """Files in the folder of the archive that the database does not name: of an interrupted run, or older editions."""
    folder = Path(settings.LEDGER_ARCHIVE)
    named = {shelf.place(volume) for volume in Volume.objects.filter(restored_at=None)}
    named |= {manifest_of(file) for file in named}
    return [file for file in sorted(folder.glob("ledger-*")) if file not in named and file.is_file()]
