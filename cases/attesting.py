"""What the entry of an act tells of the clocks that it moved and of the units that it brought in or let go.

There are too many of these for an entry each. An event of a clock is told by its digest, in the last entry that the act
leaves on the case; ``audit_clocks`` compares.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from cases.models import Case
from responsibility.ledger import Act

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
# Hex digits of SHA-256 that are told: 96 bits, for which a second event of the same clock would have to be found.
KEPT = 24


def micros(instant: datetime | None) -> int | None:
    """Microseconds since 1970, UTC."""
    return None if instant is None else (instant - EPOCH) // MICROSECOND


def digest(
    deadline: int,
    what: str,
    at: int | None,
    minutes: float | None,
    days: int | None,
    until: int | None,
    unit: int | None,
    born: str,
) -> str:
    """The digest of one event; instants in microseconds, ``born`` as ``born_as`` gives it, empty but for a start."""
    spoken = None if minutes is None else float(minutes)
    told = f"{deadline}|{what}|{at}|{spoken}|{days}|{until}|{unit}|{born}"
    return hashlib.sha256(told.encode()).hexdigest()[:KEPT]


def born_as(kind: str, level: int, provisional: bool) -> str:
    """What a clock is and stays."""
    return f"{kind} {level} {int(provisional)}"


def clocks(told: Iterable[tuple[Case, Act]], events: Iterable[Mapping]) -> None:
    """Have ``told`` tell of ``events``, rows of ``ClockEvent`` with their ``case_id`` and what they were ``born``."""
    marks: dict[int, list[str]] = defaultdict(list)
    for event in events:
        marks[event["case_id"]].append(
            digest(
                event["deadline_id"], event["what"], micros(event["at"]), event.get("minutes"), event.get("days"),
                micros(event.get("until")), event.get("unit_id"), event.get("born", ""),
            )
        )  # fmt: skip
    _add(told, "clocks", {case: " ".join(found) for case, found in marks.items()})


def parties(told: Iterable[tuple[Case, Act]], key: str, roles: Iterable[tuple[int, str, str]]) -> None:
    """Have ``told`` tell under ``key`` who came or went: ``roles`` are (case, code of the unit, role)."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for case, code, role in roles:
        found[case][code] = str(role)
    _add(told, key, found)


def _add(told: Iterable[tuple[Case, Act]], key: str, found: Mapping[int, object]) -> None:
    if not found:
        return
    last = {case.pk: act for case, act in told}
    for case_id, value in found.items():
        last[case_id].after[key] = value
