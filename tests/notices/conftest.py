"""Notices with somebody to tell, and a way out of the house that is listened to."""

import json
from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from cases.sweeping import sweep
from notices import addressing, channels, delivering, transports
from notices.models import Message
from responsibility import clock
from responsibility.models import Post, Unit
from tests.cases.conftest import _evidence_folder, open_case, press, send  # noqa: F401, fixtures


@pytest.fixture
def unit():
    """The town, or the unit with another code."""
    return lambda code="310117102": Unit.objects.get(code=code)


@pytest.fixture
def tell():
    """Let the outbox be worked off once, ``after`` so long."""

    def run(after: timedelta = timedelta()) -> None:
        with clock.as_if(clock.now() + after):
            addressing.address()
            delivering.deliver()

    return run


@pytest.fixture
def inbox_of(people):
    """The messages of a person, newest first."""
    return lambda name: list(Message.objects.filter(person=people[name]).prefetch_related("lines__notice"))


@pytest.fixture
def add_channel(people, unit):
    """Set up a channel of the town as its head, or of another unit as the administrator."""

    def add(code: str = "310117102", url: str = "duty@example.org", **wish):
        return channels.add(unit(code).pk, channels.Wish(label="值班", url=url, **wish), by=people["admin"])

    return add


@pytest.fixture
def outside(monkeypatch):
    """What other sides were sent. ``outside.down`` names the kinds that take nothing."""

    class Outside(list):
        down: set[str] = set()

    sent = Outside()

    def send_it(kind, url, label, subject, body, key):
        if kind in sent.down:
            raise transports.NotSent("refused")
        sent.append((url, subject, body, key))

    # The network alone is replaced; all of ours runs.
    monkeypatch.setattr(transports, "send", send_it)
    return sent


@pytest.fixture
def written_down(settings, tmp_path):
    """What a demo wrote into its file instead of sending it."""
    settings.NOTICES_FILE = tmp_path / "messages.log"

    def read() -> list[dict]:
        if not settings.NOTICES_FILE.exists():
            return []
        return [json.loads(line) for line in settings.NOTICES_FILE.read_text(encoding="utf-8").splitlines()]

    return read


@pytest.fixture
def on_duty(people):
    """Put a person on duty for a day around now, with a deputy if one is named."""
    from responsibility import rostering

    def plan(name: str, deputy: str = "") -> None:
        post = Post.objects.filter(user=people[name]).select_related("unit").first()
        now = clock.now()
        row = rostering.Row(
            unit=post.unit.code, person=name, deputy=deputy, since=now + timedelta(seconds=1),
            until=now + timedelta(hours=20),
        )  # fmt: skip
        with clock.as_if(now):
            rostering.plan([row], by=people["admin"])
        assert DateTimeTZRange(row.since, row.until)

    return plan


@pytest.fixture
def later():
    """Sweep and tell as if it were so many minutes later; the report of the sweep."""

    def run(minutes: float):
        with clock.as_if(clock.now() + timedelta(minutes=minutes)):
            report = sweep()
            addressing.address()
            delivering.deliver()
        return report

    return run
