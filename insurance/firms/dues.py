"""The times of a measure and of a complaint.

Working days: Administrative Penalty Law art. 85 for answers and hearings, AQ 9010-2019 for complaints. An appeal:
Administrative Reconsideration Law art. 20, sixty days from the day on which it was known, that day not counted; a last
day that is a holiday rolls on (art. 88 by way of the Civil Procedure Law).
"""

from datetime import date, datetime, time, timedelta

from django.utils.timezone import localdate, make_aware

from responsibility import directory
from responsibility.refusals import Refused
from responsibility.worktime import SATURDAY, YearNotLoaded

DAY = timedelta(days=1)
# Working days: to answer and ask for a hearing (art. 64), between telling of a hearing and holding it (the same).
ANSWER, BEFORE_HEARING = 5, 7
APPEAL = 60
# A complaint: working days; natural days once checking is announced; by how many it may be put off, once.
COMPLAINT, CHECKING, EXTENSION = 10, 30, 30


def workdays(start: datetime, days: int) -> datetime:
    """The end of ``days`` working days after ``start``; ``Refused`` while the year's holidays are not loaded."""
    try:
        return directory.current().calendar.add_workdays(start, days)
    except YearNotLoaded as error:
        raise Refused(error.code, error.detail) from None


def complaint_due(made_at: datetime) -> tuple[datetime, bool]:
    """When a complaint must be answered, and whether that is provisional.

    Nobody is kept from complaining by a missing calendar: then every day but the weekend counts.
    """
    try:
        return directory.current().calendar.add_workdays(made_at, COMPLAINT), False
    except YearNotLoaded:
        day, left = localdate(made_at), COMPLAINT
        while left:
            day += DAY
            left -= day.weekday() < SATURDAY
        return midnight(day + DAY), True


def natural(start: datetime, days: int) -> datetime:
    """24:00 of the last of ``days`` days after the local day of ``start``."""
    return midnight(localdate(start) + (days + 1) * DAY)


def appeal_until(decided_at: datetime) -> datetime:
    """Until when a measure may be appealed against. In a year that is not loaded only weekends roll on."""
    last = localdate(decided_at) + APPEAL * DAY
    while not _works(last):
        last += DAY
    return midnight(last + DAY)


def midnight(day: date) -> datetime:
    """The instant at which the local ``day`` begins."""
    return make_aware(datetime.combine(day, time.min))


def _works(day: date) -> bool:
    try:
        return directory.current().calendar.is_workday(day)
    except YearNotLoaded:
        return day.weekday() < SATURDAY
