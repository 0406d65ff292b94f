"""Real processes on the real servers of the run, let loose at one instant, and what must be true after every race."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from cases import audit
from config.embedded import process
from config.embedded.process import Child
from config.management.commands import up
from notices import channels
from responsibility import ledger, tokens
from responsibility.models import LedgerEntry
from tests.cases.conftest import open_case, press, send  # noqa: F401, fixtures

HOME = Path(__file__).resolve().parent.parent.parent
# A race that hangs is a race that failed.
PATIENCE = 90.0
# Long enough for every process to have read its job.
RUN_UP = 0.05


@pytest.fixture(autouse=True)
def _sound(transactional_db):
    """After every race: nobody met a deadlock, the ledger is whole, and the cases stand as it tells."""
    before = deadlocks()
    yield
    assert deadlocks() == before
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert list(audit.mismatches()) == []
    assert list(channels.mismatches()) == []


def deadlocks() -> int:
    """How many deadlocks the server has broken in the test database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.fixture(scope="session")
def surroundings(django_db_setup) -> dict[str, str]:
    """The environment in which another process works on the test database."""
    url = urlsplit(settings.DATABASE_URL)
    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
    }


class Racer:
    """One process of ``tests/races/racer.py``."""

    def __init__(self, surroundings: dict[str, str], log: Path):
        self.log, self.owes = log, True
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.races.racer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=surroundings,
                cwd=HOME,
                text=True,
            )

    def tell(self, do: str, at: float = 0.0, **given) -> None:
        """Give a job for the instant ``at`` of the machine's clock."""
        self.process.stdin.write(json.dumps({"do": do, "at": at, "given": given}) + "\n")
        self.process.stdin.flush()
        self.owes = True

    def answer(self):
        """What came of the job; a process that hangs is killed, and one that broke fails the test."""
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        self.owes = False
        assert line, f"a racer ended or hung: {self.log.read_text()[-3000:]}"
        answer = json.loads(line)
        assert not (isinstance(answer, dict) and "broken" in answer), answer["broken"]
        return answer

    def kill(self) -> None:
        """SIGKILL, without a word."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def _stable(surroundings, tmp_path_factory) -> Iterator[list[Racer]]:
    stable: list[Racer] = []
    yield stable
    for racer in stable:
        racer.kill()


@pytest.fixture
def racers(_stable, surroundings, tmp_path_factory):
    """``racers(4)``: that many running processes. They serve all races; a killed one is replaced."""

    def hire(count: int) -> list[Racer]:
        _stable[:] = [racer for racer in _stable if racer.process.poll() is None]
        fresh = [Racer(surroundings, tmp_path_factory.mktemp("racer") / "log") for _ in range(count - len(_stable))]
        for racer in fresh:
            assert racer.answer() == {"ready": True}
        _stable.extend(fresh)
        return _stable[:count]

    yield hire
    for racer in _stable:
        if racer.owes:
            racer.kill()


@pytest.fixture
def at_once(racers):
    """``at_once(("request", {...}), ("sweep", {...}))``: each job in a process of its own, all at one instant."""

    def run(*jobs: tuple[str, dict]) -> list:
        chosen = racers(len(jobs))
        instant = time.monotonic() + RUN_UP
        for racer, (do, given) in zip(chosen, jobs, strict=True):
            racer.tell(do, instant, **given)
        return [racer.answer() for racer in chosen]

    return run


@pytest.fixture
def as_person(people):
    """``as_person("sijing-duty")``: what this person's program sends as ``Authorization``."""
    known: dict[str, str] = {}

    def sign_in(name: str) -> str:
        return known.setdefault(name, f"Token {tokens.issue(people[name])}")

    return sign_in


@pytest.fixture
def pressing(as_person):
    """The job of pressing ``verb`` on ``case`` as ``name``."""

    def job(case, verb: str, name: str, **data) -> tuple[str, dict]:
        path = f"/api/v1/cases/{case.number}/{verb}/"
        return "request", {"path": path, "auth": as_person(name), "body": data}

    return job


@pytest.fixture
def posting(key):
    """The job of posting alerts with the demo source's key, or with another's."""

    def job(*alerts: dict, bearer: str = "") -> tuple[str, dict]:
        return "request", {"path": "/api/v1/alerts/", "auth": f"Bearer {bearer or key}", "body": list(alerts)}

    return job


class Gate:
    """A lock that holds others up until it is let go."""

    def __init__(self, observer: psycopg.Connection):
        self.observer = observer

    def held_up(self, count: int = 1) -> list[int]:
        """Wait until at least ``count`` sessions stand before a lock; their server process ids."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self.observer.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND backend_type = 'client backend'"
            ).fetchall()
            if len(found) >= count:
                return [pid for (pid,) in found]
            time.sleep(0.01)
        raise AssertionError(f"fewer than {count} sessions came to the lock")


@pytest.fixture
def gate(surroundings):
    """``with gate("SELECT ... FOR UPDATE", [...]) as held: held.held_up(2)``: what waits goes on after the block."""

    @contextlib.contextmanager
    def lock(sql: str, values: list | None = None) -> Iterator[Gate]:
        with psycopg.connect(surroundings["DATABASE_URL"], autocommit=True) as observer, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql, values or [])
            yield Gate(observer)

    return lock


def told(case, verb: str) -> list[LedgerEntry]:
    """The entries of ``verb`` in the story of ``case``."""
    return list(ledger.story(case.chain).filter(verb=verb))


@pytest.fixture
def serve(surroundings, monkeypatch, tmp_path):
    """``child, port = serve()``: the web process as ``manage.py up`` starts it; ``serve(port)`` at the same address."""
    children: list[Child] = []

    def start(port: int = 0) -> tuple[Child, int]:
        port = port or _free_port()
        monkeypatch.setattr(settings, "PORT", port)
        children.append(process.start("web", up._web(), tmp_path / "web.log", env=surroundings, cwd=HOME))
        until = time.monotonic() + PATIENCE
        while not up._ask("/healthz").startswith("200"):
            assert not children[-1].ended(), children[-1].tail()
            assert time.monotonic() < until, children[-1].tail()
            time.sleep(0.1)
        return children[-1], port

    yield start
    for child in children:
        child.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
