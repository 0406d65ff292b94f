"""Who decides what, who stands in, what silence means, and the one way to arbitration."""

from datetime import timedelta

import pytest
from django.test import Client

from cases import audit, deciding, requests
from cases.models import Case, Deadline, Grant, Party, Request
from cases.sweeping import sweep
from responsibility import clock, ledger, rostering
from responsibility.models import Role, Unit
from responsibility.refusals import Forbidden, Refused
from tests.cases.conftest import CONTAINED, alert, hold, leave
from tests.cases.test_requests import code_of, later

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
REPAIR = [*CONTAINED, "sijing-head rectify"]
DAY = 24 * 60


@pytest.fixture
def ask(people):
    """The street's head asks."""

    def make(case: Case, kind: str, by: str = "sijing-head", **more) -> Request:
        return requests.ask(case.pk, by=people[by], kind=kind, reason="人手不足", **more)

    return make


@pytest.fixture
def decide(people):
    """Approve, or refuse with a reason."""

    def make(request: Request, by: str, *, approve: bool = True) -> Request:
        return requests.decide(request.pk, by=people[by], approve=approve, answer="" if approve else "理由不足")

    return make


@pytest.fixture
def on_shift(people):
    """Put somebody of the water bureau, or of the unit given, on duty from now on; a deputy beside him."""

    def plan(person: str, deputy: str = "", unit: str = "SJ-SW", by: str = "shuiwu-head"):
        row = rostering.Row(unit, person, clock.now(), clock.now() + timedelta(hours=12), deputy=deputy)
        return rostering.plan([row], by=people[by])

    return plan


# --- who decides -------------------------------------------------------------------------
def test_the_first_extension_is_the_shift_leaders_and_the_second_the_centres(open_case, ask, decide):
    case = open_case()
    decide(ask(case, "extend", minutes=30), "chengyun-lead")
    second = ask(case, "extend", minutes=30)
    assert second.act == "decide.extend_again"
    with pytest.raises(Forbidden):
        decide(second, "chengyun-lead")
    assert decide(second, "chengyun-head").state == "approved"


@pytest.mark.parametrize(
    ("days", "act", "by"),
    [
        (7, "decide.suspend", "chengyun-lead"),
        (8, "decide.suspend_long", "chengyun-head"),
        (31, "decide.suspend_district", "yingji-office"),
    ],
)
def test_a_suspension_climbs_with_its_length(open_case, press, ask, decide, days, act, by):
    asked = ask(press(open_case(), *REPAIR), "suspend", minutes=days * DAY, code="waiting_parts")
    assert asked.act == act
    assert asked.deadline.unit.code == {"yingji-office": "SJ-COMMITTEE"}.get(by, "SJ-CYZX")
    assert decide(asked, by).state == "approved"


def test_a_category_may_give_the_decider_other_minutes(open_case, ask):
    from responsibility.models import Category

    category = Category.objects.get(code="LL-CONF-H2S")
    category.minutes |= {"decide_void": 45, "long_extend": 20}
    category.save()
    case = open_case()
    asked = ask(case, "void", code="false_alarm")
    assert asked.deadline.due_at - asked.asked_at == timedelta(minutes=45)
    assert ask(case, "extend", minutes=21).act == "decide.extend_again"


def test_a_reason_of_another_kind_of_request_is_refused(open_case, ask):
    assert code_of(lambda: ask(open_case(), "void", code="casualties")) == "bad_choice"


# --- the deputy ----------------------------------------------------------------------------
def test_off_duty_the_deputy_on_the_roster_decides_and_the_ledger_says_for_whom(
    open_case, ask, decide, people, on_shift
):
    hold(people["jgw-duty"], Unit.objects.get(code="SJ-SW"), Role.HANDLER)
    on_shift("shuiwu-duty", deputy="jgw-duty")
    case = open_case()
    asked = ask(case, "escalate")
    with pytest.raises(Forbidden):
        decide(asked, "shuiwu-duty")
    decided = decide(asked, "jgw-duty")
    assert (decided.decided_how, decided.answers_for[0]["person"]) == ("deputy", str(people["shuiwu-head"]))
    entry = ledger.story(case.chain).get(verb="request.approve")
    assert entry.after["deputy_of"][0]["title"] == people["shuiwu-head"].posts.get().title
    assert list(audit.mismatches(case.chain)) == []


def test_on_duty_the_decider_has_no_stand_in_among_those_who_command(open_case, ask, decide, people, on_shift):
    hold(people["jgw-duty"], Unit.objects.get(code="SJ-SW"), Role.HEAD)
    on_shift("shuiwu-head")
    with pytest.raises(Forbidden):
        decide(ask(open_case(), "escalate"), "jgw-duty")


def test_where_nobody_holds_the_deciding_post_the_head_of_the_unit_decides(open_case, ask, decide, people):
    leave(people["chengyun-lead"])
    decided = decide(ask(open_case(), "void"), "chengyun-head")
    assert (decided.decided_how, decided.answers_for) == ("deputy", [])


