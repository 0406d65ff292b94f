"""Whatever reads the ledger reads entries of an archived month as it read them before."""

import base64
import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import localdate

from accountability.period import Period
from cases import erasure
from desk import asking, exporting, indexing, lines, searching
from desk.models import Indexed
from mining import exporting as mined
from mining import finding
from mining.durations import Only
from notary import checkpoints, merkle, notes, proofs
from responsibility import clock, directory, ledger, shelf
from responsibility.models import ArchivedChain, LedgerEntry
from responsibility.refusals import Refused
from tests.bundle.conftest import PHONE, REPORTER

pytestmark = pytest.mark.django_db
WHY = {"basis": "consent", "reason": "本人来函撤回同意"}


@pytest.fixture
def period() -> Period:
    day = localdate(clock.now())
    return Period((day - timedelta(days=1)).isoformat(), (day + timedelta(days=1)).isoformat())


def answer(text: str) -> list[lines.Line]:
    known = directory.current()
    return lines.of(searching.search(asking.read({"text": text}, known)).places, known)


def told(found: list[lines.Line]) -> list[tuple]:
    return [(line.pk, line.at, line.said, line.who, line.number, line.entry and line.entry.note) for line in found]


def read_again_from_the_start() -> None:
    Indexed.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE desk_taken SET position = 0")


# --- by id ---
def test_an_entry_is_found_by_its_id_wherever_it_lies(over, archive, statements):
    before = {row["id"]: row for row in LedgerEntry.objects.filter(chain=over.chain).values()}
    archive()
    found = shelf.by_id([*before, 2**60])
    assert {pk: entry.digest for pk, entry in found.items()} == {pk: row["digest"] for pk, row in before.items()}
    assert all(ledger.digest(entry) == entry.digest for entry in found.values())
    assert statements(lambda: shelf.by_id(list(before))) == 3
    here = LedgerEntry.objects.values_list("id", flat=True)[:5]
    assert statements(lambda: shelf.by_id(list(here))) <= 2


def test_what_was_archived_before_ids_were_kept_is_found_too(over, archive):
    pk = ledger.story(over.chain).last().pk
    archive()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE responsibility_archivedchain DISABLE TRIGGER USER")
        cursor.execute("UPDATE responsibility_archivedchain SET ids = '[0,)'")
    assert ArchivedChain.objects.filter(ids__contains=10**12).exists()
    assert shelf.by_id([pk])[pk].chain == over.chain


def test_a_program_is_given_the_proof_of_an_archived_entry(over, archive, as_):
    entry = ledger.story(over.chain).last()
    archive()
    checkpoints.make()
    given = as_("auditor").get(f"/api/v1/ledger/entries/{entry.pk}/proof/")
    assert given.status_code == 200
    proof = given.json()
    assert proof["digest"] == entry.digest
    path = [base64.b64decode(node) for node in proof["path"]]
    root = merkle.root_of(merkle.leaf(bytes.fromhex(proof["digest"])), proof["index"], proof["size"], path)
    assert root == notes.Checkpoint.read(notes.Note.read(proof["checkpoint"]).text).root == bytes(proofs.newest().root)
    shelf.place(shelf.Volume.objects.get()).unlink()
    lost = as_("auditor").get(f"/api/v1/ledger/entries/{entry.pk}/proof/")
    assert (lost.status_code, lost.json()["errors"][0]["code"]) == (409, "archive_missing")


# --- the desk ---
def test_the_desk_tells_of_archived_entries_what_it_told_before(over, archive, as_):
    indexing.catch_up()
    before = told(answer(REPORTER))
    assert before
    page = as_("auditor").get("/desk/", {"text": REPORTER}).content.decode()
    archive()
    assert told(answer(REPORTER)) == before
    assert over.number in page
    assert over.number in as_("auditor").get("/desk/", {"text": REPORTER}).content.decode()
    api = as_("auditor").get("/api/v1/desk/entries/", {"text": REPORTER}).json()
    assert over.number in json.dumps(api)


def test_what_was_archived_before_it_was_taken_in_is_taken_in_from_the_file(over, archive):
    indexing.catch_up()
    before, count = told(answer(REPORTER)), Indexed.objects.count()
    read_again_from_the_start()
    archive()
    checkpoints.make()
    indexing.catch_up()
    assert told(answer(REPORTER)) == before
    assert Indexed.objects.count() >= count


def test_nothing_is_passed_over_while_a_file_cannot_be_read(over, archive, as_):
    indexing.catch_up()
    place = shelf.place(archive())
    away = place.rename(place.with_suffix(".away"))
    shown = as_("auditor").get("/desk/", {"text": REPORTER})
    assert (shown.status_code, "归档文件现在无法读取" in shown.content.decode()) == (200, True)
    read_again_from_the_start()
    with pytest.raises(Refused) as refused:
        indexing.catch_up()
    assert refused.value.code == "archive_missing"
    away.rename(place)
    indexing.catch_up()
    assert answer(REPORTER)


def test_a_sealed_export_holds_archived_entries(over, archive, people):
    indexing.catch_up()
    archive()
    until = (localdate(clock.now()) + timedelta(days=3)).isoformat()
    given = {"purpose": "核查", "recipient": "纪检监察组", "until": until}
    given |= {"cases": over.number, "query": f"text={REPORTER}"}
    made, passphrase = exporting.seal(exporting.order(given, directory.current()), by=people["auditor"])
    assert passphrase
    assert made.entries > len(answer(REPORTER))


# --- erasure ---
@pytest.mark.parametrize("taken", ["before", "after"])
def test_erased_words_of_archived_entries_are_not_found_any_more(over, archive, people, on_commit, taken):
    if taken == "before":
        indexing.catch_up()
    archive()
    if taken == "after":
        indexing.catch_up()
    assert answer(REPORTER)
    with on_commit(execute=True):
        done = erasure.erase(erasure.Person(REPORTER, PHONE), by=people["anwei-office"], **WHY)
    assert done.left == {}
    assert answer(REPORTER) == []
    assert not Indexed.objects.filter(words__contains=REPORTER).exists()
    assert not Indexed.objects.filter(words__contains=PHONE).exists()
    number = asking.read({"number": over.number}, directory.current())
    assert over.number in {line.number for line in lines.of(searching.search(number).places, directory.current())}


# --- mining ---
def test_archived_cases_are_mined_like_any_other(over, archive, period, open_case):
    before = {form: log(form, period) for form in mined.WRITE}
    findings = finding.find(period, Only("", ""))
    archive()
    assert {form: log(form, period) for form in mined.WRITE} == before
    again = finding.find(period, Only("", ""))
    assert (again.conformance, lengths(again)) == (findings.conformance, lengths(findings))
    open_case(object="MH-SIJING-0089")
    assert {form: log(form, period).count(over.number.encode()) for form in mined.WRITE} == {
        form: found.count(over.number.encode()) for form, found in before.items()
    }


def test_a_case_that_went_on_after_it_was_archived_is_mined_whole(over, archive, period, press):
    before = log("xes", period).count(b"<event>")
    archive()
    press(over, "chengyun-lead reopen", reason="复发")
    assert log("xes", period).count(b"<event>") > before


def lengths(found: finding.Findings) -> tuple:
    durations = found.durations
    return durations.cases, durations.visits, {state: vars(of) for state, of in durations.states.items()}


def log(form: str, period: Period) -> bytes:
    from mining import reading

    return b"".join(mined.WRITE[form](reading.cases(period)))


def test_a_chain_of_nobody_is_not_in_any_block():
    assert shelf.rows_by_id([]) == {}
    assert shelf.rows([uuid.uuid4()]) == []
