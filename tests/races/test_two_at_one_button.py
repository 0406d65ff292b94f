"""Two people, two processes, one button."""

import pytest

from cases import requests
from cases.models import Deadline
from tests.cases.conftest import CONTAINED
from tests.races.conftest import told

pytestmark = pytest.mark.race

ROUNDS = 20
HERE = {"lat": 31.1144, "lon": 121.2683}
# The button, the two at it, the code that one of them is told, and what follows until the next button.
WAY = [
    ("acknowledge", "sijing-duty", "sijing-head", "already_acknowledged", CONTAINED[1:-1]),
    ("contain", "sijing-duty", "sijing-handler", "wrong_state", ["sijing-handler report"]),
    ("close", "chengyun-check", "chengyun-lead", "wrong_state", []),
]


def test_of_two_who_press_at_once_one_wins_and_the_other_is_told_why_not(open_case, press, pressing, at_once):
    for turn in range(ROUNDS):
        case = open_case(object=f"BTN-{turn}", location=HERE)
        for verb, one, other, code, then in WAY:
            answers = at_once(pressing(case, verb, one), pressing(case, verb, other))
            won, lost = sorted(answers, key=lambda answer: answer["status"])
            assert (won["status"], lost["status"]) == (200, 409), answers
            assert lost["body"]["errors"][0]["code"] == code
            assert lost["body"]["errors"][0]["detail"]
            assert len(told(case, f"case.{verb}")) == 1
            case = press(case, *then)
        assert case.state == "closed"


def test_of_two_who_contain_at_once_only_one_starts_the_clock_of_the_repair(open_case, press, pressing, at_once):
    case = press(open_case(), *CONTAINED[:-1])
    at_once(pressing(case, "contain", "sijing-duty"), pressing(case, "contain", "sijing-handler"))
    assert Deadline.objects.running().filter(case=case, kind="rectify").count() == 1


def test_two_units_that_answer_at_once_are_both_taken(open_case, pressing, at_once):
    case = open_case(grade="orange")
    answers = at_once(pressing(case, "acknowledge", "sijing-duty"), pressing(case, "acknowledge", "shuiwu-duty"))
    assert [answer["status"] for answer in answers] == [200, 200], answers
    assert case.parties.filter(acknowledged_at=None).count() == 0
    assert len(told(case, "case.acknowledge")) == 2


def test_of_two_decisions_on_one_request_one_holds(open_case, press, as_person, at_once, people):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = requests.ask(case.pk, by=people["sijing-duty"], kind="escalate", reason="需要水务部门")
    path, auth = f"/api/v1/requests/{asked.pk}", as_person("shuiwu-head")
    answers = at_once(
        ("request", {"path": f"{path}/approve/", "auth": auth}),
        ("request", {"path": f"{path}/refuse/", "auth": auth, "body": {"answer": "街镇可自行处置"}}),
    )
    assert sorted(answer["status"] for answer in answers) == [200, 409], answers
    decided = len(told(case, "request.approve")) + len(told(case, "request.refuse"))
    assert decided == 1
    case.refresh_from_db()
    assert case.loop == ("medium" if told(case, "request.approve") else "small")
