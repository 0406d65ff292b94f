"""A hold that comes while the nightly run is at work: from its commit on nothing of the case goes."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from alerts.models import Reading, RiskObject
from responsibility.models import Category, LedgerEntry
from retention import audit, holds, running

pytestmark = pytest.mark.race
MANY = 400


@pytest.fixture
def old(source):
    """Readings that are over age, of the object of the case and of another."""
    at, category = timezone.now() - timedelta(days=1200), Category.objects.get(code="LL-CONF-H2S")
    for code in ("MH-SIJING-0088", "MH-SIJING-0099"):
        of = RiskObject.objects.filter(code=code).first() or RiskObject.objects.exclude(code="MH-SIJING-0088").first()
        Reading.objects.bulk_create(
            Reading(source=source, risk_object=of, category=category, value=1.0, received_at=at,
                    observed_at=at + timedelta(seconds=n)) for n in range(MANY)
        )  # fmt: skip


def test_nothing_of_a_case_goes_once_it_is_held_though_a_run_is_at_work(old, open_case, people):  # noqa: F811
    case = open_case()
    of_case = Reading.objects.filter(risk_object=case.risk_object)
    broken: list[BaseException] = []

    def nightly() -> None:
        try:
            running.run(batch=5)
        except BaseException as error:  # told below
            broken.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=nightly)
    worker.start()
    while not LedgerEntry.objects.filter(verb="retention.run").exists() and worker.is_alive():
        time.sleep(0.005)
    holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    stood = of_case.count()
    worker.join()
    assert broken == []
    assert 0 < stood < MANY
    assert of_case.count() == stood
    assert Reading.objects.exclude(risk_object=case.risk_object).count() == 0
    assert sum(entry.after.get("readings", 0) for entry in LedgerEntry.objects.filter(verb="retention.run")) == (
        2 * MANY - stood
    )
    assert list(audit.mismatches()) == []


def test_two_runs_at_once_take_turns_and_each_row_goes_once(old):
    broken: list[BaseException] = []

    def nightly() -> None:
        try:
            running.run(batch=50)
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=nightly) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert broken == []
    told = LedgerEntry.objects.filter(verb="retention.run")
    assert sum(entry.after.get("readings", 0) for entry in told) == 2 * MANY
    assert not Reading.objects.exists()
