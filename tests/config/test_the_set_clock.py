"""A demo whose clock is set to another day: every part of it believes the same instant, and nobody is fooled."""

import io
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cases.models import Case
from responsibility import clock
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db
THEN = "2026-02-13T17:20:00+08:00"
NEAR = timedelta(seconds=20)


@pytest.fixture(autouse=True)
def _clock_of_its_own(settings, tmp_path):
    settings.DEMO_CLOCK = tmp_path / "clock"


def sweep(**options) -> str:
    out = io.StringIO()
    call_command("sweep", stdout=out, **options)
    return out.getvalue()


def send(client, key):
    alert = {"external_id": "e-1", "category": "LL-CONF-H2S", "object": "MH-SIJING-0088", "value": 24.0}
    alert |= {"observed_at": clock.now().isoformat()}
    auth = {"Authorization": f"Bearer {key}"}
    return client.post("/api/v1/alerts/", alert, content_type="application/json", headers=auth)


def test_everything_goes_on_from_the_instant_it_was_set_to(client, key, people):
    sweep(at=THEN, stay=True)
    assert timedelta(0) <= clock.now() - datetime.fromisoformat(THEN) < NEAR
    assert send(client, key).json()["outcome"] == "opened"
    case = Case.objects.get()
    assert case.number.startswith("SJ-20260213-")
    assert case.opened_at - datetime.fromisoformat(THEN) < NEAR
    client.force_login(people["sijing-duty"])
    page = client.get("/").text
    assert "时钟已调到 2026-02-13 17:2" in page
    assert f'data-now="{int(case.opened_at.timestamp()) // 100}' in page


def test_the_ledger_says_beside_it_when_it_was_really_written(client, key):
    sweep(at=THEN, stay=True)
    send(client, key)
    entry = LedgerEntry.objects.get(verb="case.open")
    assert entry.at - datetime.fromisoformat(THEN) < NEAR
    assert timezone.now() - entry.recorded_at < NEAR


def test_it_runs_on_past_the_deadlines_and_can_be_given_back(client, key, people):
    sweep(at=THEN, stay=True)
    send(client, key)
    assert "missed 2" in sweep(at="2026-02-13T17:31:00+08:00", stay=True)
    assert "missed 0" in sweep()
    sweep(stay=True)
    assert timezone.now() - clock.now() < NEAR
    client.force_login(people["sijing-duty"])
    assert "时钟已调到" not in client.get("/").text


def test_before_is_measured_by_the_clock_that_was_set_and_going_back_is_said(capsys):
    sweep(at=THEN, stay=True)
    assert "before the clock" in capsys.readouterr().err
    assert "missed 0" in sweep(at="2026-02-13T18:00:00+08:00")
    with pytest.raises(CommandError, match="before the clock"):
        sweep(at="2026-02-13T17:00:00+08:00")
    assert "missed 0" in sweep(at="2026-02-13T17:00:00+08:00", stay=True)
    assert "before the clock" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{"at": THEN, "stay": True}, {"stay": True}])
def test_outside_demo_mode_it_cannot_be_set_and_a_set_clock_is_not_believed(settings, options):
    sweep(at=THEN, stay=True)
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        sweep(**options)
    assert abs(timezone.now() - clock.now()) < NEAR


@pytest.mark.parametrize("at", ["0002-01-01T00:00:00+00:00", "9998-01-01T00:00:00+00:00"])
def test_it_cannot_be_set_where_no_case_could_be(at):
    with pytest.raises(CommandError, match="2199"):
        sweep(at=at, stay=True)
    assert not clock.shift()
