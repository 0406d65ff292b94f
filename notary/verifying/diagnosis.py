"""From the traces that the passes found to what was likely done, the first place first."""

from collections.abc import Iterable
from uuid import UUID

from notary import growing, merkle
from notary.models import Checkpoint, Leaf
from notary.verifying import archives, passes, tree
from notary.verifying.passes import Sign
from notary.verifying.stories import Finding, Orphans, Story
from notary.verifying.tree import Flaw
from responsibility.models import LedgerEntry

# Chains that are looked into; the traces of others are only counted.
CHAINS = 50


def diagnose(signs: list[Sign], flaws: Iterable[Flaw], settled: int) -> list[Finding]:
    """What was likely done: by place in the tree, then what has none."""
    gone = {sign.position: sign.entry for sign in signs if sign.kind == "gone"}
    kept = passes.nodes(gone)
    orphans = Orphans({position: (entry, kept[position]) for position, entry in gone.items()})
    found = _of_archive(signs)
    found += lying_tiles([sign for sign in signs if sign.kind == "altered"])
    cleared = {finding.entry for finding in found}
    rest = [sign for sign in signs if sign.entry not in cleared and not sign.kind.startswith("archive_")]
    for chain, first in _touched(rest):
        found += Story(chain, first, settled, orphans).findings()
    found += _cut(orphans)
    found.sort(key=lambda one: (one.position < 0, one.position, one.entry))
    return found + of_the_tree(flaws)


def _of_archive(signs: list[Sign]) -> list[Finding]:
    """One finding for each file, with the first entry in it that is not what it was."""
    of_file: dict[tuple[str, str], list[Sign]] = {}
    for sign in signs:
        if sign.kind.startswith("archive_"):
            of_file.setdefault((sign.kind, sign.word), []).append(sign)
    found = []
    for told in of_file.values():
        first = max(told, key=lambda sign: (bool(sign.entry), bool(sign.chain), -sign.entry))
        more = len(told) - 1
        found.append(
            Finding(first.kind, first.entry, first.chain, first.seq, first.position, count=more, word=first.word)
        )
    return found


def _touched(signs: list[Sign]) -> list[tuple[str, int]]:
    """The chains that have traces, each with the number of the first, those that were touched first in front."""
    bare = [sign.entry for sign in signs if sign.kind in ("altered", "unplaced")]
    first: dict[str, tuple[int, int]] = {}
    told = [(sign.entry, sign.chain, sign.seq) for sign in signs if sign.chain]
    looked_up = LedgerEntry.objects.filter(pk__in=bare).values_list("id", "chain", "seq")
    for entry, chain, seq in [*told, *looked_up]:
        number, least = first.get(str(chain), (entry, seq))
        first[str(chain)] = (min(number, entry), min(least, seq))
    inorder = sorted(first.items(), key=lambda item: item[1])[:CHAINS]
    return [(chain, seq) for chain, (_entry, seq) in inorder]


def _cut(orphans: Orphans) -> list[Finding]:
    """The places that no chain misses: the end of the log, of a chain, or a whole chain is gone."""
    left, end = sorted(orphans.there), growing.size()
    tail: list[int] = []
    while left and left[-1] == end - 1 - len(tail):
        tail.append(left.pop())
    found = [Finding("truncated", orphans.there[at][0], position=at, count=1, word="chain") for at in left]
    if tail:
        found.append(Finding("truncated", orphans.there[tail[-1]][0], position=tail[-1], count=len(tail), word="log"))
    return found


def lying_tiles(altered: list[Sign]) -> list[Finding]:
    """Those entries that differ from the tree only because the stored hashes of the tree were touched."""
    digests = dict(LedgerEntry.objects.filter(pk__in=[s.entry for s in altered]).values_list("id", "digest"))
    newest = Checkpoint.objects.order_by("-size").first()
    by_tile: dict[int, list[Sign]] = {}
    for sign in altered:
        by_tile.setdefault(sign.position // merkle.WIDTH, []).append(sign)
    found = []
    for place, signs in by_tile.items():
        content = bytearray(growing.fetch(0, place))
        for sign in signs:
            at = sign.position % merkle.WIDTH * merkle.SIZE
            content[at : at + merkle.SIZE] = passes.leaf_hash(digests.get(sign.entry, ""))
        if newest and _fits(place, bytes(content), newest):
            found += [Finding("tree", sign.entry, position=sign.position) for sign in signs]
    return found


def _fits(place: int, content: bytes, signed: Checkpoint) -> bool:
    """Whether the tree above a tile, or the signed root where nothing is above it yet, wants this content."""
    tree = merkle.Tree(lambda level, at: content if (level, at) == (0, place) else growing.fetch(level, at))
    try:
        if len(content) == merkle.WIDTH * merkle.SIZE:
            return merkle.fold(_pieces(content)) == tree.complete(merkle.HEIGHT, place)
        return tree.root(signed.size) == bytes(signed.root)
    except LookupError:
        return False


def _pieces(content: bytes) -> list[bytes]:
    return [content[at : at + merkle.SIZE] for at in range(0, len(content), merkle.SIZE)]


def of_the_tree(flaws: Iterable[Flaw]) -> list[Finding]:
    """What was done to the tree and to what was signed."""
    found: list[Finding] = []
    for flaw in flaws:
        if flaw.kind == "root":
            found.append(_rewritten(flaw))
        elif flaw.kind == "short":
            found.append(Finding("truncated", position=flaw.size, count=int(flaw.word) - flaw.size, word="log"))
        elif flaw.kind in ("tile", "gap"):
            found.append(Finding("tree", position=flaw.size - (flaw.kind == "tile"), word=flaw.word))
        else:
            found.append(Finding(flaw.kind, position=flaw.size, word=flaw.word))
    return found


def _rewritten(flaw: Flaw) -> Finding:
    """The first entry that the last good checkpoint does not vouch for."""
    entry = Leaf.objects.filter(position=flaw.above).values_list("entry", flat=True).first() or 0
    row = LedgerEntry.objects.filter(pk=entry).values_list("chain", "seq").first()
    chain, seq = row or ("", 0)
    return Finding("rewritten", entry, str(chain), seq, flaw.above, count=flaw.size - flaw.above)


def whole_chain(chain: UUID, settled: int) -> tuple[int, list[Finding]]:
    """How many entries one chain has, and what was likely done to it."""
    part, digests = passes.of_chain(chain, settled)
    archived, earlier = archives.of_chain(chain)
    found = diagnose(part.signs + archived.signs, [], settled)
    return part.entries + archived.entries, found or of_the_tree(tree.of_entries(earlier | digests))
