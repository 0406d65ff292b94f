"""Working-day arithmetic (工作日), pure: the caller brings the calendar.

Source of the rules: Civil Code of the PRC, art. 201 (the day a period begins is not counted),
art. 202 and 203 (a period ends on its last day, at 24:00; a last day that is a holiday rolls on,
which a count of working days does by itself). Working weekends (调休) come from the State
Council's yearly notice, so a year that is not loaded is never guessed.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

SATURDAY = 5
TOLD = _(
    "{year} 年的节假日安排尚未载入，无法计算工作日。"
    "请在区数据文件的 calendar 中补入 {year} 年，再运行 manage.py load_district。"
)


class YearNotLoaded(LookupError):
    """A day was asked about in a year whose holidays are not loaded."""

    code = "year_not_loaded"

    def __init__(self, year: int):
        super().__init__(year)
        self.year = year
        self.detail = format_lazy(TOLD, year=str(year))

    def __str__(self) -> str:
        return str(self.detail)


class Calendar:
    """The official working days of the loaded years, in one time zone.

    ``holidays`` has one set of days off for every loaded year; ``workdays`` the weekend days
    worked instead. ``ValueError`` if a date stands under a year that is not its own.
    """

    def __init__(
        self,
        holidays: Mapping[int, Iterable[date]],
        workdays: Mapping[int, Iterable[date]],
        tz: tzinfo,
    ):
        self._years = frozenset(holidays)
        self._holidays = _dates(holidays)
        self._workdays = _dates(workdays)
        self._tz = tz

    def end_of_last_year(self) -> datetime:
        """24:00 of the last day of the last loaded year. ``YearNotLoaded(0)`` when none is loaded."""
        if not self._years:
            raise YearNotLoaded(0)
        return datetime(max(self._years) + 1, 1, 1, tzinfo=self._tz)

    def is_workday(self, day: date) -> bool:
        """Whether offices work on ``day``. Raises ``YearNotLoaded``."""
        if day.year not in self._years:
            raise YearNotLoaded(day.year)
        if day in self._workdays:
            return True
        return day.weekday() < SATURDAY and day not in self._holidays

    def add_workdays(self, start: datetime, days: int) -> datetime:
        """When a limit of ``days`` working days that begins at ``start`` runs out.

        The local day of ``start`` is not counted, whatever kind of day it is. The answer is
        24:00 of the last working day, told as 00:00 of the next day in the calendar's zone.
        Raises ``YearNotLoaded``; ``ValueError`` for a naive ``start`` or fewer than one day.
        """
        if start.tzinfo is None or days < 1:
            raise ValueError("an aware start and at least one day are needed")
        day = start.astimezone(self._tz).date()
        while days:
            day += timedelta(days=1)
            days -= self.is_workday(day)
        return datetime.combine(day + timedelta(days=1), time.min, self._tz)


def _dates(by_year: Mapping[int, Iterable[date]]) -> frozenset[date]:
    pairs = [(year, day) for year, days in by_year.items() for day in days]
    strays = [day for year, day in pairs if day.year != year]
    if strays:
        raise ValueError(f"dates under the wrong year: {strays}")
    return frozenset(day for _year, day in pairs)
