"""What is over age goes in a run that the ledger tells of; what is held, open or of the ledger stays."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from alerts.models import Alert, Reading
from cases.models import Case
from config.celery import app
from notary import checkpoints
from responsibility import acting, chains, clock, ledger
from responsibility.models import LedgerEntry
from retention import holds, running
from retention.classes import CLASSES
from retention.tasks import run as task
from tests.cases.conftest import alert
from tests.notary.tampering import found

pytestmark = pytest.mark.django_db
YEARS = 6 * 366


def later(days: float):
    return clock.as_if(clock.now() + timedelta(days=days))


def gone(days: float = YEARS, **more) -> dict[str, int]:
    with later(days):
        return dict(running.run(**more))


def closed(case: Case) -> Case:
    """Ended long ago in the eyes of the run; how it came to that is not asked here."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET state = 'closed', closed_at = now() WHERE id = %s", [case.pk])
        cursor.execute("SET session_replication_role = origin")
    return case


@pytest.fixture
def measured(knock):
    def post(*values: float, **more) -> None:
        at = clock.now() - timedelta(minutes=1)
        rows = [
            {"object": "MH-SIJING-0088", "value": value, "observed_at": (at - timedelta(seconds=n)).isoformat()} | more
            for n, value in enumerate(values)
        ]
        assert knock(rows, door="readings/").status_code == 200

    return post


def test_readings_go_after_three_years_in_batches_each_with_its_entry(measured):
    measured(1.0, 2.0, 3.0, 4.0, 5.0)
    assert gone(1095) == {}
    assert gone(1097, batch=2) == {"readings": 5}
    assert not Reading.objects.exists()
    told = LedgerEntry.objects.filter(verb="retention.run").order_by("id").values_list("after", flat=True)
    assert [entry["removed"] for entry in told] == [0, 2, 2, 1]
    assert gone(1097) == {}


def test_what_an_open_case_is_about_stays_until_it_is_long_over(measured, open_case):
    case = open_case(payload={"device": "x"})
    measured(9.0)
    assert gone() == {}
    closed(case)
    assert gone(YEARS) == {"readings": 1, "payloads": 1}


def test_of_an_original_its_digest_stays_and_the_entry_holds_it(open_case, press, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        case = open_case(category="不在清单", payload={"phone": "13800138000"})
        press(case, "chengyun-lead void", reason="误报")
        before = Alert.objects.values().get()
        with connection.cursor() as cursor:
            cursor.execute("SELECT encode(sha256(convert_to(payload::text, 'UTF8')), 'hex') FROM alerts_alert")
            digest = cursor.fetchone()[0]
        with later(YEARS):
            running.run()
        checkpoints.make()
    kept = Alert.objects.values().get()
    entry = LedgerEntry.objects.get(verb="retention.run")
    assert kept.pop("payload") == {"retired": {"sha256": digest, "run": str(entry.chain)}}
    assert digest == hashlib.sha256(json.dumps(before.pop("payload"), ensure_ascii=False).encode()).hexdigest()
    assert kept == before
    assert entry.after["sha256 alerts_alert"] == hashlib.sha256(f"{kept['id']} {digest}".encode()).hexdigest()
    assert entry.after["payloads"] == 1
    assert case.chain == kept["chain"]
    assert found() == []
    call_command("verify_ledger")


def refused(statement: str, *given) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, given)
    except DatabaseError:
        return True
    return False


def test_the_database_lets_kept_rows_go_in_no_other_way(measured, send):
    send(alert(payload={"a": 1}))
    closed(Case.objects.get())
    measured(1.0)
    erase = "DELETE FROM alerts_reading"
    empty = "UPDATE alerts_alert SET payload = bihuan_retired(payload, current_setting('bihuan.run'))"
    assert refused(erase)
    assert refused("UPDATE alerts_alert SET payload = '{}'")

    def within(statement: str, days: int) -> bool:
        run = chains.dated()
        with later(days), transaction.atomic():
            ledger.record([ledger.Act(run, "retention.run", "retention", "", "")], by=acting.SYSTEM)
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('bihuan.run', %s, true)", [str(run)])
            return refused(statement)

    # Younger than the law allows, whoever asks for it.
    assert within(erase, 183)
    assert within(empty, 183)
    assert within("UPDATE alerts_alert SET payload = '{}'", 4000)
    assert within("UPDATE alerts_alert SET title = 'x'", 4000)
    assert within("UPDATE alerts_reading SET value = 0", 4000)
    assert within("DELETE FROM alerts_alert", 4000)
    assert not within(erase, 4000)
    assert not within(empty, 4000)


def test_nothing_that_is_held_goes_before_another_person_lifts_it(measured, open_case, people):
    case = closed(open_case(payload={"device": "x"}))
    measured(9.0)
    hold = holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    assert gone() == {}
    with later(YEARS):
        assert running.over()["readings"] == 0
    holds.lift(hold.pk, "结案", by=people["yingji-office"])
    assert gone() == {"readings": 1, "payloads": 1}
    verbs = LedgerEntry.objects.filter(chain=case.chain).order_by("seq").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["retention.hold", "retention.lift"]


@pytest.mark.parametrize("apart", [{}, {"object": "MH-SIJING-0088"}])
def test_an_object_or_a_period_is_held_and_what_lies_outside_goes(measured, people, apart):
    measured(9.0)
    day = clock.now().date()
    today = {"since": (day - timedelta(1)).isoformat(), "until": (day + timedelta(1)).isoformat()}
    past = {"since": "2020-01-01", "until": "2020-01-02"}
    holds.lay(holds.read(past | apart), "查", by=people["anwei-office"])
    held = holds.lay(holds.read(today | apart), "查", by=people["anwei-office"])
    assert gone() == {}
    holds.lift(held.pk, "毕", by=people["yingji-office"])
    assert gone() == {"readings": 1}


def test_the_command_counts_or_removes(measured, capsys):
    measured(1.0)
    with later(YEARS):
        call_command("retention", "--dry-run")
        assert Reading.objects.exists()
        assert "至少将清除 would go, at least: 1" in capsys.readouterr().out
        call_command("retention")
    assert not Reading.objects.exists()
    assert "已清除 removed: 1" in capsys.readouterr().out


@pytest.mark.parametrize("act", [("--set", "readings=4000"), ("--hold", "SJ-20261122-000001"), ("--lift", "1")])
def test_what_only_counts_changes_nothing(act):
    with pytest.raises(CommandError, match="dry-run"):
        call_command("retention", "--dry-run", *act, "--by", "anwei-office", "--reason", "查")


def test_attempts_to_sign_in_go_after_their_time(client):
    client.post("/accounts/login/", {"username": "nobody", "password": "x"})
    assert gone(399) == {}
    assert gone(401)["logins"] == 1


def test_one_task_removes_everything_each_night():
    assert app.conf.beat_schedule["retention"]["task"] == task.name
    assert not {"forget", "purge", "desk-expire"} & set(app.conf.beat_schedule)
    assert {kept.code for kept in CLASSES if kept.runs} == {work.code for work in running.WORKS}
