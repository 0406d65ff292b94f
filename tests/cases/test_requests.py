"""请示: one unit asks, another decides, and what has moved on is not decided as if it had not."""

from datetime import timedelta

import pytest

from cases import casepage, requests
from cases.models import Case, Deadline, Party, Pause, Request
from cases.sweeping import sweep
from responsibility import acting, clock, ledger
from responsibility.models import Role, Unit
from responsibility.refusals import Forbidden, Refused
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED, hold, leave

pytestmark = pytest.mark.django_db
REPAIR = [*CONTAINED, "sijing-head rectify"]


def later(**span):
    return clock.as_if(clock.now() + timedelta(**span))


@pytest.fixture
def ask(people):
    """The street's head asks."""

    def make(case: Case, kind: str, minutes: int | None = None, by: str = "sijing-head") -> Request:
        return requests.ask(case.pk, by=people[by], kind=kind, reason="人手不足", minutes=minutes)

    return make


@pytest.fixture
def decide(people):
    """Somebody decides; a refusal gives its reason."""

    def make(asked: Request, by: str, approve: bool = True) -> Request:
        return requests.decide(asked.pk, by=people[by], approve=approve, answer="" if approve else "理由不足")

    return make


def code_of(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    assert str(refused.value.detail)
    return refused.value.code


# --- escalation ----------------------------------------------------------------------
def test_an_approved_escalation_brings_the_department_and_keeps_state_and_street(open_case, press, ask, decide):
    case = press(open_case(), "sijing-duty acknowledge")
    decide(ask(case, "escalate"), "shuiwu-head")
    case.refresh_from_db()
    assert (case.state, case.loop, case.holder.code) == ("acknowledged", "medium", "SJ-SW")
    assert set(Party.objects.filter(case=case, until=None).values_list("unit__code", flat=True)) == {
        "310117102",
        "SJ-SW",
    }
    verbs = list(ledger.story(case.chain).values_list("verb", flat=True))
    assert verbs[-3:] == ["request.escalate", "case.escalate", "request.approve"]


def test_a_refusal_needs_a_reason_and_changes_nothing_but_the_request(open_case, press, ask, decide, people):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = ask(case, "escalate")
    refuse = lambda: requests.decide(asked.pk, by=people["shuiwu-head"], approve=False, answer="  ")  # noqa: E731
    assert code_of(refuse) == "required"
    assert decide(asked, "shuiwu-head", approve=False).state == "refused"
    case.refresh_from_db()
    assert case.loop == "small"
    assert ask(case, "escalate").state == "pending"


def test_the_medium_loop_is_widened_by_the_emergency_office(open_case, ask, decide):
    case = open_case(grade="orange")
    asked = ask(case, "escalate")
    with pytest.raises(Forbidden):
        decide(asked, "shuiwu-head")
    decide(asked, "yingji-office")
    case.refresh_from_db()
    assert (case.loop, case.holder.code) == ("large", "SJ-COMMITTEE")
    assert code_of(lambda: ask(case, "escalate")) == "already_large"


def test_without_a_lead_the_emergency_office_decides(open_case, ask, decide):
    riders = "delivery riders (platform firms)"
    case = open_case(category="PS-EBIKE", scenario=riders, object=None, location={"lat": 31.1144, "lon": 121.2683})
    assert case.lead is None
    decide(ask(case, "escalate"), "yingji-office")
    case.refresh_from_db()
    assert case.loop == "medium"


def test_a_request_to_escalate_that_the_clock_has_overtaken_does_not_raise_it_twice(open_case, ask, decide):
    case = open_case()
    with later(hours=3.9):
        asked = ask(case, "escalate")
    with later(hours=4.1):
        sweep()
        assert code_of(lambda: decide(asked, "yingji-office")) == "moved_on"
        case.refresh_from_db()
        assert case.loop == "medium"
        assert Request.objects.get(pk=asked.pk).state == "overtaken"
        assert ask(case, "escalate").state == "pending"


# --- extension -----------------------------------------------------------------------
def test_an_extension_moves_the_limit_that_was_asked_for(open_case, ask, decide):
    case = open_case()
    contain = Deadline.objects.get(case=case, kind="contain")
    decide(ask(case, "extend", 60), "chengyun-lead")
    assert Deadline.objects.get(pk=contain.pk).due_at == contain.due_at + timedelta(minutes=60)
    with later(hours=4.5):
        sweep()
    case.refresh_from_db()
    assert case.loop == "small"


def test_an_extension_of_a_limit_that_has_been_met_does_not_move_the_next_one(open_case, press, ask, decide):
    case = press(open_case(), *CONTAINED[:3])
    asked = ask(case, "extend", 60)
    with later(minutes=5):
        press(case, "sijing-handler contain")
        rectify = Deadline.objects.get(case=case, kind="rectify")
        assert code_of(lambda: decide(asked, "chengyun-lead")) == "moved_on"
    assert Deadline.objects.get(pk=rectify.pk).due_at == rectify.due_at


def test_a_missed_limit_is_not_extended_afterwards(open_case, ask, decide):
    case = open_case()
    with later(hours=3.9):
        asked = ask(case, "extend", 60)
    with later(hours=4.1):
        sweep()
        assert code_of(lambda: decide(asked, "chengyun-lead")) == "nothing_to_extend"
        assert code_of(lambda: ask(case, "extend", 60)) == "nothing_to_extend"


# --- suspension ----------------------------------------------------------------------
@pytest.fixture
def suspended(open_case, press, ask, decide):
    """A case put off for ten hours while it was being repaired."""
    case = press(open_case(), *REPAIR)
    decide(ask(case, "suspend", 600), "chengyun-lead")
    case.refresh_from_db()
    return case


def test_while_a_case_is_put_off_its_clocks_stand_still(suspended):
    rectify = Deadline.objects.get(case=suspended, kind="rectify")
    with later(days=9):
        sweep()
    rectify.refresh_from_db()
    assert rectify.missed_at is None
    review = Deadline.objects.get(case=suspended, kind="review")
    assert review.missed_at is not None
    assert suspended.due_at == review.due_at


def test_resumed_it_has_left_what_was_left(suspended, press):
    rectify = Deadline.objects.get(case=suspended, kind="rectify")
    with later(hours=2):
        case = press(suspended, "sijing-handler resume")
        after = Deadline.objects.get(pk=rectify.pk)
    moved = after.due_at - rectify.due_at
    assert timedelta(hours=1.99) < moved < timedelta(hours=2.01)
    assert (case.state, after.paused_at) == ("rectifying", None)
    assert not Deadline.objects.running().filter(case=case, kind="review").exists()
    assert Pause.objects.get(deadline=rectify).until is not None


def test_resumed_late_it_gets_no_more_than_the_ceiling(suspended, press):
    rectify = Deadline.objects.get(case=suspended, kind="rectify")
    with later(hours=50):
        press(suspended, "sijing-handler resume")
    moved = Deadline.objects.get(pk=rectify.pk).due_at - rectify.due_at
    assert timedelta(hours=9.99) < moved <= timedelta(hours=10)


def test_who_granted_the_pause_and_until_when_is_kept(suspended, people):
    pause = Pause.objects.get(deadline__case=suspended)
    assert (pause.approved_by, pause.reason) == (people["chengyun-lead"], "人手不足")
    assert pause.ceiling - pause.since == timedelta(hours=10)


def test_a_suspended_case_that_is_voided_ends_its_pauses(suspended, ask, decide):
    decide(ask(suspended, "void"), "chengyun-lead")
    suspended.refresh_from_db()
    assert suspended.state == "void"
    assert not Pause.objects.filter(deadline__case=suspended, until__isnull=True).exists()
    assert not Deadline.objects.running().filter(case=suspended).exists()


@pytest.mark.parametrize(("steps", "grade", "code"), [([], "yellow", "wrong_state"), ([], "red", "red_case")])
def test_only_a_repair_is_put_off_and_never_a_red_case(open_case, press, ask, steps, grade, code):
    case = press(open_case(grade=grade), *steps)
    assert code_of(lambda: ask(case, "suspend", 60)) == code


def test_a_suspension_that_is_too_long_is_refused_in_days(open_case, press, client, people):
    case = press(open_case(), *REPAIR)
    client.force_login(people["sijing-head"])
    given = {"kind": "suspend", "reason": "缺件", "days": "100"}
    page = client.post(f"/cases/{case.number}/requests/", given)
    assert page.status_code == 400
    assert "至多 90 天" in page.content.decode()
    assert "129600" not in page.content.decode()


def test_a_case_that_turned_red_meanwhile_is_not_put_off(open_case, press, ask, decide, send):
    from tests.cases.conftest import alert

    case = press(open_case(), *REPAIR)
    asked = ask(case, "suspend", 60)
    send(alert(grade="red"))
    assert code_of(lambda: decide(asked, "chengyun-lead")) == "red_case"


# --- void, and what holds for all -----------------------------------------------------
def test_an_approved_void_ends_the_case(open_case, ask, decide):
    case = open_case()
    decide(ask(case, "void"), "chengyun-lead")
    case.refresh_from_db()
    assert (case.state, case.due_at) == ("void", None)
    assert not Deadline.objects.running().filter(case=case).exists()
    assert not Party.objects.filter(case=case, live=True).exists()


@pytest.mark.parametrize("kind", ["escalate", "extend", "void"])
def test_a_decision_on_a_case_that_was_closed_meanwhile_is_refused(open_case, press, ask, decide, kind):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = ask(case, kind, 60 if kind == "extend" else None)
    press(case, *CLOSED[1:])
    by = "shuiwu-head" if kind == "escalate" else "chengyun-lead"
    assert code_of(lambda: decide(asked, by)) == "moved_on"
    assert Request.objects.get(pk=asked.pk).state == "overtaken"
    assert ledger.story(case.chain).get(verb="request.overtaken").after["request"] == asked.pk


def test_the_same_is_not_asked_twice_at_once(open_case, ask, decide):
    case = open_case()
    first = ask(case, "void")
    assert code_of(lambda: ask(case, "void")) == "already_asked"
    decide(first, "chengyun-lead", approve=False)
    assert ask(case, "void").pk != first.pk


def test_a_request_is_decided_once(open_case, ask, decide):
    case = open_case()
    asked = ask(case, "escalate")
    decide(asked, "shuiwu-head")
    for approve in (True, False):
        assert code_of(lambda: decide(asked, "shuiwu-head", approve=approve)) == "already_decided"  # noqa: B023


def test_nobody_decides_what_the_own_unit_asked(open_case, ask, decide, people):
    case = open_case()
    street = Unit.objects.get(code="310117102")
    hold(people["sijing-head"], street, Role.SHIFT_LEADER)
    with pytest.raises(Forbidden):
        decide(ask(case, "void"), "sijing-head")


@pytest.mark.parametrize("left", [False, True], ids=["still there", "has left"])
def test_nobody_decides_what_he_asked_himself_in_another_post(open_case, ask, decide, people, left):
    asked = ask(open_case(), "void")
    if left:
        leave(people["sijing-head"])
    centre = people["chengyun-lead"].posts.get().unit
    hold(people["sijing-head"], centre, Role.SHIFT_LEADER)
    assert code_of(lambda: decide(asked, "sijing-head")) == "own_request"
    assert not casepage.decides(acting.of(people["sijing-head"]), asked, asked.case)
    assert decide(asked, "chengyun-lead").state == "approved"


def test_a_colleague_of_who_asked_does_not_decide_in_another_post(open_case, ask, decide, people):
    asked = ask(open_case(), "void")
    centre = people["chengyun-lead"].posts.get().unit
    hold(people["sijing-duty"], centre, Role.SHIFT_LEADER)
    assert code_of(lambda: decide(asked, "sijing-duty")) == "own_request"


@pytest.mark.parametrize("name", ["jiuting-duty", "shuiwu-head", "chengyun-lead", "auditor", "insurer"])
def test_only_those_engaged_may_ask(open_case, ask, name):
    with pytest.raises(Forbidden):
        ask(open_case(), "void", by=name)


@pytest.mark.parametrize("steps", [CLOSED, REPORTED])
def test_every_act_of_a_request_stands_in_the_ledger(open_case, press, ask, decide, steps):
    case = press(open_case(), "sijing-duty acknowledge")
    decide(ask(case, "extend", 30), "chengyun-lead", approve=False)
    press(case, *steps[1:])
    entries = ledger.story(case.chain)
    asked, refused = entries.get(verb="request.extend"), entries.get(verb="request.refuse")
    assert (asked.unit_label, asked.after["minutes"]) == ("泗泾镇", 30)
    assert (refused.actor.username, refused.note) == ("chengyun-lead", "理由不足")
    assert list(ledger.verify(entries)) == []
