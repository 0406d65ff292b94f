"""What parts two editions of the list."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from responsibility.models import Duty


@dataclass
class Difference:
    """What parts two editions. A lead is ``moved`` when one key has another unit; ``altered`` is basis or dates."""

    added: list[Duty] = field(default_factory=list)
    removed: list[Duty] = field(default_factory=list)
    moved: list[tuple[Duty, Duty]] = field(default_factory=list)
    altered: list[tuple[Duty, Duty]] = field(default_factory=list)


def compare(old: Iterable[Duty], new: Iterable[Duty]) -> Difference:
    """What parts two sets of rows, told apart by key, role and unit."""
    before, after, found = _keyed(old), _keyed(new), Difference()
    for key in before.keys() | after.keys():
        gone = {duty.unit_id: duty for duty in before.get(key, [])}
        come = {duty.unit_id: duty for duty in after.get(key, [])}
        for unit in gone.keys() & come.keys():
            one, other = gone.pop(unit), come.pop(unit)
            if any(getattr(one, name) != getattr(other, name) for name in ("basis", "valid", "note")):
                found.altered.append((one, other))
        while gone and come:
            found.moved.append((gone.popitem()[1], come.popitem()[1]))
        found.removed += gone.values()
        found.added += come.values()
    return found


def _keyed(duties: Iterable[Duty]) -> dict[tuple, list[Duty]]:
    keyed: dict[tuple, list[Duty]] = {}
    for duty in duties:
        keyed.setdefault((*duty.key, duty.role), []).append(duty)
    return keyed
