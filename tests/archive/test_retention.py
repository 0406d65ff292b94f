"""What is over age goes in batches that the ledger tells of; never sooner than the law allows, never what is held."""

import io
from datetime import timedelta

import pytest
from axes.models import AccessLog
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from alerts import retaining
from alerts.models import Reading, RiskObject
from cases import audit
from responsibility import ledger, retention
from responsibility.models import Category, Hold, LedgerEntry, Retention
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import _evidence_folder, alert, open_case, press, send  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def readings(source):
    """``readings(5, days=2000)``: so many of one object, so old."""

    def make(count: int, days: int, code: str = "MH-SIJING-0088") -> None:
        at, object_ = timezone.now() - timedelta(days=days), RiskObject.objects.get(code=code)
        Reading.objects.bulk_create(
            Reading(source=source, risk_object=object_, category=Category.objects.get(code="LL-CONF-H2S"), value=1.0,
                    observed_at=at + timedelta(minutes=n), received_at=at)
            for n in range(count)
        )  # fmt: skip

    return make


def run(*arguments, **more) -> str:
    out = io.StringIO()
    call_command("retention", *arguments, stdout=out, **more)
    return out.getvalue()


def test_readings_over_age_go_in_batches_that_the_ledger_tells_of(readings, monkeypatch):
    monkeypatch.setattr(retaining, "REMOVE", retaining.REMOVE.replace("5000", "4"))
    readings(10, days=1200)
    readings(3, days=1000)
    assert "readings: 将清理 would remove 10" in run("--dry-run")
    assert Reading.objects.count() == 13
    assert "readings: 已清理 removed 10" in run()
    assert Reading.objects.count() == 3
    told = ledger.story(retention.chain()).filter(verb="retention.run", subject_id="readings")
    assert [entry.after["waiting"] for entry in told] == [10, 6, 2]
    assert "removed 0" in run()
    assert told.count() == 3


def test_nothing_of_a_held_case_goes(readings, open_case, people):  # noqa: F811
    case = open_case()
    readings(4, days=1200)
    run(hold=case.number, reason="诉讼保全", by="anwei-office")
    assert "readings: 已清理 removed 0" in run()
    with pytest.raises(CommandError):
        run(hold=case.number, reason="再封", by="anwei-office")
    assert list(audit.mismatches(case.chain)) == []
    entry = ledger.story(case.chain).get(verb="retention.hold")
    assert (entry.note, entry.actor) == ("诉讼保全", people["anwei-office"])
    run(lift=case.number, by="anwei-office")
    assert "readings: 已清理 removed 4" in run()


def test_the_log_of_sign_ins_goes_when_it_is_over_age():
    for days in (500, 10):
        AccessLog.objects.create(username="x", ip_address="127.0.0.1")
        AccessLog.objects.filter(pk=AccessLog.objects.latest("pk").pk).update(
            attempt_time=timezone.now() - timedelta(days=days)
        )
    assert "logins: 已清理 removed 1" in run()


def test_shorter_than_the_law_is_refused_in_words_and_by_the_database(people):
    office = people["anwei-office"]
    retention.set_days("readings", 183, by=office)
    with pytest.raises(Invalid) as refused:
        retention.set_days("readings", 182, by=office)
    assert "183" in str(refused.value.detail)
    with pytest.raises(IntegrityError), transaction.atomic():
        Retention.objects.filter(code="readings").update(days=1)
    for change in ({"minimum": 0}, {"source": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Retention.objects.filter(code="readings").update(**change)
    retention.set_days("readings", None, by=office)
    assert LedgerEntry.objects.filter(verb="retention.set").count() == 2
    with pytest.raises(Invalid):
        retention.set_days("nothing", 400, by=office)
    with pytest.raises(CommandError):
        run("--set", "ledger=many")


def test_only_the_office_sets_and_holds(people, open_case):  # noqa: F811
    case = open_case()
    for name in ("auditor", "sijing-duty", "admin"):
        with pytest.raises(Forbidden):
            retention.set_days("readings", 4000, by=people[name])
        with pytest.raises(Forbidden):
            retention.hold(case.chain, case.number, by=people[name], reason="试")
    with pytest.raises(Invalid):
        retention.hold(case.chain, case.number, by=people["anwei-office"], reason=" ")
    with pytest.raises(Refused):
        retention.lift(case.chain, by=people["anwei-office"])
    assert not Hold.objects.exists()


def test_the_database_lets_no_reading_go_without_its_entry_or_before_its_time(readings):
    readings(1, days=1200)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_reading")
    readings(1, days=20)
    retention.run()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_reading")
    assert Reading.objects.count() == 1


def test_the_page_shows_every_class(client, people, readings, open_case):  # noqa: F811
    case = open_case()
    retention.hold(case.chain, case.number, by=people["anwei-office"], reason="诉讼保全")
    readings(1, days=1200)
    retention.run()
    client.force_login(people["auditor"])
    said = client.get(reverse("retention")).content.decode()
    for kept in Retention.objects.all():
        assert kept.name in said
        assert kept.source in said
    assert case.number in said
    client.force_login(people["sijing-duty"])
    assert client.get(reverse("retention")).status_code == 403
