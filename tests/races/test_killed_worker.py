"""Worker and beat die while deadlines fall due: each is fired once, none is lost."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from celery import current_app

from cases.models import Deadline
from cases.sweeping import oldest_unswept
from config.embedded import process
from config.embedded.process import Child
from config.management.commands import up
from responsibility import clock
from responsibility.models import LedgerEntry
from tests.cases.conftest import alert
from tests.races.conftest import HOME, PATIENCE

pytestmark = pytest.mark.race

STEPS, EACH = 12, 8  # every second some deadlines fall due
HERE = {"lat": 31.1144, "lon": 121.2683}
CONTAIN = timedelta(hours=4)


@pytest.fixture
def clockwork(surroundings, tmp_path):
    """Start worker and beat as ``manage.py up`` does; whoever is left over is stopped."""
    children: list[Child] = []

    def start() -> list[Child]:
        commands = {
            "worker": up._celery("worker", "--pool", "threads", "--concurrency", "4", *up.QUIET_WORKER),
            "beat": up._celery("beat", "--schedule", tmp_path / "beat-schedule"),
        }
        fresh = [
            process.start(name, command, tmp_path / f"{name}.log", env=surroundings, cwd=HOME)
            for name, command in commands.items()
        ]
        children.extend(fresh)
        return fresh

    yield start
    for child in children:
        child.stop()
    current_app.control.purge()


def open_long_ago(send) -> None:
    """Cases whose four hours are over in the next seconds, and whose other deadlines have been over for long."""
    began = clock.now() - CONTAIN
    for step in range(STEPS):
        opened = began + timedelta(seconds=step)
        with clock.as_if(opened):
            observed = (opened - timedelta(minutes=1)).isoformat()
            name = f"K-{step}"
            send(
                *(
                    alert(external_id=f"{name}-{n}", object=f"{name}-{n}", location=HERE, observed_at=observed)
                    for n in range(EACH)
                )
            )


def wait_until(true, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def test_deadlines_fire_once_though_worker_and_beat_are_killed_in_the_middle(send, clockwork, gate):
    open_long_ago(send)
    held_case = Deadline.objects.filter(kind="contain").latest("due_at", "id").case_id
    # The sweep is held up with deadlines already marked in its transaction, and dies there.
    with gate("SELECT 1 FROM cases_party WHERE case_id = %s FOR UPDATE", [held_case]) as held:
        doomed = clockwork()
        held.held_up(1)
        for child in doomed:
            child.process.kill()
        assert not LedgerEntry.objects.filter(verb="deadline.missed").exists()
    clockwork()
    last = Deadline.objects.filter(kind="contain").latest("due_at").due_at
    wait_until(lambda: clock.now() > last and oldest_unswept() is None, "the restarted clock did not catch up")
    passed = Deadline.objects.filter(due_at__lte=last)
    assert passed.count() == STEPS * EACH * 3
    assert not passed.filter(missed_at=None).exists()
    missed = LedgerEntry.objects.filter(verb="deadline.missed")
    fired = Counter((entry.chain, entry.after["kind"], entry.after["unit"]) for entry in missed)
    assert set(fired.values()) == {1}
    assert len(fired) == Deadline.objects.exclude(missed_at=None).count() == STEPS * EACH * 3
    risen = Counter(LedgerEntry.objects.filter(verb="case.escalate").values_list("chain", flat=True))
    assert len(risen) == STEPS * EACH
    assert set(risen.values()) == {1}
