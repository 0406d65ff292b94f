"""What time it is for the act at hand.

Acts take their time from here and from nowhere else, so that a demo district can be given a past
by running the real actions, and a sweep can be tried four hours ahead. Outside demo mode the
clock cannot be moved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.conf import settings
from django.utils import timezone

_moved: ContextVar[datetime | None] = ContextVar("moved", default=None)


def now() -> datetime:
    """The instant of the present act, aware, UTC."""
    return _moved.get() or timezone.now()


@contextmanager
def as_if(when: datetime) -> Iterator[None]:
    """Let acts inside the block happen at ``when``. Demo mode only: otherwise ``PermissionError``."""
    if not settings.DEMO:
        raise PermissionError("the clock can be moved in demo mode only")
    token = _moved.set(when)
    try:
        yield
    finally:
        _moved.reset(token)
