"""A rule of the database that was switched off or hollowed out does not go unnoticed."""

import io
import re

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config import safeguards

pytestmark = pytest.mark.django_db


def test_the_rules_of_a_fresh_database_are_those_that_are_written_down(client):
    assert safeguards.faults() == [], "a migration changed a rule: manage.py safeguards --write on a fresh database"
    assert client.get("/readyz").json()["checks"]["triggers"] == "ok"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("ALTER TABLE cases_case DISABLE TRIGGER case_accounted", "off: cases_case.case_accounted"),
        ("ALTER TABLE cases_case ENABLE REPLICA TRIGGER case_accounted", "off: cases_case.case_accounted"),
        ("ALTER TABLE alerts_reading DISABLE TRIGGER ALL", "off: alerts_reading.reading_append_only"),
        ("DROP TRIGGER ledger_append_only ON responsibility_ledgerentry", "missing: responsibility_ledgerentry."),
        (
            "CREATE OR REPLACE FUNCTION bihuan_has_entry(wanted uuid) RETURNS boolean LANGUAGE sql STABLE"
            " AS 'SELECT true'",
            "changed: bihuan_has_entry(uuid)",
        ),
        ("ALTER FUNCTION bihuan_has_entry(uuid) SET search_path = pg_temp, public", "changed: bihuan_has_entry(uuid)"),
        (
            "CREATE OR REPLACE TRIGGER case_kept BEFORE DELETE ON cases_case"
            " FOR EACH ROW WHEN (false) EXECUTE FUNCTION bihuan_append_only()",
            "changed: cases_case.case_kept",
        ),
        (
            "DO $$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(oid), 'BEGIN', 'BEGIN RETURN NEW; ')"
            " FROM pg_proc WHERE proname = 'claim_within_limits'); END $$",
            "changed: claim_within_limits()",
        ),
        (
            "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note = ''''; RETURN NEW; END';"
            " CREATE TRIGGER quiet BEFORE INSERT ON responsibility_ledgerentry"
            " FOR EACH ROW EXECUTE FUNCTION quiet()",
            "unknown: responsibility_ledgerentry.quiet",
        ),
    ],
    ids=[
        "off",
        "for replicas only",
        "all off",
        "gone",
        "hollow",
        "led astray",
        "narrowed",
        "hollow as well",
        "added",
    ],
)
def test_a_rule_that_is_tampered_with_turns_the_installation_unready(client, statement, fault):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert fault in answer.json()["checks"]["triggers"]
    with pytest.raises(CommandError, match=re.escape(fault)):
        call_command("safeguards", stdout=io.StringIO())


def test_a_session_that_replays_as_a_replica_is_not_mistaken_for_a_rule_switched_off():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    assert safeguards.faults() == []


@pytest.mark.django_db(transaction=True)
def test_a_table_that_somebody_holds_makes_nothing_unready_and_what_is_off_is_seen_all_the_same(client):
    with psycopg.connect(**connection.get_connection_params()) as elsewhere, connection.cursor() as cursor:
        elsewhere.execute("LOCK TABLE policies_policy, claims_claim IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET lock_timeout = 2000")
        try:
            assert client.get("/readyz").json()["checks"]["triggers"] == "ok"
            cursor.execute("ALTER TABLE cases_case DISABLE TRIGGER case_accounted")
            elsewhere.execute("ALTER TABLE policies_policy DISABLE TRIGGER USER")
            told = client.get("/readyz").json()["checks"]["triggers"]
        finally:
            elsewhere.rollback()
            cursor.execute("ALTER TABLE cases_case ENABLE TRIGGER case_accounted")
            cursor.execute("SET lock_timeout = 0")
    assert told == "off: cases_case.case_accounted"
