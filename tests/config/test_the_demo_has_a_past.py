"""What the demo shows has happened when it says: who was told when, and a month that was drawn from."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accountability import drawing, knowledge
from accountability.drawseed import DrawSeed
from accountability.models import Recheck
from cases import audit, checklist
from cases.models import Case, State, Urging, UrgingKind
from config.demo import history, month
from notary.models import Checkpoint
from notices.models import Message, Notice
from responsibility import directory, ledger, loading
from responsibility.models import LedgerEntry


@pytest.fixture(scope="module")
def lived(django_db_setup, django_db_blocker, tmp_path_factory):
    """The month and the day of the demo, taken back afterwards; the month that was drawn from, and when it was."""
    from django.conf import settings

    data, now = loading.read(settings.DISTRICT_FILE), timezone.now()
    kept = {name: getattr(settings, name) for name in ("EVIDENCE_ROOT", "LEDGER_KEYS")}
    settings.EVIDENCE_ROOT, settings.LEDGER_KEYS = (tmp_path_factory.mktemp(name) for name in ("evidence", "keys"))
    with django_db_blocker.unblock(), transaction.atomic():
        drawn = month.write(data, now)
        history.write(data, now)
        yield drawn, now
        transaction.set_rollback(True)
    for name, value in kept.items():
        setattr(settings, name, value)


def test_everybody_was_told_at_once_and_who_acted_had_looked(lived):
    _drawn, now = lived
    assert not Notice.objects.filter(addressed_at=None).exists()
    assert not Notice.objects.filter(addressed_at__gt=F("at") + timedelta(minutes=1)).exists()
    assert Message.objects.filter(at__lt=now - timedelta(hours=12)).exists()
    assert Message.objects.exclude(read_at=None).exists()
    assert not Message.objects.filter(read_at__lt=F("at")).exists()


def test_who_knew_what_when_shows_a_warning_before_the_first_answer(lived):
    known = directory.current()
    case = Case.objects.filter(state=State.CLOSED).order_by("-pk").first()
    first = ledger.story(case.chain).filter(verb="case.acknowledge").first()
    told = [person for person in knowledge.people(case, known, first.at) if person.by_then]
    assert first.actor in [person.person for person in told]
    assert all(each.told_at < case.closed_at for person in told for each in person.told if not each.later)


def test_who_was_late_was_reminded_before(lived):
    _drawn, now = lived
    assert Urging.objects.filter(kind=UrgingKind.REMINDER, at__lt=now - timedelta(hours=1)).exists()


def test_no_step_of_a_closed_case_is_about_to_be_due(lived):
    _drawn, now = lived
    known = directory.current()
    closed = Case.objects.filter(state__in=[State.CLOSED, State.VOID])
    lamps = {line.lamp(now) for case in closed for line in checklist.lines(case, known) if not line.is_done}
    assert lamps
    assert lamps <= {"none", "red"}


def test_a_month_that_is_over_was_sealed_before_it_drawn_after_it_and_looked_at(lived):
    drawn, now = lived
    draw, (since, until) = drawing.of_month(drawn), drawing.bounds(drawn)
    assert (draw.rule, draw.closed, len(draw.numbers), draw.faults) == (2, len(month.DAYS) * month.A_DAY, 2, [])
    assert drawing.sealed_in(draw.sealed).made_at < since
    assert until <= draw.checkpoint.made_at < draw.sealed.opened_at < now
    assert Recheck.objects.get(month=drawn).at < now
    assert DrawSeed.objects.filter(opened_at=None).exists(), "the months to come are sealed"
    assert list(audit.mismatches()) == []
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []


def test_no_past_is_put_behind_what_was_signed(lived):
    drawn, now = lived
    assert drawn
    assert Checkpoint.objects.exists()
    assert month.write(loading.read(_district()), now) == ""


def _district():
    from django.conf import settings

    return settings.DISTRICT_FILE
