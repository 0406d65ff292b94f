"""Who came in, was refused, took out or saw stands in the ledger, once a minute and no more."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory

from cases import proof
from config import witnessed
from responsibility import ledger, looking
from responsibility.looking import Seen
from responsibility.models import LedgerEntry
from tests.cases.conftest import _evidence_folder, open_case, picture, press, send  # noqa: F401

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"


def told(verb: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(verb=verb).order_by("id"))


def minute_passes() -> int:
    with connection.cursor() as cursor:
        # What is counted was committed long before.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("UPDATE responsibility_repeat SET began_at = began_at - interval '61 seconds'")
    return looking.sum_up()


def test_signing_in_and_out_stand_on_the_chain_of_the_account(client, people, settings):
    given = {"username": "sijing-duty", "password": settings.DEMO_PASSWORD}
    assert client.post(SIGN_IN, given).status_code == 302
    client.post("/accounts/logout/")
    (came,), (left,) = told("session.open"), told("session.close")
    assert came.actor == left.actor == people["sijing-duty"]
    assert came.chain == left.chain
    assert came.after["address"] == "127.0.0.1"
    assert came.unit_label
    assert list(ledger.verify(ledger.story(came.chain))) == []


def test_a_failure_of_a_known_name_is_told_to_its_account_and_has_no_actor(client, people):
    client.post(SIGN_IN, {"username": "sijing-duty", "password": "wrong"})
    (entry,) = told("session.fail")
    assert (entry.actor, entry.subject_id, entry.subject_label) == (
        None, str(people["sijing-duty"].pk), "sijing-duty"
    )  # fmt: skip
    assert "wrong" not in str(entry.after)


def test_what_a_stranger_typed_as_a_name_is_kept_nowhere(client):
    client.post(SIGN_IN, {"username": "my-secret-password", "password": "x"})
    client.post("/api/v1/token/", {"username": "another", "password": "x"}, "application/json")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, '') FROM responsibility_ledgerentry e")
        assert "my-secret-password" not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(r::text, '') FROM responsibility_repeat r")
        assert "my-secret-password" not in cursor.fetchone()[0]


def test_a_stranger_who_tries_a_hundred_names_makes_two_entries(client, settings):
    settings.AXES_ENABLED = False
    for number in range(100):
        client.post(SIGN_IN, {"username": f"name-{number}", "password": "x"})
    assert len(told("session.fail")) == 1
    assert minute_passes() == 1
    first, rest = told("session.fail")
    assert rest.after["times"] == 99
    assert minute_passes() == 0


def test_a_lock_is_told(client, settings):
    for _again in range(settings.AXES_FAILURE_LIMIT + 1):
        client.post(SIGN_IN, {"username": "sijing-duty", "password": "wrong"})
    assert [entry.subject_label for entry in told("session.lock")] == ["sijing-duty"]
    cache.clear()


def test_a_token_is_told_when_it_is_issued_refused_and_ended(client, people, settings):
    given = {"username": "sijing-duty", "password": settings.DEMO_PASSWORD}
    secret = client.post("/api/v1/token/", given, "application/json").json()["token"]
    (issued,) = told("token.issue")
    assert issued.actor == people["sijing-duty"]
    assert issued.after["door"] == "/api/v1/token/"
    assert secret not in str(issued.after)
    user = people["sijing-duty"]
    user.set_password("another-password-1")
    user.save()
    assert LedgerEntry.objects.filter(verb="row.remove", subject_type="responsibility_token").count() == 1
    refused = client.get("/api/v1/cases/", headers={"Authorization": f"Token {secret}"})
    assert refused.status_code == 401
    assert len(told("token.refuse")) == 1


def test_thirty_tokens_within_a_minute_are_two_entries(client, people, settings):
    given = {"username": "sijing-duty", "password": settings.DEMO_PASSWORD}
    before = LedgerEntry.objects.count()
    given_out = {client.post("/api/v1/token/", given, "application/json").json()["token"] for _again in range(30)}
    assert len(given_out) == 30
    assert LedgerEntry.objects.count() == before + 1
    assert minute_passes() == 1
    _first, rest = told("token.issue")
    assert rest.after["times"] == 29


def test_a_token_that_is_given_out_by_hand_is_refused(people):
    user = people["sijing-duty"].pk
    statement = (
        "INSERT INTO responsibility_token (user_id, digest, created_at, expires_at) VALUES (%s, 'x', now(), now())"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [user])
        with pytest.raises(IntegrityError, match="without a word"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_a_sub_platform_with_a_wrong_key_is_told_once(client):
    for _again in range(3):
        client.post("/api/v1/alerts/", {}, "application/json", headers={"Authorization": "Bearer x"})
    assert len(told("key.refuse")) == 1


def test_a_refusal_says_who_wanted_what_and_why_not(client, people, open_case):  # noqa: F811
    case = open_case()
    client.force_login(people["sijing-duty"])
    for _again in range(3):
        assert client.post(f"/cases/{case.number}/arrive/").status_code == 409
    assert client.post(f"/api/v1/cases/{case.number}/file/", {}, "application/json").status_code == 403
    first, other = told("access.refuse")
    assert (first.actor, first.subject_type, first.subject_id) == (people["sijing-duty"], "case", case.number)
    assert first.after["act"] == "arrive"
    assert first.after["code"]
    assert first.after["why"]
    assert other.after["act"] == "file"
    assert ledger.story(case.chain).filter(verb="access.refuse").count() == 0
    assert minute_passes() == 1
    assert told("access.refuse")[-1].after["times"] == 2


def test_buttons_that_are_not_offered_and_wrong_input_are_no_refusals(client, people, open_case):  # noqa: F811
    case = open_case()
    client.force_login(people["sijing-duty"])
    assert client.get(f"/cases/{case.number}/").status_code == 200
    assert client.post(f"/cases/{case.number}/requests/", {"kind": "extend", "reason": ""}).status_code == 400
    assert told("access.refuse") == []


def test_a_page_that_is_not_ones_own_is_a_refusal_and_a_stranger_is_none(client, people):
    assert client.get("/ledger/").status_code == 302
    client.force_login(people["sijing-duty"])
    assert client.get("/ledger/").status_code == 403
    (entry,) = told("access.refuse")
    assert (entry.after["door"], entry.after["code"]) == ("GET /ledger/", "forbidden")


@pytest.mark.parametrize(
    "address", ["/exchange/units/export.xlsx", "/exchange/posts/export.csv", "/permissions/table.csv"]
)
def test_a_file_that_is_taken_is_told(client, people, address):
    client.force_login(people["anwei-office"])
    assert client.get(address).status_code == 200
    (entry,) = told("access.take")
    assert entry.after["door"] == address
    assert entry.actor == people["anwei-office"]


def test_an_empty_form_is_not(client, people):
    client.force_login(people["anwei-office"])
    assert client.get("/exchange/units/template.xlsx").status_code == 200
    assert told("access.take") == []


def test_an_original_that_was_looked_at_is_told(client, people, open_case, press, settings, tmp_path):  # noqa: F811
    settings.EVIDENCE_ROOT = tmp_path
    case = press(open_case(), "sijing-duty acknowledge", "sijing-handler arrive")
    made = proof.add(case.pk, picture(7), by=people["sijing-handler"])
    client.force_login(people["auditor"])
    assert client.get(f"/evidence/{made.pk}/original/").status_code == 200
    (entry,) = told("original.view")
    assert entry.after == {"case": case.number, "sha256": made.sha256}


def test_what_came_again_names_its_subjects_up_to_a_number(people):
    for number in range(30):
        looking.write([Seen("access.refuse", "case", f"C-{number}", door="x")], people["auditor"])
    minute_passes()
    assert told("access.refuse")[-1].after["times"] == 29
    assert len(told("access.refuse")[-1].after["subjects"]) == looking.NAMED


def test_an_answer_does_not_fail_when_the_ledger_cannot_be_written(client, people, monkeypatch, caplog):
    def gone(*args):
        raise DatabaseError

    monkeypatch.setattr(looking, "_write", gone)
    client.force_login(people["sijing-duty"])
    assert client.get("/ledger/").status_code == 403
    assert "not_in_ledger" in caplog.text


def test_each_file_that_is_not_told_has_its_reason():
    assert all(witnessed.NOT_TAKEN.values())
    assert RequestFactory().get("/")


def test_the_auditor_reads_it_in_words_and_in_both_languages(client, people):
    client.force_login(people["sijing-duty"])
    client.get("/ledger/")
    client.force_login(people["auditor"])
    page = client.get("/ledger/?verb=access.refuse").content.decode()
    assert "被拒绝" in page
    assert "Refused" in client.get("/ledger/?verb=access.refuse", headers={"Accept-Language": "en"}).content.decode()


def test_methods_that_somebody_invents_are_one_refusal(client, people):
    client.force_login(people["insurer"])
    for number in range(5):
        client.generic(f"FOO{number}", "/retention/")
    doors = {entry.after["door"].partition(" ")[0] for entry in told("access.refuse")}
    assert doors <= {"?"}
