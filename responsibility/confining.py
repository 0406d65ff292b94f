"""Whoever audits is served by a database role that can read and do nothing else, whatever the code asks of it.

The connection of the thread takes the role when the person is known and gives it back when the answer is made. While a
thread is confined, a connection that it opens anew takes the role as well; a role that cannot be given back goes with
its connection. The few writes of an audit leave the role by a path that is named here, for as long as they last.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from responsibility import clock
from responsibility.models import Post, Role, User
from responsibility.refusals import Forbidden

log = structlog.get_logger(__name__)

# Of the requests of auditors; it cannot sign in, and whoever serves the product is a member of it.
ROLE = "bihuan_reader"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Every way out of the role, and what is written on it.
PATHS = {
    "ledger": "an entry of the ledger: what was looked at, taken or asked for, and by whom",
    "bundle": "the checkpoint under which a bundle is proved, and the lock of the case while its export is told",
    "dossier": "the lock of the officer while the export of a dossier is told",
    "question": "an own saved question",
    "sealed": "an own sealed export",
}
IS_THERE = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(rolname, 'MEMBER'))"
_thread = threading.local()
_there = False


def is_auditor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` holds a post of an auditor at this instant. One query."""
    return isinstance(user, User) and Post.objects.held(clock.now()).filter(user=user, role=Role.AUDITOR).exists()


def admit(request: HttpRequest, user: AbstractBaseUser | AnonymousUser) -> None:
    """Confine the thread if ``user`` audits. ``Forbidden`` for what writes, at doors that are not the auditor's.

    ``request.auditors_door``: ``""`` of most doors, ``"under"`` where an auditor writes by a named path, ``"outside"``
    where nobody works as an auditor: signing in and out, one's own inbox, the keys of sub-platforms.
    """
    door = getattr(request, "auditors_door", "")
    if door == "outside" or confined() or not is_auditor(user):
        return
    if request.method not in SAFE and door != "under":
        raise Forbidden("auditor_reads_only", _("审计员只读，不能办理。"))
    enter()


def confined() -> bool:
    """Whether this thread speaks to the database as an auditor."""
    return getattr(_thread, "confined", False)


def available() -> bool:
    """Whether the database has the role and lets us take it; asked until it does."""
    global _there
    if not _there:
        with connection.cursor() as cursor:
            cursor.execute(IS_THERE, [ROLE])
            _there = cursor.fetchone()[0]
    return _there


def enter() -> None:
    """Take the role on the connection of this thread. Without the role in the database the code alone refuses."""
    if not available():
        log.error("auditor_role_missing", role=ROLE, remedy="manage.py auditor_roles")
        return
    _thread.confined = True
    try:
        connection.ensure_connection()
        _say(f"SET ROLE {ROLE}")
    except BaseException:
        leave()
        raise


def leave() -> None:
    """Give the role back; with the connection where that fails."""
    if not confined():
        return
    _thread.confined = False
    _give_back()


@contextmanager
def lifted(path: str) -> Iterator[None]:
    """Write outside the role on one of ``PATHS``; nothing for whoever is not confined."""
    if path not in PATHS:
        raise KeyError(path)
    if not confined():
        yield
        return
    _thread.confined = False
    try:
        _say("RESET ROLE")
        yield
    finally:
        _thread.confined = True
        _take_again()


def _say(statement: str) -> None:
    """Unseen by the counters of statements: it belongs to the connection, not to the work."""
    if connection.connection is not None:
        with connection.wrap_database_errors:
            connection.connection.execute(statement)


def _give_back() -> None:
    try:
        _say("RESET ROLE")
    except Exception:
        log.exception("auditor_role_stuck")
        connection.close()


def _take_again() -> None:
    # In a transaction that failed nothing can be said; its rollback brings back the role with which it began.
    if connection.connection is None or _failed():
        return
    try:
        _say(f"SET ROLE {ROLE}")
    except BaseException:
        # The next one takes the role as it is opened.
        connection.close()
        raise


def _failed() -> bool:
    return connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR


def _confine_new(connection, **more) -> None:
    if confined() and connection.alias == "default":
        connection.connection.execute(f"SET ROLE {ROLE}")


connection_created.connect(_confine_new, dispatch_uid="confining")
