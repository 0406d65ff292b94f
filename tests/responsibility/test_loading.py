"""The district file: loading twice changes nothing, a broken one is refused whole, another one is another district."""

import copy
import io
import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from alerts.loading import load_objects
from alerts.models import RiskObject
from config.demo import people as demo_people
from responsibility import directory, loading
from responsibility.models import CalendarYear, Category, District, Duty, Revision, Territory, Unit, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def data():
    return loading.read(settings.DISTRICT_FILE)


def test_loading_twice_changes_nothing(data):
    tallies = {}
    revision = Revision.objects.get().number
    loading.load(data, say=lambda table, tally: tallies.update({table: tally}))
    tallies["objects"] = load_objects(data)
    tallies |= demo_people.load(data)
    assert len(tallies) >= 8
    assert {name: (t.created, t.changed) for name, t in tallies.items()} == dict.fromkeys(tallies, (0, 0))
    assert Revision.objects.get().number == revision


def test_the_district_stands_as_it_was_asked_for(data):
    assert Territory.objects.count() == 20
    assert Category.objects.exclude(code="NEW-DRONE").count() == 26
    assert RiskObject.objects.filter(demo=True).count() >= 300
    assert set(CalendarYear.objects.values_list("year", flat=True)) >= {2025, 2026}
    manhole = RiskObject.objects.select_related("territory", "scenario").get(code="MH-SIJING-0088")
    assert (manhole.territory.name, manhole.scenario.code) == ("泗泾镇", "drain/sewer")
    assert not Duty.objects.filter(basis="").exists()


def test_every_object_lies_in_the_territory_it_is_listed_under(district):
    objects = list(RiskObject.objects.select_related("territory"))
    found = district.territories_of([(o.lat, o.lon) for o in objects])
    assert [o.code for o, place in zip(objects, found, strict=True) if place.pk != o.territory_id] == []


def test_a_changed_value_is_written_and_every_process_learns_of_it(data, district):
    changed = copy.deepcopy(data)
    changed["categories"][0]["name"] = "改名"
    tallies = {}
    loading.load(changed, say=lambda table, tally: tallies.update({table: tally}))
    assert sum(t.changed for t in tallies.values()) == 1
    fresh = directory.current()
    assert fresh.revision > district.revision
    assert fresh.categories[data["categories"][0]["code"]].name == "改名"


def test_nothing_knows_this_district(data):
    other = copy.deepcopy(data)
    other["district"] |= {"prefix": "XX", "name": "别区"}
    loading.load(other)
    assert directory.current().district.prefix == "XX"
    texts = [p.read_text(encoding="utf-8") for floor in ("responsibility", "alerts", "resources", "cases") for p in
             (settings.BASE_DIR / floor).rglob("*.py")]  # fmt: skip
    assert not any("松江" in text or "310117" in text for text in texts)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["units"][0].pop("name"),
        lambda d: d["territories"][0].update(unit="NOBODY"),
        lambda d: d["matrix"][0].update(category="NOTHING"),
        lambda d: d["matrix"][0].update(unit="NOBODY"),
        lambda d: d["units"][0].update(parent="NOBODY"),
        lambda d: d["district"].pop("prefix"),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(data, spoil):
    bad = copy.deepcopy(data)
    bad["categories"][0]["name"] = "半途"
    spoil(bad)
    before = (Unit.objects.count(), Duty.objects.count())
    with pytest.raises(loading.BadDistrictFile):
        loading.load(bad)
    assert (Unit.objects.count(), Duty.objects.count()) == before
    assert not Category.objects.filter(name="半途").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "{}", '{"district": {}}', "\ufeff"])
def test_a_file_that_is_no_district_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "district.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("load_district", file=path, stdout=io.StringIO())
    assert "district" in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="nowhere.json"):
        call_command("load_district", file=tmp_path / "nowhere.json", stdout=io.StringIO())


