"""Ten thousand four-hour deadlines that pass in the same second."""

import json
import subprocess
import sys
import threading
import time
from statistics import median

from django.db import connection, transaction

from bench import copying
from bench.figures import Figure
from bench.intake import BATCH, take_in
from bench.material import Material
from bench.place import HOME, Place
from cases import sweeping

SWEEPERS = 2
LIMIT_SECONDS = 10
EMPTY_SWEEPS = 50
CLAIM = """
    UPDATE bench.cases_deadline SET missed_at = now() WHERE id IN (
        SELECT id FROM bench.cases_deadline
        WHERE stopped_at IS NULL AND missed_at IS NULL AND paused_at IS NULL AND due_at <= now()
        ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def deadlines(place: Place, quick: bool) -> list[Figure]:
    """Time until all are recorded and all their cases have risen, by two sweepers; and whether each did so once."""
    count, rounds = (1000, 1) if quick else (10_000, 3)
    material = Material(series=4)
    taken, bare, wrong = [], [], []
    for _ in range(rounds):
        before = copying.marks()
        for _batch in range(count // BATCH):
            take_in([material.alert(code, "yellow") for code in material.objects(BATCH)], "opened")
        let_pass(before)
        bare.append(_update_all())
        taken.append(_sweep_all())
        wrong += faults(before, count)
    empty = [_timed(sweeping.sweep) * 1000 for _ in range(10 if quick else EMPTY_SWEEPS)]
    value, floor, once = median(taken), median(bare), not wrong
    facts = {"exactly once": once, "deadlines/s": count / value, "rounds": rounds, "slowest s": max(taken)}
    return [
        Figure(
            "deadlines", f"{count:,} deadlines due in one second, all escalated once, {SWEEPERS} sweepers", "s",
            value, floor, "UPDATE … SKIP LOCKED of the same rows", value / floor, f"≤ {LIMIT_SECONDS} s, once each",
            value <= LIMIT_SECONDS and once, facts | {"faults": "; ".join(wrong) or "none"},
        ),
        Figure("empty-sweep", "空扫 one sweep that finds nothing, after them", "ms", median(empty)),
    ]  # fmt: skip


def let_pass(before: dict) -> None:
    """Make the contain deadlines that came after ``before`` pass a second ago, and stop all others; twin the former."""
    newest = before["cases_deadline"] or 0
    copying.twins()
    with transaction.atomic(), connection.cursor() as cursor:
        # Set up from outside, so without the triggers that ask for a ledger entry.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE cases_deadline SET stopped_at = now() WHERE stopped_at IS NULL AND (id <= %s OR kind <> 'contain')",
            [newest],
        )
        cursor.execute(
            "UPDATE cases_deadline SET due_at = date_trunc('second', now()) - interval '1 second',"
            " started_at = date_trunc('second', now()) - interval '4 hours' WHERE stopped_at IS NULL"
        )
        cursor.execute("INSERT INTO bench.cases_deadline SELECT * FROM cases_deadline WHERE stopped_at IS NULL")
    with connection.cursor() as cursor:
        # What autovacuum would have done by then.
        cursor.execute("ANALYZE cases_case, cases_deadline, cases_party, bench.cases_deadline")


def _sweep_all() -> float:
    """Two sweeper processes, started before and let loose at once; seconds until both are done."""
    command = [sys.executable, "-m", "bench.sweeper"]
    pipe = subprocess.PIPE
    sweepers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=HOME, text=True) for _ in range(SWEEPERS)]
    for sweeper in sweepers:
        if sweeper.stdout.readline() != "ready\n":
            raise RuntimeError("a sweeper did not start")
    began = time.perf_counter()
    for sweeper in sweepers:
        sweeper.stdin.write("go\n")
        sweeper.stdin.flush()
    reports = [json.loads(sweeper.communicate()[0]) for sweeper in sweepers]
    if any(report["failed"] for report in reports):
        raise RuntimeError(f"rows could not be swept: {reports}")
    return max(report["ended"] for report in reports) - began


def _update_all() -> float:
    """As many bare connections marking the twin's rows; seconds until all are marked."""

    def work():
        with connection.cursor() as cursor:
            while True:
                cursor.execute(CLAIM, [sweeping.BATCH])
                if not cursor.rowcount:
                    break
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(SWEEPERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


ONCE = {
    "misses": "SELECT count(*), count(DISTINCT subject_id) FROM responsibility_ledgerentry"
    " WHERE id > %(ledger)s AND verb = 'deadline.missed' AND \"after\" ->> 'kind' = 'contain'",
    "escalations": "SELECT count(*), count(DISTINCT subject_id) FROM responsibility_ledgerentry"
    " WHERE id > %(ledger)s AND verb = 'case.escalate'",
    "marked": "SELECT count(*), count(DISTINCT case_id) FROM cases_deadline"
    " WHERE id > %(deadline)s AND kind = 'contain' AND missed_at IS NOT NULL",
    "risen": "SELECT count(*), count(DISTINCT number) FROM cases_case WHERE id > %(case)s AND loop = 'medium'",
}


def faults(before: dict, count: int) -> list[str]:
    """What is not there exactly ``count`` times, once for each case, by the ledger and by the rows."""
    since = {name.rpartition("_")[2]: mark or 0 for name, mark in before.items() if name != "alerts_alert"}
    since["ledger"] = since.pop("ledgerentry")
    wrong = []
    with connection.cursor() as cursor:
        for name, question in ONCE.items():
            cursor.execute(question, since)
            found = cursor.fetchone()
            if found != (count, count):
                wrong.append(f"{name}: {found[0]} of {found[1]} cases instead of {count}")
    return wrong


def _timed(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
