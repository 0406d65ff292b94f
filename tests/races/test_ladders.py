"""Thousands of calls fall due in one second while workers are killed; the broker is gone for a while.

Figures are kept in the report (``--junit-xml``). Five seconds on two free cores are the limit.
"""

import os
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from cases.models import Deadline
from config.embedded import paths, process
from config.embedded.process import Child
from config.embedded.valkey import Valkey
from config.management.commands import up
from notices import channels
from notices.models import Delivery, Line, Message, Notice
from responsibility import clock
from responsibility.models import LedgerEntry, Unit
from tests.cases.conftest import alert
from tests.races.conftest import HOME, PATIENCE

pytestmark = pytest.mark.race

HERE = {"lat": 31.1144, "lon": 121.2683}
LADDERS = 2000
ACKNOWLEDGE = timedelta(minutes=5)
# Time for the workers to have started before anything is due.
RUN_UP = timedelta(seconds=30)
KEPT, ON_A_BUSY_MACHINE = 5.0, 30.0
# `NOTICES_OUTAGE=60` for the full minute.
OUTAGE = float(os.environ.get("NOTICES_OUTAGE", "8"))


@pytest.fixture
def broker(tmp_path):
    """A broker of this test's own: ``broker.start()``, ``broker.stop()``, ``broker.url``."""

    class Broker:
        folder, child, url = tmp_path, None, paths.redis_url(tmp_path)

        def start(self) -> None:
            paths.create_runtime_dir(self.folder)
            (self.folder / "log").mkdir(exist_ok=True)
            self.child = Valkey(self.folder, self.folder / "log").start()

        def stop(self) -> None:
            self.child.process.kill()
            self.child.process.wait()

    own = Broker()
    own.start()
    yield own
    own.stop()


@pytest.fixture
def hire(surroundings, broker, tmp_path):
    """``hire("worker-1")`` or ``hire("beat")``: a process as ``manage.py up`` starts it, named in the database."""
    children: list[Child] = []

    def start(name: str) -> Child:
        words = ("beat", "--schedule", tmp_path / f"{name}-schedule")
        if name != "beat":
            words = ("worker", "--pool", "threads", "--concurrency", "4", "-n", f"{name}@%h", *up.QUIET_WORKER)
        env = {**surroundings, "REDIS_URL": broker.url, "PGAPPNAME": name, "VAR_DIR": str(tmp_path / "var")}
        children.append(process.start(name, up._celery(*words), tmp_path / f"{name}.log", env=env, cwd=HOME))
        return children[-1]

    yield start
    for child in children:
        child.stop()


def open_cases(send, count: int, at) -> None:
    """Cases whose acknowledgements are all due five minutes after ``at``."""
    with clock.as_if(at):
        for first in range(0, count, 1000):
            numbers = range(first, min(first + 1000, count))
            send(*(alert(external_id=f"l-{n}", object=f"L-{n}", location=HERE) for n in numbers))


def wait_until(true, what: str, pause: float = 0.05) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, what
        time.sleep(pause)


def at_work() -> str:
    """The worker that is in the middle of a sweep's transaction; empty when none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'worker-%%' AND state <> 'idle' AND xact_start IS NOT NULL"
            " AND query NOT LIKE '%%notices_%%' AND now() - xact_start > interval '50 ms' LIMIT 1"
        )
        found = cursor.fetchone()
    return found[0] if found else ""


def rungs() -> int:
    return Deadline.objects.filter(kind="rung").count()


def told_once() -> None:
    """Each notice stands in the inbox of each it is for, once."""
    assert not Notice.objects.filter(addressed_at__isnull=True).exists()
    lines = Counter(Line.objects.values_list("message__person__username", "notice"))
    assert set(lines.values()) == {1}
    assert set(Notice.objects.filter(fault="").values_list("pk", flat=True)) == {pk for _name, pk in lines}


def test_two_thousand_ladders_move_one_rung_each_though_workers_are_killed(send, hire, record_property):
    due = clock.now() + RUN_UP
    open_cases(send, LADDERS, due - ACKNOWLEDGE)
    workers = {name: hire(name) for name in ("worker-1", "worker-2", "worker-3")}
    hire("beat")
    wait_until(lambda: not Notice.objects.filter(addressed_at__isnull=True).exists(), "the workers did not start")
    assert clock.now() < due, "the workers took too long to start: no race"
    killed: list[str] = []
    while len(killed) < 2 and rungs() < LADDERS:
        busy = at_work()
        if busy and busy not in killed:
            workers[busy].process.kill()
            killed.append(busy)
        time.sleep(0.005)
    wait_until(lambda: rungs() == LADDERS, "not every ladder has moved")
    entries = LedgerEntry.objects.filter(verb="deadline.missed", after__kind="acknowledge")
    late = (entries.latest("recorded_at").recorded_at - due).total_seconds()
    load = os.getloadavg()[0]
    told = f"{LADDERS} ladders, {len(killed)} workers killed, all moved {late:.1f} s after the clock, load {load:.1f}"
    record_property("ladders", told)
    assert killed, "nobody was killed in the middle"
    wait_until(lambda: not Notice.objects.filter(addressed_at__isnull=True).exists(), "not everybody was told")
    assert set(Deadline.objects.filter(kind="rung").values_list("level", flat=True)) == {1}
    moved = Counter(entries.values_list("chain", "after__rung"))
    assert len(moved) == LADDERS
    assert set(moved.values()) == {1}
    assert Notice.objects.filter(words__rung=1).count() == LADDERS
    told_once()
    assert Message.objects.filter(person__username="sijing-handler").count() < 20
    assert late < (KEPT if load < 2 else ON_A_BUSY_MACHINE)


def test_a_broker_that_is_away_delays_notices_and_loses_none(send, hire, broker, record_property, people):
    town = Unit.objects.get(code="310117102")
    channels.add(town.pk, channels.Wish(label="值班", url="duty@example.org"), by=people["admin"])
    for name in ("worker-1", "beat"):
        hire(name)
    open_cases(send, 20, clock.now())
    wait_until(lambda: not Notice.objects.filter(addressed_at__isnull=True).exists(), "the worker did not start")
    broker.stop()
    gone = time.monotonic()
    send(*(alert(external_id=f"d-{n}", object=f"D-{n}", location=HERE) for n in range(50)))
    time.sleep(OUTAGE)
    assert Notice.objects.filter(addressed_at__isnull=True).count() == 50
    broker.start()
    back = time.monotonic()
    wait_until(lambda: not Notice.objects.filter(addressed_at__isnull=True).exists(), "nobody was told after it")
    told = f"broker away {back - gone:.0f} s, everybody told {time.monotonic() - back:.1f} s after it was back"
    record_property("outage", told)
    told_once()
    wait_until(lambda: not Delivery.objects.exclude(status="sent").exists(), "the channel was not told")
    assert Line.objects.filter(message__person__isnull=True).count() == 70
