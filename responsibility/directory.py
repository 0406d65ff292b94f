"""Each process's copy of the reference data, fresh by a single small query.

Intake asks who owns a thousand alerts at once; it may not read the matrix a thousand times, nor even
rebuild the map of territories for each batch. The copy is keyed by ``Revision.number``, which triggers
raise in the transaction of any change, also of posts and the names of their people, so a process never
works with data older than its own snapshot.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from responsibility import soundness
from responsibility.acts import COMMAND
from responsibility.geometry import Locator
from responsibility.models import (
    Authority,
    CalendarDay,
    CalendarYear,
    Category,
    District,
    Duty,
    Post,
    Scenario,
    Territory,
    Unit,
)
from responsibility.ownership import Book
from responsibility.worktime import Calendar


class NoDistrict(Exception):
    """No district has been loaded yet."""

    def __str__(self) -> str:
        return "尚未载入区数据，请先运行 manage.py load_district / no district is loaded: run manage.py load_district"


@dataclass(frozen=True)
class Directory:
    """The reference data of one revision, by code and by id. ``faults`` names the rows that cannot be worked with."""

    revision: int
    district: District
    units: dict[int, Unit]
    territories: dict[str, Territory]
    categories: dict[str, Category]
    scenarios: dict[str, Scenario]
    book: Book
    locator: Locator
    calendar: Calendar
    units_by_code: dict[str, Unit] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    authorities: list[Authority] = field(default_factory=list)
    # Of each unit, those who command in it or did, the longest-serving first.
    heads: dict[int, list[Post]] = field(default_factory=dict)
    # What higher floors keep by the same revision, by the name under which they asked for it.
    also: dict[str, Any] = field(default_factory=dict)

    def head_of(self, unit: Unit, at: datetime) -> Post | None:
        """The post that answers for ``unit`` at ``at``; that held longest when there are several."""
        posts = self.heads.get(unit.pk, [])
        return next((post for post in posts if post.since <= at and (post.until is None or at < post.until)), None)

    def unit_with(self, function: str) -> Unit | None:
        """The unit with a standing function such as ``large_loop_command``; the lowest code when several have it."""
        return self._holders.get(function)

    @cached_property
    def _holders(self) -> dict[str, Unit]:
        able = [unit for unit in self.units.values() if not unit.faults()]
        # The lowest code comes last and stays.
        ordered = sorted(able, key=lambda unit: unit.code, reverse=True)
        return {function: unit for unit in ordered for function in unit.functions}

    def territories_of(self, points: list[tuple[float, float]]) -> list[Territory | None]:
        """The territory of each ``(lat, lon)`` in WGS84 degrees; ``None`` outside the district."""
        return [self.territories[code] if code else None for code in self.locator.find(points)]


_lock = Lock()
_copy: Directory | None = None
_readers: dict[str, Callable[[], Any]] = {}


def also(name: str, read: Callable[[], Any]) -> None:
    """Have what ``read`` gives kept as ``Directory.also[name]``; a change of its tables must raise the revision."""
    _readers[name] = read


def current() -> Directory:
    """The directory as it stands now. One query when nothing has changed; ``NoDistrict`` before the first load."""
    global _copy
    # Asked in every request and batch, so without the ORM, which takes ten times as long as the database here.
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM responsibility_revision")
        row = cursor.fetchone()
    number = row[0] if row else None
    kept = _copy
    if kept is not None and kept.revision == number:
        return kept
    with _lock:
        _copy = _read(number or 0)
        return _copy


def _read(revision: int) -> Directory:
    district = District.objects.first()
    if district is None:
        raise NoDistrict
    units = {unit.pk: unit for unit in Unit.objects.all()}
    territories = {t.code: t for t in Territory.objects.select_related("unit")}
    categories = list(Category.objects.all())
    return Directory(
        revision=revision,
        district=district,
        units=units,
        units_by_code={unit.code: unit for unit in units.values()},
        territories=territories,
        # Without its thresholds no value can be judged, so its alerts go before the shift leader.
        categories={c.code: c for c in categories if not soundness.of_grading(c)},
        scenarios={s.code: s for s in Scenario.objects.all()},
        book=Book(Duty.objects.filter(live=True).select_related("edition").order_by("pk")),
        locator=Locator({code: t.boundary for code, t in territories.items() if not soundness.of_boundary(t)}),
        calendar=_calendar(),
        faults=[
            f"{row.code} ({', '.join(wrong)})"
            for row in (district, *units.values(), *territories.values(), *categories)
            if (wrong := row.faults())
        ],
        authorities=list(Authority.objects.all()),
        heads=_heads(),
        also={name: read() for name, read in _readers.items()},
    )


def _heads() -> dict[int, list[Post]]:
    held: dict[int, list[Post]] = defaultdict(list)
    commanding = Post.objects.filter(role__in=COMMAND, user__is_active=True)
    for post in commanding.select_related("user").order_by("since", "pk"):
        held[post.unit_id].append(post)
    return dict(held)


def _calendar() -> Calendar:
    holidays: dict[int, set] = {year: set() for year in CalendarYear.objects.values_list("year", flat=True)}
    workdays: dict[int, set] = {year: set() for year in holidays}
    for day in CalendarDay.objects.all():
        (workdays if day.working else holidays)[day.year_id].add(day.date)
    return Calendar(holidays, workdays, ZoneInfo(settings.TIME_ZONE))
