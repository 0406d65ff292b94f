"""A thousand cases before a process miner that is not ours: pm4py, which runs as a program of its own."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.db import transaction
from django.utils.timezone import localdate

from accountability.period import Period
from alerts import intake
from alerts.formats import item
from cases import guards
from cases.changes import Changes, locked
from cases.models import Case, Evidence, State
from cases.models.machine import ENDED
from config.demo import history
from config.demo.doors import Inside
from config.demo.drive import Crew
from config.demo.mix import Mix
from config.demo.timeline import Timeline
from mining import exporting, finding
from mining.durations import Only
from mining.walking import START, VERBS
from responsibility import acting, clock, directory, loading
from responsibility.models import User
from tests.cases.conftest import alert

MINER = settings.BASE_DIR / ".venv" / "miner" / "bin" / "python"
PROGRAM = Path(__file__).with_name("miner.py")
LIVED, WALKED = 50, 950
SEED = 20261122
FITNESS = {
    "discovered": "the log to the discovered model",
    "published": "the log to the published machine",
    "discovered in published": "what the discovered model can do to the published machine",
}
# What rarely happens, in a walk as in a district.
RARE = {"rework": 0.15, "suspend": 0.1, "annul": 0.04, "reopen": 0.08}

# Apart from the others, so that its figures are seen.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.race,
    pytest.mark.skipif(not MINER.exists(), reason="needs .venv/miner; `make test` makes it (sh bootstrap miner)"),
]


def live(rng: Random, now: datetime) -> None:
    """Two days of the demo people, pressing every button through the actions, with the clock swept beside them."""
    start = now - timedelta(hours=48)

    @contextmanager
    def around(at: datetime) -> Iterator[None]:
        with clock.as_if(at):
            yield

    data = loading.read(settings.DISTRICT_FILE)
    timeline = Timeline(start, around)
    crew, mix = Crew(Inside(), timeline, data, rng), Mix(data, rng, "mined")
    for post in mix.plan(LIVED, start, 44):
        timeline.at(post.at, partial(crew.take, post.items))
    for hour in range(48):
        timeline.at(start + timedelta(hours=hour + 1), lambda: history._sweep(timeline.now, crew))
    timeline.run(now)


def walk(rng: Random, source, now: datetime, count: int) -> None:
    """``count`` cases led at random through the machine, by the pen with which every verb is written."""
    place = directory.current().territories["310117102"]
    at = now - timedelta(hours=40)
    with clock.as_if(at):
        found = [
            alert(external_id=f"walk-{n}", object=f"W-{n}", location={"lat": place.lat, "lon": place.lon},
                  observed_at=at.isoformat(), grade=rng.choice(["yellow", "blue", "orange"]))
            for n in range(count)
        ]  # fmt: skip
        intake.receive(source, found, item.read)
    for turn in range(12):
        step(rng, at + timedelta(hours=3 * (turn + 1)))


@transaction.atomic
def step(rng: Random, now: datetime) -> None:
    """One move for most of the walked cases."""
    changes = Changes(directory.current(), now)
    for case in locked(object_code__startswith="W-"):
        verb = chosen(rng, case)
        if verb is None:
            continue
        before = {"state": str(case.state)}
        getattr(case, verb)()
        case.closed_at = now if case.state == State.CLOSED else None
        if case.state == State.CONTAINED:
            prove(changes, case)
        by_request = verb in ("suspend", "annul")
        changes.touch(case)
        changes.tell(
            case, "request.approve" if by_request else f"case.{verb}", before={} if by_request else before,
            after={"state": str(case.state)},
        )  # fmt: skip
    changes.write(by=acting.SYSTEM)


def prove(changes: Changes, case: Case) -> None:
    """The database refuses to close a case without proof."""
    who = User.objects.get(username="sijing-handler")
    told = {"kind": "photo", "sha256": hashlib.sha256(case.number.encode()).hexdigest()}
    Evidence.objects.create(
        case=case, **told, size=1, content_type="image/jpeg", path=case.number, original_name="photo.jpg",
        uploaded_at=changes.now, uploaded_by=who, unit=changes.known.units_by_code["310117102"],
    )  # fmt: skip
    changes.tell(case, "evidence.add", after=told)


def chosen(rng: Random, case: Case) -> str | None:
    open_to = [verb for verb, move in guards.TABLE.items() if case.state in map(str, move["sources"])]
    if case.state in ENDED and rng.random() > RARE["reopen"]:
        return None
    weights = [RARE.get(verb, 1.0) for verb in open_to]
    return rng.choices(open_to, weights)[0] if open_to else None


@pytest.fixture
def thousand(source, settings, tmp_path) -> Period:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    rng, now = Random(SEED), clock.now()
    live(rng, now)
    walk(rng, source, now, 1000 - Case.objects.count())
    return Period(localdate(now - timedelta(days=4)).isoformat(), localdate(now).isoformat())


def mine(asked: Period, folder: Path) -> dict:
    for form in exporting.WRITE:
        (folder / f"log.{form}").write_bytes(b"".join(exporting.export(form, asked, by=None)))
    moves = [[source, verb, target] for (source, target), verb in VERBS.items()]
    (folder / "machine.json").write_text(json.dumps({"initial": START["state"], "moves": moves}))
    files = [folder / name for name in ("log.xes", "log.ocel.json", "machine.json")]
    (folder / "log.ocel").rename(files[1])
    done = subprocess.run([MINER, PROGRAM, *files], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_thousand_cases_load_and_fit_the_published_machine(thousand, tmp_path, capsys):
    told = mine(thousand, tmp_path)
    found = finding.find(thousand, Only())
    with capsys.disabled():
        sys.stdout.write("\npm4py {pm4py}: XES {xes}, OCEL {ocel}, {paths} paths\n".format(**told))
        for name, words in FITNESS.items():
            fit = told[name]
            sys.stdout.write(f"fitness of {words}: {fit['log']:.4f}, {fit['cases']:.2%} of cases wholly\n")
    assert told["xes"]["cases"] == told["ocel"]["objects"]["case"] == found.conformance.cases == 1000
    assert told["xes"]["events"] == told["ocel"]["events"] == told["ocel"]["of cases"]
    assert told["astray"] == []
    assert told["published"] == {"log": 1.0, "cases": 1.0}
    assert told["discovered"]["log"] > 0.99
    assert (found.conformance.fitness, found.conformance.misfits) == (1.0, [])


def test_the_miner_and_we_name_the_same_case_where_one_does_not_fit(source, tmp_path):
    now = clock.now()
    walk(Random(SEED), source, now, 20)
    asked = Period(localdate(now - timedelta(days=4)).isoformat(), localdate(now).isoformat())
    case = Case.objects.exclude(state__in=(*ENDED, State.VERIFYING)).first()
    with transaction.atomic():
        changes = Changes(directory.current(), now)
        changes.touch(locked(pk=case.pk).get())
        # An entry that tells of a step which the machine does not have.
        changes.tell(case, "case.close", before={"state": str(case.state)}, after={"state": "closed"})
        changes.write(by=acting.SYSTEM)
    told, ours = mine(asked, tmp_path), finding.find(asked, Only()).conformance
    assert [one["case"] for one in told["astray"]] == [one.number for one in ours.misfits] == [case.number]
    assert told["published"]["log"] < 1
    assert ours.fitness < 1


def test_the_miner_is_imported_by_nothing_of_ours_and_locked_apart():
    base = settings.BASE_DIR
    code = [path for path in base.rglob("*.py") if not {".venv", "var"} & set(path.relative_to(base).parts)]
    importing = re.compile(r"^\s*(?:import|from)\s+pm4py\b", re.MULTILINE)
    assert [path for path in code if importing.search(path.read_text())] == [PROGRAM]
    for lock in ("requirements.txt", "requirements-dev.txt"):
        assert "pm4py" not in (base / lock).read_text()
