"""The people of one unit: who is free, who waits for them, how busy they are."""

from collections.abc import Sequence

from simpy import Environment, PriorityResource
from simpy.resources.resource import PriorityRequest

# Before every colour: whoever goes off duty takes no further case.
OFF_DUTY = -1


class Room:
    """People on duty as servers; each works one case at a time, the highest colour first.

    ``levels``: ``(minute, people)``. Whoever is out when a shift ends finishes that case. ``ends``: the minute until
    which busy time counts.
    """

    def __init__(self, env: Environment, levels: Sequence[tuple[float, int]], ends: float):
        self.env, self.ends = env, ends
        self.most = max(people for _minute, people in levels)
        self._people = PriorityResource(env, max(1, self.most))
        self._out: dict[PriorityRequest, float] = {}
        self.busy = 0.0
        self.waiting = self.longest = 0
        spans = zip(levels, [*[minute for minute, _people in levels[1:]], ends], strict=True)
        self.on_duty = sum(people * max(0.0, min(until, ends) - since) for (since, people), until in spans)
        env.process(self._follow(levels))

    def _follow(self, levels: Sequence[tuple[float, int]]):
        """The roster: places that nobody fills are taken by nobody's requests."""
        off: list[PriorityRequest] = []
        for minute, people in levels:
            if minute > self.env.now:
                yield self.env.timeout(minute - self.env.now)
            while len(off) < self._people.capacity - people:
                off.append(self._people.request(OFF_DUTY))
            while len(off) > self._people.capacity - people:
                back = off.pop()
                if back.triggered:
                    self._people.release(back)
                else:
                    back.cancel()

    def ask(self, rank: int) -> PriorityRequest:
        """A request for one person; ``rank`` of the colour, 1 first."""
        request = self._people.request(rank)
        if request.triggered:
            self._out[request] = self.env.now
        else:
            self.waiting += 1
            self.longest = max(self.longest, self.waiting)
        return request

    def settle(self, request: PriorityRequest) -> bool:
        """After a wait: whether somebody came; the request of who waits no longer is withdrawn."""
        self.waiting -= 1
        if request.triggered:
            self._out[request] = request.usage_since or 0.0
            return True
        request.cancel()
        return False

    def back(self, request: PriorityRequest) -> None:
        """The person is free again."""
        self.busy += self._worked(self._out.pop(request))
        self._people.release(request)

    def _worked(self, since: float) -> float:
        return max(0.0, min(self.env.now, self.ends) - since)

    @property
    def utilisation(self) -> float:
        """Busy time as a share of the time on duty; who finishes a case after the shift counts as busy."""
        busy = self.busy + sum(self._worked(since) for since in self._out.values())
        return busy / self.on_duty if self.on_duty else 0.0
