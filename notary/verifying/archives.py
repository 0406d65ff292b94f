"""The pass over the volumes of the archive: each file, each entry in it, and the rows that say where it stands.

A volume is checked against the tree, which has never left the database, and against what the ledger told of it when it
was written; so neither the file nor its rows can be exchanged, and not both together.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from notary.archiving import marks
from notary.models import Leaf
from notary.verifying import passes
from notary.verifying.passes import Part, Sign
from responsibility import ledger, shelf, volumes
from responsibility.chains import archive
from responsibility.models import ArchivedChain, LedgerEntry, Volume

BLOCKS = """
    SELECT "offset", length, sum(seq - first + 1) FROM responsibility_archivedchain WHERE volume_id = %s
    GROUP BY 1, 2 ORDER BY 1
"""
HEADS = """
    SELECT a.chain::text, a.seq, a.digest
    FROM unnest(%s::uuid[], %s::int[]) AS wanted (chain, seq) JOIN responsibility_archivedchain a USING (chain, seq)
"""


@dataclass(frozen=True)
class Span:
    """A part of a volume between two offsets at which blocks begin; some ``passes.RANGE`` entries."""

    volume: int
    start: int
    end: int


@dataclass(frozen=True)
class Held:
    """What a chain has in a volume: its first and last number, and the digest of the last."""

    first: int
    seq: int
    digest: str


def spans(above: int = 0, offset: int = 0) -> Iterator[Span]:
    """The spans of all volumes in the archive, from ``offset`` of the volume ``above`` on."""
    for volume in Volume.objects.filter(restored_at=None, pk__gte=above).order_by("pk"):
        begin = offset if volume.pk == above else 0
        with connection.cursor() as cursor:
            cursor.execute(BLOCKS, [volume.pk])
            blocks = [block for block in cursor.fetchall() if block[0] >= begin]
        for start, end in joined(blocks):
            yield Span(volume.pk, start, end)


def joined(blocks: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbouring blocks ``(offset, length, entries)`` as ranges of some ``passes.RANGE`` entries."""
    start, end, count = None, 0, 0
    for offset, length, entries in blocks:
        start = offset if start is None else start
        end, count = offset + length, count + int(entries)
        if count >= passes.RANGE:
            yield start, end
            start, count = None, 0
    if start is not None:
        yield start, end


def entries(span: Span) -> Part:
    """Every entry of a span: chain, digest, place in the tree, and that the rows of the archive know it."""
    part = Part(f"{span.volume}:{span.end}")
    volume = Volume.objects.filter(pk=span.volume).first()
    if volume is None:
        return part
    rows = ArchivedChain.objects.filter(volume=volume, offset__gte=span.start, offset__lt=span.end)
    held = {str(row.chain): Held(row.first, row.seq, row.digest) for row in rows}
    file = shelf.place(volume)
    # What cannot be read at all is told once, with the file.
    if file.exists():
        for sign in examine(file, span.start, span.end, held, part, known=True):
            sign.word = volume.name
            part.add(sign)
    return part


def examine(
    file: Path, start: int, end: int, held: dict[str, Held], part: Part, *, known: bool = False
) -> Iterator[Sign]:
    """What is wrong with the entries between two offsets, of which ``held`` tells by chain; counted into ``part``.

    ``known``: they are marked as archived already.
    """
    try:
        rows = list(volumes.rows(file, start, end))
        faults = list(ledger.verify(rows, _heads(held)))
        numbers = [(row["id"], row["digest"], row["position"]) for row in rows]
        there = _held(rows)
    except (volumes.Damaged, KeyError, TypeError, ValueError, AttributeError):
        yield Sign("archive_altered")
        return
    part.entries += len(rows)
    yield from (Sign("archive_altered", fault.entry_id, str(fault.chain), fault.seq) for fault in faults)
    yield from _placed(numbers)
    if known:
        away = marks.among([pk for pk, *_rest in numbers])
        yield from (Sign("archive_altered", pk, position=at) for pk, _digest, at in numbers if pk not in away)
    for chain in held.keys() | there.keys():
        if held.get(chain) != there.get(chain):
            yield Sign("archive_altered", chain=chain, seq=held[chain].seq if chain in held else 0)


