"""What no code of ours would do, and what the database refuses to anybody who tries by hand."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from alerts import readings
from cases import requests
from tests.cases.conftest import CONTAINED

pytestmark = pytest.mark.django_db
KEPT = ["responsibility_ledgerentry", "alerts_alert", "cases_case", "cases_evidence", "cases_party", "cases_deadline"]
KEPT += ["cases_request", "cases_pause", "alerts_reading"]
APPEND_ONLY = {"responsibility_ledgerentry": "note", "alerts_alert": "title", "cases_evidence": "note"}
APPEND_ONLY |= {"alerts_reading": "grade"}


@pytest.fixture
def worked(open_case, press, people, source):
    """A case that left a row in every table, in transactions that are over as far as the ledger is concerned."""
    manhole = {"object": "MH-SIJING-0088", "value": 16.0, "observed_at": timezone.now().isoformat()}
    assert readings.receive(source, [manhole])[0].outcome == "stored"
    put_off = press(open_case(object="H-9", location={"lat": 31.1144, "lon": 121.2683}), *CONTAINED)
    put_off = press(put_off, "sijing-head rectify")
    asked = requests.ask(put_off.pk, by=people["sijing-head"], kind="suspend", reason="缺货", minutes=600)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    case = press(open_case(), "sijing-duty acknowledge")
    requests.ask(case.pk, by=people["sijing-duty"], kind="extend", reason="大雨", minutes=60)
    age()
    return case


def age() -> None:
    """Make the entries written so far those of an earlier transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")


def refusal(statement: str, *values) -> str:
    """The name of the constraint that refuses ``statement`` now or at commit; "" when it is taken."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return ""


@pytest.mark.parametrize("table", KEPT)
def test_nothing_that_proves_something_is_truncated(worked, table):
    assert refusal(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_append_only_is_neither_changed_nor_deleted(worked, table):
    assert refusal(f"UPDATE {table} SET {APPEND_ONLY[table]} = 'x'") == f"{table}_append_only"
    assert refusal(f"DELETE FROM {table}") == f"{table}_append_only"


def test_a_case_is_never_deleted(worked):
    assert refusal("DELETE FROM cases_case WHERE id = %s", worked.pk) == "cases_case_append_only"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_case SET state = 'on_site' WHERE id = %s",
        "UPDATE cases_case SET title = 'x' WHERE id = %s",
        "UPDATE cases_party SET until = now() WHERE case_id = %s",
        "UPDATE cases_party SET acknowledged_at = now() WHERE case_id = %s",
        "DELETE FROM cases_party WHERE case_id = %s",
        "UPDATE cases_deadline SET due_at = due_at + interval '1 hour' WHERE case_id = %s",
        "UPDATE cases_deadline SET started_at = started_at - interval '1 hour' WHERE case_id = %s",
        "UPDATE cases_deadline SET provisional = true WHERE case_id = %s",
        "UPDATE cases_request SET state = 'approved' WHERE case_id = %s",
        "DELETE FROM cases_request WHERE case_id = %s",
    ],
)
def test_a_raw_change_without_an_entry_is_refused(worked, statement):
    assert refusal(statement, worked.pk) == "case_accounted"


def test_a_clock_is_not_deleted_because_its_events_are_kept(worked):
    assert refusal("DELETE FROM cases_deadline WHERE case_id = %s", worked.pk).startswith("cases_clockevent_deadline")


SHOWN = (
    "INSERT INTO cases_party (case_id, unit_id, role, since, live, answered_by)"
    " SELECT %s, id, 'support', now(), true, '' FROM responsibility_unit WHERE code = 'SJ-YJ'"
)


def test_a_case_is_not_shown_to_another_unit_without_an_entry(worked):
    assert refusal(SHOWN, worked.pk) == "case_accounted"


def test_a_case_touched_in_the_same_transaction_does_not_answer_for_its_new_party(worked):
    assert (
        refusal(f"UPDATE cases_case SET title = title WHERE id = %s; {SHOWN}", worked.pk, worked.pk) == "case_accounted"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_pause SET ceiling = ceiling + interval '1 hour'",
        "UPDATE cases_pause SET until = now()",
        "DELETE FROM cases_pause",
        "INSERT INTO cases_pause (deadline_id, since, until, ceiling, reason, approved_by_id)"
        " SELECT deadline_id, since, since, ceiling, reason, approved_by_id FROM cases_pause",
    ],
)
def test_a_pause_is_neither_granted_nor_changed_without_an_entry(worked, statement):
    assert refusal(statement) == "case_accounted"


def copied(table: str, **changed: str) -> str:
    """A statement that writes the first row of ``table`` again, with other expressions for some columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = %s AND column_name <> ALL(%s)",
            [table, ["id", *changed]],
        )
        columns = cursor.fetchone()[0]
    names, values = ", ".join(changed), ", ".join(changed.values())
    return f"INSERT INTO {table} ({names}, {columns}) SELECT {values}, {columns} FROM {table} LIMIT 1"


def test_a_proof_that_nobody_gave_is_refused(worked):
    assert refusal(copied("cases_evidence", sha256="repeat('0', 64)")) == "case_accounted"


def test_an_alert_that_nobody_sent_is_refused(worked):
    sent = {"id": "gen_random_uuid()", "external_id": "'x'"}
    assert refusal(copied("alerts_alert", **sent)) == "alert_accounted"
    assert refusal(copied("alerts_alert", **sent, chain="gen_random_uuid()")) == "alert_accounted"


@pytest.mark.parametrize("table", ["cases_deadline", "cases_request"])
def test_a_part_copied_to_a_case_without_an_entry_is_refused(worked, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = %s AND column_name NOT IN ('id', 'case_id', 'kind', 'deadline_id')",
            [table],
        )
        columns = cursor.fetchone()[0]
    copied = (
        f"INSERT INTO {table} (case_id, kind, {columns})"
        f" SELECT %s, 'arrive', {columns} FROM {table} WHERE case_id = %s ORDER BY id LIMIT 1"
    )
    assert refusal(copied, worked.pk, worked.pk) == "case_accounted"


def test_a_second_lead_is_refused(worked):
    second = (
        "INSERT INTO cases_party (case_id, unit_id, role, since, live, answered_by)"
        " SELECT %s, id, 'lead', now(), true, '' FROM responsibility_unit WHERE code IN ('SJ-YJ', 'SJ-SW')"
    )
    assert refusal(second, worked.pk) == "party_one_lead"


def test_a_row_is_neither_added_to_nor_changed_in_a_published_matrix(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = 'responsibility_duty' AND column_name NOT IN ('id', 'unit_id')"
        )
        columns = cursor.fetchone()[0]
    second = (
        f"INSERT INTO responsibility_duty (unit_id, {columns})"
        f" SELECT (SELECT id FROM responsibility_unit WHERE code = 'SJ-YJ'), {columns}"
        " FROM responsibility_duty WHERE role = 'lead' LIMIT 1"
    )
    assert refusal(second) == "duty_published"
    assert refusal("UPDATE responsibility_duty SET note = 'x'") == "duty_published"
    assert refusal("DELETE FROM responsibility_duty") == "duty_published"
    assert refusal("UPDATE responsibility_edition SET title = 'x'") == "edition_published"
    assert refusal("DELETE FROM responsibility_edition")


def test_a_case_is_not_closed_without_proof(open_case):
    case = open_case()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET state = 'verifying' WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    closed = "UPDATE cases_case SET state = 'closed', closed_at = now() WHERE id = %s"
    assert refusal(closed, case.pk) == "case_closed_with_evidence"
