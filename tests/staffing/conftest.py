"""The district in memory, and alerts by hand that it is played with."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts import intake
from alerts.formats import item
from cases.staffing import snapshot
from cases.staffing.arrivals import Period
from cases.staffing.chance import Draws
from cases.staffing.habits import Habits, Share, Spread
from cases.staffing.playing import TAIL, Run
from cases.staffing.rosters import Staffing
from cases.staffing.variants import Variant
from responsibility import directory

# A Monday that is a working day of a loaded year.
MONDAY = datetime(2026, 7, 6, 0, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SIJING, JIUTING = (31.1144, 121.2683), (31.1256, 121.3169)
# Everybody takes exactly as long, nobody asks, nobody is reached on the ladder.
STEADY = Habits(
    by_grade={grade: Spread(60, 1e-9) for grade in ("red", "orange", "yellow", "blue")},
    answer=Spread(2, 1e-9), closing=Spread(180, 1e-9), asking=Share(0.0), heard=Share(0.0),
)  # fmt: skip


def raw(
    number: int,
    minute: float,
    *,
    grade: str = "yellow",
    at: tuple = SIJING,
    thing: str = "",
    category: str = "LL-CONF-H2S",
) -> dict:
    """An alert of the contract, ``minute`` after ``MONDAY``, of an object of its own unless it is named."""
    return {
        "external_id": f"w-{number}",
        "category": category,
        "object": thing or f"W-{number}",
        "observed_at": (MONDAY + timedelta(minutes=minute)).isoformat(),
        "grade": grade,
        "location": {"lat": at[0], "lon": at[1]},
    }


@pytest.fixture
def played(db):
    """The district over four weeks from ``MONDAY`` on, with steady habits."""
    found = snapshot.read(MONDAY, MONDAY + timedelta(days=28) + TAIL)
    found.habits = STEADY
    return found


@pytest.fixture
def period(db):
    """A period of alerts by hand: ``period({"minute": 10, "grade": "red"}, ...)``."""

    def make(*alerts: dict, days: int = 7) -> Period:
        known, made = directory.current(), Period(MONDAY, MONDAY + timedelta(days=days))
        items = [raw(number, **alert) for number, alert in enumerate(alerts)]
        whens = [MONDAY + timedelta(minutes=alert["minute"]) for alert in alerts]
        drafts = [item.read(one, when, known) for one, when in zip(items, whens, strict=True)]
        intake.place(drafts, known)
        for draft, when in zip(drafts, whens, strict=True):
            made.add(draft, when)
        return made

    return make


@pytest.fixture
def play(played):
    """Play a period as a variant; the run with its figures as ``run.told``."""

    def run(period: Period, variant: Variant | None = None, seed: str = "1", kind: type[Run] = Run) -> Run:
        made = kind(played, variant or Variant(), period, Draws(seed))
        made.told = made.play()
        return made

    return run


@pytest.fixture
def manned(played):
    """A variant in which units, by code, have exactly so many people: ``manned({"310117102": 0}, contain=60)``."""

    def make(people: dict[str, int], **minutes: int) -> Variant:
        staff = [
            Staffing(frozenset(u.pk for u in played.units.values() if code in ("all", u.code)), to=count)
            for code, count in people.items()
        ]
        return replace(Variant(), staff=tuple(staff), minutes=tuple(minutes.items()))

    return make
