"""Working days by the State Council's notices for 2025 and 2026."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responsibility.worktime import Calendar, YearNotLoaded

SHANGHAI = ZoneInfo("Asia/Shanghai")


def days(first, last):
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=number) for number in range((end - start).days + 1)}


HOLIDAYS = {
    2025: days("2025-01-01", "2025-01-01")
    | days("2025-01-28", "2025-02-04")
    | days("2025-04-04", "2025-04-06")
    | days("2025-05-01", "2025-05-05")
    | days("2025-05-31", "2025-06-02")
    | days("2025-10-01", "2025-10-08"),
    2026: days("2026-01-01", "2026-01-03")
    | days("2026-02-15", "2026-02-23")
    | days("2026-04-04", "2026-04-06")
    | days("2026-05-01", "2026-05-05")
    | days("2026-06-19", "2026-06-21")
    | days("2026-09-25", "2026-09-27")
    | days("2026-10-01", "2026-10-07"),
}
WORKED_2025 = ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]
WORKED_2026 = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
WORKDAYS = {
    2025: {date.fromisoformat(day) for day in WORKED_2025},
    2026: {date.fromisoformat(day) for day in WORKED_2026},
}
CALENDAR = Calendar(HOLIDAYS, WORKDAYS, SHANGHAI)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("day", WORKED_2025 + WORKED_2026)
def test_an_adjusted_weekend_day_is_worked(day):
    assert date.fromisoformat(day).weekday() >= 5
    assert CALENDAR.is_workday(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2025-01-28", "2026-02-17", "2026-10-07", "2026-06-19"])
def test_a_holiday_on_a_weekday_is_off(day):
    assert date.fromisoformat(day).weekday() < 5
    assert not CALENDAR.is_workday(date.fromisoformat(day))


@pytest.mark.parametrize(("year", "count"), [(2025, 248), (2026, 248)])
def test_a_year_has_its_official_number_of_working_days(year, count):
    every_day = days(f"{year}-01-01", f"{year}-12-31")
    assert sum(CALENDAR.is_workday(day) for day in every_day) == count


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-16 09:00", 1, "2026-11-18"),  # Monday: Tuesday counts, to its midnight
        ("2026-11-16 00:00", 1, "2026-11-18"),  # day 0 is not counted, however early it began
        ("2026-11-20 16:00", 3, "2026-11-26"),  # over a plain weekend
        ("2026-02-13 10:00", 1, "2026-02-15"),  # Friday: the Saturday before the feast is worked
        ("2026-02-14 10:00", 1, "2026-02-25"),  # over nine days of Spring Festival
        ("2026-02-13 10:00", 6, "2026-03-01"),  # with both adjusted Saturdays inside
        ("2026-02-18 10:00", 1, "2026-02-25"),  # begun within the feast
        ("2025-01-24 10:00", 2, "2025-01-28"),  # Friday: the worked Sunday, then Monday
        ("2025-09-30 17:59", 3, "2025-10-12"),  # over National Day to the worked Saturday
        ("2025-12-31 08:00", 1, "2026-01-05"),  # New Year: the worked Sunday, 4 January
    ],
)
def test_a_limit_ends_at_the_midnight_that_ends_its_last_working_day(start, count, end):
    assert CALENDAR.add_workdays(local(start), count) == local(end)


def test_the_day_of_the_start_is_the_local_day():
    late_in_shanghai = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # already Tuesday there
    assert CALENDAR.add_workdays(late_in_shanghai, 1) == local("2026-11-19")


def test_a_limit_may_end_with_the_last_loaded_day():
    assert CALENDAR.add_workdays(local("2026-12-30 09:00"), 1) == local("2027-01-01")


def test_a_limit_that_reaches_an_unloaded_year_is_refused_with_the_year():
    with pytest.raises(YearNotLoaded) as refusal:
        CALENDAR.add_workdays(local("2026-12-30 09:00"), 2)
    assert refusal.value.year == 2027
    assert "2027" in str(refusal.value.detail)


def test_even_a_sunday_of_an_unloaded_year_is_not_guessed():
    with pytest.raises(YearNotLoaded):
        CALENDAR.is_workday(date(2024, 12, 29))


def test_the_loaded_years_end_at_a_local_midnight():
    assert CALENDAR.end_of_last_year() == local("2027-01-01")
    with pytest.raises(YearNotLoaded):
        Calendar({}, {}, SHANGHAI).end_of_last_year()


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_day_is_an_error(count):
    with pytest.raises(ValueError):
        CALENDAR.add_workdays(local("2026-11-16 09:00"), count)


def test_a_start_without_a_zone_is_an_error():
    with pytest.raises(ValueError):
        CALENDAR.add_workdays(datetime(2026, 11, 16, 9, 0), 1)


def test_a_date_under_the_wrong_year_is_an_error():
    with pytest.raises(ValueError):
        Calendar({2026: {date(2025, 10, 1)}}, {}, SHANGHAI)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 6, 30), timezones=st.just(SHANGHAI)),
    st.integers(1, 60),
)
def test_the_end_is_a_local_midnight_with_exactly_that_many_working_days_before_it(start, count):
    end = CALENDAR.add_workdays(start, count)
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    between = days(str(start.date() + timedelta(days=1)), str(end.date() - timedelta(days=1)))
    assert sum(CALENDAR.is_workday(day) for day in between) == count
    assert CALENDAR.is_workday(end.date() - timedelta(days=1))
