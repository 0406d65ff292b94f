"""The district as one read-only transaction sees it. Whatever is played afterwards is played on this copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from cases import ladder
from cases.loops import COMMAND
from cases.policy import Owners
from cases.staffing import habits, rosters
from cases.staffing.habits import Habits
from cases.staffing.rosters import Rosters
from notices.people import People
from resources import travel
from resources.models import KitLine, Offer, Station
from responsibility import clock, directory
from responsibility.directory import Directory
from responsibility.models import Unit
from responsibility.roster import WORKING

Point = tuple[float, float]


@dataclass(frozen=True)
class Rung:
    """A rung of a unit's call ladder; ``peopled``: somebody stands there who can answer."""

    number: int
    to: str
    peopled: bool


@dataclass
class District:
    """All that a run needs, in memory. ``bases`` are the places from which a unit's people set out."""

    known: Directory
    owners: Owners
    command: Unit | None
    rosters: Rosters
    ladders: dict[int, list[Rung]]
    bases: dict[int, list[Point]]
    kits: dict[int, list[KitLine]]
    offers: list[Offer]
    habits: Habits
    units: dict[str, Unit] = field(default_factory=dict)
    _ways: dict[tuple[int, Point], float] = field(default_factory=dict)

    def base_of(self, unit: Unit) -> list[Point]:
        """Whence the people of ``unit`` go: its seat, else its stations, else the seat of the district."""
        return self.bases.get(unit.pk) or [(self.known.district.lat, self.known.district.lon)]

    def way(self, unit: Unit, to: Point) -> float:
        """Minutes from the nearest base of ``unit``, by the product's own estimate."""
        key = (unit.pk, to)
        if key not in self._ways:
            self._ways[key] = min(leg.minutes for leg in travel.times(self.base_of(unit), to))
        return self._ways[key]


@contextmanager
def reading() -> Iterator[None]:
    """One snapshot in which PostgreSQL itself refuses to write; not inside another transaction."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def read(begins: datetime, ends: datetime) -> District:
    """The district with its rosters from ``begins`` to ``ends``. The matrix, posts and stores are those of now."""
    now, known = clock.now(), directory.current()
    working = {pk: unit for pk, unit in known.units.items() if unit.kind in WORKING and not unit.closed_on}
    return District(
        known=known,
        owners=Owners(known, now),
        command=known.unit_with(COMMAND),
        rosters=rosters.read(working, known.calendar, begins, ends, now),
        ladders=_ladders(known, set(working), now),
        bases=_bases(known),
        kits=_kits(),
        offers=list(Offer.objects.select_related("resource__station__unit").order_by("resource__code")),
        habits=habits.measured(now),
        units={unit.code: unit for unit in working.values()},
    )


def _ladders(known: Directory, units: set[int], now: datetime) -> dict[int, list[Rung]]:
    above = {pk: ladder.above_of(known, pk) for pk in units}
    people = People([*units, *filter(None, above.values())], now)
    return {
        pk: [Rung(rung.number, rung.to, bool(rung.posts)) for rung in ladder.rungs(pk, above[pk], people)]
        for pk in units
    }


def _bases(known: Directory) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = {}
    for unit_id, lat, lon in Station.objects.values_list("unit", "lat", "lon").order_by("code"):
        found.setdefault(unit_id, []).append((lat, lon))
    return found | {place.unit_id: [(place.lat, place.lon)] for place in known.territories.values()}


def _kits() -> dict[int, list[KitLine]]:
    found: dict[int, list[KitLine]] = {}
    for line in KitLine.objects.select_related("capability"):
        found.setdefault(line.category_id, []).append(line)
    return found
