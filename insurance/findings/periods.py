"""Days, weeks and months of self-checks, by the calendar of the district."""

from datetime import date, datetime, time, timedelta

from django.utils.timezone import localdate, localtime, make_aware

from insurance.findings.models import Period


def first_day(period: str, moment: datetime) -> date:
    """The first day of the period in which ``moment`` lies; weeks begin on Monday."""
    return _begin(period, localdate(moment))


def begins_at(day: date) -> datetime:
    """00:00 of ``day``."""
    return make_aware(datetime.combine(day, time.min))


def ends_at(period: str, day: date) -> datetime:
    """The instant after the last second of the period that begins on ``day``."""
    return begins_at(_begin(period, day + timedelta(days={"daily": 1, "weekly": 7}.get(period, 31))))


def before(period: str, day: date) -> date:
    """The first day of the period before the one that begins on ``day``."""
    return _begin(period, day - timedelta(days=1))


def said(at: datetime) -> str:
    """When a term ends, as one says it: midnight is 24:00 of the day before (Civil Code art. 203)."""
    local = localtime(at)
    if local.time() == time.min:
        return f"{local - timedelta(minutes=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def _begin(period: str, day: date) -> date:
    if period == Period.WEEKLY:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == Period.MONTHLY else day
