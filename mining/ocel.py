"""The event log as OCEL 2.0 in JSON (object-centric event log, www.ocel-standard.org, specification 2.0 of 2023).

Event types are the verbs of the ledger. Object types: cases, the alerts that spoke of them, the units, and what is
asked, ordered, advised, urged, sent and commanded. There are no persons in it: data minimisation (PIPL art. 6).
Written as it is read: events first, while what is said of the objects waits in a file that has no name; the types of
the events that there were come last, for the order of members means nothing in JSON.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile

import orjson
from django.utils.timezone import localtime

from cases.audit import NAMED
from mining.reading import Event
from mining.walking import Standing
from responsibility.directory import Directory

IN_MEMORY = 1 << 20
PIECE = 1 << 16
# Of what an entry tells, what is given: nothing that a person wrote.
TOLD = (
    "state", "loop", "grade", "category", "scenario", "kind", "outcome", "minutes", "due_at", "level", "answered_by",
    "progress", "how", "alert_count", "hops", "step",
)  # fmt: skip
# What a case is when it is opened; of a case, these and where it stands may change.
OPENED = ("grade", "category", "scenario", "territory", "object")
CHANGING = (*OPENED, "state", "loop")
# In which part a unit stands in an entry, by the key that names it; ``by`` is who acted.
PARTS = ("holder", "lead", "unit", "proposed", "designated", "second")
BY = "by"
# An attribute of an object holds from some time on; a unit was there before everything.
ALWAYS = "1970-01-01T00:00:00Z"


def _declared(*names: str) -> list[dict]:
    return [{"name": name, "type": "string"} for name in names]


ATTRIBUTES = _declared("move", *TOLD, "post", "entry")
TYPES = [
    {"name": "case", "attributes": _declared(*CHANGING)},
    {"name": "unit", "attributes": _declared("name", "kind")},
    *({"name": name, "attributes": []} for name in ("alert", *NAMED)),
]


@dataclass
class Told:
    """What has been told of one case so far: its changes, the ids of its alerts, and what else belongs to it how."""

    standing: Standing = field(default_factory=Standing)
    values: dict[str, str] = field(default_factory=dict)
    changes: list[dict] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    units: dict[tuple[str, str], None] = field(default_factory=dict)


class Log:
    """One export. ``known`` tells the codes of units; ``verbs`` and ``units`` are those that were met."""

    def __init__(self, known: Directory):
        self.known = known
        self.by_name = {unit.name: unit.code for unit in known.units.values()}
        self.verbs: dict[str, None] = {}
        self.units: dict[str, None] = {}

    def write(self, cases: Iterable[tuple[str, Iterable[Event]]]) -> Iterator[bytes]:
        """The log in pieces of JSON. Memory does not grow with the cases: what waits, waits on disk."""
        yield b'{"objectTypes":' + orjson.dumps(TYPES) + b',"events":['
        with SpooledTemporaryFile(max_size=IN_MEMORY) as waiting:
            yield from _listed(self._events(cases, waiting))
            yield b'],"objects":['
            waiting.seek(0)
            while piece := waiting.read(PIECE):
                yield piece
        # Where there are units, there is a case before them.
        yield from (b",\n" + orjson.dumps(self._unit(code)) for code in self.units)
        types = [{"name": verb, "attributes": ATTRIBUTES} for verb in self.verbs]
        yield b'],"eventTypes":' + orjson.dumps(types) + b"}\n"

    def _events(self, cases: Iterable[tuple[str, Iterable[Event]]], waiting) -> Iterator[dict]:
        for number, events in cases:
            told = Told()
            for event in events:
                yield self._event(event, told)
            for thing in _things(number, told):
                waiting.write((b",\n" if waiting.tell() else b"\n") + orjson.dumps(thing))

    def _event(self, event: Event, told: Told) -> dict:
        self.verbs[event.verb] = None
        moved = [move.verb for move in told.standing.take(event) if move.field == "state"]
        _follow(event, told)
        values = {"move": "".join(moved), **plain(event.after), "post": event.post, "entry": event.digest}
        links = [(event.number, "case"), *self._links(event, told)]
        return {
            "id": f"{event.number}#{event.seq}",
            "type": event.verb,
            "time": when(event),
            "attributes": [{"name": name, "value": value} for name, value in values.items() if value],
            "relationships": [{"objectId": name, "qualifier": part} for name, part in dict.fromkeys(links)],
        }

    def _links(self, event: Event, told: Told) -> Iterator[tuple[str, str]]:
        """The objects of an entry but its case, by id, each with its part."""
        for part, code in self._parts(event):
            self.units[code] = None
            told.units[_id("unit", code), part] = None
            yield _id("unit", code), part
        for kind in NAMED:
            if isinstance(pk := event.after.get(kind), int):
                told.others[_id(kind, pk)] = kind
                yield _id(kind, pk), kind
        if alert := event.after.get("alert"):
            # By their order on the case: what a source calls its alerts is its own affair.
            place = _id("alert", f"{event.number}/{len(told.alerts) + 1}")
            yield told.alerts.setdefault(str(alert), place), "alert"

    def _parts(self, event: Event) -> Iterator[tuple[str, str]]:
        if event.unit:
            yield BY, self.by_name.get(event.unit, event.unit)
        for part in PARTS:
            code = event.after.get(part)
            if isinstance(code, str) and code in self.known.units_by_code:
                yield part, code

    def _unit(self, code: str) -> dict:
        unit = self.known.units_by_code.get(code)
        values = {"name": unit.name if unit else code, "kind": unit.kind if unit else ""}
        told = [{"name": name, "time": ALWAYS, "value": value} for name, value in values.items() if value]
        return {"id": _id("unit", code), "type": "unit", "attributes": told, "relationships": []}


def _listed(things: Iterable[dict]) -> Iterator[bytes]:
    comma = b"\n"
    for thing in things:
        yield comma + orjson.dumps(thing)
        comma = b",\n"


def _things(number: str, told: Told) -> Iterator[dict]:
    """The case and what belongs to it alone."""
    alone = dict.fromkeys(told.alerts.values(), "alert") | told.others
    parts = [{"objectId": name, "qualifier": part} for name, part in (*told.units, *alone.items()) if part != BY]
    yield {"id": number, "type": "case", "attributes": told.changes, "relationships": parts}
    for name, kind in alone.items():
        yield {"id": name, "type": kind, "attributes": [], "relationships": []}


def _follow(event: Event, told: Told) -> None:
    """Keep what an entry changes of its case."""
    for name in CHANGING:
        value = event.after.get(name)
        if isinstance(value, str) and value and told.values.get(name) != value:
            told.values[name] = value
            told.changes.append({"name": name, "time": when(event), "value": value})


def plain(after: dict) -> dict[str, str]:
    """Of what an entry tells, what is given, as texts."""
    return {name: str(after[name]) for name in TOLD if isinstance(after.get(name), str | int | float)}


def _id(kind: str, name: str | int) -> str:
    return f"{kind}/{name}"


def when(event: Event) -> str:
    """Local time with its offset, to the microsecond."""
    return localtime(event.at).isoformat(timespec="microseconds")
