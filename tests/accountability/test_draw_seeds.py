"""The secret of the draw: sealed before the month, told after it; who closes cannot know, who knows cannot choose."""

import json
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as configured
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.timezone import localdate

from accountability import drawing, seeding
from accountability.drawseed import DrawSeed
from notary import checkpoints, keys, notes, witnessing
from notary.models import Witness
from notary.standalone import draw
from responsibility import ledger, rows_told
from responsibility.models import LedgerEntry, Unit
from tests.cases.conftest import CLOSED

THIS = localdate().strftime("%Y-%m")
# A checkpoint sees what has been committed only.
pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = configured.BASE_DIR / "notary" / "standalone" / "draw.py"


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.LEDGER_KEYS = tmp_path / "keys"


@pytest.fixture
def at(monkeypatch):
    """Let it be another time, for acts and for checkpoints."""
    return lambda instant: monkeypatch.setattr("django.utils.timezone.now", lambda: instant)


@pytest.fixture
def sealed(at):
    """The draw of this month, sealed an hour before it began and checkpointed at once."""
    now, (since, _until) = timezone.now(), drawing.bounds(THIS)
    at(since - timedelta(hours=1))
    made = seeding.seal(THIS)
    checkpoints.make()
    at(now)
    return made


def over(at, hours: float) -> None:
    """Let the month be over since ``hours``."""
    at(drawing.bounds(THIS)[1] + timedelta(hours=hours))


def closed(open_case, press, count: int = 3) -> list[str]:
    place = {"lat": 31.1144, "lon": 121.2683}
    return [press(open_case(object=f"D-{n}", location=place), *CLOSED).number for n in range(count)]


def end_of_month(at) -> None:
    """The first checkpoints after it; they take what was written before in two or three."""
    over(at, 0.1)
    for _again in range(3):
        checkpoints.make()


def test_a_sealed_month_is_drawn_when_its_witnesses_have_had_their_time(sealed, open_case, press, at):
    numbers = closed(open_case, press)
    end_of_month(at)
    assert seeding.unseal(THIS) is None
    assert drawing.of_month(THIS) is None, "whoever closes cases knows nothing yet"
    over(at, 73)
    seeding.keep()
    made = drawing.of_month(THIS)
    assert (made.rule, made.among, len(made.numbers), made.faults) == (2, sorted(numbers), 1, [])
    assert draw.commitment(THIS, bytes.fromhex(made.sealed.secret)) == sealed.commitment
    assert drawing.sealed_in(made.sealed).made_at < made.sealed.begins
    told = [entry.verb for entry in ledger.story(sealed.chain)]
    assert told == ["draw.commit", "draw.reveal"]
    assert seeding.unseal(THIS) is None, "once and for all"


def test_until_then_the_secret_is_in_a_file_that_only_the_server_reads(sealed):
    file = keys.folder() / "draw-secrets" / THIS
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text().strip()
    assert draw.commitment(THIS, bytes.fromhex(secret)) == sealed.commitment
    for entry in LedgerEntry.objects.filter(chain=sealed.chain):
        assert secret not in str(entry.after)


def test_what_witnesses_sign_after_the_month_makes_another_seed(sealed, open_case, press, people, at):
    private = Ed25519PrivateKey.generate()
    key = str(notes.Key("x", notes.COSIGNATURE, notes.raw(private)))
    witness = witnessing.register(Unit.objects.get(code="X-INS").pk, key, by=people["anwei-office"])
    with rows_told.told():
        Witness.objects.filter(pk=witness.pk).update(added_at=sealed.at)
    closed(open_case, press)
    end_of_month(at)
    newest = checkpoints.Checkpoint.objects.order_by("-size").first()
    note = notes.Note.read(newest.note)
    for seconds in (0, 60):
        line = notes.cosign(note.text, "x", private, int(timezone.now().timestamp()) + seconds)
        witnessing.cosign(str(notes.Note(note.text, (*note.signatures, line))), by=people["insurer"])
    over(at, 73)
    seeding.keep()
    made = drawing.of_month(THIS)
    (counted,) = made.sealed.lines.splitlines()
    assert counted == str(notes.cosign(note.text, "x", private, int(drawing.bounds(THIS)[1].timestamp()) + 360)).strip()
    assert made.seed != draw.seed(bytes.fromhex(made.sealed.secret), []).hex()
    assert made.faults == []


def test_a_secret_that_is_lost_doubles_the_draw(sealed, open_case, press, at):
    closed(open_case, press, 3)
    (keys.folder() / "draw-secrets" / THIS).write_text("00" * 32)
    end_of_month(at)
    over(at, 73)
    seeding.keep()
    made = drawing.of_month(THIS)
    assert (made.rule, made.one_in, made.faults) == (1, draw.ONE_IN // 2, [])
    assert made.sealed.secret == ""


def test_the_months_to_come_are_sealed_once_and_a_month_that_has_begun_never():
    seeding.keep()
    seeding.keep()
    assert [each.month for each in DrawSeed.objects.all()] == seeding._coming(timezone.now())
    assert seeding.seal(THIS) is None
    assert LedgerEntry.objects.filter(verb="draw.commit").count() == seeding.AHEAD


def test_the_database_keeps_what_was_sealed(sealed):
    for change in ({"commitment": "0" * 64}, {"month": "2030-01"}, {"opened_at": timezone.now(), "size": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            DrawSeed.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        DrawSeed.objects.all().delete()


def test_a_file_that_was_altered_does_not_hold(sealed, open_case, press, people, at, client, tmp_path):
    closed(open_case, press)
    end_of_month(at)
    over(at, 73)
    seeding.keep()
    client.force_login(people["auditor"])
    page = client.get("/accountability/rechecks/", {"month": THIS}).content.decode()
    assert sealed.commitment in page
    assert "重算无误" in page
    told = client.get("/accountability/rechecks/draw.json", {"month": THIS}).json()

    def run(changed: dict) -> int:
        file = tmp_path / "draw.json"
        file.write_text(json.dumps(told | changed))
        return subprocess.run([sys.executable, PROGRAM, file], capture_output=True, env={}).returncode

    assert run({}) == 0
    others = [number for number in told["closed"] if number not in told["drawn"]]
    for changed in ({"drawn": others[:1]}, {"secret": "00" * 32}, {"seed": "00" * 32}, {"closed": others}):
        assert run(changed) == 1, changed
    assert run({"secret": "x"}) == 2
    assert client.get("/accountability/rechecks/draw.json", {"month": "2190-01"}).status_code == 409
    assert client.get("/accountability/rechecks/draw.json", {"month": "x"}).status_code == 400
    client.force_login(people["sijing-duty"])
    assert client.get("/accountability/rechecks/draw.json", {"month": THIS}).status_code == 403


def test_neither_a_thousand_numbers_nor_the_lines_in_another_order_change_what_is_drawn():
    numbers, began = [f"SJ-20261001-{n:06d}" for n in range(1000)], time.monotonic()
    one, other = draw.seed(b"a" * 32, ["x\n", "y\n"]), draw.seed(b"a" * 32, ["y\n", "x\n"])
    assert draw.lowest(one, numbers) == draw.lowest(other, list(reversed(numbers)))
    assert time.monotonic() - began < 1
