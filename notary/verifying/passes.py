"""The two passes over the entries: along the chains, and along the numbers that tie them to the tree.

Each works on one range at a time, so that ranges can be given to several processes, and an interrupted run knows
where it stood. What a range holds is bounded, however large the ledger is; nothing sorts more than one range.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from uuid import UUID

from django.db import connection

from notary import merkle
from notary.archiving import marks
from notary.models import Tile
from responsibility import ledger, reading

# Entries in a range, and how many signs of tampering are kept of one: the rest is counted.
RANGE = 20_000
KEPT = 500
# Entries whose bytes are hashed once more, to say what hashing alone costs.
SAMPLE = 2_000
FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1

# Both walk an index only and stop; one chain is never in two ranges.
NEXT_CHAIN = "SELECT chain FROM responsibility_ledgerentry WHERE chain > %s ORDER BY chain, seq OFFSET %s LIMIT 1"
NEXT_ID = """
    SELECT least(
        (SELECT id FROM responsibility_ledgerentry WHERE id > %(above)s ORDER BY id OFFSET %(range)s LIMIT 1),
        (SELECT entry FROM notary_leaf WHERE entry > %(above)s ORDER BY entry OFFSET %(range)s LIMIT 1))
"""
PLACES = """
    SELECT e.id, e.digest, l.entry, l.position
    FROM (SELECT id, digest FROM responsibility_ledgerentry WHERE id > %(above)s AND id <= %(upto)s) e
    FULL JOIN (SELECT entry, position FROM notary_leaf WHERE entry > %(above)s AND entry <= %(upto)s) l
    ON l.entry = e.id
"""
HEADS = """
    SELECT DISTINCT ON (a.chain) a.chain::text, a.seq, a.digest FROM responsibility_archivedchain a
    WHERE a.chain > %s AND a.chain <= %s
        AND EXISTS (SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = a.chain)
    ORDER BY a.chain, a.seq DESC
"""
OF_CHAIN = """
    SELECT e.id, e.digest, l.entry, l.position FROM responsibility_ledgerentry e
    LEFT JOIN notary_leaf l ON l.entry = e.id WHERE e.chain = %s ORDER BY e.seq
