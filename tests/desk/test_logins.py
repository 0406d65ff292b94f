"""An auditor with SQL of his own: he signs in until a day, reads the open ledger, and changes nothing."""

import io
import re
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from desk import logins
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(people):
    """The login of the auditor, made by the command; its password."""
    out = io.StringIO()
    call_command("auditor_login", "auditor", days=3, stdout=out)
    yield re.search(r"password\s+(\S+)", out.getvalue())[1]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {logins.name_of(people['auditor'])}")


def sign_in(people, password):
    told = connection.get_connection_params()
    return psycopg.connect(host=told["host"], port=told.get("port"), dbname=told["dbname"],
                           user=logins.name_of(people["auditor"]), password=password)  # fmt: skip


def test_he_reads_the_open_ledger_and_writes_nothing(login, people):
    with sign_in(people, login) as server:
        assert server.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        assert server.execute("SELECT count(*) FROM bihuan_ledger").fetchone()[0] > 0
    for statement in (
        "DELETE FROM responsibility_ledgerentry", "SELECT salt FROM responsibility_ledgerentry",
        "SELECT password FROM responsibility_user", "SET ROLE bihuan_reader", "SET ROLE app",
        "SELECT * FROM responsibility_token", "INSERT INTO desk_taken VALUES (true, 1)",
    ):  # fmt: skip
        with sign_in(people, login) as server:
            server.execute("SET default_transaction_read_only = off")
            server.commit()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                server.execute(statement)


def test_the_login_ends_on_its_day_and_both_are_in_the_ledger(login, people):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolvaliduntil, rolconnlimit, rolsuper FROM pg_roles WHERE rolname = %s",
                       [logins.name_of(people["auditor"])])  # fmt: skip
        until, limit, superuser = cursor.fetchone()
    assert timedelta(days=2) < until - timezone.now() < timedelta(days=3)
    assert (limit, superuser) == (logins.AT_ONCE, False)
    call_command("auditor_login", "auditor", end=True, stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("auditor_login", "auditor", end=True, stdout=io.StringIO())
    verbs = LedgerEntry.objects.filter(subject_type="desk").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["desk.admit", "desk.end"]


def test_a_second_time_gives_a_new_password(login):
    out = io.StringIO()
    call_command("auditor_login", "auditor", stdout=out)
    assert login not in out.getvalue()


@pytest.mark.parametrize(
    "given", [{"username": "sijing-head"}, {"username": "nobody"}, {"username": "auditor", "days": 0}]
)
def test_who_audits_nothing_gets_none(given):
    with pytest.raises(CommandError):
        call_command("auditor_login", given.pop("username"), stdout=io.StringIO(), **given)
