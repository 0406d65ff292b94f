"""The event log as XES (IEEE Std 1849): one log, a trace for each case, an event for each entry of the ledger.

Extensions: concept (names), time, lifecycle (every entry is a completed act) and organizational, of which ``group`` is
the unit and ``role`` the post; there is no ``resource``, for that would be a person. ``bihuan:move`` names the move of
the published machine that the entry made, where it made one of the state; ``bihuan:entry`` the digest under which the
entry is proved.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from xml.sax.saxutils import quoteattr

from mining.ocel import OPENED, plain, when
from mining.reading import Event
from mining.walking import Standing

# What XML 1.0 cannot hold, not even escaped, and what stands for it.
IMPOSSIBLE, INSTEAD = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"), "\ufffd"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace">
<string key="concept:name" value="?"/>
</global>
<global scope="event">
<string key="concept:name" value="?"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Move" keys="bihuan:move"/>
<string key="lifecycle:model" value="standard"/>
"""


def write(cases: Iterable[tuple[str, Iterable[Event]]]) -> Iterator[bytes]:
    """The log in pieces of UTF-8, an event at a time; constant memory."""
    yield HEAD.encode()
    for number, events in cases:
        rest = iter(events)
        # The attributes of a trace stand before its events: what the case was when it was opened.
        early = _up_to_opening(rest)
        told = {name: event.after[name] for event in early for name in OPENED if event.after.get(name)}
        attributes = (_string(f"bihuan:{name}", str(value)) for name, value in told.items())
        yield f"<trace>\n{_string('concept:name', number)}{''.join(attributes)}".encode()
        standing = Standing()
        for event in chain(early, rest):
            yield _event(event, standing).encode()
        yield b"</trace>\n"
    yield b"</log>\n"


def _up_to_opening(events: Iterator[Event]) -> list[Event]:
    """The first entries of a case, with that by which it was opened: alerts may have been noted before."""
    found: list[Event] = []
    for event in events:
        found.append(event)
        if event.verb.startswith("case."):
            break
    return found


def _event(event: Event, standing: Standing) -> str:
    moved = [move.verb for move in standing.take(event) if move.field == "state"]
    parts = [
        _string("concept:name", event.verb),
        f'<date key="time:timestamp" value="{when(event)}"/>\n',
        _string("lifecycle:transition", "complete"),
        _string("org:group", event.unit),
        _string("org:role", event.post),
        _string("bihuan:move", "".join(moved)),
        _string("bihuan:entry", event.digest),
        *(_string(f"bihuan:{name}", value) for name, value in plain(event.after).items()),
    ]
    return f"<event>\n{''.join(parts)}</event>\n"


def _string(key: str, value: str) -> str:
    """An attribute; nothing where there is no value."""
    return f'<string key="{key}" value={quoteattr(IMPOSSIBLE.sub(INSTEAD, value))}/>\n' if value else ""
