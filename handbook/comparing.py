"""What parts two versions of a handbook."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from handbook.models import Step

SAID = ("grades", "loop", "role", "unit_id", "text", "text_en", "how", "how_en", "minutes", "proof", "blocks")


@dataclass
class Difference:
    """Steps by what became of them; ``changed``: ``(old, new, names of the fields that differ)``."""

    added: list[Step] = field(default_factory=list)
    removed: list[Step] = field(default_factory=list)
    changed: list[tuple[Step, Step, list[str]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare(old: Iterable[Step], new: Iterable[Step]) -> Difference:
    """What parts two lists of steps; one step in both is known by its kin, or by saying the same."""
    before, found, pairs = list(old), Difference(), []
    by_kin, by_text = {step.kin: step for step in before}, {step.text: step for step in before}
    kept: set[int] = set()
    for step in new:
        former = by_kin.get(step.kin) or by_text.get(step.text)
        if former is None or former.pk in kept:
            found.added.append(step)
            continue
        kept.add(former.pk)
        pairs.append((former, step))
    found.removed = [step for step in before if step.pk not in kept]
    moved = _moved([step.pk for step in before if step.pk in kept], [former.pk for former, _step in pairs])
    for former, step in pairs:
        names = [name for name in SAID if getattr(former, name) != getattr(step, name)]
        if names := [*(["position"] if former.pk in moved else []), *names]:
            found.changed.append((former, step, names))
    return found


def _moved(before: list[int], after: list[int]) -> set[int]:
    """Those that changed places, not those that only made room."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return set(before) - {pk for block in blocks for pk in before[block.a : block.a + block.size]}
