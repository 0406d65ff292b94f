"""The files of archived months: JSON Lines, gzip, one entry a line in the order of chain and number.

A file is a row of gzip members, blocks of some chains each, so that ``zcat`` reads the whole and one case is read
without the rest. A line holds the columns of the entry, its times as the canonical form spells them, its salt as hex,
and ``position``, its place in the tree. Nothing here asks the database.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import orjson

# Bytes of lines after which a block ends with the chain that is being written.
BLOCK = 65_536
PIECE = 1 << 20
PART = ".part"
# zlib's word for gzip with the largest window.
GZIP = 31


class Damaged(RuntimeError):
    """A file is not there, or is not what was written; the message says which and what."""


@dataclass(frozen=True)
class Chained:
    """Where a chain stands: its numbers, the digest of the last, the bytes of its block, its least and greatest id."""

    chain: UUID
    first: int
    seq: int
    digest: str
    offset: int
    length: int
    least: int
    greatest: int


@dataclass
class Written:
    """What was written: counts, the first and last place in the tree, the digest of the file and its size in bytes."""

    entries: int = 0
    first_position: int = -1
    last_position: int = -1
    sha256: str = ""
    size: int = 0
    chains: list[Chained] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)


def spelled(row: dict) -> bytes:
    """An entry as a line; ``row`` as ``reading.row`` gives it, and with its ``position``."""
    salt = row["salt"]
    return orjson.dumps(row | {"salt": salt.hex() if salt else None, "chain": str(row["chain"])}) + b"\n"


def read_line(line: bytes) -> dict:
    """The entry that a line spells; ``Damaged`` for what is none."""
    try:
        row = orjson.loads(line)
        row["salt"] = bytes.fromhex(row["salt"]) if row["salt"] else None
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"not an entry: {error}") from None
    return row


class _Blocks:
    """Gathers lines into blocks and writes them to an open file."""

    def __init__(self, file: BinaryIO):
        self.file, self.told, self.sum = file, Written(), hashlib.sha256()
        self.lines: list[bytes] = []
        self.weight = 0
        # Chain, first number, last number, digest, smallest and largest id of those in the present block.
        self.inside: list[list] = []

    def add(self, row: dict) -> None:
        if not self.inside or self.inside[-1][0] != row["chain"]:
            if self.weight >= BLOCK:
                self.flush()
            self.inside.append([row["chain"], row["seq"], row["seq"], row["digest"], row["id"], row["id"]])
        *_known, least, greatest = last = self.inside[-1]
        last[2:] = [row["seq"], row["digest"], min(least, row["id"]), max(greatest, row["id"])]
        line, position, told = spelled(row), row["position"], self.told
        self.lines.append(line)
        self.weight += len(line)
        told.ids.append(row["id"])
        told.entries += 1
        told.first_position = position if told.first_position < 0 else min(told.first_position, position)
        told.last_position = max(told.last_position, position)

    def flush(self) -> None:
        squeeze = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        block = squeeze.compress(b"".join(self.lines)) + squeeze.flush()
        for chain, first, seq, digest, least, greatest in self.inside:
            where = Chained(UUID(str(chain)), first, seq, digest, self.told.size, len(block), least, greatest)
            self.told.chains.append(where)
        self.file.write(block)
        self.sum.update(block)
        self.told.size += len(block)
        self.lines, self.inside, self.weight = [], [], 0

    def close(self) -> Written:
        if self.lines:
            self.flush()
        self.told.sha256 = self.sum.hexdigest()
        return self.told


def write(place: Path, rows: Iterable[dict]) -> Written:
    """Write ``rows``, ordered by chain and number, into a new file: on the disk under its name and whole, or not there.

    What a crash leaves ends in ``.part``.
    """
    with _fresh(place) as file:
        blocks = _Blocks(file)
        for row in rows:
            blocks.add(row)
        return blocks.close()


@contextmanager
def _fresh(place: Path) -> Iterator[BinaryIO]:
    """A new file that takes its name when all is on the disk; only the server may read it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(place.name + PART)
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(place)
    _sync_folder(place.parent)


def rows(place: Path, start: int = 0, end: int | None = None, heard: Callable[[bytes], object] | None = None):
    """The entries between two offsets at which blocks begin; ``heard`` is told the bytes of the file on the way.

    Constant memory. ``Damaged`` where the file ends too soon or holds something else.
    """
    for line in _lines(_pieces(place, start, end, heard), place):
        yield read_line(line)


def _pieces(place: Path, start: int, end: int | None, heard) -> Iterator[bytes]:
    try:
        with place.open("rb") as file:
            file.seek(start)
            left = (place.stat().st_size if end is None else end) - start
            while left > 0:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise Damaged(f"{place.name}: ends too soon")
                left -= len(piece)
                if heard:
                    heard(piece)
                yield piece
    except OSError as error:
        raise Damaged(f"{place.name}: {error.strerror}") from None


def _lines(pieces: Iterable[bytes], place: Path) -> Iterator[bytes]:
    rest = b""
    for text in _unpacked(pieces, place):
        *lines, rest = (rest + text).split(b"\n")
        yield from lines
    if rest:
        raise Damaged(f"{place.name}: ends within a line")


def _unpacked(pieces: Iterable[bytes], place: Path) -> Iterator[bytes]:
    member = zlib.decompressobj(GZIP)
    begun = False
    try:
        for piece in pieces:
            while piece:
                begun = True
                yield member.decompress(piece)
                piece = member.unused_data
                if member.eof:
                    member, begun = zlib.decompressobj(GZIP), bool(piece)
    except zlib.error as error:
        raise Damaged(f"{place.name}: {error}") from None
    if begun:
        raise Damaged(f"{place.name}: ends within a block")


def put(place: Path, text: bytes) -> None:
    """A small file beside a volume: whole and on the disk, or not there at all."""
    with _fresh(place) as file:
        file.write(text)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
