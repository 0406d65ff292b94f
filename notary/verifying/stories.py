"""What was likely done to one chain, from the traces in it.

The tree remembers what each entry's digest was, so a chain that was recomputed from end to end still shows where it
was touched; and a digest that fits an entry under another number shows that it stood there.
"""

from dataclasses import dataclass, field

from notary.models import Leaf
from notary.verifying import passes
from responsibility import ledger, reading
from responsibility.models import ArchivedChain

# Entries of one chain that are looked at, from the first trace on, and how many are told one by one.
MOST, TOLD = 2_000, 20


@dataclass
class Finding:
    """Something that was done. ``entry`` is an id (0 unknown), ``position`` that in the tree (-1 unknown).

    ``kind``: ``edited``, ``deleted``, ``inserted``, ``reordered`` (with the entry ``other``), ``truncated`` (``count``
    entries), ``rewritten``, ``tree``, ``note``, ``signature``, ``key``, ``archive_missing``,
    ``archive_altered``. ``count`` of others: how many later entries
    only follow from it. ``word`` holds what else there is to say.
    """

    kind: str
    entry: int = 0
    chain: str = ""
    seq: int = 0
    position: int = -1
    other: int = 0
    count: int = 0
    word: str = ""


@dataclass
class Orphans:
    """Places of the tree whose entries are not there: position → (entry, node). Each is told once."""

    there: dict[int, tuple[int, bytes | None]] = field(default_factory=dict)

    def named(self, digest: str) -> tuple[int, int] | None:
        """``(entry, position)`` of the one with this digest, and take it."""
        wanted = passes.leaf_hash(digest)
        for position, (entry, node) in self.there.items():
            if node == wanted:
                del self.there[position]
                return entry, position
        return None

    def between(self, low: int, high: int) -> tuple[int, int] | None:
        """The first between two positions, and take it."""
        for position in sorted(self.there):
            if low < position < high:
                return self.there.pop(position)[0], position
        return None


class Story:
    """One chain from shortly before its first trace on."""

    def __init__(self, chain: str, first: int, settled: int, orphans: Orphans):
        self.chain, self.orphans = chain, orphans
        # What comes before lies in the archive.
        self.above = max(0, first - 2, *ArchivedChain.objects.filter(chain=chain).values_list("seq", flat=True))
        self.rows = list(reading.story(chain, self.above, MOST))
        places = dict(Leaf.objects.filter(entry__in=[row["id"] for row in self.rows]).values_list("entry", "position"))
        self.positions = [places.get(row["id"], -1) for row in self.rows]
        kept = passes.nodes(position for position in self.positions if position >= 0)
        self.content = [ledger.holds(row) for row in self.rows]
        self.honest = [
            position >= 0 and passes.leaf_hash(row["digest"]) == kept[position]
            for row, position in zip(self.rows, self.positions, strict=True)
        ]
        self.nodes = set(kept.values()) | {node for _entry, node in orphans.there.values()}
        self.nodes |= {passes.leaf_hash(row["digest"]) for row in self.rows}
        self.nodes -= {None, b""}
        self.found: list[Finding] = []
        # Rows of which all has been said, and by how much the numbers after them have moved.
        self.told: set[int] = set()
        self.moved, self.settled = 0, settled
        self.late = self._late()

    def _late(self) -> list[bool]:
        """Which rows came into the tree after a later one of the chain, or not at all though they must be there."""
        late, earliest = [False] * len(self.rows), None
        for at in range(len(self.rows) - 1, -1, -1):
            position = self.positions[at]
            if at in self.told:
                continue
            if position < 0:
                late[at] = self.rows[at]["id"] <= self.settled or earliest is not None
            else:
                late[at] = earliest is not None and position > earliest
                earliest = position if earliest is None else min(earliest, position)
        return late

    def findings(self) -> list[Finding]:
        """What was done, in the order of the chain."""
        for at, row in enumerate(self.rows):
            seq, previous = self._before(at)
            if row["seq"] > seq + 1:
                self._deleted(at, seq + 1, self.orphans.named(row["previous"]) or self._orphan(at))
                linked = True
            else:
                linked = row["previous"] == previous
            if at not in self.told and not self._fine(at, linked):
                self._judge(at, seq + 1, previous, linked)
        return self.found

    def _before(self, at: int) -> tuple[int, str]:
        if at:
            return self.rows[at - 1]["seq"], self.rows[at - 1]["digest"]
        return (self.above, self.rows[0]["previous"]) if self.above else (0, ledger.GENESIS)

    def _fine(self, at: int, linked: bool) -> bool:
        return self.content[at] and linked and not self.late[at] and (self.honest[at] or self.positions[at] < 0)

    def _judge(self, at: int, seq: int, previous: str, linked: bool) -> None:
        row, whole = self.rows[at], self.content[at] and linked
        if self.late[at] and (self.positions[at] < 0 or (self.honest[at] and self.content[at])):
            return self._tell("inserted", at, moved=-1)
        follows = whole or self._only_moved(at) or (self.content[at] and at - 1 in self.told)
        if self.found and (follows or len(self.found) >= TOLD):
            self.found[0].count += 1
            return self.told.add(at)
        other = self._who_was_here(at, seq, previous)
        if other is not None:
            self._tell("reordered", at, other)
            self.late = self._late()
            return None
        if not self.content[at] and _holds_as(row, row["seq"] - 1) and at:
            return self._tell("inserted", at - 1, moved=-1)
        orphan = self._orphan(at)
        if orphan or (not self.content[at] and _holds_as(row, row["seq"] + 1)):
            self.told.add(at)
            return self._deleted(at, seq, orphan, moved=1)
        # It stands as it was written, and does not name the one before it: that one is not what it was.
        return self._tell("edited", at - 1 if self.content[at] and not linked and at else at)

    def _only_moved(self, at: int) -> bool:
        """Whether only its number does not fit, because of what was put in or taken out before it."""
        return self.moved != 0 and _holds_as(self.rows[at], self.rows[at]["seq"] + self.moved)

    def _who_was_here(self, at: int, seq: int, previous: str) -> int | None:
        """Which other row gives, under this number and after that digest, something that once was written."""
        for other, row in enumerate(self.rows):
            if (
                other != at
                and other not in self.told
                and passes.leaf_hash(_digest_as(row, seq, previous)) in self.nodes
            ):
                return other
        return None

    def _orphan(self, at: int) -> tuple[int, int] | None:
        if self.positions[at] < 0:
            return None
        return self.orphans.between(self.positions[at - 1] if at else -1, self.positions[at])

    def _deleted(self, at: int, seq: int, orphan: tuple[int, int] | None, moved: int = 0) -> None:
        entry, position = orphan or (0, self.positions[at])
        self.found.append(Finding("deleted", entry, self.chain, seq, position, other=self.rows[at]["id"]))
        self.moved += moved

    def _tell(self, kind: str, at: int, other: int | None = None, moved: int = 0) -> None:
        row, involved = self.rows[at], {at} if other is None else {at, other}
        self.told |= involved
        self.moved += moved
        position = min(self.positions[one] for one in involved)
        with_whom = 0 if other is None else self.rows[other]["id"]
        self.found.append(Finding(kind, row["id"], self.chain, row["seq"], position, with_whom))


def _digest_as(row: dict, seq: int, previous: str) -> str:
    try:
        return ledger.digest(row | {"seq": seq, "previous": previous})
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _holds_as(row: dict, seq: int) -> bool:
    return _digest_as(row, seq, row["previous"]) == row["digest"]
