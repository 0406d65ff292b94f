"""Whatever somebody with the database's own rights alters behind the triggers, the ledger tells it otherwise."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from alerts import audit as alert_audit
from cases import audit, requests
from cases.sweeping import sweep
from responsibility import clock
from tests.cases.conftest import CLOSED, CONTAINED, alert

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    """The fields of all mismatches."""
    return [fault.field for fault in (*audit.mismatches(), *alert_audit.mismatches())]


def behind_the_triggers(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount, "the tampering hit nothing"
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def history(open_case, press, send, people):
    """Cases that went every way there is: joined, risen, reworked, put off, extended, missed, cleared, in triage,
    disputed with a linked case, and determined.
    """
    press(open_case(), *CLOSED)
    send(alert(), alert(grade="orange"))
    here = {"location": {"lat": 31.1144, "lon": 121.2683}}
    reworked = press(open_case(object="B-1", **here), *CLOSED[:-1])
    press(reworked, "chengyun-check rework", reason="读数仍高")
    press(reworked, "sijing-handler prove", "sijing-handler report", "chengyun-check close")
    press(reworked, "chengyun-check reopen", reason="又漏")
    put_off = press(open_case(object="B-2", **here), *CONTAINED, "sijing-head rectify")
    asked = requests.ask(put_off.pk, by=people["sijing-head"], kind="suspend", reason="缺货", minutes=600)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    late = open_case(object="B-3", **here)
    asked = requests.ask(late.pk, by=people["sijing-head"], kind="extend", reason="大雨", minutes=30)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=False, answer="不必")
    triage = open_case(object="B-4", category="UNHEARD-OF", **here)
    press(triage, "chengyun-lead file", category="LL-CONF-H2S", territory="310117102")
    press(open_case(object="B-5", category="UNHEARD-OF", **here), "chengyun-lead void", reason="误报")
    press(open_case(object="B-6", grade="red", **here), "sijing-duty acknowledge", "yingji-office acknowledge")
    send(alert(object="B-7", grade=None, value=0.1, **here))
    disputed = open_case(object="B-8", grade="orange", **here)
    asked = requests.ask(disputed.pk, by=people["shuiwu-head"], kind="return", reason="源头", code="source_elsewhere")
    requests.decide(asked.pk, by=people["yingji-office"], approve=True, designate="SJ-HJ", second="SJ-SW")
    unowned = open_case(object="B-9", category="NEW-DRONE", scenario=None, **here)
    requests.decide(unowned.requests.get().pk, by=people["anwei-office"], approve=True, designate="SJ-JTW")
    with clock.as_if(clock.now() + timedelta(hours=5)):
        sweep()
        press(put_off, "sijing-handler resume")


def test_honest_work_of_every_kind_agrees_with_its_ledger(history):
    assert found() == []


CASE = {
    "state": "state = 'void', closed_at = NULL",
    "loop": "loop = 'large'",
    "grade": "grade = 'blue', grade_rank = 4",
    "holder": "holder_id = (SELECT id FROM responsibility_unit WHERE code = 'SJ-YJ')",
    "lead": "lead_id = (SELECT id FROM responsibility_unit WHERE code = 'SJ-YJ')",
    "category": "category_code = 'x'",
    "scenario": "scenario_id = NULL",
    "territory": "territory_id = (SELECT id FROM responsibility_territory WHERE code = '310117103')",
    "object": "object_code = 'x'",
    "place": "lat = lat + 0.01",
    "title": "title = 'x'",
    "alert_count": "alert_count = alert_count + 1",
    "rework_count": "rework_count = rework_count + 1",
    "hops": "hops = hops + 1",
    "no_return": "no_return = NOT no_return",
    "linked_to": "linked_to_id = (SELECT max(id) FROM cases_case)",
    "opened_at": "opened_at = opened_at + interval '1 second'",
    "filed_at": "filed_at = filed_at - interval '1 second'",
    "contained_at": "contained_at = opened_at",
    "closed_at": "closed_at = opened_at",
    "proof_since": "proof_since = proof_since - interval '1 second'",
    "last_alert_at": "last_alert_at = last_alert_at + interval '1 second'",
    "due_at": "due_at = due_at + interval '1 second'",
    "terms": "policy = policy || '{\"contain\": 100000}'",
}


PARTS = {
    "party.since": "UPDATE cases_party SET since = since - interval '1 second'",
    "party.acknowledged": "UPDATE cases_party SET answered_by = 'voice' WHERE acknowledged_at IS NOT NULL",
    "party.worklist": "UPDATE cases_party SET live = NOT live",
    "deadline.started_at": "UPDATE cases_deadline SET started_at = started_at - interval '1 second'",
    "deadline.stopped_at": "UPDATE cases_deadline SET stopped_at = stopped_at - interval '1 second'",
    "deadline.missed": "UPDATE cases_deadline SET missed_at = NULL WHERE missed_at IS NOT NULL",
    "pause.until": "UPDATE cases_pause SET until = until + interval '1 second'",
    "request": "UPDATE cases_request SET reason = 'x'",
    "evidence": "UPDATE cases_evidence SET sha256 = repeat('0', 64) WHERE id = (SELECT min(id) FROM cases_evidence)",
    "alert": "UPDATE alerts_alert SET external_id = 'x' WHERE object_code = 'B-3'",
}
DECISIONS = {
    "request": "UPDATE cases_request SET designated_id = unit_id WHERE kind = 'return'",
    "no_return": "UPDATE cases_case SET no_return = false WHERE object_code = 'B-8'",
    "hops": "UPDATE cases_case SET hops = 0 WHERE object_code = 'B-8'",
    "linked_to": "UPDATE cases_case SET linked_to_id = NULL WHERE linked_to_id IS NOT NULL",
}
GRANTS = {
    "request": "UPDATE cases_request SET state = 'approved' WHERE state = 'refused'",
    "evidence": "DELETE FROM cases_evidence WHERE id = (SELECT min(id) FROM cases_evidence)",
    "alert": "DELETE FROM alerts_alert WHERE object_code = 'B-7'",
}


BASIS = {"terms": "UPDATE cases_case SET duties = '[]' WHERE object_code = 'B-1'"}
SLIPPED_IN = {
    "evidence": "INSERT INTO cases_evidence (case_id, kind, note, sha256, size, content_type, path, original_name,"
    " uploaded_at, uploaded_by_id, unit_id) SELECT case_id, 'document', '', repeat('a', 64), 1, 'image/jpeg', '', '',"
    " uploaded_at, uploaded_by_id, unit_id FROM cases_evidence LIMIT 1",
}


def overlooked(tampering: dict[str, str]) -> list[str]:
    """The fields of which nothing was said after their statement, each tried by itself and taken back."""
    unseen = []
    for field, statement in tampering.items():
        with transaction.atomic():
            behind_the_triggers(statement)
            unseen += [] if field in found() else [field]
            transaction.set_rollback(True)
    return unseen


def test_whatever_is_altered_on_a_case_is_found(history):
    assert overlooked({f: f"UPDATE cases_case SET {c} WHERE object_code = 'B-1'" for f, c in CASE.items()}) == []


@pytest.mark.parametrize(
    "tampering",
    [PARTS, DECISIONS, GRANTS, BASIS, SLIPPED_IN],
    ids=["parts", "decisions", "grants", "basis", "slipped in"],
)
def test_whatever_is_altered_on_a_part_of_a_case_is_found(history, tampering):
    assert overlooked(tampering) == []
