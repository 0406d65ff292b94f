"""待研判: what nobody could place is filed by the shift leader, or made void with a reason."""

from datetime import timedelta

import pytest

from cases.models import Case, Deadline
from cases.sweeping import sweep
from responsibility import clock, ledger
from responsibility.refusals import Forbidden, Invalid, Refused

pytestmark = pytest.mark.django_db

BEIJING = {"lat": 39.9, "lon": 116.4}


@pytest.fixture
def unknown(open_case):
    """An alert of a category that nobody knows."""
    return open_case(category="NOBODY-KNOWS", title="不明气味")


def test_filing_names_the_street_asks_the_matrix_and_starts_the_clocks(unknown, press):
    case = press(unknown, "chengyun-lead file", category="LL-CONF-H2S", note="现场核实为硫化氢")
    assert (case.state, case.holder.name, case.lead.code) == ("dispatched", "泗泾镇", "SJ-SW")
    assert case.category_code == "LL-CONF-H2S"
    running = set(Deadline.objects.running().filter(case=case).values_list("kind", flat=True))
    assert running == {"acknowledge", "arrive", "contain"}
    entry = ledger.story(case.chain).get(verb="case.file")
    assert (entry.before["state"], entry.after["state"], entry.note) == ("triage", "dispatched", "现场核实为硫化氢")


@pytest.mark.parametrize(("grade", "loop"), [("orange", "medium"), ("red", "large"), ("blue", "small")])
def test_the_colour_given_at_filing_decides_the_loop(unknown, press, grade, loop):
    case = press(unknown, "chengyun-lead file", category="LL-CONF-H2S", grade=grade)
    assert (case.grade, case.loop) == (grade, loop)


def test_an_alert_from_outside_is_filed_to_the_street_that_is_named(open_case, press):
    case = open_case(object=None, location=BEIJING)
    with pytest.raises(Invalid) as refused:
        press(case, "chengyun-lead file")
    assert refused.value.attr == "territory"
    assert press(case, "chengyun-lead file", territory="310117107").holder.code == "310117107"


def test_an_alert_in_triage_has_a_clock_of_the_shift_leaders_that_ends_with_it(unknown, press):
    clock_ = Deadline.objects.get(case=unknown, kind="triage")
    assert (clock_.unit.code, clock_.due_at - clock_.started_at) == ("SJ-CYZX", timedelta(minutes=15))
    assert unknown.due_at == clock_.due_at
    case = press(unknown, "chengyun-lead file", category="LL-CONF-H2S")
    assert not Deadline.objects.running().filter(case=case, kind="triage").exists()


def test_a_missed_triage_is_recorded_and_still_waits(unknown):
    with clock.as_if(clock.now() + timedelta(minutes=16)):
        assert sweep().missed == 1
    unknown.refresh_from_db()
    assert (unknown.state, unknown.due_at is None) == ("triage", False)
    assert ledger.story(unknown.chain).get(verb="deadline.missed").after["kind"] == "triage"


def test_a_void_ends_the_clock_of_triage(unknown, press):
    press(unknown, "chengyun-lead void", reason="传感器检修")
    assert not Deadline.objects.running().filter(case=unknown).exists()


def test_a_red_alert_in_triage_stands_before_a_blue_case_and_on_the_board(unknown, open_case, client, people):
    blue = open_case(category="PS-HERITAGE", grade="blue", scenario=None)
    red = open_case(object=None, location=BEIJING, grade="red", title="区外燃气泄漏")
    client.force_login(people["chengyun-lead"])
    page = client.get("/").content.decode()
    assert page.index(f"c-{red.number}") < page.index(f"c-{blue.number}")
    assert "小闭环</span>" not in page.split(f"c-{red.number}")[1].split("</li>")[0]
    assert red.number in client.get("/board/").content.decode()


def test_a_category_must_be_chosen(unknown, press):
    with pytest.raises(Invalid) as refused:
        press(unknown, "chengyun-lead file")
    assert (refused.value.code, refused.value.attr) == ("required", "category")
    for field, code in (("category", "NO"), ("scenario", "NO"), ("territory", "NO"), ("grade", "mauve")):
        data = {"category": "LL-CONF-H2S"} | {field: code}
        with pytest.raises(Invalid) as refused:
            press(unknown, "chengyun-lead file", **data)
        assert refused.value.attr == field
    assert Case.objects.get().state == "triage"


def test_a_void_needs_its_reason(unknown, press):
    for data in ({}, {"reason": "   "}, {"note": "x"}):
        with pytest.raises(Invalid) as refused:
            press(unknown, "chengyun-lead void", **data)
        assert refused.value.attr == "reason"
    case = press(unknown, "chengyun-lead void", reason="传感器检修")
    assert case.state == "void"
    assert ledger.story(case.chain).get(verb="case.void").note == "传感器检修"


@pytest.mark.parametrize("name", ["chengyun-check", "sijing-duty", "shuiwu-head", "yingji-office", "auditor"])
@pytest.mark.parametrize("verb", ["file", "void"])
def test_triage_is_the_shift_leaders(unknown, press, name, verb):
    with pytest.raises(Forbidden):
        press(unknown, f"{name} {verb}", category="LL-CONF-H2S", reason="x")


def test_a_filed_case_is_not_made_void_without_a_request(unknown, press):
    press(unknown, "chengyun-lead file", category="LL-CONF-H2S")
    with pytest.raises(Refused) as refused:
        press(unknown, "chengyun-lead void", reason="x")
    assert refused.value.code == "wrong_state"


def test_filing_under_a_category_that_the_object_already_has_open_is_refused_and_not_a_failure(
    unknown, open_case, client, people
):
    """Two open cases for one danger cannot be; the shift leader is told, and voids one of them."""
    from responsibility import tokens

    open_case()
    signed = {"Authorization": f"Token {tokens.issue(people['chengyun-lead'])}"}
    address = f"/api/v1/cases/{unknown.number}/file/"
    answer = client.post(address, {"category": "LL-CONF-H2S"}, "application/json", headers=signed)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "already_open"
    client.force_login(people["chengyun-lead"])
    page = client.post(f"/cases/{unknown.number}/file/", {"category": "LL-CONF-H2S"})
    assert page.status_code == 409
    unknown.refresh_from_db()
    assert unknown.state == "triage"
