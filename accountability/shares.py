"""Each unit's share of the time a case took: as holder, as somebody engaged, as somebody whose clock ran.

Only the first adds up to the whole. Several units are engaged at once, so the other two overlap; by how much is said
beside them, and nobody's share is made smaller to hide it. Time after the end of a case counts for nobody.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from accountability.holding import Engaged, Phase, Span
from cases.models import Case, ClockEvent
from cases.models.clock import What
from responsibility.models import Unit

Interval = tuple[datetime, datetime]


@dataclass
class Share:
    """The seconds of one unit: ``held``, ``engaged``, ``owed`` (at least one of its clocks ran and was not paused)."""

    unit: Unit
    held: float = 0
    engaged: float = 0
    owed: float = 0


@dataclass
class Shares:
    """``total`` seconds; ``overlap``: those in which more than one unit was engaged; ``nobody``: in which none held."""

    total: float
    overlap: float
    nobody: float
    units: list[Share] = field(default_factory=list)

    def percent(self, seconds: float) -> float:
        """``seconds`` in percent of the whole, to one place."""
        return round(100 * seconds / self.total, 1) if self.total else 0.0

    @property
    def rows(self) -> list[tuple[Share, float, float, float]]:
        """Each share with its three percentages."""
        return [(s, self.percent(s.held), self.percent(s.engaged), self.percent(s.owed)) for s in self.units]


def of(case: Case, spans: list[Span], parties: Iterable[Engaged], end: datetime) -> Shares:
    """The shares of ``case`` up to ``end``, by unit code. One query."""
    worked = [(span.since, span.until) for span in spans if span.phase != Phase.ENDED]
    found: dict[Unit, Share] = {}

    def of_unit(unit: Unit) -> Share:
        return found.setdefault(unit, Share(unit))

    for span in spans:
        if span.unit:
            of_unit(span.unit).held += span.seconds
    there: dict[Unit, list[Interval]] = defaultdict(list)
    for party in parties:
        there[party.unit].append((party.since, party.until))
    for unit, intervals in there.items():
        of_unit(unit).engaged = length(within(union(intervals), worked))
    for unit, intervals in running(case, end).items():
        of_unit(unit).owed = length(within(union(intervals), worked))
    total = length(worked)
    nobody = sum(span.seconds for span in spans if span.unit is None and span.phase != Phase.ENDED)
    overlap = length(within(crowded([union(each) for each in there.values()]), worked))
    return Shares(total, overlap, nobody, sorted(found.values(), key=lambda share: share.unit.code))


def running(case: Case, end: datetime) -> dict[Unit, list[Interval]]:
    """When each unit had a clock of ``case`` running that was not paused. One query."""
    events = ClockEvent.objects.filter(deadline__case=case).select_related("unit").order_by("deadline_id", "id")
    found: dict[Unit, list[Interval]] = defaultdict(list)
    clock, unit, since = None, None, None
    for event in events:
        if event.deadline_id != clock:
            _note(found, unit, since, end)
            clock, unit, since = event.deadline_id, None, None
        if event.what in (What.START, What.HAND_ON, What.RESUME, What.PAUSE, What.STOP):
            _note(found, unit, since, event.at)
            unit = event.unit if event.what in (What.START, What.HAND_ON) else unit
            since = None if event.what in (What.PAUSE, What.STOP) else event.at
    _note(found, unit, since, end)
    return found


def _note(found: dict[Unit, list[Interval]], unit: Unit | None, since: datetime | None, until: datetime) -> None:
    if unit is not None and since is not None and since < until:
        found[unit].append((since, until))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time without overlaps, in order."""
    whole: list[Interval] = []
    for since, until in sorted(intervals):
        if whole and since <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(until, whole[-1][1]))
        elif since < until:
            whole.append((since, until))
    return whole


def within(intervals: list[Interval], bounds: list[Interval]) -> list[Interval]:
    """What of ``intervals`` lies within ``bounds``; neither overlaps itself."""
    cut = [(max(a, c), min(b, d)) for a, b in intervals for c, d in bounds]
    return [(since, until) for since, until in cut if since < until]


def crowded(several: list[list[Interval]]) -> list[Interval]:
    """The time that lies in more than one of ``several``."""
    steps = sorted((at, step) for each in several for since, until in each for at, step in ((since, 1), (until, -1)))
    found, depth, since = [], 0, None
    for at, step in steps:
        depth += step
        if depth == 2 and step == 1:
            since = at
        elif depth == 1 and step == -1 and since is not None:
            found.append((since, at))
    return union(found)


def length(intervals: Iterable[Interval]) -> float:
    """Seconds in all."""
    return sum((until - since).total_seconds() for since, until in intervals)
