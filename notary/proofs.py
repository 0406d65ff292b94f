"""Proofs out of the tree: that an entry is in it, and that a later tree begins with an earlier one."""

from dataclasses import dataclass

from notary import growing, merkle
from notary.models import Checkpoint, Leaf


@dataclass(frozen=True)
class Inclusion:
    """That the entry at ``index`` is among ``size``. ``path`` goes from the leaf upward, 32 bytes each."""

    entry: int
    index: int
    size: int
    path: list[bytes]


def newest() -> Checkpoint | None:
    """The newest checkpoint."""
    return Checkpoint.objects.order_by("-size").first()


def inclusions(entries: list[int], checkpoint: Checkpoint) -> list[Inclusion]:
    """The proofs of those of ``entries`` (ids) that ``checkpoint`` covers, in the order of the tree.

    One statement for the places, and one for each tile that is needed: neighbours share them.
    """
    tree = merkle.Tree(growing.fetch)
    places = Leaf.objects.filter(entry__in=entries, position__lt=checkpoint.size).order_by("position")
    return [
        Inclusion(entry, index, checkpoint.size, tree.inclusion(index, checkpoint.size))
        for index, entry in places.values_list("position", "entry")
    ]


def consistency(old: int, new: int) -> list[bytes]:
    """The proof between two sizes of the tree; ``LookupError`` when it has them not."""
    return merkle.Tree(growing.fetch).consistency(old, new)