"""


@dataclass
class Sign:
    """One trace of tampering.

    Of the chains: ``edited``, ``relinked``, ``missing`` (``ledger.Fault``). Of the places: ``unplaced``, an entry that
    must be in the tree and is not; ``gone``, a place whose entry is not there; ``altered``, an entry whose digest is
    not the one that was taken into the tree. Of the archive: ``archive_missing`` and ``archive_altered``, with the file
    in ``word``.
    """

    kind: str
    entry: int = 0
    chain: str = ""
    seq: int = 0
    position: int = -1
    word: str = ""


@dataclass
class Part:
    """What one range gave. ``upto`` is its end; ``hashing`` the seconds that SHA-256 alone takes for an entry."""

    upto: str
    entries: int = 0
    waiting: int = 0
    hashing: float = 0.0
    found: int = 0
    signs: list[Sign] = field(default_factory=list)

    def add(self, sign: Sign) -> None:
        """Count a sign, and keep it while there are few."""
        self.found += 1
        if len(self.signs) < KEPT:
            self.signs.append(sign)


def chain_ranges(above: UUID = FIRST) -> Iterator[tuple[UUID, UUID]]:
    """The ranges of chains above one name, some ``RANGE`` entries each; one chain may be longer."""
    while above != LAST:
        upto = _ask(NEXT_CHAIN, [above, RANGE]) or LAST
        yield above, upto
        above = upto


def id_ranges(above: int = LOWEST) -> Iterator[tuple[int, int]]:
    """The ranges of entries by id, ``RANGE`` of them each."""
    while above != HIGHEST:
        upto = _ask(NEXT_ID, {"above": above, "range": RANGE})
        upto = HIGHEST if upto is None else upto
        yield above, upto
        above = upto


def links(above: UUID, upto: UUID) -> Part:
    """The chains of a range: digest, number and the digest before."""
    part = Part(str(upto))
    sample: list[dict] = []
    heads = _heads(above, upto)
    for fault in ledger.verify(_counted(reading.rows(above, upto), part, sample), heads):
        part.add(Sign(fault.kind, fault.entry_id, str(fault.chain), fault.seq))
    if above == FIRST and not part.found:
        part.hashing = _hashing(sample)
    return part


def _heads(above: UUID, upto: UUID) -> dict[str, tuple[int, str]]:
    """Where the chains stand that have gone into the archive and were told of again."""
    return {chain: (seq, digest) for chain, seq, digest in _rows(HEADS, [above, upto])}


def places(above: int, upto: int, settled: int) -> Part:
    """Whether each entry of a range is in the tree once, with its own digest, and each place there has its entry.

    Entries above ``settled`` may still be waiting for their place: they are counted.
    """
    return _placed(_rows(PLACES, {"above": above, "upto": upto}), Part(str(upto)), settled)


def of_chain(chain: UUID, settled: int) -> tuple[Part, dict[int, str]]:
    """Both passes over what the database holds of one chain, and the digests of these entries by id."""
    above = UUID(int=max(0, chain.int - 1))
    part, rows = links(above, chain), _rows(OF_CHAIN, [chain])
    _placed(rows, part, settled)
    part.entries = len(rows)
    return part, {entry: digest for entry, digest, *_place in rows}


def _placed(rows: list[tuple], part: Part, settled: int) -> Part:
    # What has gone into the archive is looked at there.
    away = marks.among([leaf for entry, _digest, leaf, _position in rows if entry is None])
    tiles = _tiles({position // merkle.WIDTH for *_rest, position in rows if position is not None})
    for entry, digest, leaf, position in rows:
        part.entries += entry is not None
        if position is None:
            if entry <= settled:
                part.add(Sign("unplaced", entry))
            else:
                part.waiting += 1
        elif entry is None and leaf in away:
            continue
        elif entry is None:
            part.add(Sign("gone", leaf, position=position))
        elif leaf_hash(digest) != _node(tiles, position):
            part.add(Sign("altered", entry, position=position))
    return part


def leaf_hash(digest: str) -> bytes:
    """The node of an entry in the tree; none for what is no digest."""
    try:
        data = bytes.fromhex(digest)
    except ValueError:
        return b""
    return merkle.leaf(data) if len(data) == merkle.SIZE else b""


def _tiles(places: set[int]) -> dict[int, bytes]:
    found = Tile.objects.filter(level=0, place__in=places).values_list("place", "hashes")
    return {place: bytes(hashes) for place, hashes in found}


def _node(tiles: dict[int, bytes], position: int) -> bytes | None:
    place, offset = divmod(position, merkle.WIDTH)
    return tiles.get(place, b"")[offset * merkle.SIZE : (offset + 1) * merkle.SIZE] or None


def nodes(positions: Iterable[int]) -> dict[int, bytes | None]:
    """The lowest nodes of the tree at ``positions``, as they are kept."""
    wanted = list(positions)
    tiles = _tiles({position // merkle.WIDTH for position in wanted})
    return {position: _node(tiles, position) for position in wanted}


def _counted(rows: Iterable[dict], part: Part, sample: list[dict]) -> Iterator[dict]:
    for row in rows:
        part.entries += 1
        if part.entries <= SAMPLE:
            sample.append(row)
        yield row


def _hashing(rows: list[dict]) -> float:
    """Seconds that SHA-256 takes for what an entry is made into."""
    texts = [ledger.canonical(row) for row in rows]
    began = perf_counter()
    for text in texts:
        hashlib.sha256(text).hexdigest()
    return (perf_counter() - began) / len(texts) if texts else 0.0


def _ask(question: str, values):
    found = _rows(question, values)
    return found[0][0] if found else None


def _rows(question: str, values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()
