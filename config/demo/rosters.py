"""Duty rosters of the demo: rolling shifts for the coming fortnight, planned by the real action as they run out."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from responsibility import clock, rostering
from responsibility.loading import BadDistrictFile
from responsibility.models import Role, Shift, Unit, User
from responsibility.rostering import Row

PAST, COMING = timedelta(days=2), timedelta(days=14)


def load(data: dict, now: datetime) -> int:
    """Plan the shifts of ``data["demo"]["rosters"]`` from two days ago to a fortnight ahead where they are missing.

    Answers how many were planned; none when nothing is missing. The administrator of the demo plans them, each roster
    at the time its first missing shift begins, because nobody can be put on duty afterwards.
    """
    rosters = data["demo"].get("rosters", [])
    by = User.objects.filter(posts__role=Role.ADMIN, is_active=True).order_by("pk").first()
    if rosters and by is None:
        raise BadDistrictFile("没有可以排班的演示管理员 / no demo administrator to plan the rosters")
    return sum(_load(roster, now, by) for roster in rosters if by)


def _load(roster: dict, now: datetime, by: User) -> int:
    unit = Unit.objects.filter(code=roster["unit"]).first()
    if unit is None:
        raise BadDistrictFile(f"值班表的单位未载入 / unit of a roster is not loaded: {roster['unit']}")
    window = DateTimeTZRange(now - PAST, now + COMING)
    there = Shift.objects.filter(unit=unit, during__overlap=window).values_list("user__username", "during")
    planned = [(person, during.lower, during.upper) for person, during in there]
    rows = [row for row in _rows(roster, window) if not _met(row, planned)]
    if not rows:
        return 0
    with clock.as_if(min([now, *(row.since for row in rows if row.since)])):
        return len(rostering.plan(rows, by=by))


def _met(row: Row, planned: list[tuple]) -> bool:
    """Whether the person already stands at that time: by this plan, or since a hand-over moved its hours."""
    if row.since is None or row.until is None:
        return False
    return any(name == row.person and since < row.until and row.since < until for name, since, until in planned)


def _rows(roster: dict, window: DateTimeTZRange) -> Iterator[Row]:
    first = timezone.localdate(window.lower) - timedelta(days=1)
    for number in range((COMING + PAST).days + 2):
        day = first + timedelta(days=number)
        for shift in roster["shifts"]:
            since, until = _at(day, shift["from"]), _at(day, shift["to"])
            until += timedelta(days=0 if since < until else 1)
            if window.lower < until and since < window.upper:
                yield Row(roster["unit"], shift["person"], since, until, deputy=shift.get("deputy", ""))


def _at(day: date, clock_face: str) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(clock_face)))
