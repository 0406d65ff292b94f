"""What time it is for the act at hand.

Acts take their time from here and from nowhere else, so that a demo district can be given a past by running the real
actions, a sweep can be tried four hours ahead, and a whole demo can be set to another day. Outside demo mode the clock
cannot be moved.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

_moved: ContextVar[datetime | None] = ContextVar("moved", default=None)
# What lies outside leaves no room for the deadlines and the local times of a case.
FIRST, LAST = datetime(1949, 1, 2, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)


def now() -> datetime:
    """The instant of the present act, aware, UTC."""
    return _moved.get() or timezone.now() + shift()


@contextmanager
def as_if(when: datetime) -> Iterator[None]:
    """Let acts inside the block happen at ``when``. Demo mode only: otherwise ``PermissionError``."""
    _demo_only()
    token = _moved.set(when)
    try:
        yield
    finally:
        _moved.reset(token)


def set_to(when: datetime | None) -> None:
    """Let the clock of every process of this demo go on from ``when``; ``None`` gives it back the real time.

    Demo mode only: otherwise ``PermissionError``. ``OverflowError`` outside the years in which cases can be.
    """
    _demo_only()
    if when is None:
        settings.DEMO_CLOCK.unlink(missing_ok=True)
        return
    if not FIRST <= when <= LAST:
        raise OverflowError(when)
    written = settings.DEMO_CLOCK.with_suffix(f".{os.getpid()}")
    written.write_text(str((when - timezone.now()).total_seconds()))
    # In one stroke, because others read it at any moment.
    written.replace(settings.DEMO_CLOCK)


def shift() -> timedelta:
    """How far this demo has been set off the real time; nothing outside demo mode.

    A file, so that all processes of the demo agree, and so that it holds when they are started again.
    """
    if settings.DEMO:
        with contextlib.suppress(FileNotFoundError), open(settings.DEMO_CLOCK) as file:
            return timedelta(seconds=float(file.read()))
    return timedelta(0)


def _demo_only() -> None:
    if not settings.DEMO:
        raise PermissionError("the clock can be moved in demo mode only")
