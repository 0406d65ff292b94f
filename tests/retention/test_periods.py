"""A district keeps longer than the law asks, never shorter; who may, and who sees it."""

import importlib

import pytest
from django.db import DatabaseError, connection, transaction

from responsibility import clock
from responsibility.erasing import MARK
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from retention import audit, holds, periods
from retention.classes import CLASSES
from retention.models import Hold, Period

pytestmark = pytest.mark.django_db
RULES = importlib.import_module("retention.migrations.0003_files_of_insurance")


def test_the_minima_of_the_code_are_those_of_the_database():
    assert {kept.code: kept.minimum for kept in CLASSES if kept.settable} == RULES.MINIMA
    assert [kept.code for kept in CLASSES if kept.settable and kept.endless] == sorted(
        RULES.ENDLESS, key=[kept.code for kept in CLASSES].index
    )


def test_no_default_is_below_its_minimum():
    for kept in CLASSES:
        days = kept.default()
        assert days is None or days >= (kept.minimum or 0)


def test_longer_is_set_with_an_entry_and_shorter_is_refused(people):
    made = periods.put("readings", 4000, "档案规定", by=people["anwei-office"])
    assert periods.days()["readings"] == 4000
    entry = LedgerEntry.objects.get(chain=made.chain)
    assert (entry.verb, entry.before, entry.after, entry.note) == (
        "retention.set", {"days": 1096}, {"class": "readings", "days": 4000}, "档案规定"
    )  # fmt: skip
    for code, days in (
        ("readings", 183),
        ("ledger", 4000),
        ("evidence", 1826),
        ("uploads", None),
        ("nothing", 9),
        ("notices", 36_501),
    ):
        with pytest.raises(Invalid):
            periods.put(code, days, "试", by=people["anwei-office"])
    with pytest.raises(Invalid):
        periods.put("readings", 4000, " ", by=people["anwei-office"])
    for name in ("yingji-office", "auditor", "admin", "sijing-head"):
        with pytest.raises(Forbidden):
            periods.put("readings", 4000, "试", by=people[name])


@pytest.mark.parametrize(
    ("code", "days"),
    [("readings", 183), ("notices", 183), ("evidence", 1826), ("ledger", 4000), ("uploads", None), ("x", 4000)],
)
def test_the_database_refuses_less_than_the_minimum(people, code, days):
    with pytest.raises(DatabaseError, match="period_not_below_minimum"), transaction.atomic():
        Period.objects.create(code=code, days=days, reason="试", at=clock.now(), by=people["anwei-office"])


def unsaid(by) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Period.objects.create(code="readings", days=4000, reason="试", at=clock.now(), by=by)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_refuses_what_has_no_entry_and_what_is_changed(people):
    by = people["anwei-office"]
    with transaction.atomic(), pytest.raises(DatabaseError, match="without a ledger entry"):
        unsaid(by)
    periods.put("readings", 4000, "试", by=by)
    assert list(audit.mismatches()) == []
    hold = holds.lay(holds.read({"object": "MH-SIJING-0088"}), "试", by=by)
    for change in (
        lambda: Period.objects.update(days=5000),
        lambda: Period.objects.all().delete(),
        lambda: Hold.objects.all().delete(),
        lambda: Hold.objects.update(reason=MARK),
        lambda: Hold.objects.update(since=clock.now()),
        lambda: Hold.objects.update(lifted_at=clock.now(), lifted_by=by),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(Forbidden, match="same_person"):
        holds.lift(hold.pk, "毕", by=by)
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    with pytest.raises(Refused, match="not_held"):
        holds.lift(hold.pk, "毕", by=people["yingji-office"])
    assert list(audit.mismatches()) == []


@pytest.mark.parametrize(
    "given",
    [
        {}, {"case": "X-1"}, {"object": "NOBODY"}, {"since": "2026-01-01"}, {"since": "2026-02-30", "until": "x"},
        {"object": "MH-SIJING-0088", "since": "2026-01-02", "until": "2025-01-01"}, {"case": "\x00"},
        {"since": "9999-12-31", "until": "9999-12-31"},
    ],
)  # fmt: skip
def test_what_names_nothing_cannot_be_held(given):
    with pytest.raises(Invalid):
        holds.read(given)


def test_the_page_and_the_programs_tell_it(client, people, open_case):
    case = open_case()
    client.force_login(people["anwei-office"])
    assert client.post("/retention/periods/", {"code": "readings", "days": "9", "reason": "试"}).status_code == 400
    assert client.post("/retention/periods/", {"code": "readings", "days": "x" * 50, "reason": ""}).status_code == 400
    assert client.post("/retention/periods/", {"code": "uploads", "days": "", "reason": "试"}).status_code == 400
    assert client.post("/retention/periods/", {"code": "readings", "days": "4000", "reason": "试"}).status_code == 303
    assert client.post("/retention/holds/", {"case": case.number, "reason": "诉讼"}).status_code == 303
    hold = Hold.objects.get()
    assert client.post(f"/retention/holds/{hold.pk}/lift/", {"reason": "毕"}).status_code == 403
    for name in ("anwei-office", "yingji-office", "auditor", "admin"):
        client.force_login(people[name])
        page = client.get("/retention/").content.decode()
        assert "4000" in page
        assert case.number in page
        told = client.get("/api/v1/retention/").json()
        assert next(line for line in told["classes"] if line["code"] == "readings")["days"] == 4000
        assert told["holds"][0]["case"] == case.number
    client.force_login(people["yingji-office"])
    assert client.post(f"/retention/holds/{hold.pk}/lift/", {"reason": "毕"}).status_code == 303
    client.force_login(people["sijing-duty"])
    assert client.get("/retention/").status_code == 403
    assert client.get("/api/v1/retention/").status_code == 403
