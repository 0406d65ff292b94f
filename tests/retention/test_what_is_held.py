"""What a hold reaches stays: by the run, and by the database whoever asks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from notices.models import Line, Message, Notice
from responsibility import clock
from responsibility.models import LedgerEntry, Upload
from retention import audit, holds, running
from retention.models import Hold
from tests.exchange.conftest import book, bring, exchange_folder  # noqa: F401
from tests.notices.conftest import tell  # noqa: F401
from tests.responsibility.test_ledger import behind_the_triggers

pytestmark = pytest.mark.django_db


def refused(statement: str) -> str:
    """The constraint that refuses, empty when nothing does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return error.__cause__.diag.constraint_name
    return ""


def later(days: float):
    return clock.as_if(clock.now() + timedelta(days=days))


def test_what_a_case_was_told_stays_while_it_is_held(open_case, tell, people):  # noqa: F811
    case = open_case()
    tell()
    notices, messages = Notice.objects.filter(chain=case.chain).count(), Message.objects.count()
    assert notices > 0 < messages
    hold = holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    with later(500):
        running.run()
    assert Notice.objects.filter(chain=case.chain).count() == notices
    of_case = f"(SELECT id FROM notices_notice WHERE chain = '{case.chain}')"
    assert refused(f"DELETE FROM notices_line WHERE notice_id IN {of_case}") == "held_stays"
    assert Line.objects.exists()
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    with later(500):
        assert running.run()["notices"] > 0
    assert not Notice.objects.filter(chain=case.chain).exists()


def test_a_sheet_within_a_held_period_stays(bring, people):  # noqa: F811
    bring("units", book(("代码", "名称", "类型"), ("U-甲", "甲", "部门")))
    day = clock.now().date()
    period = {"since": (day - timedelta(1)).isoformat(), "until": (day + timedelta(1)).isoformat()}
    hold = holds.lay(holds.read(period), "核查", by=people["anwei-office"])
    with later(30):
        assert running.run()["uploads"] == 0
    assert refused("DELETE FROM responsibility_upload") == "held_stays"
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    with later(30):
        assert running.run()["uploads"] == 1
    assert not Upload.objects.exists()


def test_a_period_or_hold_altered_behind_the_triggers_is_found(open_case, people):
    case = open_case()
    hold = holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    assert list(audit.mismatches()) == []
    behind_the_triggers("UPDATE retention_hold SET lifted_at = now(), lifted_by_id = %s", people["yingji-office"].pk)
    assert [(one.kind, one.field) for one in audit.mismatches(case.chain)] == [("differs", "hold")]
    behind_the_triggers("DELETE FROM retention_hold")
    assert [(one.kind, one.number) for one in audit.mismatches()] == [("gone", str(hold.pk))]
    assert not Hold.objects.exists()


def test_a_hold_that_was_moved_to_another_case_is_found(open_case, people):
    case, other = open_case(), open_case(object="MH-SIJING-0089")
    holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    behind_the_triggers("UPDATE retention_hold SET case_id = %s", other.pk)
    assert [(one.kind, one.field) for one in audit.mismatches(case.chain)] == [("differs", "hold")]


def test_a_source_cannot_make_its_payload_look_retired_and_so_keep_it(open_case, press):
    sent = {"retired": {"phone": "13800138000"}}
    press(open_case(category="不在清单", payload=sent), "chengyun-lead void", reason="误报")
    with later(2000):
        assert running.run()["payloads"] == 1
    entry = LedgerEntry.objects.get(verb="retention.run", after__has_key="payloads")
    assert list(audit.mismatches()) == []
    behind_the_triggers(
        "UPDATE alerts_alert SET payload = jsonb_set(payload, '{retired,sha256}', to_jsonb(repeat('0', 64)))"
    )
    assert [(one.kind, one.chain) for one in audit.mismatches()] == [("differs", entry.chain)]
