"""What belongs together comes together, and a batch costs as many statements as a single alert."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import grading, intake
from alerts.models import Alert, RiskObject
from cases import requests
from cases.models import Case, Deadline, Party
from responsibility import clock, ledger
from responsibility.models import Category
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED

press, evidence_folder = work.press, work._evidence_folder
pytestmark = pytest.mark.django_db

HOME = {"lat": 31.1144, "lon": 121.2683}
BEIJING = {"lat": 39.9, "lon": 116.4}


@pytest.fixture
def post(knock):
    """Post items; their answers."""

    def send(*items) -> list[dict]:
        answer = knock(list(items))
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return send


# --- joining -----------------------------------------------------------------------
def test_alerts_of_one_object_in_one_batch_make_one_case(post, item):
    answers = post(item(), item(), item(object="OTHER", location=HOME), item())
    assert [a["outcome"] for a in answers] == ["opened", "joined", "opened", "joined"]
    assert Case.objects.get(number=answers[0]["case"]).alert_count == 3
    assert set(Alert.objects.filter(case_number=answers[0]["case"]).values_list("chain", flat=True)) == {
        Case.objects.get(number=answers[0]["case"]).chain
    }


def test_another_category_at_the_same_object_is_another_case(post, item):
    first, second = post(item(), item(category="LL-CONF-CH4"))
    assert first["case"] != second["case"]


def test_without_an_object_every_alert_is_its_own(post, item):
    answers = post(item(object=None, location=HOME), item(object=None, location=HOME))
    assert [a["outcome"] for a in answers] == ["opened", "opened"]


def test_a_repeated_id_inside_one_batch_is_a_duplicate_of_the_first(post, item):
    first, second = post(item(external_id="x"), item(external_id="x", grade="red"))
    assert second == {**first, "outcome": "duplicate"}
    assert (Alert.objects.count(), Case.objects.get().grade) == (1, "yellow")


def test_two_sources_may_use_the_same_id(knock, item, source):
    from alerts.keys import issue
    from alerts.models import Source

    other = Source.objects.create(code="other", name="另一平台", unit=source.unit, key_digest="x")
    alert = item(external_id="x")
    assert knock(alert).json()["outcome"] == "opened"
    assert knock(alert, bearer=issue(other)).json()["outcome"] == "joined"


@pytest.mark.parametrize(("grade", "loop"), [("orange", "medium"), ("red", "large"), ("blue", "small")])
def test_a_joining_alert_raises_the_grade_and_the_loop_and_never_lowers_them(post, item, grade, loop):
    post(item())
    post(item(grade=grade))
    case = Case.objects.get()
    assert (case.loop, case.grade) == (loop, grade if loop != "small" else "yellow")


def test_a_case_is_reopened_within_thirty_days_and_then_danger_again(post, item, press):
    with clock.as_if(timezone.now() - timedelta(days=29)):
        case = press(Case.objects.get(number=post(item(observed_at=clock.now().isoformat()))[0]["case"]), *CLOSED)
    (answer,) = post(item())
    case.refresh_from_db()
    assert (answer["case"], case.state, case.rework_count) == (case.number, "rectifying", 1)
    running = set(Deadline.objects.running().filter(case=case).values_list("kind", flat=True))
    assert running == {"acknowledge", "contain", "rectify"}
    assert not Party.objects.filter(case=case, acknowledged_at__isnull=False).exists()


def test_after_thirty_days_it_is_a_new_case(post, item, press):
    with clock.as_if(timezone.now() - timedelta(days=31)):
        case = press(Case.objects.get(number=post(item(observed_at=clock.now().isoformat()))[0]["case"]), *CLOSED)
    assert post(item())[0]["case"] != case.number


def test_a_worse_alert_wakes_a_case_that_was_put_off(post, item, press, people):
    case = press(Case.objects.get(number=post(item())[0]["case"]), *CONTAINED, "sijing-head rectify")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="suspend", reason="待料", minutes=600)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    post(item())
    case.refresh_from_db()
    assert case.state == "suspended"
    post(item(grade="red"))
    case.refresh_from_db()
    assert (case.state, case.grade, case.loop) == ("rectifying", "red", "large")
    assert not Deadline.objects.running().filter(case=case, paused_at__isnull=False).exists()
    assert list(ledger.verify(ledger.story(case.chain))) == []


def test_an_alert_joins_the_case_in_triage_of_its_object(post, item):
    first, second = post(item(category="NOBODY-KNOWS"), item(category="NOBODY-KNOWS", grade="red"))
    assert (first["outcome"], second["outcome"], second["case"]) == ("triage", "joined", first["case"])
    case = Case.objects.get()
    assert (case.state, case.grade, case.loop) == ("triage", "red", "small")


# --- where and whose ----------------------------------------------------------------
@pytest.mark.parametrize("crs", ["WGS84", "GCJ02", "BD09"])
def test_a_point_of_any_chinese_map_is_brought_home(post, item, crs):
    from alerts import coordinates

    point = (HOME["lat"], HOME["lon"])
    if crs != "WGS84":
        point = coordinates.gcj02_from_wgs84(*point)
    if crs == "BD09":
        point = coordinates.bd09_from_gcj02(*point)
    stated = {"lat": point[0], "lon": point[1], "crs": crs}
    (answer,) = post(item(object=None, location=stated))
    case, alert = Case.objects.get(number=answer["case"]), Alert.objects.get()
    assert case.territory.name == "泗泾镇"
    assert (case.lat, case.lon) == pytest.approx((HOME["lat"], HOME["lon"]), abs=1e-6)
    assert alert.stated == stated


def test_an_object_that_nobody_registered_is_taken_by_its_place_and_listed(post, item, client, people):
    (answer,) = post(item(object="NEW-88", location=HOME))
    post(item(object="NEW-88", location=HOME))
    case = Case.objects.get(number=answer["case"])
    assert (case.object_code, case.risk_object, case.territory.name) == ("NEW-88", None, "泗泾镇")
    (row,) = intake.unregistered()
    assert (row["object_code"], row["count"]) == ("NEW-88", 2)
    client.force_login(people["chengyun-lead"])
    assert "NEW-88" in client.get("/objects/").content.decode()


def test_an_object_without_a_place_of_its_own_goes_to_triage(post, item):
    assert post(item(object="NEW-89"))[0]["outcome"] == "triage"


def test_the_place_of_a_registered_object_stands_in_for_one_not_sent(post, item):
    post(item())
    manhole = RiskObject.objects.get(code="MH-SIJING-0088")
    case = Case.objects.get()
    assert (case.lat, case.lon, case.risk_object) == (manhole.lat, manhole.lon, manhole)


def test_a_gap_in_the_matrix_gives_the_case_to_the_street_and_shows_no_lead(post, item):
    (answer,) = post(item(category="PS-EBIKE", scenario="delivery riders (platform firms)", object=None, location=HOME))
    case = Case.objects.get(number=answer["case"])
    assert (answer["outcome"], case.holder.name, case.lead) == ("opened", "泗泾镇", None)
    lead = next(line for line in case.duties if line["role"] == "lead")
    assert lead["unit"] is None


def test_a_gap_that_is_not_contained_comes_before_the_command(post, item):
    from cases.sweeping import sweep

    riders = "delivery riders (platform firms)"
    post(item(category="PS-EBIKE", scenario=riders, object=None, location=HOME))
    with clock.as_if(clock.now() + timedelta(hours=4.1)):
        sweep()
    case = Case.objects.get()
    assert (case.loop, case.lead) == ("medium", None)
    assert {p.unit.code: p.role for p in case.parties.all()} == {"310117102": "territory", "SJ-COMMITTEE": "command"}


@pytest.mark.parametrize(
    "fields",
    [{"category": "NOBODY-KNOWS"}, {"object": None, "location": BEIJING}, {"object": "X", "location": BEIJING}],
)
def test_what_nobody_can_place_is_put_before_the_shift_leader(post, item, fields):
    (answer,) = post(item(**fields))
    case = Case.objects.get(number=answer["case"])
    assert (answer["outcome"], case.state, case.holder, case.lead) == ("triage", "triage", None, None)
    assert not case.parties.exists()
    assert list(case.deadlines.values_list("kind", flat=True)) == ["triage"]


# --- grading --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("category", "value", "grade"),
    [
        ("LL-CONF-H2S", 4.99, ""),
        ("LL-CONF-H2S", 5, "blue"),
        ("LL-CONF-H2S", 10, "yellow"),
        ("LL-CONF-H2S", 20.0, "orange"),
        ("LL-CONF-H2S", 43, "red"),
        ("LL-CONF-H2S", 1e300, "red"),
        ("LL-CONF-O2", 20.9, ""),
        ("LL-CONF-O2", 19.5, "yellow"),
        ("LL-CONF-O2", 18.1, "yellow"),
        ("LL-CONF-O2", 18.0, "red"),
        ("LL-CONF-O2", -1, "red"),
        ("ND-RIVER", -0.5, ""),
        ("ND-RIVER", 0, "blue"),
    ],
)
def test_a_value_is_graded_by_the_thresholds_of_its_category(post, item, category, value, grade):
    assert grading.grade_of(Category.objects.get(code=category), value) == grade
    (answer,) = post(item(category=category, grade=None, value=value, object=None, location=HOME))
    assert answer["outcome"] == ("opened" if grade else "observed")
    assert Alert.objects.get().grade == grade


def test_a_grade_that_is_sent_stands_whatever_the_value(post, item):
    post(item(grade="blue", value=1000))
    assert Case.objects.get().grade == "blue"


def test_a_category_of_events_is_graded_by_its_sender(post, item):
    assert post(item(category="PS-CURTAIN", object=None, location=HOME))[0]["outcome"] == "opened"


@pytest.mark.parametrize("spelling", ["mg/m3", "mg/m³", "MG/M3", " mg / m3 "])
def test_a_unit_may_be_spelt_in_several_ways(post, item, spelling):
    assert post(item(grade=None, value=16, unit=spelling))[0]["outcome"] == "opened"


# --- cost -----------------------------------------------------------------------------
def kinds(item) -> dict:
    """Makers of one alert each, by what becomes of it; ``n`` tells the objects apart."""

    def at(n: int, **more):
        return item(object=f"O-{n}", location=HOME, **more)

    return {
        "opened": lambda n: at(n),
        "orange": lambda n: at(n, grade="orange"),
        "red": lambda n: at(n, grade="red"),
        "triage": lambda n: at(n, category="NOBODY-KNOWS"),
        "outside": lambda n: item(object=None, location=BEIJING),
        "observed": lambda n: at(n, grade=None, value=0.1),
        "rejected": lambda n: {"external_id": 5},
        "placeless": lambda n: item(object=None, location=HOME),
        "graded": lambda n: at(n, grade=None, value=30),
    }  # fmt: skip


FRESH = list(kinds(None))


def cost(statements, post, items) -> int:
    return statements(lambda: post(*items))


@pytest.mark.parametrize("kind", FRESH)
def test_statements_do_not_grow_with_a_batch_of_one_kind(post, item, statements, kind):
    make = kinds(item)[kind]
    one, many = [make(0)], [make(n) for n in range(1, 301)]
    assert cost(statements, post, many) == cost(statements, post, one)


def test_statements_do_not_grow_with_duplicates_and_joining(post, item, statements):
    opened = [item(object=f"O-{n}", location=HOME) for n in range(301)]
    post(*opened)
    assert cost(statements, post, opened) == cost(statements, post, opened[:1])
    again = [{**alert, "external_id": f"j-{n}"} for n, alert in enumerate(opened)]
    assert cost(statements, post, again[1:]) == cost(statements, post, again[:1])
    worse = [{**alert, "external_id": f"w-{n}", "grade": "red"} for n, alert in enumerate(opened)]
    assert cost(statements, post, worse[1:]) == cost(statements, post, worse[:1])


def test_statements_do_not_grow_with_a_mixed_batch(post, item, statements):
    makers = list(kinds(item).values())
    small = [make(9000) for make in makers]
    post(*[item(object=f"M-{n}", location=HOME) for n in range(60)])
    small += [item(object="M-0", location=HOME)]
    large = [make(n) for n in range(40) for make in makers] + [item(object=f"M-{n}", location=HOME) for n in range(60)]
    few = cost(statements, post, small)
    assert cost(statements, post, large) <= few


def end(numbers: list[str], state: str) -> None:
    """Set cases down in ``state`` by the back door; walking two hundred cases round would take a minute."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET state = %s, closed_at = now() WHERE number = ANY(%s)", [state, numbers])
        cursor.execute("UPDATE cases_deadline SET stopped_at = now()")
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_statements_do_not_grow_with_cases_that_are_reopened(post, item, statements):
    numbers = [a["case"] for a in post(*[item(object=f"R-{n}", location=HOME) for n in range(151)])]
    end(numbers, "closed")
    again = [item(object=f"R-{n}", location=HOME) for n in range(151)]
    few, many = cost(statements, post, again[:1]), cost(statements, post, again[1:])
    assert set(Case.objects.filter(number__in=numbers).values_list("state", "rework_count")) == {("rectifying", 1)}
    assert many == few


def test_statements_do_not_grow_with_cases_that_are_woken(post, item, statements):
    numbers = [a["case"] for a in post(*[item(object=f"S-{n}", location=HOME) for n in range(81)])]
    end(numbers, "suspended")
    worse = [item(object=f"S-{n}", location=HOME, grade="orange") for n in range(81)]
    few, many = cost(statements, post, worse[:1]), cost(statements, post, worse[1:])
    assert set(Case.objects.filter(number__in=numbers).values_list("state", "loop")) == {("rectifying", "medium")}
    assert many == few