def test_a_deputy_does_not_decide_what_he_asked(open_case, ask, decide, people, on_shift):
    hold(people["sijing-head"], Unit.objects.get(code="SJ-SW"), Role.HANDLER)
    on_shift("shuiwu-duty", deputy="sijing-head")
    assert code_of(lambda: decide(ask(open_case(), "escalate"), "sijing-head")) == "own_request"


# --- silence ---------------------------------------------------------------------------------
def test_an_escalation_nobody_decides_is_approved_by_lapse_and_names_the_post(open_case, ask, decide, people):
    case = open_case()
    asked = ask(case, "escalate")
    with later(minutes=31):
        sweep()
        sweep()
        assert code_of(lambda: decide(asked, "shuiwu-head")) == "already_decided"
    asked.refresh_from_db()
    case.refresh_from_db()
    assert (asked.state, asked.decided_how, asked.decided_by) == ("approved", "lapse", None)
    assert (case.loop, case.holder.code) == ("medium", "SJ-SW")
    entry = ledger.story(case.chain).get(verb="request.lapse")
    assert (entry.after["unit"], entry.after["posts"][0]["person"]) == ("SJ-SW", str(people["shuiwu-head"]))
    assert ledger.story(case.chain).get(verb="case.escalate").after["why"] == "lapse"
    assert ledger.story(case.chain).filter(verb="deadline.missed", after__kind="decide").count() == 1
    assert not Deadline.objects.running().filter(case=case, kind="decide").exists()
    assert list(audit.mismatches(case.chain)) == []


@pytest.mark.parametrize("kind", ["extend", "void", "share"])
def test_silence_refuses_what_is_a_favour(open_case, ask, kind):
    more = {"extend": {"minutes": 60}, "share": {"minutes": DAY, "proposed": "X-TPF"}}.get(kind, {})
    case = open_case()
    contain = Deadline.objects.get(case=case, kind="contain").due_at
    asked = ask(case, kind, **more)
    with later(minutes=1441):
        sweep()
    asked.refresh_from_db()
    case.refresh_from_db()
    assert (asked.state, asked.decided_how, case.state) == ("refused", "lapse", "dispatched")
    assert Deadline.objects.get(case=case, kind="contain").due_at == contain
    assert not Grant.objects.filter(case=case).exists()
    assert list(audit.mismatches(case.chain)) == []


def test_two_requests_to_one_unit_have_a_clock_each_and_a_decision_stops_only_its_own(open_case, ask, decide):
    case = open_case()
    void, extend = ask(case, "void"), ask(case, "extend", minutes=30)
    decide(void, "chengyun-lead", approve=False)
    assert Deadline.objects.get(pk=void.deadline_id).stopped_at is not None
    assert Deadline.objects.get(pk=extend.deadline_id).stopped_at is None


def test_what_was_overtaken_does_not_lapse(open_case, ask):
    case = open_case()
    with later(hours=3.9):
        asked = ask(case, "escalate")
    with later(hours=4.6):
        sweep()
    asked.refresh_from_db()
    case.refresh_from_db()
    assert (asked.state, case.loop) == ("overtaken", "medium")
    assert list(audit.mismatches(case.chain)) == []


def test_an_undecided_dispute_stays_where_it_is(open_case, ask):
    case = open_case()
    asked = ask(case, "return", code="no_power")
    with later(minutes=20):
        sweep()
    asked.refresh_from_db()
    assert (asked.state, asked.deadline) == ("pending", None)
    assert ledger.story(case.chain).filter(verb="deadline.missed", after__kind="arbitrate").exists()


# --- what waits for nobody ---------------------------------------------------------------------
def test_casualties_raise_the_case_to_the_district_at_once(open_case, ask):
    case = open_case()
    asked = ask(case, "escalate", code="casualties")
    case.refresh_from_db()
    assert (asked.state, asked.decided_how, asked.deadline) == ("approved", "rule", None)
    assert (case.loop, case.holder.code) == ("large", "SJ-COMMITTEE")
    parties = set(Party.objects.filter(case=case, until=None).values_list("unit__code", flat=True))
    assert parties == {"310117102", "SJ-SW", "SJ-COMMITTEE"}
    assert ledger.story(case.chain).get(verb="case.escalate").after["why"] == "casualties"
    assert list(audit.mismatches(case.chain)) == []


# --- appeal -------------------------------------------------------------------------------------
@pytest.fixture
def refused(open_case, ask, decide):
    return decide(ask(open_case(), "escalate"), "shuiwu-head", approve=False)


def test_a_refusal_is_appealed_once_and_the_emergency_office_decides_for_good(refused, decide, people):
    again = requests.appeal(refused.pk, by=people["sijing-head"], reason="险情扩大")
    with pytest.raises(Forbidden):
        decide(again, "shuiwu-head")
    decide(again, "yingji-office", approve=False)
    for pk in (refused.pk, again.pk):
        code = code_of(lambda: requests.appeal(pk, by=people["sijing-head"], reason="再"))  # noqa: B023
        assert code == {refused.pk: "appealed_before", again.pk: "final"}[pk]
    assert list(audit.mismatches(refused.case.chain)) == []


