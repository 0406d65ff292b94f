"""A login of the database for one person who audits: SQL over the ledger, read-only, until a day."""

import secrets
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from desk import roles
from responsibility import acting, chains, ledger
from responsibility.confining import is_auditor
from responsibility.models import User
from responsibility.refusals import Refused

# Whoever asks for more than this at once holds up nobody.
SETTINGS = {"default_transaction_read_only": "on", "statement_timeout": "5min", "idle_session_timeout": "30min"}
AT_ONCE = 3


def name_of(user: User) -> str:
    """The login of ``user``; the ledger tells whose it is."""
    return f"{roles.PEOPLE}_{user.pk}"


@transaction.atomic
def admit(user: User, until: datetime) -> str:
    """Give ``user`` a login until then, or a new password for the one there is; the password, kept nowhere.

    ``Refused`` for who holds no post of an auditor. Asks for the right to make roles (``DatabaseError`` without it).
    """
    if not (user.is_active and is_auditor(user)):
        raise Refused("not_auditor", _("此人现在没有审计员岗位。"))
    password, name = secrets.token_urlsafe(24), sql.Identifier(name_of(user))
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [name_of(user)])
        how = sql.SQL("ALTER ROLE" if cursor.fetchone()[0] else "CREATE ROLE")
        rights = "{} {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT {}"
        given = sql.SQL(f"{rights} PASSWORD {{}} VALID UNTIL {{}}")
        told = (sql.Literal(AT_ONCE), sql.Literal(password), sql.Literal(until.isoformat()))
        cursor.execute(given.format(how, name, *told))
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(roles.PEOPLE), name))
        for setting, value in SETTINGS.items():
            set_to = sql.SQL("ALTER ROLE {} SET {} = {}")
            cursor.execute(set_to.format(name, sql.Identifier(setting), sql.Literal(value)))
    _tell("desk.admit", user, {"until": until.isoformat()})
    return password


@transaction.atomic
def end(user: User) -> None:
    """Take the login of ``user`` away, and end what it is doing. ``Refused`` where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [name_of(user)])
        if not cursor.fetchone()[0]:
            raise Refused("not_there", _("此人没有 SQL 登录。"))
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name_of(user)])
        cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name_of(user))))
    _tell("desk.end", user, {})


def _tell(verb: str, user: User, after: dict) -> None:
    told = {"user": user.username, **after}
    act = ledger.Act(chains.dated(), verb, "desk", str(user.pk), str(user), after=told)
    ledger.record([act], by=acting.SYSTEM, new_chains=True)
