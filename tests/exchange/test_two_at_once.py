"""Two people import at the same moment."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils.timezone import localtime

from responsibility import clock, rostering, rows_told
from responsibility.exchange import importing
from responsibility.models import LedgerEntry, Shift, Unit, Upload
from responsibility.refusals import Refused
from responsibility.rostering import Row
from tests.exchange.conftest import book

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def at_once(*calls) -> list[str]:
    """What each call came to, ``done`` or the code of its refusal."""
    gate, outcomes = Barrier(len(calls)), []

    def run(call) -> None:
        try:
            gate.wait()
            call()
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.fixture
def _units_as_they_were():
    yield
    with rows_told.told():
        Unit.objects.filter(code__startswith="RACE-").delete()


@pytest.mark.usefixtures("_units_as_they_were")
def test_of_two_files_for_one_unit_the_second_is_told_that_the_data_changed(bring, people):
    head = ("代码", "名称", "类型")
    files = [bring("units", book(head, ("RACE-1", name, "企业"))) for name in ("甲", "乙")]
    calls = [lambda upload=upload: importing.apply(upload.pk, by=people["anwei-office"]) for upload in files]
    assert at_once(*calls) == ["changed_since", "done"]
    assert Unit.objects.filter(code="RACE-1").count() == 1
    assert LedgerEntry.objects.filter(verb="exchange.apply").count() == 1


@pytest.mark.usefixtures("_units_as_they_were")
def test_one_file_is_imported_once_however_many_workers_and_people_want_it(bring, people):
    upload = bring("units", book(("代码", "名称", "类型"), ("RACE-1", "甲", "企业")))
    importing.ask(upload.pk, by=people["anwei-office"])
    person = lambda: importing.apply(upload.pk, by=people["anwei-office"])  # noqa: E731
    outcomes = at_once(importing.run_waiting, importing.run_waiting, person)
    assert outcomes in (["done", "done", "done"], ["done", "done", "wrong_state"])
    assert LedgerEntry.objects.filter(verb="exchange.apply").count() == 1
    assert Upload.objects.get().state == "applied"


def test_a_roster_file_and_a_shift_planned_on_the_page_never_wait_for_each_other_in_a_ring(bring, people):
    at = clock.now().replace(microsecond=0)
    hours = [at + timedelta(hours=n) for n in (30, 38, 60, 68)]
    typed = [localtime(hour).strftime("%Y-%m-%d %H:%M:%S") for hour in hours]
    file = book(("单位", "账号", "起", "止"), ("310117102", "sijing-duty", *typed[:2]))
    upload = bring("roster", file, by="sijing-head")
    calls = [lambda: importing.apply(upload.pk, by=people["sijing-head"])]
    for n in range(4):
        span = (hours[2] + timedelta(hours=n), hours[2] + timedelta(hours=n + 1))
        calls.append(lambda span=span: rostering.plan([Row("310117102", "sijing-duty", *span)], by=people["admin"]))
    assert at_once(*calls) == ["done"] * 5
    assert Shift.objects.count() == 5
