"""What else waits for the reader of the worklist and is no case: a higher floor says it here, in its ``ready``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from responsibility.acting import Actor


@dataclass(frozen=True)
class Aside:
    """So many things of one kind, in a sentence, and the page where they are."""

    text: str
    url: str


# Each adds few statements, and none for whom it has nothing to say by his posts.
ASIDES: list[Callable[[Actor, datetime], list[Aside]]] = []


def of(actor: Actor, now: datetime) -> list[Aside]:
    """Everything that is said to ``actor``."""
    return [one for say in ASIDES for one in say(actor, now)]
