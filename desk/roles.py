"""The two roles of the database that read and write nothing, made again after every migration.

``bihuan_reader`` serves the requests of auditors: it reads what the pages show, and no sessions, tokens or attempts to
sign in. ``bihuan_auditor`` is for people with SQL of their own (``manage.py auditor_login``): of the ledger it reads
the open part through the view ``bihuan_ledger``, of the rest no words of people, no passwords and no secrets.
Where the product may not make roles this says what a database administrator has to run; the code refuses all the same.
"""

import sys

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from psycopg import sql

from cases.erasure import PLACES
from responsibility import confining
from responsibility.sealing import INNER

PEOPLE = "bihuan_auditor"
LEDGER = "bihuan_ledger"
# Nobody who audits reads these, by page or by SQL.
NOBODYS = {
    "responsibility_token", "django_session", "axes_accessattempt", "axes_accessattemptexpiration", "axes_accesslog",
    "axes_accessfailurelog",
}  # fmt: skip
# But how old the oldest attempt is, and how many are over age: that is what retention tells.
HOW_OLD = {
    "axes_accessattempt": "attempt_time",
    "axes_accesslog": "attempt_time",
    "axes_accessfailurelog": "attempt_time",
}
OPEN_APPS = {"responsibility", "alerts", "resources", "handbook", "notary", "cases", "accountability", "retention"}
# Whole tables that are for pages alone: where checkpoints are sent (an address may hold a secret), imported sheets.
PAGES_ALONE = {"notary_outlet", "responsibility_upload", "responsibility_ledgerentry"}
# Columns that hold secrets, or words that people wrote, wherever they stand; signed notes are no such words.
CLOSED = INNER - {"name", "text"} | {
    "password", "email", "key_digest", "url", "secret", "note", "first_name", "last_name", "last_login", "payload",
    "original_name", "stated", "body", "faults", "plan", "shown",
}  # fmt: skip
# Who acts in office answers for it by name.
IN_OFFICE = {("responsibility_user", "full_name")}
WORDY = {"accountability_statement": {"text"}, "responsibility_opinion": {"text"}}
SIGNED = {"notary_checkpoint": {"note"}}
MAKE = """
    DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""
VIEW = """
    CREATE OR REPLACE VIEW bihuan_ledger AS
    SELECT id, chain, seq, at, recorded_at, verb, subject_type, subject_id, unit_label, post_label,
        before - {inner}::text[] AS before, after - {inner}::text[] AS after, request_id, previous, digest
    FROM responsibility_ledgerentry
"""
REMEDY = """
!!! 数据库没有审计员角色：{error}
!!! The roles of auditors could not be made in the database, so only the code keeps auditors from writing.
!!! Remedy: as a database administrator run
!!!   CREATE ROLE bihuan_reader NOLOGIN; CREATE ROLE bihuan_auditor NOLOGIN;
!!!   GRANT bihuan_reader, bihuan_auditor TO "{user}" WITH ADMIN OPTION;
!!! and then manage.py auditor_roles
"""


def after_migrations(using: str = "default", **more) -> None:
    """Make the roles, and say clearly where that is not possible."""
    if using == "default" and (error := prepare()):
        sys.stderr.write(told(error))


def stand_aside(using: str = "default", **more) -> None:
    """A column under a view cannot be changed; the view comes back after the migrations."""
    if using == "default":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP VIEW IF EXISTS {LEDGER}")


def told(error: str) -> str:
    """What a database administrator is asked for."""
    return REMEDY.format(error=error, user=connection.get_connection_params().get("user") or "")


def prepare() -> str:
    """Make both roles, or bring what they may read up to date; why it could not be done, empty when it was."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL(VIEW).format(inner=sql.Literal(sorted(INNER))))
            for role in (confining.ROLE, PEOPLE):
                _make(cursor, role)
            # PostgreSQL before 15 lets everybody make tables.
            cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            _grant_pages(cursor)
            _grant_people(cursor)
    except DatabaseError as error:
        return str(error).strip().splitlines()[0]
    return ""


def _make(cursor, role: str) -> None:
    cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role])
    name = sql.Identifier(role)
    if not cursor.fetchone()[0]:
        cursor.execute(sql.SQL(MAKE).format(role=name))
    cursor.execute("SELECT pg_has_role(%s, 'MEMBER')", [role])
    if not cursor.fetchone()[0]:
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    for what in ("TABLES", "SEQUENCES"):
        cursor.execute(sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA public FROM {}").format(sql.SQL(what), name))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))


def _grant_pages(cursor) -> None:
    role = sql.Identifier(confining.ROLE)
    cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
    cursor.execute(sql.SQL("REVOKE SELECT ON {} FROM {}").format(_names(NOBODYS), role))
    for table, column in HOW_OLD.items():
        which, where = sql.Identifier(column), sql.Identifier(table)
        cursor.execute(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(which, where, role))


def _grant_people(cursor) -> None:
    role = sql.Identifier(PEOPLE)
    cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(LEDGER), role))
    for table, columns in readable().items():
        which = sql.SQL(", ").join(map(sql.Identifier, columns))
        cursor.execute(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(which, sql.Identifier(table), role))


def readable() -> dict[str, list[str]]:
    """What people with SQL read: columns by table. What is not named here, a new app above all, they do not read."""
    words = {(model._meta.db_table, name) for model, names, _way in PLACES for name in names} - IN_OFFICE
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if model._meta.app_label in OPEN_APPS and table not in NOBODYS | PAGES_ALONE:
            found[table] = [name for name in _columns(model) if (table, name) not in words and _open(table, name)]
    return {table: columns for table, columns in found.items() if columns}


def _columns(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column]


def _open(table: str, name: str) -> bool:
    return (table, name) in IN_OFFICE or name in SIGNED.get(table, ()) or name not in CLOSED | WORDY.get(table, set())


def _names(tables: set[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, sorted(tables)))
