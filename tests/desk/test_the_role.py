"""Whoever audits cannot write: the code refuses first, and the database would refuse by itself."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path
from psycopg.errors import InsufficientPrivilege

from config import confined, urls
from desk import roles
from responsibility import confining, tokens
from responsibility.models import Unit, User

pytestmark = pytest.mark.django_db
WHO = "SELECT current_user"


def run(statement: str, role: str = "") -> None:
    with connection.cursor() as cursor:
        if role:
            cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(statement)


def current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute(WHO)
        return cursor.fetchone()[0]


@pytest.fixture
def built(settings):
    """Build doors into the installation, before all others."""
    import sys
    from types import ModuleType

    def add(*doors) -> None:
        module = ModuleType("tests.desk.built")
        module.urlpatterns = [*doors, *urls.urlpatterns]
        module.handler500 = urls.handler500
        sys.modules[module.__name__] = module
        settings.ROOT_URLCONF = module.__name__

    yield add
    sys.modules.pop("tests.desk.built", None)


def told(request):
    return HttpResponse(current_user())


def test_an_auditor_is_served_under_the_role_and_nobody_else(built, as_, people):
    built(path("who/", told))
    own = current_user()
    assert as_("auditor").get("/who/").content.decode() == confining.ROLE
    assert as_("anwei-office").get("/who/").content.decode() == own
    assert current_user() == own
    assert not confining.confined()


def test_a_program_of_an_auditor_is_served_under_it_too(people, monkeypatch):
    seen = []
    headers = {"Authorization": f"Token {tokens.issue(people['auditor'])}"}
    monkeypatch.setattr("desk.lines.of", lambda *given: seen.append(current_user()) or [])
    assert Client(headers=headers).get("/api/v1/desk/entries/").status_code == 200
    assert seen == [confining.ROLE]
    refused = Client(headers=headers).post("/api/v1/roster/", {"rows": []}, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["code"] == "auditor_reads_only"
    assert current_user() != confining.ROLE


def test_a_view_that_fails_leaves_no_role_behind(built, as_):
    def fail(request):
        assert current_user() == confining.ROLE
        raise RuntimeError

    built(path("fail/", fail))
    client = as_("auditor")
    client.raise_request_exception = False
    assert client.get("/fail/").status_code == 500
    assert current_user() != confining.ROLE


@pytest.mark.parametrize("end", ["read", "closed", "forgotten"])
def test_what_is_sent_in_pieces_is_read_under_it_and_leaves_none(built, as_, end):
    def pieces():
        for _each in range(3):
            yield current_user()

    built(path("stream/", lambda request: StreamingHttpResponse(pieces())))
    answer = as_("auditor").get("/stream/")
    assert current_user() != confining.ROLE
    stream = iter(answer.streaming_content)
    assert next(stream).decode() == confining.ROLE
    if end == "read":
        assert {piece.decode() for piece in stream} == {confining.ROLE}
    elif end == "closed":
        # What closing it calls; the end of a request would also close the connection of the test.
        for closer in answer._resource_closers:
            closer()
    else:
        confined._nothing_left()
    assert current_user() != confining.ROLE


def test_a_write_that_no_code_refuses_is_refused_by_the_database(transactional_db, built, as_):
    built(path("write/", lambda request: HttpResponse(Unit.objects.update(name="改"))))
    answer = as_("auditor").get("/write/")
    assert answer.status_code == 403
    assert "只读" in answer.content.decode()
    assert not Unit.objects.filter(name="改").exists()
    assert current_user() != confining.ROLE


def test_only_the_named_ways_lead_out_and_they_lead_back(db):
    own = current_user()
    confining.enter()
    try:
        with pytest.raises(KeyError), confining.lifted("anything"):
            pass
        with confining.lifted("question"):
            assert current_user() == own
        assert current_user() == confining.ROLE
        with pytest.raises(ProgrammingError), transaction.atomic(), confining.lifted("question"):
            run("SELECT nonsense")
        assert current_user() == confining.ROLE
        with pytest.raises(RuntimeError), confining.lifted("question"), transaction.atomic():
            raise RuntimeError
        assert current_user() == confining.ROLE
    finally:
        confining.leave()
    assert current_user() == own


def test_a_connection_opened_meanwhile_takes_the_role(transactional_db):
    confining.enter()
    try:
        connection.close()
        assert current_user() == confining.ROLE
    finally:
        confining.leave()
    assert current_user() != confining.ROLE


def test_a_role_that_cannot_be_given_back_goes_with_its_connection(transactional_db, monkeypatch):
    confining.enter()
    before = connection.connection

    def fail(statement):
        raise ProgrammingError

    monkeypatch.setattr(confining, "_say", fail)
    confining.leave()
    assert connection.connection is None
    assert before.closed
    monkeypatch.undo()
    assert current_user() != confining.ROLE


def test_a_database_without_the_role_says_so_and_the_code_refuses_alone(monkeypatch, as_, caplog):
    monkeypatch.setattr(confining, "ROLE", "bihuan_nobody_made_it")
    monkeypatch.setattr(confining, "_there", False)
    client = as_("auditor")
    assert client.get("/desk/").status_code == 200
    assert client.post("/exchange/units/").status_code == 403


# --- by SQL -------------------------------------------------------------------------------
def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p', 'v') "
                       "AND relnamespace = 'public'::regnamespace")  # fmt: skip
        return [name for (name,) in cursor.fetchall()]


def first_column(table: str) -> str:
    with connection.cursor() as cursor:
        # A number that the database always gives is refused as such, before anybody asks who writes it.
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity <> 'a'"
            " ORDER BY attnum LIMIT 1",
            [table],
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize("role", [confining.ROLE, roles.PEOPLE])
def test_no_table_can_be_written_by_either_role(role):
    columns = {table: first_column(table) for table in tables()}
    assert len(columns) > 60
    for table, column in columns.items():
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"LOCK TABLE {table} IN EXCLUSIVE MODE",
        ):
            with pytest.raises(ProgrammingError) as refused, transaction.atomic():
                run(statement, role)
            # A view is refused for what it is, before anybody asks who he is.
            assert isinstance(refused.value.__cause__, InsufficientPrivilege) or table == roles.LEDGER, statement


@pytest.mark.parametrize("role", [confining.ROLE, roles.PEOPLE])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT nextval('ledgerentry_id')", "SELECT setval('ledgerentry_id', 1)", "SELECT password FROM django_session",
        "SELECT * FROM responsibility_token", "SELECT * FROM django_session",
        "ALTER TABLE responsibility_ledgerentry DISABLE TRIGGER ALL", "DROP TABLE cases_case",
        "SET session_replication_role = replica", "CREATE ROLE mine",
        "COPY cases_case TO PROGRAM 'cat'", "SELECT pg_read_file('/etc/passwd')",
    ],
)  # fmt: skip
def test_neither_role_makes_or_reads_what_is_nobodys(role, statement):
    with pytest.raises(ProgrammingError), transaction.atomic():
        run(statement, role)


@pytest.mark.parametrize("role", [confining.ROLE, roles.PEOPLE])
def test_neither_role_may_become_another(role):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, 'MEMBER')", [role])
        assert cursor.fetchall() == [(role,)]


def test_no_function_of_ours_lends_its_owners_rights():
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef
            AND (has_function_privilege(%s, p.oid, 'EXECUTE') OR has_function_privilege(%s, p.oid, 'EXECUTE'))
        """, [confining.ROLE, roles.PEOPLE])  # fmt: skip
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    "what",
    [
        "password FROM responsibility_user", "email FROM responsibility_user", "salt FROM responsibility_ledgerentry",
        "note FROM responsibility_ledgerentry", "key_digest FROM alerts_source", "url FROM notices_channel",
        "url FROM notary_outlet", "title FROM cases_case", "reason FROM cases_request", "payload FROM alerts_alert",
        "query FROM desk_question", "words FROM desk_indexed", "text FROM accountability_statement",
    ],
)  # fmt: skip
def test_people_with_sql_read_no_secrets_and_no_words_of_people(what):
    with pytest.raises(ProgrammingError), transaction.atomic():
        run(f"SELECT {what}", roles.PEOPLE)


def test_people_with_sql_read_the_open_part_of_the_ledger(open_case, press):
    case = press(open_case(), "sijing-duty acknowledge", note="报险人欧阳在场")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {roles.PEOPLE}")
        cursor.execute(
            "SELECT verb, to_jsonb(l)::text FROM bihuan_ledger l WHERE chain = %s ORDER BY seq", [case.chain]
        )
        rows = cursor.fetchall()
        assert "case.acknowledge" in {verb for verb, _row in rows}
        assert "欧阳" not in "".join(row for _verb, row in rows)
        cursor.execute("SELECT full_name FROM responsibility_user LIMIT 1")
        cursor.execute("SELECT position, entry FROM notary_leaf LIMIT 1")


def test_the_roles_can_be_made_again(db):
    assert roles.prepare() == ""
    assert User.objects.exists()