def _held(rows: list[dict]) -> dict[str, Held]:
    there: dict[str, Held] = {}
    for row in rows:
        known = there.get(row["chain"])
        there[row["chain"]] = Held(known.first if known else row["seq"], row["seq"], row["digest"])
    return there


def _heads(held: dict[str, Held]) -> dict[str, tuple[int, str]]:
    """Where the chains stood that a volume goes on with."""
    later = [(chain, one.first - 1) for chain, one in held.items() if one.first > 1]
    if not later:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(HEADS, [[chain for chain, _seq in later], [seq for _chain, seq in later]])
        return {chain: (seq, digest) for chain, seq, digest in cursor.fetchall()}


def _placed(rows: list[tuple[int, str, int]]) -> Iterator[Sign]:
    places = dict(Leaf.objects.filter(entry__in=[pk for pk, *_rest in rows]).values_list("entry", "position"))
    nodes = passes.nodes(places.values())
    for pk, digest, position in rows:
        if places.get(pk) != position or passes.leaf_hash(digest) != nodes.get(position):
            yield Sign("archive_altered", pk, position=position)


def files(only: Collection[int] | None = None) -> Iterator[Sign]:
    """Files and rows as wholes: each volume of which the ledger tells is there, under its digest, and no other.

    ``only`` some of them (ids), when given.
    """
    told, there = told_of(), {volume.label: volume for volume in Volume.objects.filter(restored_at=None)}
    labels = sorted(told.keys() | there.keys()) if only is None else [v.label for v in there.values() if v.pk in only]
    for label in labels:
        volume = there.get(label)
        if volume is None:
            yield Sign("archive_missing", word=f"ledger-{label}.jsonl.gz")
        elif told.get(label) != (volume.sha256, volume.entries) or not _covers(volume):
            yield Sign("archive_altered", word=volume.name)
        else:
            yield from _file(volume)
    kept = Volume.objects.filter(restored_at=None).aggregate(entries=Sum("entries"))["entries"] or 0
    if kept != marks.total():
        yield Sign("archive_altered", word="responsibility_archivedblock")


def _file(volume: Volume) -> Iterator[Sign]:
    file, sum_ = shelf.place(volume), hashlib.sha256()
    try:
        with file.open("rb") as content:
            while piece := content.read(volumes.PIECE):
                sum_.update(piece)
    except OSError:
        yield Sign("archive_missing", word=volume.name)
        return
    if sum_.hexdigest() != volume.sha256:
        yield Sign("archive_altered", word=volume.name)


def _covers(volume: Volume) -> bool:
    """Whether the rows that say where the chains stand speak of the whole file, each byte once."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, [volume.pk])
        blocks = cursor.fetchall()
    end = 0
    for offset, length, _entries in blocks:
        if offset != end:
            return False
        end += length
    return end == volume.size and sum(int(count) for *_rest, count in blocks) == volume.entries


def told_of() -> dict[str, tuple[str, int]]:
    """What the ledger says is in the archive: digest of the file and number of entries, by label."""
    told: dict[str, tuple[str, int]] = {}
    entries_of = LedgerEntry.objects.filter(chain=archive()).order_by("seq")
    for verb, label, after, before in entries_of.values_list("verb", "subject_id", "after", "before"):
        if verb == "archive.rewrite":
            told.pop(before.get("volume", ""), None)
        if verb == "archive.restore":
            told.pop(label, None)
        else:
            told[label] = (after.get("sha256", ""), after.get("entries", 0))
    return told


def of_chain(chain: UUID) -> tuple[Part, dict[int, str]]:
    """What is archived of one chain, checked, and the digests of its entries by id."""
    part, digests = Part(str(chain)), dict[int, str]()
    for one in ArchivedChain.objects.filter(chain=chain).select_related("volume").order_by("seq"):
        span = Span(one.volume_id, one.offset, one.offset + one.length)
        found = entries(span)
        for sign in [*_file(one.volume), *found.signs]:
            if sign.chain in ("", str(chain)):
                part.add(sign)
        rows = [] if found.found else _rows(one)
        part.entries += len(rows)
        digests |= {row["id"]: row["digest"] for row in rows}
    return part, digests


def _rows(one: ArchivedChain) -> Collection[dict]:
    block = volumes.rows(shelf.place(one.volume), one.offset, one.offset + one.length)
    return [row for row in block if row["chain"] == str(one.chain)]
