"""What is over age goes in batches that the ledger tells of; never sooner than the law allows, never what is held."""

import io
from datetime import timedelta

import pytest
from axes.models import AccessLog
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from alerts.models import Reading, RiskObject
from cases import audit
from responsibility import ledger
from responsibility.models import Category, LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from retention import audit as kept_as_told
from retention import holds, periods, running
from retention.classes import CLASSES
from retention.models import Hold, Period
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


def counted(said: str) -> dict[str, int]:
    """The number of each class that the command printed."""
    lines = [line.split() for line in said.splitlines() if line.startswith("  ")]
    return {line[0]: int(line[1]) for line in lines}


def test_readings_over_age_go_in_batches_that_the_ledger_tells_of(readings):
    readings(10, days=1200)
    readings(3, days=1000)
    said = run("--dry-run")
    assert counted(said)["readings"] == 10
    assert "将清除 would go" in said
    assert Reading.objects.count() == 13
    assert running.run(batch=4)["readings"] == 10
    assert Reading.objects.count() == 3
    told = LedgerEntry.objects.filter(verb="retention.run").order_by("id")
    assert [entry.after["readings"] for entry in told] == [4, 4, 2]
    assert all(len(entry.after["sha256 alerts_reading"]) == 64 for entry in told)
    assert counted(run())["readings"] == 0
    assert [entry.after["removed"] for entry in told.all()] == [4, 4, 2, 0]


def test_nothing_of_a_held_case_goes(readings, open_case, people):  # noqa: F811
    case = open_case()
    readings(4, days=1200)
    run(hold=case.number, reason="诉讼保全", by="anwei-office")
    assert counted(run())["readings"] == 0
    with pytest.raises(CommandError):
        run(hold=case.number, reason="再封", by="anwei-office")
    assert list(audit.mismatches(case.chain)) == []
    entry = ledger.story(case.chain).get(verb="retention.hold")
    assert (entry.note, entry.actor) == ("诉讼保全", people["anwei-office"])
    with pytest.raises(CommandError):
        run(lift=case.number, reason="毕", by="anwei-office")
    run(lift=case.number, reason="毕", by="yingji-office")
    assert counted(run())["readings"] == 4
    assert list(kept_as_told.mismatches()) == []


def test_the_log_of_sign_ins_goes_when_it_is_over_age():
    for days in (500, 10):
        AccessLog.objects.create(username="x", ip_address="127.0.0.1")
        AccessLog.objects.filter(pk=AccessLog.objects.latest("pk").pk).update(
            attempt_time=timezone.now() - timedelta(days=days)
        )
    assert counted(run())["logins"] == 1


def test_shorter_than_the_law_is_refused_in_words_and_by_the_database(people):
    office = people["anwei-office"]
    periods.put("readings", 184, "试", by=office)
    with pytest.raises(Invalid) as refused:
        periods.put("readings", 183, "试", by=office)
    assert "184" in str(refused.value.detail)
    for change in ({"days": 1}, {"code": "evidence"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Period.objects.filter(code="readings").update(**change)
    periods.put("readings", None, "试", by=office)
    assert periods.days()["readings"] is None
    assert LedgerEntry.objects.filter(verb="retention.set").count() == 2
    with pytest.raises(Invalid):
        periods.put("nothing", 400, "试", by=office)


@pytest.mark.parametrize(
    "setting", ["ledger=many", "readings=0", "readings=-1", "readings=1000000000", "readings=1e9", "readings", "=400",
                "nothing=400", "readings=", "ledger=ever", "uploads=ever", "sealed=30", "readings=" + "9" * 400],
)  # fmt: skip
def test_the_command_says_what_is_wrong_with_a_period(setting, people):
    with pytest.raises(CommandError) as refused:
        run("--set", setting, reason="试", by="anwei-office")
    assert str(refused.value)
    assert not Period.objects.exists()


@pytest.mark.parametrize("option", ["hold", "lift", "set", "reason", "by"])
def test_bytes_that_are_no_utf8_are_refused_in_words(option, people):
    given = {"hold": "X-1", "reason": "试", "by": "anwei-office", option: b"\xff\xfe".decode(errors="surrogateescape")}
    if option in ("lift", "set"):
        del given["hold"]
    with pytest.raises(CommandError, match="UTF-8"):
        run(**given)


def test_only_the_offices_set_and_hold(people, open_case):  # noqa: F811
    case = open_case()
    wanted = holds.read({"case": case.number})
    for name in ("auditor", "sijing-duty", "admin"):
        with pytest.raises(Forbidden):
            periods.put("readings", 4000, "试", by=people[name])
        with pytest.raises(Forbidden):
            holds.lay(wanted, "试", by=people[name])
    with pytest.raises(Invalid):
        holds.lay(wanted, " ", by=people["anwei-office"])
    with pytest.raises(Refused):
        holds.lift(1, "毕", by=people["anwei-office"])
    for given in ({"hold": case.number, "reason": "试"}, {"lift": case.number, "reason": "试", "by": "nobody"}):
        with pytest.raises(CommandError):
            run(**given)
    assert not Hold.objects.exists()


def test_the_database_lets_no_reading_go_without_its_entry_or_before_its_time(readings):
    readings(1, days=1200)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_reading")
    readings(1, days=20)
    running.run()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_reading")
    assert Reading.objects.count() == 1


def test_the_page_shows_every_class(client, people, readings, open_case):  # noqa: F811
    case = open_case()
    holds.lay(holds.read({"case": case.number}), "诉讼保全", by=people["anwei-office"])
    readings(1, days=1200)
    running.run()
    client.force_login(people["auditor"])
    said = client.get(reverse("retention")).content.decode()
    for kept in CLASSES:
        assert str(kept.label) in said
        assert str(kept.law) in said
    assert case.number in said
    client.force_login(people["sijing-duty"])
    assert client.get(reverse("retention")).status_code == 403
