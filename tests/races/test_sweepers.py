"""Many sweepers over the same deadlines, and one that is killed in the middle."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest

from cases.models import Case, Deadline, Party
from cases.sweeping import oldest_unswept
from responsibility import clock
from responsibility.models import LedgerEntry
from tests.cases.conftest import alert
from tests.races.conftest import HOME, PATIENCE

pytestmark = pytest.mark.race

CASES = 60
LATER = timedelta(hours=4, minutes=6)


@pytest.fixture
def untouched(send):
    """Sixty cases that nobody has looked at."""
    here = {"lat": 31.1144, "lon": 121.2683}
    answers = send(*(alert(external_id=f"u-{n}", object=f"U-{n}", location=here) for n in range(CASES)))
    assert {answer.outcome for answer in answers} == {"opened"}


@pytest.fixture
def when() -> str:
    """Four hours later."""
    return (clock.now() + LATER).isoformat()


def assert_each_once(when: str) -> None:
    """Every deadline that had passed is missed and told once, and every case has risen once."""
    passed = Deadline.objects.filter(due_at__lte=when)
    assert passed.count() == CASES * 3  # acknowledge, arrive, contain
    assert not passed.filter(missed_at=None).exists()
    missed = LedgerEntry.objects.filter(verb="deadline.missed")
    entries = Counter((entry.chain, entry.after["kind"]) for entry in missed)
    expected = {(case.chain, kind) for case in Case.objects.all() for kind in ("acknowledge", "arrive", "contain")}
    assert entries == dict.fromkeys(expected, 1)
    risen = Counter(LedgerEntry.objects.filter(verb="case.escalate").values_list("chain", flat=True))
    assert risen == dict.fromkeys(Case.objects.values_list("chain", flat=True), 1)
    assert Case.objects.filter(loop="medium", holder__code="SJ-SW").count() == CASES
    assert Party.objects.filter(role="lead", acknowledged_at=None).count() == CASES
    assert Deadline.objects.running().filter(kind="medium_limit").count() == CASES


@pytest.fixture
def sweep_command(surroundings, when):
    """Start ``manage.py sweep --at`` four hours later; whoever is left over is killed."""
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "manage.py", "sweep", "--at", when]
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, cwd=HOME, env=surroundings, **pipe))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_five_sweeps_at_once_miss_each_deadline_once_and_raise_each_case_once(untouched, when, sweep_command, gate):
    # All five stand before the same table, so that none is done before the last has started.
    with gate("LOCK TABLE cases_deadline IN ACCESS EXCLUSIVE MODE") as held:
        sweeps = [sweep_command() for _ in range(5)]
        held.held_up(5)
    outputs = [sweep.communicate(timeout=PATIENCE)[0] for sweep in sweeps]
    assert [sweep.returncode for sweep in sweeps] == [0] * 5, outputs
    assert all("failed 0" in output for output in outputs), outputs
    assert_each_once(when)


def test_four_sweepers_that_take_small_bites_share_the_work(untouched, when, at_once):
    reports = at_once(*[("sweep", {"when": when, "batch": 7})] * 4)
    assert sum(report["missed"] for report in reports) == CASES * 3
    assert sum(report["escalated"] for report in reports) == CASES
    assert sum(report["failed"] for report in reports) == 0
    assert sum(report["missed"] > 0 for report in reports) > 1, "only one has worked"
    assert_each_once(when)


def test_what_a_killed_sweeper_held_is_swept_by_the_others(untouched, when, racers, gate):
    doomed, other = racers(2)
    held_case = Deadline.objects.filter(due_at__lte=when).earliest("due_at", "id").case_id
    with gate("SELECT 1 FROM cases_party WHERE case_id = %s FOR UPDATE", [held_case]) as held:
        doomed.tell("sweep", when=when, batch=20)
        held.held_up(1)
        # The one goes on while the other, in the middle of its transaction, is killed.
        other.tell("sweep", when=when, batch=20)
        report = other.answer()
        assert report["missed"] > 0
        held.held_up(1)
        doomed.kill()
        untold = Deadline.objects.filter(case=held_case, due_at__lte=when)
        assert not untold.exclude(missed_at=None).exists()
        assert not LedgerEntry.objects.filter(verb="deadline.missed", chain=untold[0].case.chain).exists()
    other.tell("sweep", when=when)
    other.answer()
    with clock.as_if(clock.now() + LATER - timedelta(minutes=1)):
        assert oldest_unswept() is None
    assert_each_once(when)
