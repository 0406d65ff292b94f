"""Which object an alert means and where that is, however the sender spells it; and what is told late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import codes
from alerts.models import Alert, Reading, RiskObject
from cases.models import Case, Deadline
from responsibility import clock, ledger
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED

press, evidence_folder = work.press, work._evidence_folder
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]

HOME = {"lat": 31.1144, "lon": 121.2683}
MANHOLE = "MH-SIJING-0088"


@pytest.fixture
def post(knock):
    """Post items; their answers."""

    def send(*items) -> list[dict]:
        answer = knock(list(items))
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return send


@pytest.fixture
def bridge():
    """A registered object of another town."""
    return RiskObject.objects.exclude(territory__code="310117102").select_related("territory").order_by("code")[0]


# --- a registered object stands where the register says ------------------------------
@pytest.mark.parametrize("stated", [HOME, {"lat": 0, "lon": 0}, {"lat": 39.9, "lon": 116.4}])
def test_a_registered_object_is_where_the_register_says(post, item, bridge, stated):
    (answer,) = post(item(object=bridge.code, location=stated))
    assert answer["outcome"] == "opened"
    case = Case.objects.get(number=answer["case"])
    assert (case.territory, case.lat, case.lon) == (bridge.territory, bridge.lat, bridge.lon)


def test_a_place_far_from_the_register_is_kept_and_told(client, post, item, bridge, people):
    (answer,) = post(item(object=bridge.code, location={"lat": 0, "lon": 0}))
    alert, case = Alert.objects.get(), Case.objects.get(number=answer["case"])
    assert (alert.stated["lat"], alert.stated["lon"]) == (0, 0)
    assert alert.stated["away_m"] > 10_000_000
    assert ledger.story(case.chain).get(verb="case.open").after["away_m"] == alert.stated["away_m"]
    client.force_login(people["chengyun-lead"])
    assert "所报位置距登记位置" in client.get(f"/cases/{case.number}/").content.decode()


def test_a_place_near_the_register_is_nothing_to_tell(post, item, bridge):
    (answer,) = post(item(object=bridge.code, location={"lat": bridge.lat + 0.004, "lon": bridge.lon}))
    assert "away_m" not in Alert.objects.get().stated
    chain = Case.objects.get(number=answer["case"]).chain
    assert "away_m" not in ledger.story(chain).get(verb="case.open").after


# --- one object, however it is spelt ---------------------------------------------------
SPELLINGS = [
    "mh-sijing-0088",
    "ＭＨ－ＳＩＪＩＮＧ－００８８",
    "MH-\u200bSIJING-0088",
    "\ufeffMH-SIJING-0088 ",
    "Mh-SiJing-００88",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_object_spelt_another_way_is_the_same_object(post, item, spelling):
    first, second = post(item(), item(object=spelling))
    assert (second["outcome"], second["case"]) == ("joined", first["case"])
    assert set(Alert.objects.values_list("object_code", flat=True)) == {MANHOLE}


def test_an_unregistered_object_is_one_too_in_full_width_and_half(post, item):
    first, second = post(item(object="NEW-88", location=HOME), item(object="ＮＥＷ－８８\u200b", location=HOME))
    assert second["case"] == first["case"]


def test_where_two_objects_differ_in_case_alone_only_the_exact_code_is_either(post, item, bridge):
    twin = RiskObject.objects.get(code=MANHOLE)
    twin.pk, twin.code = None, MANHOLE.lower()
    twin.save()
    first, second = post(item(), item(object=MANHOLE.lower()))
    assert first["case"] != second["case"]
    assert codes.registered({MANHOLE.title()}) == {}


def test_a_category_in_full_width_is_the_category(post, item):
    assert post(item(category="ＬＬ－ＣＯＮＦ－Ｈ２Ｓ"))[0]["outcome"] == "opened"


@pytest.mark.parametrize("nothing", ["\u200b", "\ufeff \u200d"])
def test_a_code_of_invisible_signs_is_none(post, item, nothing):
    (answer,) = post(item(object=nothing))
    assert [error["attr"] for error in answer["errors"]] == ["location"]
    (answer,) = post(item(category=nothing))
    assert [error["attr"] for error in answer["errors"]] == ["category"]


def test_a_code_that_grows_when_written_plainly_still_fits(post, item):
    assert post(item(object="ﷺ" * 64, category="ﷺ" * 200, location=HOME))[0]["outcome"] == "triage"


def test_a_reading_finds_its_object_however_it_is_spelt(knock):
    reading = {"object": "mh-sijing-0088\u200b", "value": 3, "observed_at": timezone.now().isoformat()}
    assert knock([reading], door="readings/").json()["results"][0]["outcome"] == "stored"
    assert Reading.objects.get().risk_object.code == MANHOLE


# --- what is told late ------------------------------------------------------------------
def ago(**span) -> str:
    return (timezone.now() - timedelta(**span)).isoformat()


def test_what_was_seen_long_ago_is_worked_like_any_danger_and_says_so(client, post, item, people):
    (answer,) = post(item(observed_at=ago(days=400)))
    case = Case.objects.get(number=answer["case"])
    assert (answer["outcome"], case.state) == ("opened", "dispatched")
    assert Deadline.objects.filter(case=case, kind="contain").exists()
    assert ledger.story(case.chain).get(verb="case.open").after["late_hours"] == 9600
    client.force_login(people["chengyun-lead"])
    assert "9600 小时前" in client.get(f"/cases/{case.number}/").content.decode()


def test_what_was_seen_within_the_day_is_not_late(post, item):
    (answer,) = post(item(observed_at=ago(hours=23)))
    chain = Case.objects.get(number=answer["case"]).chain
    assert "late_hours" not in ledger.story(chain).get(verb="case.open").after


def test_old_news_of_a_danger_that_is_over_reopens_nothing(post, item, press):
    (first,) = post(item())
    case = press(Case.objects.get(number=first["case"]), *CLOSED)
    (late,) = post(item(observed_at=ago(days=3), grade="red"))
    case.refresh_from_db()
    assert (late["outcome"], late["case"]) == ("joined", case.number)
    assert (case.state, case.grade, case.loop, case.alert_count) == ("closed", "yellow", "small", 2)


def test_news_from_after_the_end_reopens_however_late_it_comes(post, item, press):
    (first,) = post(item())
    case = press(Case.objects.get(number=first["case"]), *CLOSED)
    seen = (timezone.now() + timedelta(hours=1)).isoformat()
    with clock.as_if(clock.now() + timedelta(days=3)):
        post(item(observed_at=seen))
    case.refresh_from_db()
    assert case.state == "rectifying"
