"""预计超时: what comes too late says so before it is sent and beside what was sent; what the kit banner means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases import arriving, dispatching
from cases.models import Dispatch
from resources import matching, travel
from resources.models import Resource
from responsibility import clock
from tests.cases.test_dispatching import GAS, SIJING

pytestmark = pytest.mark.django_db
OFFICE = "yingji-office"


@pytest.fixture
def slow(settings):
    """Roads that are nearly impassable."""
    settings.TRAVEL_SPEED_KMH /= 60


@pytest.fixture
def leak(open_case):
    return open_case(**GAS)


def page_of(client, people, case) -> str:
    client.force_login(people[OFFICE])
    return client.get(f"/cases/{case.number}/resources/").content.decode()


def kit_of(case):
    sent = [(line.resource, line.quantity) for d in case.dispatches.all() for line in d.lines.all()]
    return matching.kit_for(case.category, SIJING, sent)


def filled_in(case) -> dict[str, int]:
    sources = (source for line in kit_of(case).lines for source in line.sources)
    return {source.resource.code: source.take for source in sources if source.take}


def test_what_is_filled_in_and_comes_too_late_says_by_how_much(leak, slow, client, people):
    (worst, minutes), *_rest = arriving.late_sources(kit_of(leak), leak)
    assert minutes == round(worst.leg.minutes - 20) > 0
    page = page_of(client, people, leak)
    assert 'id="late"' in page
    assert f"最多 {minutes} 分" in page
    assert f"预计超时 {minutes} 分" in page


def test_what_comes_in_time_is_not_spoken_of(leak, client, people):
    kit = kit_of(leak)
    for line in kit.lines:
        for source in line.sources:
            source.leg = travel.Leg(km=1.0, minutes=20.0, approximate=True)
    assert arriving.late_sources(kit, leak) == []
    kit.lines[0].sources[0].leg = replace(kit.lines[0].sources[0].leg, minutes=20.01)
    assert [minutes for _source, minutes in arriving.late_sources(kit, leak)] == [1]


def test_nothing_is_late_where_nobody_knows_the_way(leak):
    kit = matching.kit_for(leak.category, None, [])
    assert arriving.late_sources(kit, leak) == []


def test_beside_what_was_sent_stands_by_how_much_it_will_be_late(leak, client, people):
    crew = Resource.objects.get(code="R-E055")
    (sent,) = dispatching.send(leak.pk, by=people[OFFICE], wanted={crew.code: 1})
    Dispatch.objects.filter(pk=sent.pk).update(minutes=51)
    sent.refresh_from_db()
    assert arriving.expected_late(sent, leak, sent.sent_at) == 31
    # Who stands still comes later and later; who is on the way keeps the estimate until it has passed.
    later = sent.sent_at + timedelta(minutes=10)
    assert arriving.expected_late(sent, leak, later) == 41
    with clock.as_if(later):
        client.force_login(people[OFFICE])
        assert "预计超时 41 分" in client.get(f"/cases/{leak.number}/").content.decode()
    sent.departed_at = sent.sent_at + timedelta(minutes=2)
    assert arriving.expected_late(sent, leak, later) == 33
    assert arriving.expected_late(sent, leak, sent.sent_at + timedelta(minutes=70)) == 50
    sent.arrived_at = later
    assert arriving.expected_late(sent, leak, later) == 0


def test_a_drill_tells_the_minutes_of_the_exercise(leak, people):
    (sent,) = dispatching.send(leak.pk, by=people[OFFICE], wanted={"R-E055": 1})
    leak.speed, sent.minutes = 10, 40
    sent.clock.due_at = sent.sent_at + timedelta(minutes=2)
    assert arriving.expected_late(sent, leak, sent.sent_at) == 20


def test_the_banner_is_green_only_when_all_of_it_was_sent(leak, client, people):
    page = page_of(client, people, leak)
    assert 'id="kit-fits"' in page
    assert "note good" not in page
    dispatching.send(leak.pk, by=people[OFFICE], wanted=filled_in(leak))
    page = page_of(client, people, leak)
    assert "已派齐" in page
    assert 'id="kit-fits"' not in page


def test_no_good_news_stands_under_a_refusal(leak, open_case, client, people):
    wanted = filled_in(leak)
    other = open_case(**GAS | {"object": "GAS-U"})
    dispatching.send(other.pk, by=people[OFFICE], wanted=wanted)
    client.force_login(people[OFFICE])
    answer = client.post(
        f"/cases/{leak.number}/resources/", {f"take-{code}": number for code, number in wanted.items()}
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert 'id="refused"' in page
    for word in ("note good", 'id="kit-fits"', "已派齐"):
        assert word not in page
