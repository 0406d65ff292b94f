"""Many writers, some of whom think better of it, while the tree grows: nobody's entry is passed over."""

import os
import random
import subprocess
import sys
import time
import uuid

import pytest
from django.db import connection, transaction

from notary import checkpoints, merkle, proofs
from notary.models import Checkpoint, Leaf
from responsibility import acting, ledger
from responsibility.models import LedgerEntry
from tests.races.conftest import HOME, PATIENCE

pytestmark = pytest.mark.race

# `LEDGER_ENTRIES=100000` for the whole of it.
ENTRIES = int(os.environ.get("LEDGER_ENTRIES", "8000"))
WRITERS = 8


def write(seed: int, count: int) -> None:
    """``count`` committed entries in transactions of many sizes, a fifth of them rolled back, some left open."""
    chance, done, chain = random.Random(seed), 0, uuid.uuid4()
    while done < count:
        size = min(chance.choice((1, 1, 2, 10, 200)), count - done)
        again = chance.random() < 0.2
        try:
            with transaction.atomic():
                acts = [ledger.Act(chain, "test.note", "test", str(n), "测试") for n in range(size)]
                ledger.record(acts, by=acting.SYSTEM)
                if chance.random() < 0.05:
                    time.sleep(chance.random())
                if again:
                    raise InterruptedError
        except InterruptedError:
            continue
        done += size


@pytest.fixture
def writers(surroundings, settings, tmp_path):
    """Eight processes that write at once."""
    settings.LEDGER_KEYS = tmp_path / "keys"
    running = []

    def start() -> list[subprocess.Popen]:
        for seed in range(WRITERS):
            code = (
                "import django; django.setup()\n"
                f"from tests.races.test_checkpoints import write; write({seed}, {ENTRIES // WRITERS})"
            )
            running.append(subprocess.Popen([sys.executable, "-c", code], env=surroundings, cwd=HOME))
        return running

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_no_entry_is_passed_over_while_eight_write_and_roll_back(writers, record_property):
    there, running = LedgerEntry.objects.count(), writers()
    until, took = time.monotonic() + PATIENCE * 10, []
    while any(process.poll() is None for process in running):
        assert time.monotonic() < until, "the writers did not end"
        began = time.perf_counter()
        checkpoints.make()
        took.append(time.perf_counter() - began)
        time.sleep(0.5)
    assert [process.wait() for process in running] == [0] * WRITERS
    last = checkpoints.make() or proofs.newest()
    assert LedgerEntry.objects.count() == last.size == there + ENTRIES // WRITERS * WRITERS
    assert Leaf.objects.count() == last.size
    _each_entry_is_proved(last)
    pairs = _all_are_consistent()
    told = f"{last.size} entries, {pairs} pairs of checkpoints, {max(took):.2f} s the slowest of {len(took)}"
    record_property("checkpoints", told)
    assert pairs > 1


def _each_entry_is_proved(last: Checkpoint) -> None:
    root, digests = bytes(last.root), dict(LedgerEntry.objects.values_list("id", "digest"))
    ids = list(digests)
    for start in range(0, len(ids), 5000):
        part = ids[start : start + 5000]
        found = proofs.inclusions(part, last)
        assert len(found) == len(part)
        for proof in found:
            leaf = merkle.leaf(bytes.fromhex(digests[proof.entry]))
            assert merkle.root_of(leaf, proof.index, proof.size, proof.path) == root


def _all_are_consistent() -> int:
    points = list(Checkpoint.objects.order_by("size"))
    for place, new in enumerate(points):
        for old in points[:place]:
            proof = proofs.consistency(old.size, new.size)
            assert merkle.consistent(old.size, bytes(old.root), new.size, bytes(new.root), proof)
    return len(points) * (len(points) - 1) // 2


def test_a_transaction_that_commits_long_after_others_is_not_passed_over(settings, tmp_path, surroundings):
    settings.LEDGER_KEYS = tmp_path / "keys"
    code = (
        "import django; django.setup()\nimport sys, uuid\nfrom django.db import transaction\n"
        "from responsibility import acting, ledger\n"
        "with transaction.atomic():\n"
        "    ledger.record([ledger.Act(uuid.uuid4(), 'test.late', 'test', '1', '迟')], by=acting.SYSTEM)\n"
        "    print('written', flush=True)\n    sys.stdin.readline()\n"
    )
    late = subprocess.Popen(
        [sys.executable, "-c", code],
        env=surroundings,
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert late.stdout.readline().strip() == "written"
        for _ in range(4):
            with transaction.atomic():
                ledger.record([ledger.Act(uuid.uuid4(), "test.note", "test", "1", "快")], by=acting.SYSTEM)
            checkpoints.make()
            # As if the minute of settling had passed each time.
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
                cursor.execute("UPDATE notary_checkpoint SET made_at = made_at - interval '2 minutes'")
                cursor.execute("SET session_replication_role = origin")
        assert not Leaf.objects.filter(entry__in=LedgerEntry.objects.filter(verb="test.late").values("id")).exists()
        late.communicate("go\n", timeout=30)
    finally:
        late.kill()
    made = checkpoints.make()
    assert Leaf.objects.filter(entry=LedgerEntry.objects.get(verb="test.late").pk).exists()
    assert made.size == LedgerEntry.objects.count()
