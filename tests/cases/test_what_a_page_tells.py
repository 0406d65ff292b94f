"""What a page tells its reader: the reader's own clock first, what happened and nothing that did not."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from cases import casepage, worklist
from cases.models import Case, Deadline
from cases.sweeping import sweep
from cases.templatetags.display import countdown, due, duration, moment, promised
from responsibility import acting, clock, directory
from tests.cases.conftest import CONTAINED, REPORTED

pytestmark = pytest.mark.django_db


def later(**span):
    return clock.as_if(clock.now() + timedelta(**span))


@pytest.fixture
def seen(people):
    """``seen(case, "sijing-duty")``: the row and the page of the case as that person is shown them."""

    def look(case, name: str) -> tuple[worklist.Row, dict]:
        actor, known = acting.of(people[name]), directory.current()
        return worklist.rows(actor, known, [case.pk])[0], casepage.about(case, actor, known)

    return look


# --- clocks -----------------------------------------------------------------------
def test_everybody_sees_the_clock_of_the_own_unit_first(open_case, press, seen):
    case = open_case(category="LL-GAS-LEAK", object=None, location={"lat": 31.1144, "lon": 121.2683}, grade="orange")
    case = press(case, "sijing-duty acknowledge")
    assert case.lead.code == "SJ-JGW"
    street, page = seen(case, "sijing-duty")
    assert (street.clock.kind, street.clock.unit, street.theirs) == ("arrive", case.territory.unit, False)
    assert page["row"].clock == street.clock
    lead, _page = seen(case, "jianguan-head")
    assert (lead.clock.kind, lead.clock.unit) == ("acknowledge", case.lead)
    check, _page = seen(case, "auditor")
    assert (check.clock, check.theirs) == (lead.clock, True)


def test_the_worklist_of_a_unit_goes_by_its_own_clocks(open_case, press):
    case = press(open_case(grade="orange"), "sijing-duty acknowledge")
    due = {party.unit.code: party.due_at for party in case.parties.select_related("unit")}
    mine = Deadline.objects.running().filter(case=case)
    assert due["310117102"] == min(mine.filter(unit__code="310117102").values_list("due_at", flat=True))
    assert due["SJ-SW"] == min(mine.filter(unit__code="SJ-SW").values_list("due_at", flat=True))
    assert due["310117102"] != due["SJ-SW"]


def test_less_than_a_minute_is_never_told_as_none():
    assert (duration(59), duration(0), duration(-30), duration(60)) == ("不到 1 分", "不到 1 分", "不到 1 分", "1 分")


def test_what_was_missed_ahead_of_time_has_nothing_left(open_case):
    case = open_case()
    with later(hours=4.1):
        sweep()
    contain = case.deadlines.get(kind="contain")
    assert "已超时" in countdown(contain, clock.now())
    limit = case.deadlines.get(kind="medium_limit")
    assert casepage.net_seconds(Deadline.objects.prefetch_related("pauses").get(pk=limit.pk), clock.now()) == (0, 0)


# --- steps ------------------------------------------------------------------------
def phases(page: dict) -> dict[str, str]:
    return {step.label: step.phase for step in page["steps"]}


def test_a_repair_that_never_was_is_not_told_as_done(open_case, press, seen, client, people):
    case = press(open_case(), *REPORTED)
    _row, page = seen(case, "chengyun-check")
    assert (phases(page)["整改"], phases(page)["核查"]) == ("skipped", "now")
    client.force_login(people["chengyun-check"])
    shown = client.get(f"/cases/{case.number}/").content.decode()
    assert "未经整改" in shown
    assert re.search(r"<b>整改</b>.{0,200}直接反馈", shown, re.DOTALL)
    case = press(case, "chengyun-check close")
    assert phases(seen(case, "chengyun-check")[1])["整改"] == "skipped"


@pytest.mark.parametrize("steps", [["sijing-handler rectify", "sijing-handler report"], ["sijing-handler report"]])
def test_a_repair_that_was_is_told_as_done(open_case, press, seen, steps):
    case = press(open_case(), *CONTAINED, *steps)
    if len(steps) == 1:
        case = press(case, "chengyun-check rework", reason="读数仍高")
        case = press(case, "sijing-handler prove", "sijing-handler report")
    assert phases(seen(case, "chengyun-check")[1])["整改"] == "done"


# --- whose turn -------------------------------------------------------------------
def test_nobody_is_nagged_to_resume_what_was_put_off(open_case, press, people, seen):
    from cases import requests

    case = press(open_case(), *CONTAINED, "sijing-head rectify")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="suspend", reason="缺件", minutes=600)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    case.refresh_from_db()
    row, page = seen(case, "sijing-handler")
    assert (row.todo, row.turn.label, page["primary"]) == ("", "挂账复查", None)
    assert "resume" in [form.verb for form in page["others"]]


# --- requests ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "grade", "decider", "words"),
    [
        ("escalate", "yellow", "shuiwu-head", "区水务局部门负责人"),
        ("escalate", "orange", "yingji-office", "区城运应急办"),
        ("void", "yellow", "chengyun-lead", "区城运中心值班长"),
    ],
)
def test_who_is_named_as_deciding_does_decide(open_case, people, client, kind, grade, decider, words):
    from cases import requests

    case = open_case(grade=grade)
    client.force_login(people["sijing-head"])
    page = client.post(f"/cases/{case.number}/requests/", {"kind": kind, "reason": "人手不足"}, follow=True)
    assert f"由{words}审批" in page.content.decode()
    assert requests.decider(acting.of(people[decider]), case.requests.get(), Case.objects.get(pk=case.pk))


def test_an_extension_says_which_clock_it_moves_and_how_far(open_case, people, client, press):
    case = press(open_case(), *CONTAINED)
    client.force_login(people["sijing-head"])
    assert "延长的是整改时限" in client.get(f"/cases/{case.number}/").content.decode()
    client.post(f"/cases/{case.number}/requests/", {"kind": "extend", "reason": "缺件", "minutes": "90"})
    assert "1 小时 30 分" in client.get("/requests/").content.decode()
    client.force_login(people["chengyun-lead"])
    assert "countdown" in client.get("/requests/").content.decode()


# --- titles -----------------------------------------------------------------------
def test_a_title_that_nobody_gave_does_not_stutter(open_case):
    manhole = open_case().risk_object
    assert manhole.name.endswith("窨井")
    assert Case.objects.get().title == f"{manhole.name}硫化氢"
    other = open_case(object=None, location={"lat": 31.1144, "lon": 121.2683}, category="PS-LIFT", scenario=None)
    assert other.title == "泗泾镇电梯困人"


# --- days and years ---------------------------------------------------------------
def test_a_limit_in_working_days_is_told_in_working_days_up_to_the_end_of_the_last(open_case, press):
    case = press(open_case(), *CONTAINED)
    rectify = case.deadlines.get(kind="rectify")
    rectify.due_at = datetime(2026, 12, 12, tzinfo=timezone.get_default_timezone())
    with clock.as_if(datetime(2026, 11, 21, tzinfo=UTC)):
        assert due(rectify) == "12-11 24:00"
    assert promised(rectify, case) == f"{case.policy['rectify_days']} 个工作日"


def test_another_year_is_named():
    with clock.as_if(datetime(2026, 11, 21, tzinfo=UTC)):
        assert moment(datetime(2010, 8, 31, 1, tzinfo=UTC)) == "2010-08-31 09:00"
        assert moment(datetime(2026, 8, 31, 1, tzinfo=UTC)) == "08-31 09:00"


def test_nobody_answers_for_a_closed_case_any_more(open_case, press, client, people):
    case = press(open_case(), *REPORTED, "chengyun-check close")
    client.force_login(people["sijing-duty"])
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "当前负责" not in page
    assert "目前" not in page
