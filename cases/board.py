"""The one place that tells open screens that something changed: a nudge, never the thing itself.

The page that is nudged asks again through its own guarded view, so a screen can never be told what its reader
may not see. A nudge may be lost; the page also asks by itself from time to time.
"""

import asyncio
import atexit
import concurrent.futures
import contextlib
import hashlib
import os
import threading
from collections.abc import Iterable

import structlog
from channels.layers import get_channel_layer
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver

log = structlog.get_logger(__name__)

DISTRICT = "district"
# A burst is one change to whoever watches the list; single cases are named up to this many.
NAMED = 50
# Shorter than anybody notices, long enough that a busy door sends each screen a few nudges a second, not hundreds.
GATHER_SECONDS = 0.05
FINISH_SECONDS = 5


def unit_group(unit_id: int) -> str:
    """The group of the screens of one unit."""
    return f"unit-{unit_id}"


def case_group(number: str) -> str:
    """The group of the screens that show one case."""
    return f"case-{number}"


def session_group(key: str) -> str:
    """The group of the screens of one sign-in. Its name tells nobody the key."""
    return f"session-{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def changed(cases: Iterable, engaged: dict[int, set[int]]) -> None:
    """On commit, nudge the screens of the district's desks, of the units concerned and of the cases themselves."""
    cases = list(cases)
    if not cases:
        return
    units = {unit for case in cases for unit in engaged.get(case.pk, ())}
    units |= {unit for case in cases for unit in (case.holder_id, case.lead_id) if unit}
    groups = {DISTRICT, *map(unit_group, units), *(case_group(case.number) for case in cases[:NAMED])}
    transaction.on_commit(lambda: nudge(groups))


class _Messenger:
    """A thread with its own event loop, so that a request never waits for a screen.

    What comes within a moment is sent once, however often it came: a hundred changes are one to a screen.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.lock = threading.Lock()
        self.waiting: set[tuple[str, str]] = set()
        self.sending: concurrent.futures.Future | None = None
        # A command that ends right after its commit still says so.
        atexit.register(self.finish)
        threading.Thread(target=self.loop.run_forever, daemon=True, name="nudge").start()

    def send(self, groups: set[str], what: str) -> None:
        with self.lock:
            idle, self.waiting = not self.waiting, self.waiting | {(group, what) for group in groups}
        if idle:
            self.sending = asyncio.run_coroutine_threadsafe(self._send(), self.loop)

    def finish(self) -> None:
        """Let what is on its way go out; not for long."""
        if self.sending is not None and self.pid == os.getpid():
            with contextlib.suppress(concurrent.futures.TimeoutError):
                self.sending.result(FINISH_SECONDS)

    async def _send(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        with self.lock:
            waiting, self.waiting = self.waiting, set()
        try:
            layer = get_channel_layer()
            for group, what in sorted(waiting):
                await layer.group_send(group, {"type": what})
        except Exception:
            log.warning("nudge_lost", exc_info=True)


_lock = threading.Lock()
_messenger: _Messenger | None = None


def nudge(groups: set[str], what: str = "changed") -> None:
    """Say ``what`` to ``groups``: ``changed``, or ``left`` to close them. Returns at once and never raises."""
    global _messenger
    with _lock:
        if _messenger is None or _messenger.pid != os.getpid():
            _messenger = _Messenger()
    _messenger.send(groups, what)


@receiver(user_logged_out)
def _left(sender, request, **_rest) -> None:
    """Close the screens of a sign-in that has ended."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        nudge({session_group(key)}, "left")
