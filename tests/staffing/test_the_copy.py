"""What a run starts from: one read-only snapshot, the rosters as drawn up, habits as measured or told as defaults."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import InternalError, connection
from django.utils.timezone import localtime

from cases.staffing import habits, rosters, snapshot
from cases.staffing.variants import Asked, BadOption, variants
from config.demo import rosters as demo_rosters
from responsibility import clock, directory, loading
from responsibility.models import Category, LedgerEntry
from tests.cases.conftest import _evidence_folder, open_case, press, send  # noqa: F401
from tests.staffing.conftest import MONDAY


@pytest.mark.django_db(transaction=True)
def test_postgresql_itself_refuses_to_write_while_the_district_is_read():
    with pytest.raises(InternalError, match="read-only transaction"), snapshot.reading():
        Category.objects.update(name_en="changed")
    with snapshot.reading():
        snapshot.read(MONDAY, MONDAY + timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_a_simulation_leaves_every_table_and_the_ledger_as_they_were(capsys):
    before = _everything()
    call_command("whatif", "--days", "3", "--alerts", "200", "--set", "contain=120,240", "--night", "-1")
    assert _everything() == before


def _everything() -> dict[str, int]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM "{table}" t')
            counts[table] = cursor.fetchone()
        newest = LedgerEntry.objects.order_by("-seq").values_list("seq", "digest").first()
    return counts | {"head": newest}


# --- rosters -------------------------------------------------------------------
@pytest.fixture
def sijing(district):
    return district.units_by_code["310117102"]


def counted(unit, begins, days=1):
    found = rosters.read(
        {unit.pk: unit}, directory.current().calendar, begins, begins + timedelta(days=days), clock.now()
    )
    return found.counts[unit.pk], found


@pytest.mark.django_db
def test_a_roster_counts_as_drawn_up_and_repeats_its_week_beyond(settings, sijing):
    demo_rosters.load(loading.read(settings.DISTRICT_FILE), clock.now())
    midnight = localtime(clock.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    for begins in (midnight, midnight + timedelta(days=70), midnight - timedelta(days=30)):
        counts, found = counted(sijing, begins)
        assert found.origins[sijing.pk] == "roster"
        # One person by day and one by night, as the district file plans it.
        assert set(counts) == {1}


@pytest.mark.django_db
def test_without_a_roster_those_who_hold_posts_are_there_by_day_and_half_of_them_by_night(sijing):
    counts, found = counted(sijing, MONDAY)
    assert found.origins[sijing.pk] == "posts"
    assert [int(counts[hour * 2]) for hour in (3, 10, 19, 20)] == [1, 2, 2, 1]
    sunday, _found = counted(sijing, MONDAY - timedelta(days=1))
    assert set(sunday) == {1}


@pytest.mark.django_db
def test_a_unit_of_which_nothing_is_known_has_the_stated_default(district):
    counts, found = counted(district.units_by_code["SJ-HJ"], MONDAY)
    assert (found.origins[district.units_by_code["SJ-HJ"].pk], set(counts)) == ("default", {1})


@pytest.mark.django_db
def test_people_are_added_set_and_taken_and_never_fewer_than_nobody(played):
    def people(*changes, hour=10, **asked) -> int:
        _as_is, changed = variants(Asked(**asked), played)
        pk = next(unit.pk for unit in played.units.values() if unit.code == "310117102")
        return int(rosters.changed(played.rosters, changed.staff)[pk][hour * 2])

    assert people(staff=["310117102=+2"]) == 4
    assert people(staff=["street=7"]) == 7
    assert people(staff=["department=7"]) == 2
    assert people(staff=["all=-9"]) == 0
    assert (people(night=["+3"]), people(night=["+3"], hour=3)) == (2, 4)
    assert people(night=["310117102=-1"], hour=3) == 0
    assert (people(night=["0"], hour=3), people(night=["1"], hour=3)) == (1, 2)


# --- options -------------------------------------------------------------------
@pytest.mark.django_db
def test_several_values_make_several_columns_and_single_ones_stand_beside_the_district_as_it_is(played):
    labels = [v.label for v in variants(Asked(minutes=["contain=180,240"], staff=["street=+1"]), played)]
    assert labels == ["contain=180 street=+1", "contain=240 street=+1"]
    assert [v.label for v in variants(Asked(staff=["street=+1"]), played)] == ["as is", "street=+1"]
    assert [v.label for v in variants(Asked(), played)] == ["as is"]


@pytest.mark.django_db
def test_minutes_are_set_where_the_policy_of_a_case_has_them(played):
    category = played.known.categories["LL-CONF-H2S"]
    asked = Asked(minutes=["contain=99", "medium=98", "acknowledge=97", "decide=96", "leader=95"])
    policy = variants(asked, played)[1].promise(category)
    assert (policy["contain"], policy["medium"], policy["acknowledge"]) == (99, 98, 97)
    assert (policy["decide"]["escalate"], policy["ladder"]["leader"]) == (96, 95)
    assert variants(asked, played)[0].promise(category)["contain"] == 240


@pytest.mark.django_db
def test_a_team_is_added_at_another_station_and_one_taken_where_it_stands(played):
    gone, there = variants(Asked(station=["ST-GAS-SIJING:R-T001=-1", "ST-SHESHAN:R-T001=+2"]), played)[::-1]

    def teams(variant):
        found = {o.resource.pk: o.resource for o in variant.offers(played) if o.resource.code == "R-T001"}
        return sorted((team.station.code, team.free) for team in found.values())

    assert teams(there) == [("ST-GAS-SIJING", 1)]
    assert teams(gone) == [("ST-GAS-SIJING", 0), ("ST-SHESHAN", 1), ("ST-SHESHAN", 1)]
    # The district's own row is untouched.
    assert {o.resource.stock for o in played.offers if o.resource.code == "R-T001"} == {1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked",
    [
        {"minutes": ["contain"]}, {"minutes": ["contain="]}, {"minutes": ["contain=0"]}, {"minutes": ["contain=1e3"]},
        {"minutes": ["contain=999999"]}, {"minutes": ["verify=60"]}, {"minutes": ["contain=60,"]},
        {"minutes": ["contain=\x00"]}, {"minutes": ["contain=١٢٠"]},
        {"staff": ["NOBODY=+1"]}, {"staff": ["X-INS=+1"]}, {"staff": ["street"]}, {"staff": ["street=many"]},
        {"staff": ["street=99999999999999999999"]}, {"staff": ["=+1"]}, {"night": ["x"]}, {"night": [""]},
        {"station": ["ST-NOWHERE:R-T001=+1"]}, {"station": ["ST-SHESHAN:R-NONE=+1"]}, {"station": ["ST-SHESHAN=+1"]},
        {"station": ["ST-SHESHAN:R-T001=-1"]}, {"station": ["ST-GAS-SIJING:R-T001=1"]},
        {"station": ["ST-GAS-SIJING:R-T001=+999999"]}, {"minutes": ["contain=1,2,3,4,5,6,7,8,9,10,11,12,13"]},
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_told_in_one_sentence(played, asked):
    with pytest.raises(BadOption) as refused:
        variants(Asked(**asked), played)
    assert "/" in str(refused.value) or " " in str(refused.value)
    assert "\n" not in str(refused.value)


# --- habits --------------------------------------------------------------------
def test_a_spread_is_fitted_to_enough_cases_only():
    assert habits.fitted([60.0] * (habits.ENOUGH - 1)) is None
    fitted = habits.fitted([30.0, 60.0, 120.0] * 10)
    assert (round(fitted.median), fitted.cases) == (60, 30)
    assert fitted.sigma == pytest.approx(0.576, abs=0.01)


@pytest.mark.django_db
def test_without_cases_of_its_own_a_district_has_the_defaults(played):
    found = habits.measured(clock.now())
    assert (found.work, found.closing, found.asking) == ({}, habits.CLOSING, habits.ASKING)
    assert found.working("LL-CONF-H2S", "yellow") == habits.WORK["yellow"]


@pytest.mark.django_db
def test_how_long_work_takes_is_measured_from_the_districts_own_cases(open_case, press):  # noqa: F811
    began = clock.now() - timedelta(days=1)
    for number in range(habits.ENOUGH):
        with clock.as_if(began):
            case = open_case(
                object=f"M-{number}", location={"lat": 31.1144, "lon": 121.2683}, observed_at=began.isoformat()
            )
            press(case, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove")
        with clock.as_if(began + timedelta(minutes=30 if number % 2 else 50)):
            press(case, "sijing-handler contain")
    spread = habits.measured(clock.now()).work["LL-CONF-H2S"]
    assert spread.cases == habits.ENOUGH
    assert spread.median == pytest.approx(38.7, abs=0.1)