def test_real_boundaries_take_the_place_of_approximate_ones_and_stay(data, tmp_path):
    cells = list(Territory.objects.all())
    assert all(cell.approximate for cell in cells)
    features = [{"type": "Feature", "properties": {"code": cell.code}, "geometry": cell.boundary} for cell in cells]
    path = tmp_path / "real.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    call_command("load_district", boundaries=path, stdout=io.StringIO())
    assert not Territory.objects.filter(approximate=True).exists()
    call_command("load_district", stdout=io.StringIO())
    assert not Territory.objects.filter(approximate=True).exists()


@pytest.mark.parametrize(
    "content", ["", "[]", '{"type": "FeatureCollection"}', '{"type": "FeatureCollection", "features": []}']
)
def test_boundaries_that_are_none_are_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "bad.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("load_district", boundaries=path, stdout=io.StringIO())


def test_an_object_outside_the_district_is_refused_by_its_code(data):
    bad = copy.deepcopy(data)
    bad["demo"]["objects"][0] |= {"code": "FAR-AWAY", "lat": 39.9, "lon": 116.4}
    with pytest.raises(loading.BadDistrictFile, match="FAR-AWAY"):
        load_objects(bad)


def test_demo_people_keep_a_password_that_was_changed(data):
    user = User.objects.get(username="sijing-duty")
    user.set_password("another-long-one")
    user.save()
    demo_people.load(data)
    assert User.objects.get(username="sijing-duty").check_password("another-long-one")


def test_there_is_one_district():
    assert District.objects.count() == 1


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda d: d["categories"][0].update(thresholds="abc"), ["categories[0]", "thresholds", "'abc'"]),
        (lambda d: d["categories"][3].update(name=" "), ["categories[3]", "name"]),
        (lambda d: d["categories"][0]["thresholds"]["blue"].update(value="x"), ["thresholds.blue.value", "'x'"]),
        (lambda d: d["categories"][0]["minutes"].update(arrive=0.5), ["categories[0]", "minutes.arrive"]),
        (lambda d: d["territories"][0].update(lat="31"), ["territories[0]", "lat", "'31'"]),
        (lambda d: d["territories"][0].update(lat=10**400), ["territories[0]", "lat"]),
        (lambda d: d["matrix"][5].update(unit="NOPE"), ["matrix[5].unit", "'NOPE'"]),
        (lambda d: d["matrix"][5].update(valid_from="soon"), ["matrix[5].valid_from", "'soon'"]),
        (lambda d: d["matrix"][5].update(valid_from="2026-02-01", valid_to="2026-01-01"), ["matrix[5].valid_to"]),
        (lambda d: d["units"].append(d["units"][0]), ["units", "twice"]),
        (lambda d: d["units"].insert(2, 7), ["units[2]"]),
        (lambda d: d.update(district=[]), ["district"]),
        (lambda d: d["calendar"]["holidays"]["2026"].append("2025-01-01"), ["calendar.holidays.2026"]),
        (lambda d: d["calendar"].update(holidays=[1]), ["calendar.holidays"]),
    ],
)
def test_a_fault_is_named_by_its_row_and_field(data, spoil, named):
    bad = copy.deepcopy(data)
    spoil(bad)
    with pytest.raises(loading.BadDistrictFile) as refused:
        loading.load(bad)
    assert all(word in str(refused.value) for word in named), str(refused.value)


def test_a_fault_of_objects_and_people_is_named_too(data):
    bad = copy.deepcopy(data)
    bad["demo"]["objects"][4] |= {"category": "NOPE"}
    bad["demo"]["people"][1] |= {"role": "king"}
    with pytest.raises(loading.BadDistrictFile, match=r"demo\.objects\[4\].*category.*NOPE"):
        load_objects(bad)
    with pytest.raises(loading.BadDistrictFile, match=r"demo\.people\[1\].*role.*king"):
        demo_people.load(bad)


def test_a_byte_order_mark_says_nothing_about_the_district(data, tmp_path):
    path = tmp_path / "district.json"
    path.write_text("\ufeff" + json.dumps(data), encoding="utf-8")
    assert loading.read(path) == data
