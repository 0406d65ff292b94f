"""The draw of closed cases: nobody can steer it, anybody can repeat it, and what was found is kept."""

import base64
import hashlib
import math
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils.timezone import localdate

from accountability import drawing, rechecking
from accountability.models import Recheck
from notary import checkpoints
from notary.standalone import draw
from responsibility import ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CLOSED

MONTH_NOW = localdate().strftime("%Y-%m")
# A checkpoint sees what has been committed only.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.LEDGER_KEYS = tmp_path / "keys"


@pytest.fixture
def drawn(open_case, press, monkeypatch):
    """Three cases closed in this month, and the checkpoint that is the first after its end."""
    cases = [press(open_case(object=f"D-{n}", location={"lat": 31.1144, "lon": 121.2683}), *CLOSED) for n in range(3)]
    _since, until = drawing.bounds(MONTH_NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: until + timedelta(minutes=1))
    for _again in range(3):
        checkpoints.make()
    return cases


def test_the_draw_can_be_repeated_from_what_is_published(drawn):
    made = drawing.of_month(MONTH_NOW)
    signature = made.checkpoint.note.split("\n\n")[1].splitlines()[0].split(" ")[2]
    seed = hashlib.sha256(base64.b64decode(signature)[4:]).digest()
    numbers = [case.number for case in drawn]
    by_digest = sorted(numbers, key=lambda number: hashlib.sha256(seed + number.encode()).hexdigest())
    assert made.seed == seed.hex()
    assert made.closed == 3
    assert made.numbers == by_digest[: math.ceil(3 / 20)]


def test_there_is_no_draw_before_the_month_has_ended(open_case, press):
    press(open_case(), *CLOSED)
    checkpoints.make()
    assert drawing.of_month(MONTH_NOW) is None


def test_a_twentieth_is_drawn_rounded_up_and_another_seed_draws_others():
    numbers = [f"SJ-20261001-{n:06d}" for n in range(1000)]
    first, second = (set(draw.lowest(seed, numbers)) for seed in (b"a" * 32, b"b" * 32))
    assert len(first) == len(second) == 50
    assert len(first & second) < 15
    assert [len(draw.lowest(b"", numbers[:n])) for n in (0, 1, 20, 21)] == [0, 1, 1, 2]


def test_what_was_found_is_recorded_once_by_the_committee_office(drawn, people, client):
    (number,) = drawing.of_month(MONTH_NOW).numbers
    told = {"month": MONTH_NOW, "outcome": "sound", "note": "现场复核无误"}
    with pytest.raises(Forbidden):
        rechecking.record(number, by=people["auditor"], **told)
    others = next(case.number for case in drawn if case.number != number)
    with pytest.raises(Refused, match="not_drawn"):
        rechecking.record(others, by=people["anwei-office"], **told)
    with pytest.raises(Invalid):
        rechecking.record(number, by=people["anwei-office"], **(told | {"outcome": "x"}))
    made = rechecking.record(number, by=people["anwei-office"], **told)
    assert ledger.story(made.case.chain).last().after["recheck"] == made.pk
    with pytest.raises(Refused, match="already_rechecked"):
        rechecking.record(number, by=people["anwei-office"], **told)
    with pytest.raises(DatabaseError), transaction.atomic():
        Recheck.objects.filter(pk=made.pk).update(note="改")
    client.force_login(people["auditor"])
    page = client.get("/accountability/rechecks/", {"month": MONTH_NOW}).content.decode()
    assert "现场复核无误" in page
    assert number in page


def test_a_wrong_month_is_refused(people, client):
    client.force_login(people["anwei-office"])
    for wrong in ("x", "2026-13", "0000-01", "9999-12", "\u0662\u0660\u0662\u0666-01"):
        assert client.get("/accountability/rechecks/", {"month": wrong}).status_code == 400, wrong
        assert client.post("/accountability/rechecks/", {"month": wrong}).status_code == 400, wrong
