"""调度: what is nearest, what is missing, what is promised to whom, and what comes back."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError
from django.utils import translation

from cases import audit, dispatching
from cases.models import Deadline, Dispatch, DispatchLine, Party
from cases.sweeping import sweep
from resources import matching
from resources.loading import load_resources
from resources.models import Resource
from responsibility import clock, loading
from responsibility.models import Category
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import stand_still

pytestmark = pytest.mark.django_db
SIJING = (31.1144, 121.2683)
GAS = {"category": "LL-GAS-LEAK", "scenario": None, "grade": "red", "object": "GAS-T",
       "location": {"lat": SIJING[0], "lon": SIJING[1]}}  # fmt: skip


@pytest.fixture
def leak(open_case):
    """A red gas leak in the town of Sijing: in the large loop at once."""
    return open_case(**GAS)


def of(station: str, capability: str) -> list[Resource]:
    found = Resource.objects.filter(station__code=station, capabilities__code=capability)
    return list(found.order_by("code"))


@pytest.fixture
def sends(leak, people):
    def sending(*codes, by="yingji-office", case=None, **counted) -> list[Dispatch]:
        wanted = dict.fromkeys(codes, 1) | counted.get("wanted", {})
        return dispatching.send((case or leak).pk, by=people[by], wanted=wanted)

    return sending


def kit(case, place=SIJING):
    return matching.kit_for(case.category, place, [])


def state_of_stock() -> list[tuple]:
    return list(Resource.objects.order_by("code").values_list("code", "stock", "reserved"))


def test_the_nearest_that_have_it_are_proposed_with_an_estimate_marked_as_one(leak):
    lines = kit(leak).lines
    assert [line.capability.code for line in lines][:2] == ["gas-fitter", "driver"]
    fitters = lines[0]
    assert fitters.sources[0].resource.station.code == "ST-GAS-SIJING"
    minutes = [source.leg.minutes for source in fitters.sources]
    assert minutes == sorted(minutes)
    assert 0 < minutes[0] < 20 < minutes[-1]
    assert all(source.leg.approximate for source in fitters.sources)
    # One crew brings four fitters and their driver: no second one is called for the driver.
    assert sum(source.take for source in fitters.sources) == 1
    assert sum(source.take * source.gives for source in lines[1].sources) == 1


def test_travel_times_come_from_what_the_installation_names(leak, settings):
    settings.TRAVEL_TIMES = "tests.cases.test_dispatching.south_first"
    assert kit(leak).lines[0].sources[0].resource.station.code == "ST-GAS-SOUTH"


def south_first(origins, to):
    from resources.travel import Leg

    return [Leg(1.0, lat, approximate=False) for lat, _lon in origins]


def test_a_kit_without_drivers_is_incomplete_and_says_so(leak, client, people):
    stand_still(Resource.objects.filter(capabilities__code="driver"))
    found = kit(leak)
    assert [line.capability.code for line in found.lacking] == ["gas-fitter", "driver"]
    assert found.missing == ["people"]
    client.force_login(people["yingji-office"])
    page = client.get(f"/cases/{leak.number}/resources/").content.decode()
    assert "配置不完整" in page
    assert "驾驶员" in page
    client.cookies["django_language"] = "en"
    with translation.override("zh-hans"):
        page = client.get(f"/cases/{leak.number}/resources/").content.decode()
    assert "no Gas fitter, no Driver" in " ".join(re.sub("<[^>]+>", "", page).split())


def test_what_was_sent_counts_for_the_kit(leak, sends):
    crew = of("ST-GAS-SIJING", "gas-fitter")[0]
    sends(crew.code)
    lines = matching.kit_for(leak.category, SIJING, [(crew, 1)]).lines
    assert [(line.sent, line.open) for line in lines[:2]] == [(4, 0), (1, 0)]


def test_what_goes_together_has_one_arrival_clock_of_the_minutes_promised(leak, sends):
    crew, van = of("ST-GAS-SIJING", "gas-fitter")[0], of("ST-GAS-SIJING", "repair-van")[0]
    cordon = of("ST-GAS-SIJING", "cordon")[0]
    (sent,) = sends(crew.code, van.code, wanted={cordon.code: 3})
    assert sent.clock.due_at - sent.sent_at == timedelta(minutes=20)
    assert (sent.clock.kind, sent.clock.unit.code) == ("dispatch", "X-GAS")
    assert 0 < sent.minutes < 20
    assert sent.approximate
    assert Party.objects.get(case=leak, unit__code="X-GAS").role == "support"
    cordon.refresh_from_db()
    assert (cordon.reserved, cordon.free) == (3, cordon.stock - 3)
    assert list(audit.mismatches(leak.chain)) == []


def test_nothing_is_promised_twice_and_all_of_it_is_refused(leak, sends, open_case):
    pumps = of("ST-DRAIN-NORTH", "pump")
    sends(*(pump.code for pump in pumps))
    other = open_case(**GAS | {"object": "GAS-U"})
    hose = of("ST-DRAIN-NORTH", "hose")[0]
    before = state_of_stock()
    with pytest.raises(Refused) as refused:
        sends(pumps[0].code, case=other, wanted={hose.code: 10})
    assert refused.value.code == "not_free"
    assert pumps[0].name in str(refused.value.detail)
    assert state_of_stock() == before
    assert not Dispatch.objects.filter(case=other).exists()


def test_what_is_not_ready_is_not_sent(sends):
    van = of("ST-GAS-SIJING", "repair-van")[0]
    stand_still([van])
    with pytest.raises(Refused):
        sends(van.code)


def test_the_crew_answers_leaves_arrives_with_its_place_and_comes_back(leak, sends, people, press):
    crew, cordon = of("ST-GAS-SIJING", "gas-fitter")[0], of("ST-GAS-SIJING", "cordon")[0]
    stock = cordon.stock
    (sent,) = sends(crew.code, wanted={cordon.code: 5})
    leader = people["gas-crew"]
    dispatching.act(sent.pk, "depart", by=leader)
    leak.refresh_from_db()
    # Leaving is the answer, also of the case, which nobody had taken yet.
    assert leak.state == "acknowledged"
    assert Party.objects.get(case=leak, unit__code="X-GAS").acknowledged_by == leader
    dispatching.act(sent.pk, "arrive", by=leader, data={"location": {"lat": 31.115, "lon": 121.268}})
    leak.refresh_from_db()
    sent.refresh_from_db()
    assert (leak.state, sent.state, sent.lat, sent.lon) == ("on_site", "arrived", 31.115, 121.268)
    assert Deadline.objects.get(pk=sent.clock_id).stopped_at == sent.arrived_at
    with pytest.raises(Invalid):
        dispatching.act(sent.pk, "release", by=leader, data={"used": {crew.code: 1}})
    with pytest.raises(Invalid):
        dispatching.act(sent.pk, "release", by=leader, data={"used": {cordon.code: 6}})
    dispatching.act(sent.pk, "release", by=leader, data={"used": {cordon.code: 2}})
    cordon.refresh_from_db()
    crew.refresh_from_db()
    assert (cordon.stock, cordon.reserved, crew.reserved) == (stock - 2, 0, 0)
    assert list(audit.mismatches(leak.chain)) == []


def test_who_arrives_without_a_word_before_has_answered_too(leak, sends, people):
    (sent,) = sends(of("ST-GAS-SIJING", "repair-van")[0].code)
    dispatching.act(sent.pk, "arrive", by=people["gas-crew"])
    leak.refresh_from_db()
    assert leak.state == "on_site"
    assert Party.objects.get(case=leak, unit__code="X-GAS").acknowledged_at is not None
    assert list(audit.mismatches(leak.chain)) == []


def test_who_is_late_is_told_once(leak, sends):
    (sent,) = sends(of("ST-GAS-SIJING", "repair-van")[0].code)
    with clock.as_if(sent.sent_at + timedelta(minutes=21)):
        sweep()
    assert Deadline.objects.get(pk=sent.clock_id).missed_at is not None
    assert list(audit.mismatches(leak.chain)) == []


def test_a_case_is_not_closed_while_something_is_out(leak, sends, people, press):
    (sent,) = sends(of("ST-GAS-SIJING", "repair-van")[0].code)
    press(leak, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "jianguan-head contain")
    press(leak, "jianguan-head report")
    with pytest.raises(Refused) as refused:
        press(leak, "chengyun-check close")
    assert refused.value.code == "resources_out"
    dispatching.act(sent.pk, "release", by=people["yingji-office"])
    press(leak, "chengyun-check close")


@pytest.mark.parametrize("name", ["sijing-duty", "jianguan-head", "auditor", "chengyun-lead", "gas-crew"])
def test_the_district_sends_anything_and_others_only_their_own(sends, name):
    with pytest.raises(Forbidden):
        sends(of("ST-GAS-SIJING", "repair-van")[0].code, by=name)


def test_an_engaged_department_sends_what_it_keeps(leak, sends):
    (sent,) = sends(of("ST-BUILD", "crane")[0].code, by="jianguan-head")
    assert sent.station.unit.code == "SJ-JGW"


def test_only_the_station_s_people_report_their_arrival(sends, people):
    (sent,) = sends(of("ST-GAS-SIJING", "repair-van")[0].code)
    for name in ("sijing-duty", "yingji-office", "jiuting-duty"):
        with pytest.raises(Forbidden):
            dispatching.act(sent.pk, "arrive", by=people[name])


@pytest.mark.parametrize(
    "wanted", [{}, {"NO-SUCH": 1}, {"R-T001": 0}, {"R-T001": True}, {"a\x00": 1}, {"R-T001": 10**9}]
)
def test_what_cannot_be_sent_is_invalid(leak, people, wanted):
    with pytest.raises(Invalid):
        dispatching.send(leak.pk, by=people["yingji-office"], wanted=wanted)


def test_a_team_asked_for_twice_over_is_refused(sends):
    with pytest.raises(Refused):
        sends(wanted={"R-T001": 2})


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_promises_nothing_twice(leak, sends):
    van = of("ST-GAS-SIJING", "repair-van")[0]
    (sent,) = sends(van.code)
    rows = Resource.objects.filter(pk=van.pk)
    with pytest.raises(IntegrityError, match="told by its dispatches"):
        rows.update(reserved=0)
    with pytest.raises(IntegrityError, match="resource_promised_once"):
        rows.update(stock=0)
    line = DispatchLine(dispatch=sent, resource=of("ST-GAS-SIJING", "cordon")[0], quantity=10**6)
    with pytest.raises(IntegrityError, match="resource_promised_once"):
        line.save()
    with pytest.raises(IntegrityError, match="without a ledger entry"):
        sent.lines.update(used=0, ended_at=clock.now())
    with pytest.raises(DatabaseError, match="append-only"):
        sent.lines.all().delete()


def test_loading_twice_changes_nothing_and_does_not_fill_up_what_was_used(settings, leak, sends, people):
    data = loading.read(settings.DISTRICT_FILE)
    clamp = of("ST-GAS-SIJING", "clamp")[0]
    (sent,) = sends(wanted={clamp.code: 2})
    used_up = {"used": {clamp.code: 1}}
    with pytest.raises(Refused) as refused:
        dispatching.act(sent.pk, "release", by=people["gas-crew"], data=used_up)
    assert refused.value.code == "not_arrived"
    dispatching.act(sent.pk, "arrive", by=people["gas-crew"])
    dispatching.act(sent.pk, "release", by=people["gas-crew"], data=used_up)
    tallies = load_resources(data)
    assert all(tally.created == tally.changed == 0 for tally in tallies.values())
    assert Resource.objects.get(pk=clamp.pk).stock == clamp.stock - 1
    load_resources({})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["resources"][0].update(station="NO"),
        lambda r: r["resources"][0].update(stock=2),
        lambda r: r["resources"][0].update(offers=[]),
        lambda r: r["kits"][0].update(quantity=0),
        lambda r: r["stations"][0].update(lat=99),
        lambda r: r["capabilities"][0].update(third="ghosts"),
        lambda r: r.update(stations="none"),
    ],
)
def test_a_wrong_row_of_the_file_is_refused(settings, spoil):
    data = loading.read(settings.DISTRICT_FILE)
    spoil(data["resources"])
    with pytest.raises(loading.BadDistrictFile):
        load_resources(data)


def test_every_category_of_the_demo_has_a_kit_of_all_three_thirds():
    for category in Category.objects.exclude(code="NEW-DRONE"):
        found = matching.kit_for(category, SIJING, [])
        assert {third for third, lines in found.thirds() if lines} == {"people", "equipment", "material"}, category.code
        assert not found.lacking, category.code
