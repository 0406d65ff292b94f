"""One case all the way round in its street."""

from datetime import timedelta

import pytest

from cases.models import Deadline
from responsibility import clock, ledger
from responsibility.refusals import Forbidden, Refused
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED

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
