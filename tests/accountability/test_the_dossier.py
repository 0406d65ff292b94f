"""尽职材料: what shows that one officer was warned, saw, acted, asked and was refused; his own, and the auditor's."""

import csv
import hashlib
import io
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from accountability import dossier, paper, period
from accountability.dossier import Sort
from cases import actions, requests
from cases.sweeping import sweep
from notices import addressing, inbox
from responsibility import clock, directory, ledger
from responsibility.models import LedgerEntry
from tests.cases.conftest import CLOSED, leave

pytestmark = pytest.mark.django_db
ADDRESS = "/accountability/officers/sijing-head/"


def quarter() -> period.Period:
    today = localdate(clock.now())
    return period.Period((today - timedelta(days=9)).isoformat(), (today + timedelta(days=9)).isoformat())


def sorts(officer, case=None) -> list[Sort]:
    return [item.sort for item in dossier.of(officer, directory.current(), quarter(), case)]


def test_it_shows_that_he_was_called_saw_asked_and_was_refused(open_case, people, at):
    head, case = people["sijing-head"], open_case()
    at(case.opened_at + timedelta(minutes=5))
    for minutes in (20, 40, 60):
        sweep()
        at(case.opened_at + timedelta(minutes=minutes))
    addressing.address()
    inbox.read(head, 10**9)
    asked = requests.ask(case.pk, by=head, kind="void", reason="误报", code="false_alarm")
    at(clock.now() + timedelta(minutes=1))
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=False, answer="不是误报")
    items = dossier.of(head, directory.current(), quarter())
    assert {Sort.CALLED, Sort.SAW, Sort.ASKED, Sort.REFUSED} <= {item.sort for item in items}
    assert [item.at for item in items] == sorted(item.at for item in items)
    refused = next(item for item in items if item.sort == Sort.REFUSED)
    assert (refused.note, refused.number) == ("不是误报", case.number)
    assert LedgerEntry.objects.filter(digest=refused.entry, actor=people["chengyun-lead"]).exists()
    told = next(item for item in items if item.sort == Sort.SAW)
    assert told.fact_at <= told.at


def test_a_question_that_nobody_answered_shows_as_lapsed(open_case, people, at):
    case = open_case()
    requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="缺人", code="beyond_power")
    at(case.opened_at + timedelta(hours=2))
    sweep()
    assert Sort.LAPSED in sorts(people["sijing-head"])


def test_an_answer_that_a_colleague_wrote_down_is_his_own(open_case, people):
    case = open_case()
    told = {"answered_by": "voice", "who": "sijing-head"}
    actions.perform(case.pk, "acknowledge", by=people["sijing-duty"], data=told)
    assert Sort.ACTED in sorts(people["sijing-head"])


def test_one_case_alone_and_no_drill(open_case, press, people):
    case, other = press(open_case(), *CLOSED), open_case(object="MH-SIJING-0009")
    press(other, "sijing-duty acknowledge")
    duty = people["sijing-duty"]
    assert {item.number for item in dossier.of(duty, directory.current(), quarter())} == {case.number, other.number}
    assert {item.number for item in dossier.of(duty, directory.current(), quarter(), other)} == {other.number}


# --- to whom it is given -------------------------------------------------------------------------
def test_he_himself_and_the_auditor_get_it_and_nobody_else(open_case, people, client):
    open_case()
    for name, status in {
        "sijing-head": 200,
        "auditor": 200,
        "sijing-duty": 403,
        "anwei-office": 403,
        "admin": 403,
    }.items():
        client.force_login(people[name])
        for address in (ADDRESS, f"{ADDRESS}dossier.csv"):
            assert client.get(address).status_code == status, (name, address)


def test_whoever_may_not_is_not_told_who_there_is(people, client):
    client.force_login(people["sijing-duty"])
    assert client.get("/accountability/officers/nobody-at-all/").status_code == 403
    client.force_login(people["auditor"])
    assert client.get("/accountability/officers/nobody-at-all/").status_code == 404
    assert client.get("/accountability/officers/", {"who": "sijing-head"}).headers["location"] == ADDRESS
    assert client.get("/accountability/officers/", {"who": "nobody"}).headers["location"].endswith("/auditor/")


def test_whoever_has_left_still_gets_his_own(people, client):
    leave(people["sijing-head"])
    client.force_login(people["sijing-head"])
    assert client.get(ADDRESS).status_code == 200


def test_that_it_was_given_stands_in_the_ledger(people, client):
    head = people["sijing-head"]
    client.force_login(head)
    client.get(ADDRESS)
    assert not LedgerEntry.objects.filter(chain=dossier.chain_of(head.pk)).exists()
    client.get(f"{ADDRESS}dossier.csv")
    client.force_login(people["auditor"])
    client.get(ADDRESS)
    told = list(ledger.story(dossier.chain_of(head.pk)))
    assert [(entry.actor, entry.after["form"]) for entry in told] == [(head, "csv"), (people["auditor"], "page")]
    assert not list(ledger.verify(told))


def test_the_file_holds_what_the_page_holds_and_runs_nothing(open_case, people, client):
    case = open_case()
    requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="=1+1", note="=cmd()", code="false_alarm")
    client.force_login(people["sijing-head"])
    file = client.get(f"{ADDRESS}dossier.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))
    assert len(rows) == 1 + len(dossier.of(people["sijing-head"], directory.current(), quarter()))
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    page = client.get(ADDRESS).content.decode()
    assert case.number in page


def test_wrong_questions_are_refused(people, client):
    client.force_login(people["sijing-head"])
    assert client.get(ADDRESS, {"since": "x"}).status_code == 400
    assert client.get(ADDRESS, {"case": "NOT-A-CASE"}).status_code == 404
    assert client.get(ADDRESS, {"case": "\x00"}).status_code == 400


def test_on_paper_it_has_its_sources_and_leaves_an_entry_with_its_digest(open_case, people, client):
    case = open_case()
    requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报", code="false_alarm")
    told = paper.content(people["sijing-head"], directory.current(), quarter(), None)
    asked = LedgerEntry.objects.get(verb="request.void")
    assert f"{asked.pk} {asked.digest[:16]}" in [row["cells"][-1] for row in told["parts"][0]["rows"]]
    assert "verify.py" in "".join(told["check"]["said"])
    client.force_login(people["sijing-duty"])
    assert client.get(f"{ADDRESS}dossier.pdf").status_code == 403
    client.force_login(people["sijing-head"])
    file = client.get(f"{ADDRESS}dossier.pdf").content
    assert file.startswith(b"%PDF")
    entry = ledger.story(dossier.chain_of(people["sijing-head"].pk)).get()
    assert (entry.after["form"], entry.after["sha256"]) == ("pdf", hashlib.sha256(file).hexdigest())
