"""``make bench`` in its small sizes: every module of it runs, tells what it found and leaves nothing behind."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Servers, workers and a clock of its own.
pytestmark = pytest.mark.race
ROOT = Path(__file__).resolve().parents[1]
GIVEN = {
    "batch-new", "batch-join", "batch-matrix", "single", "action", "nudge", "deadlines", "empty-sweep", "ledger",
    "ledger-intake", "ledger-action",
    *(f"desk-{what}" for what in (
        "index", "newest", "case", "verb", "unit-month", "person", "common-words", "two-signs", "rare-words", "role",
    )),
    "worklist", "worklist-centre", "worklist-overdue", "archive", "search",
    "growth-checkpoint", "growth-verify",
    "cover", "insurer-cases", "insurer-json", "visit",
}  # fmt: skip


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "bench", *words]
    env = os.environ | {"VAR_DIR": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def folder():
    """A folder of the run's own; a short one, because sockets lie in it."""
    made = Path(tempfile.mkdtemp(prefix="bihuan-bench-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def printed(folder) -> str:
    """What a run in small sizes prints."""
    done = bench(folder, "--quick")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def figures(folder, printed) -> dict[str, dict]:
    """What the run wrote, by name."""
    written = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    assert written["machine"]["quick"] is True
    return {figure["name"]: figure for figure in written["figures"]}


def test_the_table_and_the_file_hold_every_figure(printed, figures):
    assert set(figures) == GIVEN
    assert [name for name in GIVEN if name not in printed] == []


@pytest.mark.parametrize("name", sorted(GIVEN - {"empty-sweep", "nudge"}))
def test_a_figure_stands_beside_its_floor(figures, name):
    figure = figures[name]
    assert figure["value"] > 0
    assert figure["floor"] > 0
    assert figure["against"]
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["floor"])


@pytest.mark.parametrize("name", ["batch-new", "deadlines", "worklist", "worklist-centre", "archive", "search"])
def test_an_aim_is_judged(figures, name):
    assert figures[name]["aim"]
    assert figures[name]["met"] in (True, False)


def test_what_does_not_depend_on_the_machine_holds(figures):
    assert figures["deadlines"]["facts"]["exactly once"] is True
    assert figures["ledger"]["facts"]["faults"] == 0
    assert figures["ledger"]["facts"]["faults found after one edit"] == 1
    for page in ("worklist", "worklist-centre", "worklist-overdue", "archive", "search"):
        fewer, more = figures[page]["facts"]["statements"].split(" → ")
        assert fewer == more


def test_servers_and_data_are_gone(folder, printed):
    assert {path.name for path in folder.iterdir()} == {"bench", "bench.json"}
    assert {path.name for path in (folder / "bench").iterdir()} <= {"ledger-archive", "log", "secret-key"}


def test_an_unknown_name_is_told(folder):
    done = bench(folder, "nothing")
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert "batch-new" in done.stderr
