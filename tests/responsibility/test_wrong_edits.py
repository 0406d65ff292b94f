"""One wrong edit of reference data is refused at the form; one that got past it stops nothing but itself."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from alerts import intake
from alerts.formats import item
from alerts.models import RiskObject
from cases.models import Case, Deadline
from config import health
from responsibility import directory, loading
from responsibility.models import Category, District, Territory, Unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
H2S, SIJING = "LL-CONF-H2S", "310117102"
HOLE = {"type": "Polygon", "coordinates": [[[121, 31], [121.1, 31.1], [121, 31.1], [121.1, 31], [121, 31]]]}
NOWHERE = {"type": "Polygon", "coordinates": [[[31, 1210], [31, 1211], [32, 1211], [31, 1210]]]}


@pytest.fixture
def arrive(source):
    """One alert of the manhole comes in; fields given replace its own."""

    def make(**fields):
        alert = {
            "external_id": f"w-{timezone.now().timestamp()}",
            "category": H2S,
            "object": "MH-SIJING-0088",
            "observed_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
            "grade": "yellow",
        } | fields
        return intake.receive(source, [{k: v for k, v in alert.items() if v is not None}], item.read)[0]

    return make


def change(model, code: str, **fields) -> None:
    """Past every form, as SQL would."""
    model.objects.filter(code=code).update(**fields)


WRONG_CATEGORIES = [
    {"minutes": {"contain": -5}},
    {"minutes": {"arrive": "soon"}},
    {"minutes": {"small_loop": 0}},
    {"minutes": {"small_loop": True}},
    {"minutes": {"acknowledge": 10**9}},
    {"minutes": {"acknowledge": None}},
    {"minutes": [1, 2]},
    {"thresholds": {"red": {"value": "fifty"}}},
    {"thresholds": {"red": 50}},
    {"thresholds": {"purple": {"value": 50}}},
    {"thresholds": 7},
    {"operator": "=>"},
    {"evidence": "photo"},
    {"evidence": [3]},
]


@pytest.mark.parametrize("fields", WRONG_CATEGORIES, ids=str)
def test_a_wrong_category_is_refused_where_it_is_edited(fields):
    category = Category.objects.get(code=H2S)
    for name, value in fields.items():
        setattr(category, name, value)
    with pytest.raises(ValidationError) as refusal:
        category.full_clean()
    assert set(refusal.value.message_dict) == set(fields)


@pytest.mark.parametrize("boundary", [{}, 5, "square", {"type": "Polygon", "coordinates": "x"}, HOLE, NOWHERE], ids=str)
def test_a_wrong_boundary_is_refused_where_it_is_edited(boundary):
    territory = Territory.objects.get(code=SIJING)
    territory.boundary = boundary
    with pytest.raises(ValidationError) as refusal:
        territory.full_clean()
    assert set(refusal.value.message_dict) == {"boundary"}


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [(Unit, "functions", 5), (Unit, "functions", [{}]), (District, "prefix", "S/J"), (RiskObject, "lat", 310.1)],
)
def test_other_wrong_data_are_refused_where_they_are_edited(model, name, value):
    row = model.objects.first()
    setattr(row, name, value)
    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    assert name in refusal.value.message_dict


def test_the_administrator_is_told_so_in_the_form(client, people):
    client.force_login(people["admin"])
    category = Category.objects.get(code=H2S)
    address = f"/admin/responsibility/category/{category.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    answer = client.post(address, data | {"minutes": '{"contain": -5}'})
    assert answer.status_code == 200
    assert "minutes" in answer.context["adminform"].form.errors


def test_a_file_with_such_data_is_refused_whole(settings, tmp_path):
    data = loading.read(settings.DISTRICT_FILE)
    data["categories"][0]["minutes"]["arrive"] = -1
    with pytest.raises(loading.BadDistrictFile, match=data["categories"][0]["code"]):
        loading.load(data)


@pytest.mark.parametrize("fields", WRONG_CATEGORIES, ids=str)
def test_alerts_of_every_category_are_taken_whatever_one_category_says(arrive, fields):
    change(Category, H2S, **fields)
    answer = arrive(grade=None, value=30)
    assert answer.outcome in ("opened", "triage"), answer.errors
    assert arrive(grade=None, value=30, category="LL-CONF-CH4", object=None, location=HOME).outcome != "rejected"


HOME = {"lat": 31.1144, "lon": 121.2683}


def test_minutes_that_make_no_sense_give_way_to_the_usual_ones(arrive):
    change(Category, H2S, minutes={"arrive": -5, "small_loop": "x", "acknowledge": 7})
    case = Case.objects.get(number=arrive().case)
    assert (case.policy["acknowledge"], case.policy["arrive"], case.policy["contain"]) == (7, 60, 240)
    assert Deadline.objects.filter(case=case).count() >= 3


@pytest.mark.parametrize("boundary", [{}, 5, "square", HOLE, NOWHERE], ids=str)
def test_a_nonsense_boundary_costs_its_own_points_alone(client, people, arrive, boundary):
    change(Territory, SIJING, boundary=boundary)
    assert arrive().outcome == "triage"
    elsewhere = RiskObject.objects.exclude(territory__code=SIJING).filter(category__isnull=False).first()
    assert arrive(object=elsewhere.code, external_id="elsewhere").outcome == "opened"
    client.force_login(people["chengyun-lead"])
    for page in ("/", "/matrix/", "/objects/", "/board/"):
        assert client.get(page).status_code == 200


def test_a_case_of_a_category_that_went_wrong_is_still_worked(client, people, arrive):
    number = arrive().case
    change(Category, H2S, thresholds=7, minutes=[1], evidence=[3])
    client.force_login(people["chengyun-lead"])
    assert client.get(f"/cases/{number}/").status_code == 200
    assert client.get("/").status_code == 200
    assert client.get("/matrix/").status_code == 200
    client.force_login(people["sijing-duty"])
    assert client.post(f"/cases/{number}/acknowledge/").status_code == 303


def test_the_health_page_names_what_is_wrong(client):
    assert health._reference() == "ok"
    change(Category, H2S, minutes={"contain": -5})
    change(Territory, SIJING, boundary={})
    answer = client.get("/readyz").json()
    assert H2S in answer["checks"]["reference"]
    assert SIJING in answer["checks"]["reference"]


def test_a_unit_with_nonsense_functions_is_no_command(arrive):
    change(Unit, Unit.objects.first().code, functions=5)
    assert directory.current().unit_with("dispatch")
    assert arrive(grade="red").outcome == "opened"


def test_the_shipped_district_is_sound():
    assert directory.current().faults == []
    with pytest.raises(CommandError):
        call_command("load_district", "--boundaries", "no-such-file")
