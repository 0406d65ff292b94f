"""The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), over hashes that are kept in tiles.

A tile holds up to 256 neighbouring nodes of every eighth level, so a tree of ten million leaves is 39,000 rows and a
proof reads a handful of them. Nothing here knows of a database: nodes are fetched through a function.
"""

import hashlib
from collections.abc import Callable, Iterable

WIDTH, HEIGHT = 256, 8
EMPTY = hashlib.sha256(b"").digest()
SIZE = 32

# The hashes of the tile at (level of tiles, place), one after the other; may be fewer than 256 at the right edge.
Fetch = Callable[[int, int], bytes]


def leaf(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two below ``count``, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def fold(hashes: list[bytes]) -> bytes:
    """The root over a full row of nodes, whose number is a power of two."""
    while len(hashes) > 1:
        hashes = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


class Tree:
    """A tree read through ``fetch``; holds what it has fetched, so it is for one question or one run of them."""

    def __init__(self, fetch: Fetch):
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    def complete(self, level: int, place: int) -> bytes:
        """The root of the complete subtree of ``2 ** level`` leaves that begins at leaf ``place * 2 ** level``."""
        row, within = divmod(level, HEIGHT)
        first, count = place << within, 1 << within
        tile, offset = divmod(first, WIDTH)
        hashes = self._tile(row, tile)[offset * SIZE : (offset + count) * SIZE]
        if len(hashes) < count * SIZE:
            raise LookupError(f"the tree has no node {place} on level {level}")
        return fold([hashes[at : at + SIZE] for at in range(0, len(hashes), SIZE)])

    def _tile(self, row: int, tile: int) -> bytes:
        key = (row, tile)
        if key not in self._tiles:
            self._tiles[key] = self._fetch(row, tile)
        return self._tiles[key]

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves."""
        return self._over(0, size) if size else EMPTY

    def _over(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.complete(level, low >> level)
        middle = low + _split(count)
        return node(self._over(low, middle), self._over(middle, high))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf ``index`` is in the tree of ``size`` leaves (RFC 6962, 2.1.1), from the leaf upward."""
        if not 0 <= index < size:
            raise LookupError(f"no leaf {index} among {size}")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._over(middle, high))
                high = middle
            else:
                path.append(self._over(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``new`` leaves begins with that of ``old`` ones (RFC 6962, 2.1.2)."""
        if not 0 <= old <= new:
            raise LookupError(f"no tree of {old} leaves within {new}")
        if old in (0, new):
            return []
        proof, low, high, whole = [], 0, new, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._over(middle, high))
                high = middle
            else:
                proof.append(self._over(low, middle))
                low, whole = middle, False
        return ([] if whole else [self._over(low, high)]) + proof[::-1]


def root_of(leaf_hash: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); ``None`` when it cannot be one."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether ``proof`` shows that the tree of ``new`` leaves begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
