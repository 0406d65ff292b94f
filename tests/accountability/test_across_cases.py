"""Where all five duties failed together, risks that never end, and figures by unit; never a ranking of persons."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from accountability import across, byunit, musts, period, stating
from alerts import scenarios
from cases import drills, orders, requests
from cases.models import Case
from cases.sweeping import sweep
from responsibility import clock, directory
from tests.cases.conftest import CLOSED

pytestmark = pytest.mark.django_db
NOWHERE = {"category": "NEW-DRONE", "scenario": "low-altitude delivery", "object": "N-1",
           "location": {"lat": 31.1144, "lon": 121.2683}}  # fmt: skip


OBJECTS = ("MH-SIJING-0088", "MH-SIJING-0009")


def quarter(days: int = 90) -> period.Period:
    today = localdate(clock.now())
    return period.Period((today - timedelta(days=days)).isoformat(), today.isoformat())


def numbers(**narrowing) -> list[str]:
    return [each.case.number for each in across.failures(quarter(), **narrowing)]


def late(case: Case, at, hours: float = 240) -> Case:
    at(case.opened_at + timedelta(hours=hours))
    sweep()
    case.refresh_from_db()
    return case


def judged(case: Case) -> dict[str, str]:
    duties, _others = musts.of_case(case, directory.current())
    return {shown.duty.code: str(shown.verdict) for shown in duties if shown.is_one_of_five}


# --- 集体失职 -----------------------------------------------------------------------------
def test_a_case_whose_five_duties_failed_is_found_and_one_with_a_single_met_duty_is_not(open_case, press, at):
    failed, met = open_case(**NOWHERE), open_case(**(NOWHERE | {"object": "N-2"}))
    press(met, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "sijing-handler contain")
    press(met, "sijing-handler report")
    late(failed, at)
    assert judged(failed) == {
        "leader": "vacant", "territory": "unmet", "supervision": "vacant", "lead": "vacant", "main_body": "vacant",
    }  # fmt: skip
    assert judged(met)["territory"] == "met"
    assert numbers() == [failed.number]
    assert across.failures(quarter())[0].strict


def test_a_case_in_which_everybody_was_asked_is_found_and_not_while_the_leader_is_in_time(open_case, people, at):
    failed, spared = open_case(object=OBJECTS[0]), open_case(object=OBJECTS[1])
    for case in (failed, spared):
        asked = requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="缺人", code="beyond_power")
    requests.decide(asked.pk, by=people["shuiwu-head"], approve=False, answer="不必")
    late(failed, at, hours=5)
    for case in (failed, spared):
        case.refresh_from_db()
        order_those_aside(case, people)
    late(failed, at)
    assert set(judged(failed).values()) == {"unmet"}
    assert judged(spared) == judged(failed) | {"leader": "open"}
    assert numbers() == [failed.number]


def order_those_aside(case: Case, people) -> None:
    """Orders to whoever supervises and to the main body, who owe nothing of themselves."""
    units = {line["role"]: line["unit"] for line in case.duties if line["unit"]}
    for role in ("supervision", "main_body"):
        orders.give(case.pk, by=people["shuiwu-head"], unit=units[role], text="到场", minutes=30)


def test_who_was_not_asked_did_not_fail_but_is_found_when_looked_for(open_case, at):
    case = late(open_case(), at, hours=3)
    assert "not_asked" in judged(case).values()
    assert numbers() == []
    assert numbers(loose=True) == [case.number]
    assert not across.failures(quarter(), loose=True)[0].strict


def test_pages_periods_and_drills(open_case, people, at, settings):
    cases = [open_case(**(NOWHERE | {"object": f"N-{n}"})) for n in range(4)]
    drill = drills.start(scenarios.shipped()["h2s-manhole"], by=people["yingji-office"], speed=60)
    late(cases[0], at)
    assert Case.objects.filter(drill=drill).exists()
    found = across.failures(quarter(), limit=3)
    assert [each.case for each in found] == cases[:0:-1]
    assert [each.case for each in across.failures(quarter(), before=found[-1].case.pk)] == cases[:1]
    assert across.failures(quarter(days=5)) == []
    assert across.filed(quarter()) == 4


def test_what_those_concerned_say_stands_beside_the_finding(open_case, people, at, client):
    case = open_case(**NOWHERE)
    stating.state(case.pk, by=people["sijing-duty"], about="territory", text="当时道路中断")
    late(case, at)
    client.force_login(people["auditor"])
    page = client.get("/accountability/").content.decode()
    assert case.number in page
    assert "当时道路中断" in page


def test_the_page_of_a_case_and_the_list_are_of_one_mind(open_case, people, at):
    case = open_case(**NOWHERE)
    late(case, at)
    (found,) = across.failures(quarter())
    assert {code: str(verdict) for code, verdict in found.verdicts} == judged(case)


# --- 大白象 ---------------------------------------------------------------------------------
def test_what_is_put_off_again_and_again_is_an_elephant_and_its_cost_is_told(open_case, people, at):
    case, other = open_case(), open_case(object="MH-SIJING-0009")
    for _again in range(2):
        asked = requests.ask(case.pk, by=people["sijing-head"], kind="extend", reason="缺人", minutes=30)
        by = "chengyun-lead" if not _again else "chengyun-head"
        requests.decide(asked.pk, by=people[by], approve=True)
    at(case.opened_at + timedelta(days=2))
    (found,) = across.elephants(quarter())
    assert (found.risk, found.extended, list(found.why)) == (case.object_code, 2, ["postponed"])
    assert found.days == pytest.approx(2, abs=0.01)
    assert found.hours == pytest.approx(48, abs=0.2)
    assert other.object_code != found.risk


def test_reopening_the_same_risk_adds_up_over_its_cases(open_case, press, people, at):
    case = press(open_case(), *CLOSED)
    for _again in range(2):
        press(case, "chengyun-check reopen", reason="复发")
        press(case, "sijing-handler prove", "sijing-handler report", "chengyun-check close")
    (found,) = across.elephants(quarter())
    assert (found.reopened, list(found.why), found.is_open, found.latest) == (2, ["reopened"], False, case.number)


def test_elephants_come_oldest_first_page_by_page(open_case, at):
    began = clock.now()
    cases = []
    for n in range(3):
        at(began + timedelta(minutes=n))
        cases.append(open_case(object=f"E-{n}", location=NOWHERE["location"]))
    at(began + timedelta(days=across.LONG_DAYS + 1))
    found = across.elephants(quarter(days=200), limit=2)
    assert [each.risk for each in found] == ["E-0", "E-1"]
    behind = across.elephants(quarter(days=200), after=found[-1].first, risk=found[-1].risk)
    assert [each.risk for each in behind] == ["E-2"]


# --- by unit ---------------------------------------------------------------------------------
def test_figures_stand_by_unit_code_with_what_they_are_out_of(open_case, press, people, at):
    answered, silent = open_case(), open_case(object="MH-SIJING-0009")
    press(answered, "sijing-duty acknowledge")
    asked = requests.ask(silent.pk, by=people["sijing-head"], kind="escalate", reason="缺人", code="beyond_power")
    late(silent, at, hours=1)
    late(silent, at, hours=2)
    rows = byunit.rows(quarter(), directory.current())
    assert [row.unit.code for row in rows] == sorted(row.unit.code for row in rows)
    street = next(row for row in rows if row.unit.code == "310117102")
    assert (street.unanswered.part, street.unanswered.whole) == (1, 2)
    assert (street.second.part, street.second.whole) == (1, 1)
    water = next(row for row in rows if row.unit.code == "SJ-SW")
    assert (water.lapsed.part, water.lapsed.whole) == (1, 1)
    assert asked.pk


def test_returns_are_counted_with_those_upheld(open_case, people):
    case = open_case(grade="orange")
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="他处", code="source_elsewhere")
    requests.decide(asked.pk, by=people["yingji-office"], approve=True, designate="SJ-JGW")
    water = next(row for row in byunit.rows(quarter(), directory.current()) if row.unit.code == "SJ-SW")
    assert (water.returned.part, water.returned.whole, water.upheld.part) == (1, 1, 1)
    assert byunit.rows(quarter(), directory.current(), kind="insurer") == []


# --- pages and files -----------------------------------------------------------------------------
@pytest.mark.parametrize("view", ["failures", "elephants", "units"])
def test_each_view_is_a_page_and_a_file(open_case, people, at, client, view):
    late(open_case(**NOWHERE), at, hours=24 * 100)
    client.force_login(people["auditor"])
    asked = {"view": view, "since": "2020-01-01", "until": localdate(clock.now()).isoformat()}
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        assert client.get("/accountability/", asked).status_code == 200
    file = client.get("/accountability/table.csv", asked)
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) >= 2
    assert {len(row) for row in rows} == {len(rows[0])}


def test_wrong_questions_are_refused_and_never_fail(people, client):
    client.force_login(people["auditor"])
    for wrong in (
        {"since": "x"}, {"until": "9999-12-31"}, {"since": "2026-02-30"},
        {"since": "2026-02-02", "until": "2026-01-01"},
        {"view": "x"}, {"after": "x"}, {"after": "\x00"}, {"view": "elephants", "after": "2026-01-01 x"},
        {"view": "units", "kind": "x"}, {"view": "units", "after": "\x00"}, {"after": "9" * 30},
    ):  # fmt: skip
        assert client.get("/accountability/", wrong).status_code == 400, wrong
        assert client.get("/accountability/table.csv", wrong).status_code == 400, wrong
    client.force_login(people["sijing-head"])
    assert client.get("/accountability/").status_code == 403
