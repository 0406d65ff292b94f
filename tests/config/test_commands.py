"""The commands that drive, replay, sweep and verify: what they do and how they refuse."""

import io
import json
from datetime import UTC, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from alerts import intake
from alerts.formats import item
from alerts.models import Alert
from cases.models import Case, Loop
from config.demo.people import source_key
from responsibility.models import LedgerEntry, User


def run(name: str, *args: str, **options) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command(name, *args, stdout=out, **options)
    return out.getvalue()


def alert(number: int, **fields) -> dict:
    at = timezone.now() - timedelta(minutes=1)
    known = {"external_id": f"c-{number}", "category": "LL-CONF-H2S", "observed_at": at.isoformat(), "grade": "yellow"}
    return known | {"object": "MH-SIJING-0088"} | fields


@pytest.fixture
def case(source) -> Case:
    (answer,) = intake.receive(source, [alert(1)], item.read)
    return Case.objects.get(number=answer.case)


# --- demo mode only ----------------------------------------------------------


@pytest.mark.parametrize("name", ["load_demo", "demo_key", "simulate"])
def test_outside_demo_mode_it_is_refused(db, settings, name):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        run(name)


def test_outside_demo_mode_the_clock_is_not_moved(case, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        run("sweep", at="2030-01-01T00:00:00+08:00")
    assert Case.objects.get().loop == Loop.SMALL


def test_the_key_is_all_that_is_printed(db):
    assert run("demo_key") == source_key() + "\n"


def test_a_history_is_written_once(source, case):
    assert "left as it is" in run("load_demo")
    # What was found at the insured comes beside it, once as well.
    assert Alert.objects.filter(source=source).count() == 1
    stood = Alert.objects.count()
    run("load_demo")
    assert Alert.objects.count() == stood


# --- sweep -------------------------------------------------------------------


def test_sweeping_four_hours_ahead_raises_what_stalled(case):
    later = timezone.localtime(timezone.now() + timedelta(hours=4, minutes=1))
    assert "escalated 0" in run("sweep")
    said = run("sweep", at=f"{later:%Y-%m-%dT%H:%M:%S}")
    assert "missed 3" in said
    assert "escalated 1" in said
    assert Case.objects.get().loop == Loop.MEDIUM


@pytest.mark.parametrize("at", ["soon", "2026-13-01T00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_refused(db, at):
    with pytest.raises(CommandError, match="not a time"):
        run("sweep", at=at)


def test_an_instant_before_the_clock_is_refused_in_a_sentence(case):
    # What a machine that does not keep Shanghai time makes of "in four hours".
    west = f"{timezone.now().astimezone(UTC) + timedelta(hours=4):%Y-%m-%dT%H:%M:%S}"
    with pytest.raises(CommandError, match="before the clock") as refused:
        run("sweep", at=west)
    assert len(str(refused.value).splitlines()) == 1


# --- verify_ledger -----------------------------------------------------------


def without_triggers(statement: str, *values) -> None:
    """What somebody with the database's own rights could do."""
    with transaction.atomic(), connection.cursor() as cursor:
        # What the test itself has done is settled before; only the tampering goes unseen.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def faults() -> str:
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("verify_ledger", stdout=out)
    assert refused.value.returncode == 1
    return out.getvalue()


def test_an_untouched_ledger_is_intact(case):
    assert "ledger intact" in run("verify_ledger")
    assert "ledger intact" in run("verify_ledger", case=case.number)
    assert "ledger intact" in run("verify_ledger", chain=str(case.chain))


def test_an_edited_entry_is_found(case):
    without_triggers("UPDATE responsibility_ledgerentry SET note = 'x' WHERE chain = %s AND seq = 1", case.chain)
    said = faults()
    assert "edited" in said
    assert case.number in said
    assert "case.open" in said


def test_a_removed_entry_is_found(case, source):
    intake.receive(source, [alert(2)], item.read)
    without_triggers("DELETE FROM responsibility_ledgerentry WHERE chain = %s AND seq = 1", case.chain)
    assert "deleted" in faults()


@pytest.mark.parametrize(
    ("column", "value"), [("state", "closed"), ("loop", "large"), ("grade", "blue"), ("holder_id", None)]
)
def test_a_case_moved_behind_the_ledger_is_found(case, column, value):
    extra = {"state": ", closed_at = now()", "grade": ", grade_rank = 4", "holder_id": ", state = 'void'"}.get(
        column, ""
    )
    without_triggers(f"UPDATE cases_case SET {column} = %s{extra} WHERE id = %s", value, case.pk)
    assert f"{case.number} · {column.removesuffix('_id')}" in faults()


def test_a_case_without_any_entry_is_found(case):
    without_triggers("DELETE FROM responsibility_ledgerentry WHERE chain = %s", case.chain)
    said = faults()
    assert "silent" in said
    assert case.number in said


def test_verifying_takes_a_fixed_number_of_statements(case, source, django_assert_max_num_queries):
    intake.receive(source, [alert(n, object=f"NEW-{n}", location=PLACE) for n in range(20, 60)], item.read)
    with django_assert_max_num_queries(220):
        run("verify_ledger")


def test_what_is_not_there_is_said(db):
    with pytest.raises(CommandError, match="no such case"):
        run("verify_ledger", case="SJ-20260101-000000")
    with pytest.raises(CommandError, match="no such chain"):
        run("verify_ledger", chain="00000000-0000-4000-8000-000000000000")


# --- replay ------------------------------------------------------------------

PLACE = {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"}
CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>cap-1</identifier><sender>x@example.org</sender>
<sent>{at}</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Met</category>
<event>rain</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
<area><areaDesc>x</areaDesc><circle>31.1144,121.2683 0.5</circle></area></info></alert>"""


@pytest.fixture
def server(transactional_db, live_server, people, settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return live_server.url


def test_files_are_told_apart_by_content_and_sent_once(server, tmp_path):
    lines, array, single, cap = (tmp_path / name for name in ("a", "b", "c", "d"))
    lines.write_text("".join(json.dumps(alert(n)) + "\n" for n in range(1200)))
    array.write_text(json.dumps([alert(n, external_id=f"b-{n}") for n in range(3)], indent=1))
    single.write_text("\ufeff" + json.dumps(alert(1, external_id="c-one"), indent=1))
    cap.write_text(CAP.format(at=timezone.now().replace(microsecond=0).isoformat()))
    files = [str(path) for path in (lines, array, single, cap)]
    first = run("replay", *files, url=server)
    assert Alert.objects.count() == 1205
    assert "joined" in first
    again = run("replay", *files, url=server)
    assert Alert.objects.count() == 1205
    assert [line.split() for line in again.splitlines() if line.startswith("  dup")] == [["duplicate", "1205"]]


def test_bad_lines_are_named_and_the_rest_is_sent(server, tmp_path):
    file = tmp_path / "mixed.ndjson"
    rows = [json.dumps(alert(1)), "not json", "", '{"value": NaN}', '{"external_id": "bare"}', json.dumps(alert(2))]
    file.write_text("\n".join(rows))
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 条未能发送.* 1 条被拒收") as refused:
        call_command("replay", str(file), url=server, stdout=out)
    assert refused.value.returncode == 1
    assert "line 2 " in out.getvalue()
    assert "line 4 " in out.getvalue()
    assert "line 5 rejected" in out.getvalue()
    assert Alert.objects.count() == 2


def test_a_file_of_which_something_was_rejected_does_not_end_well(server, tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"external_id": "bare"}))
    with pytest.raises(CommandError, match="1 条被拒收 / were rejected"):
        run("replay", str(file), url=server)


@pytest.mark.parametrize("content", ["", "[1, 2", "hello", "\x89PNG"])
def test_a_file_that_is_none_of_them_is_not_sent(server, tmp_path, content):
    file = tmp_path / "x"
    file.write_text(content)
    with pytest.raises(CommandError, match="could not be sent"):
        run("replay", str(file), url=server)


def test_a_wrong_key_a_missing_file_and_no_server_are_said(server, tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps(alert(1)))
    with pytest.raises(CommandError, match="key is not valid"):
        run("replay", str(file), url=server, key="wrong")
    with pytest.raises(CommandError, match="no such file"):
        run("replay", str(tmp_path / "y"), url=server)
    with pytest.raises(CommandError, match="cannot be reached"):
        run("replay", str(file), url="http://127.0.0.1:1")


# --- simulate ----------------------------------------------------------------


def test_simulating_goes_through_the_api_and_lets_cases_close_and_rise(server):
    said = run("simulate", alerts=8, hours=6, seed=4, url=server)
    assert not LedgerEntry.objects.filter(at__gt=timezone.now()).exists(), "nothing has happened tomorrow"
    run("sweep", at=said.rsplit("--at ", 1)[1].strip())
    assert Alert.objects.count() == 8
    assert Case.objects.filter(state="closed").exists()
    assert Case.objects.exclude(loop=Loop.SMALL).exists()
    assert LedgerEntry.objects.filter(verb="evidence.add").exists()
    actors = User.objects.filter(pk__in=LedgerEntry.objects.exclude(actor=None).values("actor"))
    assert actors.count() > 3
    assert "p95" in said
    assert "ledger intact" in run("verify_ledger")
    run("simulate", alerts=2, hours=1, seed=4, url=server)
    assert Alert.objects.count() == 10


def test_without_a_server_one_sentence_is_said(db):
    with pytest.raises(CommandError, match="make run"):
        run("simulate", alerts=1, url="http://127.0.0.1:1")


@pytest.mark.parametrize("options", [{"alerts": 0}, {"hours": -1.0}, {"speed": -1.0}])
def test_numbers_that_make_no_sense_are_refused(db, options):
    with pytest.raises(CommandError, match="--alerts"):
        run("simulate", **options)
