"""In which direction the figures go when people, limits or stations change, with the same luck on both sides."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.staffing import rosters
from cases.staffing.habits import Habits, Share, Spread
from cases.staffing.variants import Asked, Variant, variants

pytestmark = pytest.mark.django_db
SIJING = "310117102"
VARIED = Habits(asking=Share(0.05))


def busy(period, seed: int, count: int = 120, grades: tuple[str, ...] = ("yellow",), days: int = 7):
    rng = Random(seed)
    minutes = sorted(rng.uniform(0, days * 24 * 60 - 1) for _ in range(count))
    return period(*({"minute": minute, "grade": rng.choice(grades)} for minute in minutes), days=days)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), people=st.integers(0, 3), more=st.integers(1, 3))
def test_more_people_never_miss_more_on_the_same_draws(play, played, period, manned, seed, people, more):
    played.habits = Habits(asking=Share(0.0))
    week = busy(period, seed)
    # The departments help nobody here, so that each street is a queue by itself, in order of arrival.
    few, many = ({"all": 0, SIJING: count} for count in (people, people + more))
    less, plenty = play(week, manned(few), str(seed)).told, play(week, manned(many), str(seed)).told
    for name in ("missed_acknowledge", "missed_arrive", "missed_contain", "missed_medium", "large"):
        assert (name, plenty[name] <= less[name]) == (name, True)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), limit=st.integers(30, 400), longer=st.integers(1, 400))
def test_a_longer_limit_never_raises_more_cases(play, played, period, manned, seed, limit, longer):
    played.habits = Habits(asking=Share(0.0))
    week = busy(period, seed)
    alone = {"all": 0, SIJING: 1}
    short = play(week, manned(alone, contain=limit), str(seed)).told
    long = play(week, manned(alone, contain=limit + longer), str(seed)).told
    assert long["medium_contain"] <= short["medium_contain"]
    assert long["small"] >= short["small"]


def test_over_a_whole_district_longer_limits_keep_more_cases_small(play, played, period):
    played.habits = VARIED
    fortnight = busy(period, 5, 400, ("yellow", "yellow", "blue", "orange", "red"), days=14)
    told = [play(fortnight, Variant(minutes=(("contain", minutes),))).told for minutes in (180, 240, 360)]
    assert told[0]["medium_contain"] > told[1]["medium_contain"] > told[2]["medium_contain"]
    assert told[0]["small"] < told[1]["small"] < told[2]["small"]
    # Colours do not wait for any clock.
    assert len({one["medium_grade"] for one in told}) == len({one["large_grade"] for one in told}) == 1


def test_without_people_at_night_what_comes_at_night_is_missed(play, played, period):
    hours = [3, 10, 23]
    week = period(*({"minute": (24 * day + hour) * 60} for day in range(5) for hour in hours))
    plain, empty = variants(Asked(night=["-9"]), played)
    before, after = play(week, plain), play(week, empty)
    assert before.told["missed_acknowledge"] == before.told["missed_contain"] == 0
    # Fifteen alerts, ten of them by night: at three the street is five hours from the morning, at eleven nine.
    assert after.told["missed_contain"] == 10
    nightly = {rise.minute // 60 % 24 for rise in after.tally.rises if rise.why == "contain"}
    assert nightly == {7, 3}


def test_who_is_out_answers_no_other_case_and_the_higher_colour_comes_first(play, period, manned):
    run = play(
        period({"minute": 600}, {"minute": 601, "grade": "blue"}, {"minute": 602}),
        manned({"all": 0, SIJING: 1}),
    )
    first, blue, yellow = run.incidents
    assert first.closed_at < yellow.closed_at < blue.closed_at
    assert run.told["missed_acknowledge"] == 2
    assert run.told["queue"] == 2


def test_a_case_that_rises_gets_the_people_of_the_lead(play, period, manned):
    orange = period({"minute": 600, "grade": "orange"})
    alone = play(orange, manned({"all": 0, SIJING: 1})).told
    together = play(orange, manned({"all": 0, SIJING: 1, "SJ-SW": 1})).told
    # Nobody of the department answers, so nobody can say that the danger is contained.
    assert alone["unfinished"] == 1
    assert together["unfinished"] == 0
    assert together["contain_50"] < 2 + 5 + 60 + 30


def test_the_ladder_reaches_somebody_while_the_people_are_out(play, played, period, manned):
    two = period({"minute": 600}, {"minute": 601})
    silent = play(two, manned({"all": 0, SIJING: 1})).told
    played.habits.heard = Share(1.0)
    try:
        heard = play(two, manned({"all": 0, SIJING: 1})).told
    finally:
        played.habits.heard = Share(0.0)
    assert silent["missed_acknowledge"] == heard["missed_acknowledge"] == 1
    assert heard["answer_90"] < silent["answer_90"]
    assert heard["arrive_90"] == silent["arrive_90"]


def test_a_danger_that_comes_again_after_closing_is_work_again(play, period, manned):
    twice = period(
        {"minute": 600, "thing": "A"}, {"minute": 610, "thing": "A"}, {"minute": 2000, "thing": "A"}, days=28
    )
    told = play(twice, manned({"all": 1})).told
    assert (told["cases"], told["joined"], told["reopened"], told["small"]) == (1, 1, 1, 2)
    assert told["unfinished"] == 0


def test_more_teams_at_a_station_wait_for_none_that_is_out(play, played, period, manned):
    red = period(*({"minute": 600 + number, "grade": "red"} for number in range(8)))
    kit = {line.capability_id for line in played.kits[played.known.categories["LL-CONF-H2S"].pk]}
    codes = {o.resource.code: o.resource for o in played.offers if o.capability_id in kit}
    added = [f"{resource.station.code}:{code}=+8" for code, resource in codes.items()]
    people = manned({"all": 0, "SJ-COMMITTEE": 9})
    few = play(red, people)
    (_as_is, more) = variants(Asked(station=added), played)
    plenty = play(red, Variant(staff=people.staff, stock=more.stock))
    assert few.told["unfinished"] == plenty.told["unfinished"] == 0
    assert few.told["teams"] == plenty.told["teams"] == 8
    assert plenty.told["contain_90"] < few.told["contain_90"]


def test_the_same_seed_gives_the_same_figures_and_another_other_ones(play, played, period):
    played.habits = VARIED
    week = busy(period, 3, grades=("yellow", "orange"))
    assert play(week, seed="a").told == play(week, seed="a").told
    assert play(week, seed="a").told != play(week, seed="b").told


def test_a_shift_that_ends_finishes_its_case_and_takes_no_other(play, played, period):
    sijing = next(unit.pk for unit in played.units.values() if unit.code == SIJING)
    counts = played.rosters.counts[sijing] * 0
    counts[20:21] = 1
    played.rosters.counts[sijing] = counts
    none = rosters.Staffing(frozenset(set(played.rosters.counts) - {sijing}), to=0)
    run = play(period({"minute": 610}, {"minute": 615}), Variant(staff=(none,)))
    assert [incident.contained.triggered for incident in run.incidents] == [True, False]


def test_a_spread_has_its_median_in_the_middle():
    spread = Spread(60, 0.8)
    assert spread.at(0.5) == pytest.approx(60)
    assert spread.at(0.9) / 60 == pytest.approx(60 / spread.at(0.1))


def test_a_period_is_played_until_its_last_limit_has_passed(play, period, manned):
    last = period({"minute": 7 * 24 * 60 - 1})
    assert play(last, manned({"all": 0}, contain=5000, medium=5000)).told["missed_medium"] == 1
    assert timedelta(minutes=10_000) < timedelta(days=15)
