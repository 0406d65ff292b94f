"""One case all the way round in its street."""

from datetime import timedelta

import pytest

from cases import guards
from cases.models import Deadline, Party
from responsibility import acting, clock, ledger
from responsibility.models import Role, Unit
from responsibility.refusals import Forbidden, Refused
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED, hold, leave

pytestmark = pytest.mark.django_db


def test_a_case_is_answered_contained_reported_and_closed_by_somebody_else(open_case, press):
    case = press(open_case(), *CLOSED)
    assert case.state == "closed"
    assert case.closed_at
    assert not Deadline.objects.running().filter(case=case).exists()
    verbs = [entry.verb for entry in ledger.story(case.chain)]
    assert verbs == [
        "case.open", "case.acknowledge", "case.arrive", "evidence.add", "case.contain", "case.report", "case.close",
    ]  # fmt: skip
    assert list(ledger.verify(ledger.story(case.chain))) == []


def test_the_street_cannot_close_its_own_case(open_case, press):
    case = press(open_case(), *REPORTED)
    with pytest.raises(Forbidden):
        press(case, "sijing-duty close")


@pytest.fixture
def also_checker(people):
    """Somebody is a checker of the district centre as well; the post."""
    centre = people["chengyun-check"].posts.get().unit
    return lambda name: hold(people[name], centre, Role.CHECKER)


@pytest.mark.parametrize("verb", ["close", "rework"])
@pytest.mark.parametrize("name", ["sijing-duty", "sijing-handler"])
def test_nobody_checks_his_own_work_in_a_second_post(open_case, press, people, also_checker, name, verb):
    case = press(open_case(), *REPORTED)
    also_checker(name)
    with pytest.raises(Forbidden) as refused:
        press(case, f"{name} {verb}", reason="再看一次")
    assert refused.value.code == "own_work"
    assert verb not in guards.allowed(acting.of(people[name]), case, list(Party.objects.filter(case=case)))


@pytest.mark.parametrize("name", ["sijing-duty", "sijing-handler"])
def test_nobody_checks_his_own_work_after_he_has_left_the_unit(open_case, press, people, also_checker, name):
    case = press(open_case(), *REPORTED)
    leave(people[name])
    also_checker(name)
    with pytest.raises(Forbidden) as refused:
        press(case, f"{name} close")
    assert refused.value.code == "own_work"


def test_a_person_of_a_disposing_unit_does_not_check_its_work_in_a_second_post(open_case, press, also_checker):
    case = press(open_case(), *REPORTED)
    also_checker("sijing-head")
    with pytest.raises(Forbidden):
        press(case, "sijing-head close")


def test_a_second_post_elsewhere_does_not_keep_a_checker_from_checking(open_case, press, people):
    case = press(open_case(), *REPORTED)
    hold(people["chengyun-check"], Unit.objects.get(code="SJ-YJ"), Role.HANDLER)
    assert press(case, "chengyun-check close").state == "closed"


def test_containing_needs_proof(open_case, press):
    case = press(open_case(), "sijing-duty acknowledge", "sijing-handler arrive")
    with pytest.raises(Refused) as refused:
        press(case, "sijing-handler contain")
    assert refused.value.code == "no_evidence"


def test_nobody_from_another_street_may_touch_it(open_case, press):
    with pytest.raises(Forbidden):
        press(open_case(), "jiuting-duty acknowledge")


def test_containing_stops_the_four_hours_and_starts_the_repair(open_case, press):
    case = press(open_case(), *CONTAINED)
    running = set(Deadline.objects.running().filter(case=case).values_list("kind", flat=True))
    assert running == {"rectify"}
    assert case.due_at == Deadline.objects.get(case=case, kind="rectify").due_at


def test_rework_asks_for_new_proof(open_case, press):
    case = press(open_case(), *REPORTED)
    case = press(case, "chengyun-check rework", reason="读数仍高")
    assert (case.state, case.rework_count) == ("rectifying", 1)
    with pytest.raises(Refused) as refused:
        press(case, "sijing-handler report")
    assert refused.value.code == "no_evidence"
    assert press(case, "sijing-handler prove", "sijing-handler report").state == "verifying"


def test_a_new_alert_on_a_closed_case_reopens_it(open_case, press, send):
    from tests.cases.conftest import alert

    case = press(open_case(), *CLOSED)
    answer = send(alert())[0]
    case.refresh_from_db()
    assert (answer.outcome, answer.case) == ("joined", case.number)
    assert (case.state, case.alert_count, case.rework_count) == ("rectifying", 2, 1)
    assert "acknowledge" in press(case, "sijing-duty acknowledge").deadlines.values_list("kind", flat=True)


def test_a_case_is_not_reopened_beside_another_one_of_its_object(open_case, press):
    long_ago = clock.now() - timedelta(days=31)
    with clock.as_if(long_ago):
        old = press(open_case(observed_at=long_ago.isoformat()), *CLOSED)
    new = open_case()
    with pytest.raises(Refused) as refused:
        press(old, "chengyun-check reopen", reason="复查不合格")
    assert refused.value.code == "already_open"
    assert new.number in str(refused.value.detail)
