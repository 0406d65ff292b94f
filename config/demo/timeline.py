"""Simulated time: what shall happen and when, nearest first."""

import heapq
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import count


class Timeline:
    """A queue of acts. An act may put further acts on it; those in the past happen now.

    ``around`` is entered with the act's instant: it moves the clock of this process (history) or waits for the
    instant to come (simulation).
    """

    def __init__(self, start: datetime, around: Callable[[datetime], AbstractContextManager]):
        self.now, self._around = start, around
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        # Acts of one instant keep their order, and are never compared themselves.
        self._order = count()

    def at(self, when: datetime, act: Callable[[], object]) -> None:
        """Let ``act`` happen at ``when``."""
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), act))

    def run(self, until: datetime) -> None:
        """Let everything up to ``until`` happen; what would come later is left undone."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _order, act = heapq.heappop(self._queue)
            with self._around(self.now):
                act()
        self.now = until