def test_what_an_appeal_has_refused_is_asked_again_after_a_new_alert_only(refused, ask, decide, people, send):
    decide(requests.appeal(refused.pk, by=people["sijing-head"], reason="险情扩大"), "yingji-office", approve=False)
    case = Case.objects.get(pk=refused.case_id)
    assert code_of(lambda: ask(case, "escalate")) == "final"
    assert ask(case, "void").state == "pending"
    send(alert())
    assert ask(case, "escalate").state == "pending"


def test_an_appeal_that_is_upheld_does_what_was_asked(refused, decide, people):
    decide(requests.appeal(refused.pk, by=people["sijing-head"], reason="险情扩大"), "yingji-office")
    case = Case.objects.get(pk=refused.case_id)
    assert case.loop == "medium"
    assert list(audit.mismatches(case.chain)) == []


def test_an_appeal_nobody_decides_leaves_the_refusal(refused, people):
    again = requests.appeal(refused.pk, by=people["sijing-head"], reason="险情扩大")
    with later(minutes=20):
        sweep()
    again.refresh_from_db()
    assert (again.state, again.decided_how, Case.objects.get(pk=refused.case_id).loop) == ("refused", "lapse", "small")


def test_only_a_refusal_of_ones_own_is_appealed(open_case, ask, refused, people):
    pending = ask(open_case(object="B-1", location={"lat": 31.1144, "lon": 121.2683}), "void")
    appeal = lambda pk, by: requests.appeal(pk, by=people[by], reason="再请")  # noqa: E731
    assert code_of(lambda: appeal(pending.pk, "sijing-head")) == "nothing_to_appeal"
    assert code_of(lambda: appeal(refused.pk, "jiuting-duty")) == "not_engaged"


# --- the new kinds ---------------------------------------------------------------------------------
def test_the_lead_asks_the_district_to_stand_down_once_the_danger_is_contained(open_case, press, ask, decide):
    case = open_case(grade="red")
    assert code_of(lambda: ask(case, "stand_down", by="shuiwu-head")) == "not_contained"
    press(case, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "shuiwu-duty contain")
    with pytest.raises(Forbidden):
        ask(case, "stand_down")
    decide(ask(case, "stand_down", by="shuiwu-head", code="under_control"), "yingji-office")
    case.refresh_from_db()
    assert (case.loop, case.holder.code) == ("medium", "SJ-SW")
    parties = set(Party.objects.filter(case=case, until=None).values_list("unit__code", flat=True))
    assert parties == {"310117102", "SJ-SW"}
    assert list(audit.mismatches(case.chain)) == []


def test_a_case_is_shown_to_a_firm_on_request_for_as_long_as_was_granted(open_case, ask, decide, people):
    case = open_case()
    asked = ask(case, "share", proposed="X-TPF", minutes=3 * DAY, code="expert")
    decide(asked, "anwei-office")
    grant = Grant.objects.get(case=case)
    assert (grant.unit.code, grant.granted_by) == ("X-TPF", people["anwei-office"])
    assert timedelta(days=2.99) < grant.until - clock.now() <= timedelta(days=3)
    assert code_of(lambda: ask(case, "share", proposed="NOBODY", minutes=DAY)) == "unknown_code"
    assert list(audit.mismatches(case.chain)) == []


def test_a_proof_of_another_case_supports_no_request(open_case, press, ask):
    other = press(open_case(object="B-1", location={"lat": 31.1144, "lon": 121.2683}), *CONTAINED[:3])
    proof = other.evidence.get().pk
    assert ask(other, "void", evidence=proof).evidence_id == proof
    assert code_of(lambda: ask(open_case(), "void", evidence=proof)) == "unknown_evidence"


# --- the desk ----------------------------------------------------------------------------------------
def test_the_desk_shows_the_most_urgent_first_with_its_clock_and_takes_no_more_statements_for_more(
    open_case, ask, people, statements
):
    place = {"location": {"lat": 31.1144, "lon": 121.2683}}
    ask(open_case(object="B-1", **place), "void")
    ask(open_case(object="B-2", **place), "extend", minutes=30)
    client = Client()
    client.force_login(people["chengyun-lead"])
    page = client.get("/requests/")
    assert [r.kind for r, _row in page.context["to_decide"]] == ["extend", "void"]
    assert "逾期未批视为驳回" in page.content.decode()
    before = statements(lambda: client.get("/requests/"))
    for n in range(3, 8):
        ask(open_case(object=f"B-{n}", **place), "void")
    assert statements(lambda: client.get("/requests/")) == before


def test_every_rule_names_an_act_that_somebody_may_do():
    from responsibility.acts import ACTS

    assert all(ACTS[act].cells for act in deciding.ACTS)


def test_a_refused_decision_says_why_in_one_sentence(refused, people):
    with pytest.raises(Refused) as told:
        requests.decide(refused.pk, by=people["shuiwu-head"], approve=True)
    assert str(told.value.detail).endswith("。")
