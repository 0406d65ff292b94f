"""Where the time of cases goes: in which state, loop and hands, between which acts, and at which transfers."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from statistics import median

from mining.reading import Event
from mining.walking import START, Span, moves, spans

# Before filing nobody holds a case but the desk that judges its alert.
NOBODY = ""


class Lengths:
    """Lengths of time, in seconds: 8 bytes each."""

    def __init__(self) -> None:
        self.values = array("d")

    def add(self, seconds: float) -> None:
        """One more."""
        self.values.append(seconds)
        self.__dict__.pop("_sorted", None)

    @cached_property
    def _sorted(self) -> list[float]:
        return sorted(self.values)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.values)

    @property
    def total(self) -> float:
        """All together."""
        return sum(self.values)

    @property
    def median(self) -> float:
        """The length that half of them do not exceed; 0 where there are none."""
        return median(self._sorted) if self.values else 0.0

    @property
    def p90(self) -> float:
        """The least of them that nine in ten do not exceed (nearest rank); 0 where there are none."""
        return self._sorted[-(-9 * self.count // 10) - 1] if self.values else 0.0


Table = dict  # of Lengths, by what they are lengths of


@dataclass(frozen=True)
class Only:
    """Which cases are meant: those that reached ``loop``, those that ``unit`` (a code) held; empty for any."""

    loop: str = ""
    unit: str = ""

    def fits(self, stood: list[Span]) -> bool:
        """Whether a case that stood so is meant."""
        loops, holders = {span.loop for span in stood}, {span.holder for span in stood}
        return (not self.loop or self.loop in loops) and (not self.unit or self.unit in holders)


def _table() -> Table:
    return defaultdict(Lengths)


@dataclass
class Durations:
    """The time of ``cases`` cases.

    ``visits``: how often a state was come to; ``states``: each stay in it; ``steps``: the stay before each move of the
    state, by (from, to), with the acts that made it in ``acts``; ``loops`` and ``units``: of each case, the time in a
    loop and in the hands of a unit (code, empty before filing); ``waits``: between two acts that changed state, loop or
    holder, by their verbs; ``transfers``: from a change of holder, by (from, to), to whatever was done first by whoever
    has it now. What has ended takes no time in loops and hands.
    """

    cases: int = 0
    visits: Counter = field(default_factory=Counter)
    states: Table = field(default_factory=_table)
    steps: Table = field(default_factory=_table)
    acts: dict[tuple[str, str], Counter] = field(default_factory=lambda: defaultdict(Counter))
    loops: Table = field(default_factory=_table)
    units: Table = field(default_factory=_table)
    waits: Table = field(default_factory=_table)
    transfers: Table = field(default_factory=_table)

    def add(self, events: list[Event], stood: list[Span]) -> None:
        """One more case, with its spans."""
        self.cases += 1
        self._steps(events, stood)
        loops: dict[str, float] = defaultdict(float)
        units: dict[str, float] = defaultdict(float)
        for span in stood:
            if span.worked:
                loops[span.loop] += span.seconds
                units[span.holder] += span.seconds
            if span.follows and span.seconds:
                self.waits[span.verb, span.follows].add(span.seconds)
        for table, sums in ((self.loops, loops), (self.units, units)):
            for key, seconds in sums.items():
                table[key].add(seconds)
        self._transfers(events)

    def _steps(self, events: list[Event], stood: list[Span]) -> None:
        since = stood[0].since if stood else None
        self.visits[START["state"]] += 1
        for move in moves(events):
            if move.field != "state" or since is None:
                continue
            seconds = max(0.0, (move.event.at - since).total_seconds())
            self.visits[move.target] += 1
            self.states[move.source].add(seconds)
            self.steps[move.source, move.target].add(seconds)
            self.acts[move.source, move.target][move.event.verb] += 1
            since = max(since, move.event.at)
        if since and stood and stood[-1].worked and not stood[-1].follows:
            self.states[stood[-1].state].add((stood[-1].until - since).total_seconds())

    def _transfers(self, events: list[Event]) -> None:
        holder, state, handed = NOBODY, "", None
        for event in events:
            to, now = event.after.get("holder") or holder, event.after.get("state", state)
            # Answered by whoever has it now, moved on, or handed on again.
            if handed and (event.after.get("unit") == holder or now != state or to != holder):
                self.transfers[handed[0], holder].add(max(0.0, (event.at - handed[1]).total_seconds()))
                handed = None
            if holder and to != holder:
                handed = (holder, event.at)
            holder, state = to, now


def of_case(events: Iterable[Event], now: datetime) -> tuple[list[Event], list[Span]]:
    """The telling events of one case, read up, and its spans."""
    told = list(events)
    return told, list(spans(told, now))
