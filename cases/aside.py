"""What higher floors say on pages of this one, each in its ``ready``: beside the worklist what else waits for the
reader, and beside a case, to whom it merely concerns, where he goes on from it.

What fails up there is left out and logged: no page of a case waits for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from cases.models import Case
from responsibility.acting import Actor

log = structlog.get_logger(__name__)
Said = TypeVar("Said")


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
    found = [one for way in WAYS for one in heard(way, actor, case, now)]
    return sorted(found, key=lambda one: not one.todo)


def of(actor: Actor, now: datetime) -> list[Aside]:
    """Everything that is said to ``actor``."""
    return [one for say in ASIDES for one in heard(say, actor, now)]


def heard(say: Callable[..., Iterable[Said]], *asked: object) -> list[Said]:
    """What ``say`` tells when it is asked so; nothing where it fails."""
    try:
        return list(say(*asked))
    except Exception:
        log.exception("aside_failed", part=say.__module__)
        return []
