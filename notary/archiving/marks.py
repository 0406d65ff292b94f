"""Which entries are in volumes, one bit each: what has left the database is told apart from what was deleted."""

from collections import defaultdict
from collections.abc import Collection

from django.db import connection

from responsibility.models import ArchivedBlock

WIDTH = ArchivedBlock.WIDTH
KEEP = """
    INSERT INTO responsibility_archivedblock (place, bits) VALUES (%s, %s)
    ON CONFLICT (place) DO UPDATE SET bits = EXCLUDED.bits
"""
TOTAL = "SELECT coalesce(sum(bit_count(bits)), 0)::bigint FROM responsibility_archivedblock"


def add(entries: Collection[int]) -> None:
    """Mark ``entries`` (ids) as being in a volume. An entry of it stands in the present transaction."""
    _change(entries, True)


def remove(entries: Collection[int]) -> None:
    """Mark them as being in the database again."""
    _change(entries, False)


def among(entries: Collection[int]) -> set[int]:
    """Those of ``entries`` that are in a volume."""
    blocks = _blocks({entry // WIDTH for entry in entries})
    return {entry for entry in entries if _bit(blocks.get(entry // WIDTH, b""), entry % WIDTH)}


def total() -> int:
    """How many entries are marked."""
    with connection.cursor() as cursor:
        cursor.execute(TOTAL)
        return cursor.fetchone()[0]


def _change(entries: Collection[int], value: bool) -> None:
    of_block = defaultdict(list)
    for entry in entries:
        of_block[entry // WIDTH].append(entry % WIDTH)
    kept = _blocks(of_block)
    changed = []
    for place, offsets in sorted(of_block.items()):
        bits = bytearray(kept.get(place) or bytes(WIDTH // 8))
        for offset in offsets:
            byte, bit = divmod(offset, 8)
            bits[byte] = bits[byte] | 1 << bit if value else bits[byte] & ~(1 << bit)
        changed.append((place, bytes(bits)))
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, changed)


def _blocks(places: Collection[int]) -> dict[int, bytes]:
    found = ArchivedBlock.objects.filter(place__in=list(places)).values_list("place", "bits")
    return {place: bytes(bits) for place, bits in found}


def _bit(bits: bytes, offset: int) -> bool:
    byte, bit = divmod(offset, 8)
    return byte < len(bits) and bool(bits[byte] >> bit & 1)
