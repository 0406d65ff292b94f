"""The demo people are always on duty, today, in a week and after a restart, and a look ahead locks nobody out."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from config.demo import rosters
from responsibility import acting, clock, ledger, loading, roster, rostering
from responsibility.models import HandOver, Post, Shift, Unit

pytestmark = pytest.mark.django_db

PEOPLE = ["sijing-duty", "sijing-handler", "sijing-head", "jiuting-duty", "shuiwu-duty", "shuiwu-head"]
HOUR = timedelta(hours=1)


@pytest.fixture
def data():
    return loading.read(settings.DISTRICT_FILE)


def stand(people, at) -> dict[str, str]:
    """How each of the contract's people answers for his unit at ``at``; a refusal would raise."""
    with clock.as_if(at):
        actors = [acting.of(people[name]) for name in PEOPLE]
        return {str(a.user.username): roster.standing(a, a.posts[0], at).as_ for a in actors if a.user}


def test_the_contracts_people_are_on_duty_from_two_days_ago_for_a_fortnight(data, people):
    now = timezone.now()
    assert rosters.load(data, now) > 60
    for hours in range(-47, 14 * 24 - 13, 5):
        assert "nobody" not in stand(people, now + hours * HOUR).values(), hours


def test_loading_again_plans_nothing_and_a_week_later_one_week_more(data, people):
    now = timezone.now()
    first = rosters.load(data, now)
    assert rosters.load(data, now) == 0
    later = now + timedelta(days=7)
    with clock.as_if(later):
        assert 0 < rosters.load(data, later) < first
        assert rosters.load(data, later) == 0
    assert "nobody" not in stand(people, later + timedelta(days=13)).values()
    for unit in Unit.objects.filter(code__in=[r["unit"] for r in data["demo"]["rosters"]]):
        assert list(ledger.verify(ledger.story(rostering.chain_of(unit)))) == []


def test_far_ahead_everybody_answers_as_without_a_roster(data, people):
    rosters.load(data, timezone.now())
    assert set(stand(people, timezone.now() + timedelta(days=90)).values()) == {"nobody"}


def test_a_hand_over_in_the_demo_is_not_undone_by_the_next_start(data, people):
    now = timezone.now()
    rosters.load(data, now)
    (shift,) = roster.on_duty([Unit.objects.get(code="SJ-SW").pk], now)[Unit.objects.get(code="SJ-SW").pk]
    with clock.as_if(max(now, shift.during.lower + HOUR / 60)):
        handed = rostering.hand_over(
            shift.pk, by=people["shuiwu-duty"], to=Post.objects.get(user=people["shuiwu-head"]).pk
        )
        rostering.take_over(handed.pk, by=people["shuiwu-head"])
    count = Shift.objects.count()
    assert rosters.load(data, now) == 0
    assert (Shift.objects.count(), HandOver.objects.count()) == (count, 1)


def test_one_street_of_the_demo_shows_a_hole(data, district):
    now = timezone.now()
    rosters.load(data, now)
    found = {district.units[hole.unit_id].code for hole in roster.first_holes(district.units, now)}
    assert found == {"310117001"}
