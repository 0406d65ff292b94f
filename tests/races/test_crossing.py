"""Different acts that meet on one case: each finds the case as the other left it."""

from datetime import timedelta

import pytest

from alerts.models import Alert
from cases import requests
from cases.models import Case, Deadline, Evidence
from responsibility import clock
from tests.cases.conftest import CONTAINED, REPORTED, alert
from tests.races.conftest import told

pytestmark = pytest.mark.race

ROUNDS = 6
HERE = {"lat": 31.1144, "lon": 121.2683}
# The last thing of a case that a sweep writes: held up here, it holds the case itself.
LATE = "SELECT 1 FROM cases_party WHERE case_id = %s FOR UPDATE"


def later(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


@pytest.fixture
def many(open_case, press):
    """``many("X", *steps)``: one case after the other, each on an object of its own, brought on by the steps."""

    def make(name: str, *steps: str):
        for turn in range(ROUNDS):
            yield press(open_case(object=f"{name}-{turn}", location=HERE), *steps)

    return make


def test_who_contains_while_the_case_rises_finds_it_with_its_new_holder(open_case, press, pressing, racers, gate):
    case = press(open_case(), *CONTAINED[:-1])
    (do, given), (sweeper, presser) = pressing(case, "contain", "shuiwu-duty"), racers(2)
    with gate(LATE, [case.pk]) as held:
        sweeper.tell("sweep", when=later(4.1))
        held.held_up(1)
        presser.tell(do, **given)
        held.held_up(2)
    assert sweeper.answer()["escalated"] == 1
    assert presser.answer()["status"] == 200
    assert Deadline.objects.running().get(case=case, kind="rectify").unit.code == "SJ-SW"


def test_an_alert_that_meets_the_closing_is_counted_or_opens_it_again(many, pressing, posting, at_once):
    for case in many("CL", *REPORTED):
        closed, sent = at_once(
            pressing(case, "close", "chengyun-check"), posting(alert(object=case.object_code, location=HERE))
        )
        assert (closed["status"], sent["status"]) == (200, 200), (closed, sent)
        [answer] = sent["body"]["results"]
        assert (answer["outcome"], answer["case"]) == ("joined", case.number)
        [closing], [joining] = told(case, "case.close"), told(case, "alert.joined")
        case.refresh_from_db()
        assert case.alert_count == 2
        assert case.state == ("closed" if joining.seq < closing.seq else "rectifying")


def test_an_alert_that_meets_the_containing_joins_without_undoing_it(many, pressing, posting, at_once):
    for case in many("CO", *CONTAINED[:-1]):
        contained, sent = at_once(
            pressing(case, "contain", "sijing-duty"), posting(alert(object=case.object_code, location=HERE))
        )
        assert (contained["status"], sent["body"]["results"][0]["outcome"]) == (200, "joined")
        case.refresh_from_db()
        assert (case.state, case.alert_count) == ("contained", 2)
        assert not Deadline.objects.running().filter(case=case, kind="contain").exists()


def test_an_answer_that_meets_the_sweep_is_taken_and_the_case_rises_once(many, pressing, at_once):
    for case in many("AC"):
        answered, _swept = at_once(pressing(case, "acknowledge", "sijing-duty"), ("sweep", {"when": later(4.1)}))
        assert answered["status"] == 200, answered
        # A case in somebody's hands is left to the next sweep.
        at_once(("sweep", {"when": later(4.1)}))
        case.refresh_from_db()
        assert (case.state, case.loop) == ("acknowledged", "medium")
        assert len(told(case, "case.escalate")) == 1
        missed = [entry.after["kind"] for entry in told(case, "deadline.missed")]
        assert len(missed) == len(set(missed)) == case.deadlines.exclude(missed_at=None).count()


def test_an_approval_that_meets_the_sweep_raises_the_case_no_further(many, people, as_person, at_once):
    for case in many("AP", "sijing-duty acknowledge"):
        asked = requests.ask(case.pk, by=people["sijing-duty"], kind="escalate", reason="需要水务部门")
        approve = {"path": f"/api/v1/requests/{asked.pk}/approve/", "auth": as_person("shuiwu-head")}
        approved, _swept = at_once(("request", approve), ("sweep", {"when": later(4.1)}))
        # A request that has lapsed, or was overtaken by the rise, is decided no more.
        assert approved["status"] in (200, 403, 409), approved
        at_once(("sweep", {"when": later(4.1)}))
        case.refresh_from_db()
        assert case.loop == "medium"
        [rise] = told(case, "case.escalate")
        # Of the two clocks that have passed by then that of the request was due first.
        assert rise.after["why"] == ("request" if approved["status"] == 200 else "lapse")


def test_a_photo_that_meets_the_closing_is_kept_before_it_or_refused_after_it(many, pressing, as_person, at_once):
    for turn, case in enumerate(many("EV", *REPORTED)):
        photo = {
            "path": f"/api/v1/cases/{case.number}/evidence/",
            "auth": as_person("sijing-handler"),
            "photo": 200 + turn,
        }
        closed, proved = at_once(pressing(case, "close", "chengyun-check"), ("request", photo))
        assert closed["status"] == 200, closed
        assert proved["status"] in (201, 409), proved
        kept = proved["status"] == 201
        assert Evidence.objects.filter(case=case).count() == len(told(case, "evidence.add")) == 1 + kept
        assert told(case, "evidence.add")[-1].seq < told(case, "case.close")[0].seq


def test_a_case_filed_while_an_alert_opens_the_same_is_refused_with_a_sentence(
    send, posting, racers, gate, client, people
):
    client.force_login(people["chengyun-lead"])
    unknown = send(alert(object="TR-1", location=HERE, category="NO-SUCH"))[0]
    form = {"path": f"/cases/{unknown.case}/file/", "cookie": client.cookies["sessionid"].value}
    (do, given), (sender, filer) = posting(alert(object="TR-1", location=HERE)), racers(2)
    with gate("LOCK TABLE alerts_alert IN SHARE MODE") as held:
        sender.tell(do, **given)
        held.held_up(1)
        filer.tell("request", **form, form={"category": "LL-CONF-H2S"})
        held.held_up(2)
    assert sender.answer()["body"]["results"][0]["outcome"] == "opened"
    answer = filer.answer()
    assert answer["status"] == 409, answer["trace"]
    assert Case.objects.get(number=unknown.case).state == "triage"
    assert Alert.objects.count() == 2
