"""The ledger shows every tampering, also that of a superuser with the triggers off."""

import io
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from responsibility import acting, ledger
from responsibility.models import LedgerEntry
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db


def act(chain: uuid.UUID, verb: str = "note", **fields) -> ledger.Act:
    return ledger.Act(chain=chain, verb=verb, subject_type="case", subject_id="X-1", subject_label="测试", **fields)


def faults() -> list[tuple[str, int]]:
    entries = LedgerEntry.objects.order_by("chain", "seq").iterator()
    return [(fault.kind, fault.seq) for fault in ledger.verify(entries)]


def behind_the_triggers(statement: str, *values) -> None:
    """What a superuser can do who means to."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def chain(open_case, press):
    """The chain of a case that went all the way round; other chains stand beside it."""
    case = press(open_case(), *CLOSED)
    press(open_case(object="OTHER", location={"lat": 31.1144, "lon": 121.2683}), *CONTAINED)
    assert faults() == []
    return case.chain


EDITS = [
    "note = 'x'",
    "verb = 'case.void'",
    "actor_label = '别人'",
    "unit_label = ''",
    "at = at + interval '1 second'",
    "recorded_at = recorded_at + interval '1 microsecond'",
    'after = after || \'{"state": "void"}\'',
    "before = '{}'",
    "subject_id = 'SJ-20260101-000001'",
    "request_id = 'x'",
    "actor_id = NULL",
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_entry_is_found(chain, edit):
    behind_the_triggers(f"UPDATE responsibility_ledgerentry SET {edit} WHERE chain = %s AND seq = 3", chain)
    assert faults() == [("edited", 3)]


@pytest.mark.parametrize("seq", [1, 4])
def test_a_removed_entry_is_found(chain, seq):
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE chain = %s AND seq = %s", chain, seq)
    assert ("missing", seq) in faults()


def test_an_entry_replaced_with_a_right_digest_is_found_by_its_neighbour(chain):
    entry = LedgerEntry.objects.get(chain=chain, seq=3)
    entry.note = "从未发生"
    statement = "UPDATE responsibility_ledgerentry SET note = %s, digest = %s WHERE id = %s"
    behind_the_triggers(statement, entry.note, ledger.digest(entry), entry.pk)
    assert faults() == [("relinked", 4)]


def test_two_entries_that_changed_places_are_found(chain):
    for old, new in ((3, 1003), (4, 3), (1003, 4)):
        statement = "UPDATE responsibility_ledgerentry SET seq = %s WHERE chain = %s AND seq = %s"
        behind_the_triggers(statement, new, chain, old)
    assert {kind for kind, _seq in faults()} == {"relinked", "edited"}


def test_an_entry_moved_to_another_chain_is_found_in_both(chain):
    statement = "UPDATE responsibility_ledgerentry SET chain = %s WHERE chain = %s AND seq = 2"
    behind_the_triggers(statement, uuid.uuid4(), chain)
    assert {"missing", "edited"} <= {kind for kind, _seq in faults()}


def test_the_command_ends_with_a_fault_and_names_the_case(chain):
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert "intact" in out.getvalue()
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = 'x' WHERE chain = %s AND seq = 3", chain)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=out)
    assert "seq 3" in out.getvalue()


def test_a_case_changed_behind_the_triggers_is_found_by_the_command(chain):
    behind_the_triggers("UPDATE cases_case SET state = 'void' WHERE chain = %s", chain)
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=io.StringIO())


def test_entries_of_a_chain_are_numbered_and_linked():
    chain = uuid.uuid4()
    ledger.record([act(chain), act(chain)], by=acting.SYSTEM)
    ledger.record([act(chain)], by=acting.SYSTEM)
    first, second, third = ledger.story(chain)
    assert [e.seq for e in (first, second, third)] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == ("", first.digest, second.digest)
    assert len({first.digest, second.digest, third.digest}) == 3


@pytest.mark.parametrize(
    "text",
    ["", "漏水", "a\tb\r\n", "\\N", "\\", "'; DROP TABLE x; --", "\u2028", "😀", "é", "e\u0301", "\x7f\x01", "\\u0000"],
)
def test_what_is_written_is_read_back_to_the_same_digest(text):
    chain = uuid.uuid4()
    ledger.record(
        [act(chain, note=text, before={"词": text}, after={text or "k": [1, None, True, text]})], by=acting.SYSTEM
    )
    entry = LedgerEntry.objects.get(chain=chain)
    assert (entry.note, entry.before) == (text, {"词": text})
    assert list(ledger.verify([entry])) == []


def test_the_person_unit_and_post_stand_as_text_in_the_districts_language(open_case, press):
    from django.utils import translation

    with translation.override("en"):
        case = press(open_case(), "sijing-duty acknowledge")
    entry = ledger.story(case.chain).get(verb="case.acknowledge")
    assert (entry.actor.username, entry.unit_label) == ("sijing-duty", "泗泾镇")
    assert entry.actor_label
    assert any("一" <= sign <= "鿿" for sign in entry.post_label)


@pytest.mark.django_db(transaction=True)
def test_an_entry_belongs_in_the_transaction_of_its_act():
    with pytest.raises(RuntimeError):
        ledger.record([act(uuid.uuid4())], by=acting.SYSTEM)


def test_a_promise_that_a_chain_is_new_is_held_by_the_database():
    chain = uuid.uuid4()
    ledger.record([act(chain)], by=acting.SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.record([act(chain)], by=acting.SYSTEM, new_chains=True)


def test_recording_takes_two_statements_however_many_acts(statements):
    few = statements(lambda: ledger.record([act(uuid.uuid4()) for _n in range(2)], by=acting.SYSTEM))
    many = statements(lambda: ledger.record([act(uuid.uuid4()) for _n in range(300)], by=acting.SYSTEM))
    assert few == many <= 2


def test_the_request_id_ties_the_entry_to_the_request(client, people, open_case):
    case = open_case()
    client.force_login(people["sijing-duty"])
    answer = client.post(f"/cases/{case.number}/acknowledge/", headers={"X-Request-Id": "trace-2026-0001"})
    assert answer["X-Request-Id"] == "trace-2026-0001"
    assert ledger.story(case.chain).get(verb="case.acknowledge").request_id == "trace-2026-0001"
    assert client.get("/healthz", headers={"X-Request-Id": "<script>"})["X-Request-Id"] != "<script>"
