"""Every task of the insurance side hangs: the clocks of cases run on time all the same, in a process of their own."""

import contextlib
import signal
import time

import psycopg
import pytest
from celery import current_app

from cases.models import Deadline
from config.celery import CASES, INSURANCE, INSURANCE_TASKS, app
from config.embedded import process
from config.embedded.process import Child
from config.management.commands import up
from responsibility import clock
from tests.insurance.conftest import policy  # noqa: F401
from tests.races.conftest import HOME
from tests.races.test_killed_worker import open_long_ago, wait_until

pytestmark = pytest.mark.race
# What each task asks first.
TABLES = "policies_policy, policies_judgement, portals_hook, portals_reminded, findings_finding"
# Seconds by which a clock may be told late, on a machine of two busy cores.
LATE = 6.0


def test_each_task_of_the_insurance_side_goes_to_its_own_queue():
    for name, task in INSURANCE_TASKS.items():
        assert app.conf.beat_schedule[name]["options"]["queue"] == INSURANCE
        assert app.amqp.router.route({}, task)["queue"].name == INSURANCE
    others = set(app.conf.beat_schedule) - set(INSURANCE_TASKS)
    for name in others:
        entry = app.conf.beat_schedule[name]
        assert not entry["task"].startswith("insurance."), name
        assert app.amqp.router.route(dict(entry.get("options", {})), entry["task"])["queue"].name == CASES
    assert {options[options.index("-Q") + 1] for options in up.WORKERS.values()} == {CASES, INSURANCE}


@pytest.fixture
def clockwork(surroundings, tmp_path):
    """Both workers and beat, as ``manage.py up`` starts them, by name."""
    children: dict[str, Child] = {}
    commands = {
        name: up._celery("worker", "--pool", "threads", *options, *up.QUIET_WORKER)
        for name, options in up.WORKERS.items()
    } | {"beat": up._celery("beat", "--schedule", tmp_path / "beat-schedule")}

    def start() -> dict[str, Child]:
        for name, command in commands.items():
            log = tmp_path / f"{name}.log"
            children[name] = process.start(name, command, log, env=surroundings, cwd=HOME)
        return children

    yield start
    for child in children.values():
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGCONT)
        child.stop()
    current_app.control.purge()


def test_clocks_of_cases_run_on_time_while_every_task_of_the_insurance_side_hangs(
    send, clockwork, surroundings, policy, tmp_path  # noqa: F811
):  # fmt: skip
    policy()
    with psycopg.connect(surroundings["DATABASE_URL"]) as elsewhere:
        elsewhere.execute(f"LOCK TABLE {TABLES} IN ACCESS EXCLUSIVE MODE")
        running = clockwork()
        log = tmp_path / "insurance.log"
        wait_until(lambda: "LockNotAvailable" in log.read_text(errors="replace"), "no task met the lock")
        open_long_ago(send)
        last = Deadline.objects.filter(kind="contain").latest("due_at").due_at
        # In the middle of it the process itself stands still.
        time.sleep(3)
        running["insurance"].process.send_signal(signal.SIGSTOP)
        due = Deadline.objects.filter(due_at__lte=last)
        wait_until(lambda: not due.filter(missed_at=None).exists(), "the clocks of cases stood still")
        assert clock.now() > last
        late = [
            (made.missed_at - made.due_at).total_seconds()
            for made in Deadline.objects.filter(kind="contain", due_at__lte=last)
        ]
        assert max(late) < LATE, sorted(late)[-5:]
        elsewhere.rollback()
