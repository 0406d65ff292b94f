"""How long there is to put a finding right.

Work Safety Law art. 41 asks for dangers to be removed in time and names no number. The most that may be given here is a
default of ours, shorter for major ones; the working days that the district has set for the category, where it has, hold
as well. Days are counted as the Civil Code has it (arts. 201-203): the day of the telling is not counted, and the last
one ends at 24:00.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext_lazy as _

from insurance.findings.models import Severity
from responsibility.directory import Directory
from responsibility.models import Category
from responsibility.refusals import Invalid
from responsibility.worktime import YearNotLoaded

MOST = {Severity.GENERAL: 30, Severity.MAJOR: 10}
# No camera and no record of ours is older.
SINCE = datetime(2000, 1, 1, tzinfo=UTC)


def days(value: object, severity: str) -> int | None:
    """``value`` as whole days, from 1 to the most for ``severity``; ``None`` for nothing. ``Invalid`` otherwise."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) < 5:
        value = int(value)
    most = MOST[Severity(severity)]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Invalid("bad_number", _("整改天数应为 1 至 %(most)d 天。") % {"most": most}, "days")
    return value


def capped(line: Mapping) -> Mapping:
    """``line`` with no more ``days`` than its ``severity`` allows."""
    severity, days = line.get("severity"), line.get("days")
    if severity not in Severity.values or not isinstance(days, int):
        return line
    return {**line, "days": min(days, MOST[Severity(severity)])}


def due_at(now: datetime, asked: int | None, severity: str, category: Category | None, known: Directory) -> datetime:
    """24:00 of the last day: of the days ``asked``, else of the most, and never after what the category allows."""
    wanted = asked or MOST[Severity(severity)]
    end = make_aware(datetime.combine(localdate(now) + timedelta(days=wanted + 1), time.min))
    if category is not None and category.rectify_days:
        # A year whose holidays are not loaded is never guessed; the days in full hold then.
        with suppress(YearNotLoaded):
            end = min(end, known.calendar.add_workdays(now, category.rectify_days))
    return end
