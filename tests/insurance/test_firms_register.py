"""The register of firms: codes, licences, people, the list."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.utils.timezone import localdate

from insurance.firms import credit, fitness, measures, register
from insurance.firms.models import Firm
from responsibility import clock, ledger
from responsibility.models import Category, Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.access.things_firms import LICENCE, listed, registered, whole

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Codes that are in use.
REAL = ["91350100M000100Y43", "91110000600037341L"]


def firm_unit() -> Unit:
    return Unit.objects.get(code="X-TPF")


@pytest.mark.parametrize("code", REAL)
def test_a_code_whose_check_holds_is_taken_however_it_is_typed(code):
    assert credit.read(f" {code.lower()[:8]} {code[8:]} ") == code
    full_width = code.translate({ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"})
    assert credit.read(full_width) == code


@pytest.mark.parametrize("code", [
    "91350100M000100Y44", "91350100M000100Y4", "91350100I000100Y43", "9135010OM000100Y43", "", "0" * 17 + "A",
    "\x00" * 18, "९१३५०१००M०००१००Y४३", "1" * 5000, None, 7,
])  # fmt: skip
def test_a_code_that_can_be_none_is_refused(code):
    with pytest.raises(Invalid):
        credit.read(code)


def test_each_single_wrong_sign_of_a_code_is_found():
    good = REAL[0]
    for place, sign in enumerate(good):
        for other in set(credit.ALPHABET) - {sign}:
            with pytest.raises(Invalid):
                credit.read(good[:place] + other + good[place + 1 :])


def test_only_the_committees_office_registers_and_only_firms(people):
    number = whole("91310117MA1J0TPF0")
    with pytest.raises(Forbidden):
        register.register("X-TPF", number, by=people["firm"])
    with pytest.raises(Invalid):
        register.register("X-INS", number, by=people["anwei-office"])
    made = register.register("X-TPF", number, by=people["anwei-office"])
    with pytest.raises(Refused, match="registered"):
        register.register("X-TPF", number, by=people["anwei-office"])
    with pytest.raises(Refused, match="credit_code_taken"):
        register.register("X-TPF-B", number, by=people["anwei-office"])
    told = ledger.story(made.chain).get()
    assert (told.verb, told.after) == ("firm.register", {"unit": "X-TPF", "credit_code": number})


def test_a_firm_without_a_valid_licence_is_not_listed(people):
    made = registered(people)
    with pytest.raises(Refused, match="no_licence"):
        measures.bring(made.pk, "list", "qualified", "齐全", by=people["anwei-office"])


def test_an_order_is_given_only_to_whoever_is_listed_and_licensed_on_the_day(people):
    unit, today = firm_unit(), localdate(clock.now())
    with pytest.raises(Refused, match="firm_unknown"):
        fitness.check_order(unit, "inspection", None, today)
    firm = listed(people)
    assert fitness.check_order(unit, "inspection", None, today) == firm
    with pytest.raises(Refused, match="no_licence"):
        fitness.check_order(unit, "training", None, today)
    for day in (date(2019, 12, 31), date(2040, 1, 2)):
        with pytest.raises(Refused, match="licence_expired"):
            fitness.check_order(unit, "inspection", None, day)
    for day in (date(2020, 1, 1), date(2040, 1, 1)):
        fitness.check_order(unit, "inspection", None, day)
    register.withdraw(firm.licences.get().pk, "吊销", by=people["anwei-office"])
    with pytest.raises(Refused, match="licence_expired"):
        fitness.check_order(unit, "inspection", None, today)
    fitness.check_order(unit, "inspection", None, today - DAY)


def test_a_licence_that_names_categories_covers_these_alone(people):
    listed(people, categories=["LL-CONF-H2S"])
    unit, today = firm_unit(), localdate(clock.now())
    covered, other = Category.objects.get(code="LL-CONF-H2S"), Category.objects.get(code="LL-CONF-CH4")
    fitness.check_order(unit, "inspection", covered, today)
    with pytest.raises(Refused, match="out_of_scope"):
        fitness.check_order(unit, "inspection", other, today)
    with pytest.raises(Refused, match="category_needed"):
        fitness.check_order(unit, "inspection", None, today)


def test_a_person_is_valid_to_the_last_day_of_the_certificate_and_until_he_leaves(people):
    firm, unit = listed(people), firm_unit()
    told = {"name": "周工", "certificate": "注册安全工程师", "number": "S-1", "until": "2026-12-31", "username": "firm"}
    person = register.employ(firm.pk, told, by=people["firm"])
    assert person.user == people["firm"]
    assert list(fitness.valid_inspectors(unit, date(2026, 12, 31))) == [person]
    assert list(fitness.valid_inspectors(unit, date(2027, 1, 1))) == []
    register.recertify(person.pk, "2027-12-31", by=people["firm"])
    assert list(fitness.valid_inspectors(unit, date(2027, 1, 1))) == [person]
    register.leave(person.pk, by=people["firm"])
    assert list(fitness.valid_inspectors(unit, localdate(clock.now()))) == []
    with pytest.raises(Refused, match="left"):
        register.recertify(person.pk, "2028-12-31", by=people["firm"])


def test_a_firm_keeps_its_own_people_and_no_others(people):
    firm = listed(people)
    told = {"name": "周工", "certificate": "证", "number": "S-1", "until": "2030-01-01"}
    for name in ("firm-b", "insurer", "yingji-office", "sijing-head"):
        with pytest.raises(Forbidden):
            register.employ(firm.pk, told, by=people[name])
    with pytest.raises(Invalid, match="unknown_user"):
        register.employ(firm.pk, told | {"username": "firm-b"}, by=people["firm"])


@pytest.mark.parametrize(("name", "value"), [
    ("since", "2026-02-30"), ("since", "9999-12-31"), ("since", "0001-01-01"), ("since", "２０２６-01-01x"),
    ("until", "2019-01-01"), ("until", "NaN"), ("number", ""), ("number", "x" * 65), ("number", "a\x00b"),
    ("name", "x" * 9000), ("issued_by", "\x00"), ("until", "1" * 4000),
])  # fmt: skip
def test_nonsense_in_a_licence_is_a_refusal(people, name, value):
    firm = registered(people)
    with pytest.raises(Invalid):
        register.license_firm(firm.pk, LICENCE | {name: value}, ["drills"], [], by=people["anwei-office"])


@pytest.mark.parametrize(
    ("items", "categories"), [([], []), (["all"], []), (["drills"], ["NONE"]), (["drills"], ["\x00"])]
)
def test_a_licence_names_items_and_categories_that_there_are(people, items, categories):
    firm = registered(people)
    with pytest.raises(Invalid):
        register.license_firm(firm.pk, LICENCE, items, categories, by=people["anwei-office"])


# --- pages and files ------------------------------------------------------------------------
def test_everybody_signed_in_reads_the_list_and_nobody_else(client, people):
    firm, later = listed(people), registered(people, "X-TPF-B")
    assert client.get("/insurance/firms/").status_code == 302
    for name in ("insurer", "broker", "firm-b", "enterprise", "sijing-handler"):
        client.force_login(people[name])
        page = client.get("/insurance/firms/").content.decode()
        assert firm.credit_code in page, name
        assert later.credit_code not in page, name
        shown = client.get("/api/v1/insurance/firms/").json()
        assert [(row["unit"]["code"], row["items"]) for row in shown] == [("X-TPF", ["inspection", "drills"])]
    assert client.get("/api/v1/insurance/firms/?item=training").json() == []
    assert client.get("/api/v1/insurance/firms/?item=%00").status_code == 400


def test_the_list_as_a_workbook_holds_texts_only(client, people):
    listed(people, categories=["LL-CONF-H2S"])
    client.force_login(people["insurer"])
    answer = client.get("/insurance/firms/list.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[2][:4] == (
        "示例安全技术服务机构",
        Firm.objects.get().credit_code,
        "隐患排查、应急预案与演练",
        "LL-CONF-H2S",
    )


def test_who_is_not_on_the_list_yet_is_seen_by_the_offices_and_himself(client, people):
    later = registered(people, "X-TPF-B")
    for name, status in {"insurer": 404, "firm": 404, "enterprise": 404, "firm-b": 200, "anwei-office": 200}.items():
        client.force_login(people[name])
        assert client.get(f"/insurance/firms/{later.pk}/").status_code == status, name
        assert client.get(f"/insurance/firms/{2**70}/").status_code == 404


def test_people_and_figures_are_shown_to_the_offices_and_the_firm_alone(client, people):
    firm = listed(people)
    told = {"name": "欧阳安全", "certificate": "注册安全工程师", "number": "S-77", "until": "2040-01-01"}
    register.employ(firm.pk, told, by=people["firm"])
    for name, inside in {"insurer": 0, "broker": 0, "firm-b": 0, "enterprise": 0, "firm": 1, "auditor": 1}.items():
        client.force_login(people[name])
        page = client.get(f"/insurance/firms/{firm.pk}/").content.decode()
        assert ("欧阳安全" in page, "S-77" in page, 'id="card"' in page) == (bool(inside),) * 3, name
        own = client.get("/api/v1/insurance/firms/scorecard/?unit=X-TPF").status_code
        assert own == (200 if inside else 404), name


def test_the_list_asks_no_more_of_the_database_for_more_firms(client, people, statements):
    listed(people)
    client.force_login(people["insurer"])
    client.get("/insurance/firms/")
    one = statements(lambda: client.get("/insurance/firms/"))
    listed(people, "X-TPF-B")
    assert statements(lambda: client.get("/insurance/firms/")) == one


def test_a_firm_is_entered_on_the_page_and_what_is_wrong_is_said(client, people):
    client.force_login(people["anwei-office"])
    wrong = client.post("/insurance/firms/new/", {"unit": "X-TPF", "credit_code": "91310117MA1J0TPF00"})
    assert wrong.status_code == 400
    assert "校验位" in wrong.content.decode()
    done = client.post("/insurance/firms/new/", {"unit": "X-TPF", "credit_code": whole("91310117MA1J0TPF0")})
    made = Firm.objects.get()
    assert done["Location"] == f"/insurance/firms/{made.pk}/"
    body = LICENCE | {"items": ["drills", "training"], "categories": "LL-CONF-H2S"}
    assert client.post(f"/insurance/firms/{made.pk}/license/", body).status_code == 303
    assert client.post(f"/insurance/firms/{made.pk}/license/", body).status_code == 409
    assert made.licences.get().items == ["training", "drills"]
