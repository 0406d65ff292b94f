"""What higher floors say on pages of this one, each in its ``ready``: beside the worklist what else waits for the
reader, and beside a case, to whom it merely concerns, where he goes on from it.

What fails up there is left out and logged: no page of a case waits for it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import DatabaseError, connection

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


# So long a page waits for a lock that somebody holds up there, and for an answer at all; milliseconds.
LOCK_MS, STATEMENT_MS = "1000", "5000"
BOUND = "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
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
    """What ``say`` tells when it is asked so; nothing where it fails, or has to wait for others."""
    try:
        with _impatient():
            return list(say(*asked))
    except Exception:
        log.exception("aside_failed", part=say.__module__)
        return []


@contextmanager
def _impatient() -> Iterator[None]:
    """Inside, the database refuses whoever waits for long. Nothing is asked of it where nothing else is."""
    before: list[str] = []

    def first(execute, sql, params, many, context):
        if not before:
            before.append("")
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
                before[:] = cursor.fetchone()
                cursor.execute(BOUND, [LOCK_MS, STATEMENT_MS])
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(first):
            yield
    finally:
        # A connection that broke takes its settings with it.
        if before:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(BOUND, before)
