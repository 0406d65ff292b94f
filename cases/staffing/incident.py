"""A case as it is played: as much of ``Case`` as its rules ask for, with what its people wait for."""

from datetime import datetime

from simpy import Environment, Event

from alerts.intake import Draft
from cases.models import Loop, State
from cases.models.machine import ENDED
from responsibility.models import Grade, Unit


class Site:
    """The work at one place. Crews that are there share what is left of it equally."""

    def __init__(self, env: Environment, minutes: float):
        self.env, self.left, self.crews = env, minutes, 0
        self.done: Event = env.event()
        self._since = env.now

    def join(self, crews: int = 1) -> None:
        """So many crews more begin to work."""
        self.left = max(0.0, self.left - self.crews * (self.env.now - self._since))
        self.crews, self._since = self.crews + crews, self.env.now
        self.env.process(self._work(self.crews))

    def _work(self, crews: int):
        yield self.env.timeout(self.left / crews)
        # Others have come meanwhile: their reckoning holds.
        if crews == self.crews and not self.done.triggered:
            self.done.succeed()


class Incident:
    """``number`` is that of the alert which opened it, or opened it again, and names its draws of chance."""

    def __init__(self, number: int, draft: Draft, policy: dict, lead: Unit | None, at: datetime):
        self.number, self.draft, self.policy, self.lead = number, draft, policy, lead
        self.street: Unit = draft.territory.unit  # type: ignore[union-attr]
        self.holder: Unit | None = self.street
        self.grade = Grade(draft.grade)
        self.state: str = State.DISPATCHED
        self.loop: str = Loop.SMALL
        self.opened_at, self.closed_at = at, None  # type: datetime, datetime | None
        self.place = (draft.lat, draft.lon) if draft.lat is not None and draft.lon is not None else None
        self.crews: list[Unit] = []
        self.answered: dict[int, Event] = {}

    def begin(self, env: Environment, minutes: float) -> None:
        """Danger, for the first time or again: ``minutes`` of work for one crew, and everybody waits."""
        self.site = Site(env, minutes)
        self.work, self.began = minutes, env.now
        self.answer, self.arrival, self.contained = env.event(), env.event(), env.event()
        self.regraded, self.widened = env.event(), env.event()

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    @property
    def holder_id(self) -> int | None:
        return self.holder.pk if self.holder else None

    @property
    def lead_id(self) -> int | None:
        return self.lead.pk if self.lead else None
