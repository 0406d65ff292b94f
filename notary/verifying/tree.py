"""The third pass, along the tree: whether each level is what the level below gives, and is what was signed.

One run from left to right, with no more in hand than the roots of the complete subtrees so far; about one hash a leaf.
Since every checkpoint is compared with the one tree, each is consistent with the one before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection

from notary import growing, keys, merkle, notes, proofs
from notary.models import Checkpoint, SigningKey, Tile

# Tiles and checkpoints that are fetched at once.
CHUNK = 500
FIRST_GAP = """
    SELECT coalesce(min(l.position), -1) + 1 FROM (
        SELECT position FROM notary_leaf l
        WHERE NOT EXISTS (SELECT 1 FROM notary_leaf n WHERE n.position = l.position + 1)
        ORDER BY position LIMIT 1
    ) l
"""


@dataclass(frozen=True)
class Flaw:
    """Something of the tree that does not hold.

    ``kind``: ``gap`` (a place without a row), ``tile`` (a node is not what the level below gives), ``short`` (fewer
    leaves than were signed), ``root`` (the tree is not the one that was signed), ``note`` (text and row of a
    checkpoint differ), ``signature`` (not signed by the key of that time), ``key`` (a key that nobody handed over, or
    that is not in the key folder). ``size`` is that of the tree; ``above`` the last size at which all was well.
    """

    kind: str
    size: int
    above: int = 0
    word: str = ""


class Peaks:
    """The roots of the complete subtrees of what was pushed, and the nodes of every eighth level on the way."""

    def __init__(self) -> None:
        self.count = 0
        self.peaks: list[bytes] = []

    def push(self, found: bytes) -> Iterator[tuple[int, int, bytes]]:
        """One more leaf; the nodes ``(level of tiles, place, hash)`` above it that it completes."""
        level, place = 0, self.count
        while place & 1:
            found, level, place = merkle.node(self.peaks.pop(), found), level + 1, place >> 1
            if level % merkle.HEIGHT == 0:
                yield level // merkle.HEIGHT, place, found
        self.peaks.append(found)
        self.count += 1

    def root(self) -> bytes:
        """The root over all that was pushed."""
        if not self.peaks:
            return merkle.EMPTY
        found = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            found = merkle.node(peak, found)
        return found


def flaws(done=None) -> Iterator[Flaw]:
    """The flaws of tree, checkpoints and keys, from left to right. ``done`` is told how many leaves are read."""
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    size = growing.size()
    count, first = _asked("SELECT count(*), coalesce(min(position), 0) FROM notary_leaf")
    if count != size or first:
        yield Flaw("gap", 0 if first else _asked(FIRST_GAP)[0])
    if size < newest:
        yield Flaw("short", size, word=str(newest))
    yield from _along(newest, Keyring(), done or (lambda _count: None))
    yield from _kept_aside(size)


def few(found: Iterable[Flaw], most: int = 20) -> list[Flaw]:
    """The first of each kind: where history was rewritten, every later checkpoint differs too."""
    kept: dict[str, list[Flaw]] = {}
    for flaw in found:
        known = kept.setdefault(flaw.kind, [])
        if len(known) < (1 if flaw.kind == "root" else most):
            known.append(flaw)
    return [flaw for known in kept.values() for flaw in known]


def _along(newest: int, ring: "Keyring", done) -> Iterator[Flaw]:
    peaks, above, kept = Peaks(), 0, _Tiles()
    signed = Checkpoint.objects.filter(size__lte=newest).order_by("size").iterator(chunk_size=CHUNK)
    due = next(signed, None)
    for leaf in _leaves():
        for level, place, found in peaks.push(leaf):
            if kept.node(level, place) != found:
                yield Flaw("tile", peaks.count, above, f"{level}/{place}")
        while due and due.size == peaks.count:
            wrong = [*_of_note(due), *ring.wrong(due)]
            if peaks.root() != bytes(due.root):
                wrong.append(Flaw("root", due.size, above))
            yield from wrong
            above, due = (above if wrong else due.size), next(signed, None)
        if peaks.count % merkle.WIDTH == 0 or peaks.count == newest:
            done(peaks.count)
    if due:
        yield Flaw("short", peaks.count, above, str(due.size))


def _leaves() -> Iterator[bytes]:
    """The nodes of the lowest level. Ends where a tile is missing or is not full."""
    rows = Tile.objects.filter(level=0).order_by("place").values_list("place", "hashes").iterator(chunk_size=CHUNK)
    for expected, (place, hashes) in enumerate(rows):
        if place != expected:
            return
        content = bytes(hashes)
        for at in range(0, len(content), merkle.SIZE):
            yield content[at : at + merkle.SIZE]
        if len(content) < merkle.WIDTH * merkle.SIZE:
            return


class _Tiles:
    """The tiles above the lowest, of which a run from left to right needs one a level at a time."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[int, bytes]] = {}

    def node(self, level: int, place: int) -> bytes:
        tile, offset = divmod(place, merkle.WIDTH)
        if self.kept.get(level, (-1, b""))[0] != tile:
            self.kept[level] = (tile, growing.fetch(level, tile))
        return self.kept[level][1][offset * merkle.SIZE : (offset + 1) * merkle.SIZE]


