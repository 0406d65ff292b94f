"""The way of one case through the published machine: its moves, and how long it stood in between.

The machine is that of ``cases/models/machine.py``, from which ``docs/states.md``, the buttons and the database trigger
are made too. One entry may move the state, the loop, both or neither; who answers after the first moves nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cases import guards
from cases.models import Case, Loop, State
from cases.models.machine import ENDED, pairs
from mining.reading import Event

MACHINES = ("state", "loop")
START = {"state": str(State.TRIAGE), "loop": str(Loop.SMALL)}
# Of each machine, the moves that it publishes.
PUBLISHED = {field: pairs(Case, field) for field in MACHINES}


def _verbs() -> dict[tuple[str, str], str]:
    return {
        (str(source), str(move["target"])): verb for verb, move in guards.TABLE.items() for source in move["sources"]
    }


# The verb of each published move of the state; no two verbs share one.
VERBS = _verbs()


@dataclass(frozen=True, slots=True)
class Move:
    """``event`` took the machine ``field`` from ``source`` to ``target``; ``stood``: from where the ledger had left it.

    The two part where an entry is missing between them.
    """

    event: Event
    field: str
    stood: str
    source: str
    target: str

    @property
    def verb(self) -> str:
        """The verb of the machine that this is, whatever brought it about; that of the entry for a move of its own."""
        if self.field == "state":
            return VERBS.get((self.source, self.target), self.event.verb.removeprefix("case."))
        return self.event.verb


class Standing:
    """Where one case stands, state and loop, as its entries have told so far."""

    def __init__(self) -> None:
        self.values = dict(START)

    def take(self, event: Event) -> list[Move]:
        """The moves that the next entry made."""
        found = []
        for field in MACHINES:
            target = event.after.get(field)
            if target is None:
                continue
            stood = self.values[field]
            source = event.before.get(field, stood)
            if target != source or source != stood:
                found.append(Move(event, field, stood, source, target))
            self.values[field] = target
        return found


def moves(events: Iterable[Event]) -> Iterator[Move]:
    """What ``events`` of one case, in order, did to its state and loop."""
    standing = Standing()
    for event in events:
        yield from standing.take(event)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` up to but not including ``until`` a case stood in ``state`` and ``loop``, held by ``holder``.

    ``holder``: the code of a unit, empty before filing. ``verb`` is the act that began it, ``follows`` the act that
    ended it, empty while it lasts.
    """

    since: datetime
    until: datetime
    state: str
    loop: str
    holder: str
    verb: str
    follows: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(0.0, (self.until - self.since).total_seconds())

    @property
    def worked(self) -> bool:
        """Whether anybody had to do anything: not once the case has ended."""
        return self.state not in ENDED


def spans(events: Iterable[Event], now: datetime) -> Iterator[Span]:
    """The time of one case, in order, without gap or overlap, up to ``now``; nothing after an end that lasts.

    A span ends with each entry that tells another state, loop or holder. Two acts of one instant leave none between.
    """
    standing = START | {"holder": ""}
    since, verb = None, ""
    for event in events:
        told = {name: event.after[name] or "" for name in standing if name in event.after}
        if since is None:
            since, verb = event.at, event.verb
        elif any(standing[name] != value for name, value in told.items()):
            at = max(event.at, since)
            yield Span(since, at, **standing, verb=verb, follows=event.verb)
            since, verb = at, event.verb
        standing |= told
    if since is not None and standing["state"] not in ENDED:
        yield Span(since, max(now, since), **standing, verb=verb, follows="")
