"""Files with people's names that nobody imported are not kept for ever; what was imported is."""

from datetime import timedelta

import pytest

from responsibility import clock
from responsibility.exchange import importing
from responsibility.exchange.tables import TABLES
from responsibility.models import LedgerEntry, Upload
from retention import running
from tests.exchange.conftest import book

pytestmark = pytest.mark.django_db

UNITS = ("代码", "名称", "类型")


def unit(name: str):
    return book(UNITS, (f"U-{name}", name, "部门"))


def later(days: float):
    return clock.as_if(clock.now() + timedelta(days=days))


def test_a_dry_run_goes_after_a_week_with_its_file_and_its_report_but_stays_in_the_ledger(bring):
    good, faulty = bring("units", unit("甲")), bring("units", book(UNITS, ("U-2", "乙", "衙门")))
    paths = [path(upload) for upload in (good, faulty) for path in (importing.path_of, importing.sheet_of)]
    assert all(path.is_file() for path in paths)
    with later(6.9):
        assert running.run()["uploads"] == 0
    with later(7.1):
        running.run()
    assert not Upload.objects.exists()
    assert not any(path.exists() for path in paths)
    assert LedgerEntry.objects.filter(verb="exchange.bring").count() == 2


def test_what_was_imported_and_what_waits_stays(bring, apply, people):
    done = apply(bring("units", unit("甲")))
    file = unit("乙")
    waiting = importing.receive(TABLES["units"], file, file.name, by=people["anwei-office"])
    with later(400):
        assert running.run()["uploads"] == 0
    assert importing.path_of(done).is_file()
    assert importing.path_of(waiting).is_file()


def test_a_file_that_another_upload_needs_stays(bring, apply):
    content = unit("甲").read()

    def again():
        return bring("units", type(unit("甲"))("a.xlsx", content))

    dry, applied = again(), again()
    apply(applied)
    with later(8):
        assert running.run()["uploads"] == 1
    assert not Upload.objects.filter(pk=dry.pk).exists()
    assert importing.path_of(applied).is_file()


def test_a_file_brought_again_a_moment_ago_stays_though_its_row_is_not_written_yet(bring):
    upload = bring("units", unit("甲"))
    path = importing.path_of(upload)
    Upload.objects.filter(pk=upload.pk).update(brought_at=clock.now() - timedelta(days=9))
    assert running.run()["uploads"] == 1
    assert path.is_file()


def test_many_go_in_turns_and_a_file_already_gone_hinders_nobody(bring):
    uploads = [bring("units", unit(str(n))) for n in range(5)]
    importing.path_of(uploads[1]).unlink()
    importing.sheet_of(uploads[2]).unlink()
    with later(8):
        assert running.run(batch=2)["uploads"] == 5
        assert running.run()["uploads"] == 0
