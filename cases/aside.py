"""What higher floors say on pages of this one, each in its ``ready``: beside the worklist what else waits for the
reader, and beside a case, to whom it merely concerns, where he goes on from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cases.models import Case
from responsibility.acting import Actor


@dataclass(frozen=True)
class Aside:
    """A sentence, and the page it leads to; ``todo``: the reader is asked to do something there."""

    text: str
    url: str
    todo: bool = False


# Each adds few statements, and none for whom it has nothing to say by his posts.
ASIDES: list[Callable[[Actor, datetime], list[Aside]]] = []
WAYS: list[Callable[[Actor, Case, datetime], list[Aside]]] = []


def ways(actor: Actor, case: Case, now: datetime) -> list[Aside]:
    """Where an outsider goes on from ``case``, which he sees, what he is asked to do first."""
    found = [one for way in WAYS for one in way(actor, case, now)]
    return sorted(found, key=lambda one: not one.todo)


def of(actor: Actor, now: datetime) -> list[Aside]:
    """Everything that is said to ``actor``."""
    return [one for say in ASIDES for one in say(actor, now)]
