"""From when to when a question across cases is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property

from django.utils.dateparse import parse_date
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext_lazy as _

from responsibility import clock
from responsibility.refusals import Invalid

DAYS = 90


@dataclass(frozen=True)
class Period:
    """Local days, both included, as they are written: ``2026-01-31``."""

    first: str
    last: str

    @cached_property
    def since(self) -> datetime:
        """The first instant."""
        return _midnight(self.first, "since", 0)

    @cached_property
    def until(self) -> datetime:
        """The first instant after it."""
        return _midnight(self.last, "until", 1)

    @property
    def bounds(self) -> dict[str, datetime]:
        """As parameters of a query; ``now`` is how far costs are counted."""
        return {"since": self.since, "until": self.until, "now": min(clock.now(), self.until)}


def asked(given: Mapping[str, str]) -> Period:
    """The period that ``since`` and ``until`` name; the last quarter where they name none. ``Invalid`` otherwise."""
    today = localdate(clock.now())
    first = given.get("since", "").strip() or (today - timedelta(days=DAYS)).isoformat()
    found = Period(first, given.get("until", "").strip() or today.isoformat())
    if found.since >= found.until:
        raise Invalid("bad_period", _("起日应不晚于止日。"), "until")
    return found


def _midnight(text: str, name: str, days: int) -> datetime:
    try:
        day = parse_date(text)
        if day is None:
            raise ValueError(text)
        instant = make_aware(datetime.combine(day + timedelta(days=days), time.min))
    except (ValueError, OverflowError):
        raise Invalid("bad_date", _("日期应为 2026-01-31 的形式。"), name) from None
    if not clock.FIRST <= instant <= clock.LAST:
        raise Invalid("bad_date", _("日期应为 2026-01-31 的形式。"), name)
    return instant
