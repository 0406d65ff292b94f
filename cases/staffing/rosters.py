"""How many people of each unit are on duty, half hour by half hour, by roster, by posts, or by a stated default."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.utils.timezone import localtime

from responsibility import access
from responsibility.acts import COMMAND
from responsibility.models import Post, Shift, Unit
from responsibility.models.district import UnitKind
from responsibility.worktime import Calendar, YearNotLoaded

STEP = timedelta(minutes=30)
WEEK = timedelta(days=7) // STEP
# How far from now shifts are read to learn the pattern of a roster.
LEARNED = timedelta(days=60)
NIGHT_FROM, NIGHT_TO = 20, 8
MOST_PEOPLE = 1000
STREETS = {UnitKind.STREET, UnitKind.TOWN, UnitKind.ZONE}
# Without roster and posts: so many by day, so many by night and on days off. Defaults of ours.
UNPLANNED = {True: (2, 1), False: (1, 1)}

Counts = np.ndarray


@dataclass(frozen=True)
class Rosters:
    """People on duty by unit id, one figure for each ``STEP`` from ``begins``; ``nights`` marks the steps of night.

    ``origins``: by unit id ``roster``, ``posts`` or ``default``.
    """

    begins: datetime
    counts: dict[int, Counts]
    nights: Counts
    origins: dict[int, str]

    def tally(self) -> dict[str, int]:
        """How many units have their figures from where."""
        return {origin: list(self.origins.values()).count(origin) for origin in ("roster", "posts", "default")}


def read(units: dict[int, Unit], calendar: Calendar, begins: datetime, ends: datetime, now: datetime) -> Rosters:
    """The people on duty of ``units`` from ``begins`` to ``ends``. Two statements.

    A roster counts as drawn up; before its first shift and after its last it repeats its own week.
    """
    axis = _axis(begins, ends)
    nights = np.array([not NIGHT_TO <= at.hour < NIGHT_FROM for at in axis])
    off = _off(axis, calendar)
    counts, origins = {}, {}
    planned, held = _planned(units, begins, ends, now), _held(units, now)
    for pk, unit in units.items():
        if pk in planned:
            counts[pk], origins[pk] = planned[pk], "roster"
            continue
        by_day, by_night = UNPLANNED[unit.kind in STREETS]
        if pk in held:
            by_day, by_night = held[pk], -(-held[pk] // 2)
        counts[pk], origins[pk] = np.where(nights | off, by_night, by_day), "posts" if pk in held else "default"
    return Rosters(begins, counts, nights, origins)


def _axis(begins: datetime, ends: datetime) -> list[datetime]:
    """The local time at the beginning of each step."""
    return [localtime(begins + number * STEP) for number in range(-(-(ends - begins) // STEP))]


def _off(axis: Iterable[datetime], calendar: Calendar) -> Counts:
    """The steps of days off; a year whose calendar is not loaded has its weekends."""
    known: dict[date, bool] = {}
    for day in {at.date() for at in axis}:
        try:
            known[day] = not calendar.is_workday(day)
        except YearNotLoaded:
            known[day] = day.weekday() >= 5
    return np.array([known[at.date()] for at in axis])


def _held(units: Iterable[int], now: datetime) -> dict[int, int]:
    """The people who hold a post in which one goes out, by unit; who only commands is not sent."""
    roles = set(access.roles("case.arrive")) - set(COMMAND)
    posts = Post.objects.held(now).filter(unit__in=list(units), role__in=roles, user__is_active=True)
    people: dict[int, set[int]] = defaultdict(set)
    for unit_id, user_id in posts.values_list("unit_id", "user_id"):
        people[unit_id].add(user_id)
    return {unit_id: len(users) for unit_id, users in people.items()}


def _planned(units: Iterable[int], begins: datetime, ends: datetime, now: datetime) -> dict[int, Counts]:
    """The rosters of those units that keep one, each over the whole time."""
    since, until = min(begins, now - LEARNED), max(ends, now + LEARNED)
    # In whole steps before the beginning, so that both scales have their marks at the same instants.
    first = begins - -(-(begins - since) // STEP) * STEP
    rows = Shift.objects.filter(unit__in=list(units), user__is_active=True, during__overlap=(since, until))
    drawn: dict[int, dict[int, list]] = defaultdict(lambda: defaultdict(list))
    for unit_id, user_id, during in rows.values_list("unit_id", "user_id", "during"):
        drawn[unit_id][user_id].append((_mark(during.lower, first), _mark(during.upper, first)))
    steps, lead_in = -(-(until - first) // STEP), (begins - first) // STEP
    length = -(-(ends - begins) // STEP)
    return {pk: _repeated(by_user, steps)[lead_in : lead_in + length] for pk, by_user in drawn.items()}


def _mark(at: datetime, first: datetime) -> int:
    return max(0, round((at - first) / STEP))


def _repeated(by_user: dict[int, list[tuple[int, int]]], steps: int) -> Counts:
    counts = np.zeros(steps, dtype=int)
    for spans in by_user.values():
        there = np.zeros(steps, dtype=bool)
        for since, until in spans:
            there[since:until] = True
        counts += there
    ends = [mark for spans in by_user.values() for span in spans for mark in span]
    since = min(*ends, steps - 1)
    until = max(since + 1, min(max(ends), steps))
    week = np.zeros(WEEK, dtype=int)
    for slot in range(WEEK):
        seen = counts[since:until][(np.arange(since, until) % WEEK) == slot]
        week[slot] = round(float(seen.mean())) if len(seen) else round(float(counts[since:until].mean()))
    whole = week[np.arange(steps) % WEEK]
    whole[since:until] = counts[since:until]
    return whole


@dataclass(frozen=True)
class Staffing:
    """``by`` more or fewer people, or exactly ``to``, in the units whose ids ``of`` names; ``at_night`` only then."""

    of: frozenset[int]
    by: int = 0
    to: int | None = None
    at_night: bool = False


def changed(rosters: Rosters, changes: Iterable[Staffing]) -> dict[int, Counts]:
    """The people on duty after ``changes``, one after the other; never fewer than nobody."""
    counts = dict(rosters.counts)
    for change in changes:
        for pk in change.of & counts.keys():
            new = counts[pk] + change.by if change.to is None else np.full_like(counts[pk], change.to)
            new = np.clip(new, 0, MOST_PEOPLE)
            counts[pk] = np.where(rosters.nights, new, counts[pk]) if change.at_night else new
    return counts


def levels(counts: Counts) -> list[tuple[float, int]]:
    """``(minute, people)`` wherever the figure changes, the first at minute 0."""
    minutes = STEP.total_seconds() / 60
    turns = [0, *(np.flatnonzero(np.diff(counts)) + 1)]
    return [(float(turn * minutes), int(counts[turn])) for turn in turns]


GROUPS: dict[str, Callable[[Unit], bool]] = {
    "all": lambda unit: True,
    "street": lambda unit: unit.kind in STREETS,
    "department": lambda unit: unit.kind == UnitKind.DEPARTMENT,
    "district": lambda unit: unit.kind == UnitKind.DISTRICT_OFFICE,
}
