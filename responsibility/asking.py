"""A question to the matrix as it comes from an address: codes, a place, an instant."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import Category, Scenario, Territory
from responsibility.refusals import Invalid

# What lies outside is a slip of the pen, and cannot be shown in local time at the far ends of the calendar.
FIRST, LAST = datetime(1949, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def category(params: Mapping, known: Directory) -> Category:
    """The risk category asked about; ``Invalid`` for a code that nobody knows."""
    found = known.categories.get(params.get("category", ""))
    if found is None:
        raise Invalid("unknown_code", _("没有这个风险类别。"), "category")
    return found


def scenario(params: Mapping, known: Directory) -> Scenario | None:
    """The venue, ``None`` when it is left open."""
    code = params.get("scenario")
    if not code:
        return None
    if code not in known.scenarios:
        raise Invalid("unknown_code", _("没有这个场景。"), "scenario")
    return known.scenarios[code]


def territory(params: Mapping, known: Directory) -> Territory | None:
    """The street, town or zone named by its code, ``None`` when it is left open."""
    code = params.get("territory")
    if not code:
        return None
    if code not in known.territories:
        raise Invalid("unknown_code", _("没有这个属地。"), "territory")
    return known.territories[code]


def place(params: Mapping, known: Directory) -> Territory:
    """The territory that the point ``lat``, ``lon`` (WGS84 degrees) belongs to; ``Invalid`` outside the district."""
    try:
        lat, lon = (float(params[name]) for name in ("lat", "lon"))
    except (KeyError, ValueError):
        lat = lon = float("nan")
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "lat")
    found = known.territories_of([(lat, lon)])[0]
    if found is None:
        raise Invalid("outside_district", _("该位置不在本区范围内。"), "lat")
    return found


def instant(params: Mapping) -> datetime:
    """The instant ``at`` of a program, with its offset; now when it is left out."""
    text = params.get("at")
    if not text:
        return clock.now()
    at = _read(parse_datetime, text.replace(" ", "+"))
    if at is None or at.utcoffset() is None:
        raise Invalid("bad_time", _("应为带时区的时间，例如 2026-11-21T09:16:00+08:00。"), "at")
    return at


def local_instant(params: Mapping, name: str = "at") -> datetime | None:
    """What a person typed as a date or as date and time, in local time; ``None`` for nothing."""
    text = params.get(name, "").strip()
    if not text:
        return None
    # Day and time before day alone: a date is told apart by having no time.
    found = _read(parse_date, text) if "T" not in text and " " not in text else _read(parse_datetime, text)
    at = _midnight(found) if found is not None and not isinstance(found, datetime) else found
    if isinstance(at, datetime) and at.tzinfo is None and FIRST.year < at.year < LAST.year:
        at = make_aware(at)
    if not isinstance(at, datetime) or at.tzinfo is None or not FIRST <= at < LAST:
        raise Invalid("bad_time", _("请填写 1949 年至 2199 年之间的日期，例如 2026-11-21。"), name)
    return at


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _read(parse, text: str):
    """What ``parse`` makes of ``text``; ``None`` for a well-formed day that does not exist."""
    try:
        return parse(text)
    except ValueError:
        return None