def _of_note(kept: Checkpoint) -> list[Flaw]:
    try:
        told = notes.Checkpoint.read(notes.Note.read(kept.note).text)
    except notes.BadNote as error:
        return [Flaw("note", kept.size, word=str(error))]
    if (told.size, told.root) != (kept.size, bytes(kept.root)):
        return [Flaw("note", kept.size, word=str(told.size))]
    return []


class Keyring:
    """Who signed when. A new key is good when the key before it signed its first checkpoint too."""

    def __init__(self) -> None:
        rows = SigningKey.objects.order_by("since").values_list("verifier", "since", "until")
        self.rows = [(notes.Key.read(verifier), since, until) for verifier, since, until in rows]

    def wrong(self, kept: Checkpoint) -> list[Flaw]:
        """What is wrong with the signatures of one checkpoint."""
        try:
            note = notes.Note.read(kept.note)
        except notes.BadNote:
            return []
        found = []
        for at, (key, since, until) in enumerate(self.rows):
            if since <= kept.size and (until is None or kept.size < until):
                if not note.signed_by(key):
                    found.append(Flaw("signature", kept.size, word=str(key)))
                if since == kept.size and at and not note.signed_by(self.rows[at - 1][0]):
                    found.append(Flaw("key", kept.size, word=str(key)))
                return found
        return [Flaw("signature", kept.size)]


def _kept_aside(size: int) -> Iterator[Flaw]:
    """What the key folder says, which whoever rules the database does not rule."""
    there = {str(key) for key in folder_keys()}
    if there:
        for row in SigningKey.objects.order_by("since"):
            if row.verifier not in there:
                yield Flaw("key", row.since, word=row.verifier)
    last = keys.last()
    if last:
        yield from against(last, size)


def of_entries(digests: dict[int, str]) -> Iterator[Flaw]:
    """Whether the newest checkpoint, signed, contains some entries: their proofs alone, not the whole tree."""
    newest = proofs.newest()
    if newest is None:
        return
    yield from [*_of_note(newest), *Keyring().wrong(newest)]
    try:
        for proof in proofs.inclusions(list(digests), newest):
            node = merkle.leaf(bytes.fromhex(digests[proof.entry]))
            if merkle.root_of(node, proof.index, proof.size, proof.path) != bytes(newest.root):
                yield Flaw("root", newest.size, proof.index)
                return
    except (LookupError, ValueError):
        yield Flaw("root", newest.size)


def folder_keys() -> list[notes.Key]:
    """The public halves of the keys in the key folder, present and retired; none where it may not be read."""
    try:
        retired = [path for path in (keys.folder() / keys.RETIRED).glob("*") if path.suffix != ".new"]
        files = [path for path in [keys.folder() / keys.CURRENT, *retired] if path.exists()]
        return [keys.Signer.read(path.read_text()).key for path in files]
    except PermissionError:
        return []


def against(told: notes.Checkpoint, size: int) -> Iterator[Flaw]:
    """Whether the tree as it is kept contains a checkpoint from elsewhere."""
    if told.size > size:
        yield Flaw("short", size, word=str(told.size))
        return
    try:
        fits = merkle.Tree(growing.fetch).root(told.size) == told.root
    except LookupError:
        fits = False
    if not fits:
        yield Flaw("root", told.size)


def _asked(question: str) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()
