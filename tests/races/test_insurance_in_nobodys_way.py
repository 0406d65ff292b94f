"""The insurance side hangs, and cases are opened, rise and are closed as before."""

import contextlib
from datetime import timedelta

import psycopg
import pytest
from django.apps import apps
from django.db import OperationalError, connection

from cases.models import Case
from cases.sweeping import sweep
from responsibility import clock
from tests.cases.conftest import REPORTED, alert

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
PARTS = ("policies", "firms", "service", "findings", "claims", "portals")
# Whoever waits for the insurance side waits this long, and the test fails.
PATIENCE_MS = 2000


@contextlib.contextmanager
def hanging(surroundings):
    """Every table of the insurance side is held by somebody who does not come back."""
    tables = [model._meta.db_table for part in PARTS for model in apps.get_app_config(part).get_models()]
    assert len(tables) > 10
    with psycopg.connect(surroundings["DATABASE_URL"]) as elsewhere:
        elsewhere.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
            try:
                yield tables
            finally:
                cursor.execute("SET lock_timeout = 0")
        elsewhere.rollback()


def test_while_it_hangs_a_case_is_opened_worked_and_closed_on_its_pages(client, people, send, press, surroundings):
    with hanging(surroundings):
        case = Case.objects.get(number=send(alert())[0].case)
        client.force_login(people["sijing-duty"])
        for address in ("/", f"/cases/{case.number}/", "/board/", f"/api/v1/cases/{case.number}/"):
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.content[:600])
        # Nobody makes checkpoints here, which is another check.
        assert client.get("/readyz").json()["checks"]["triggers"] == "ok"
        client.force_login(people["auditor"])
        assert client.get(f"/cases/{case.number}/accountability/").status_code == 200
        press(case, *REPORTED)
        client.force_login(people["chengyun-check"])
        assert client.post(f"/cases/{case.number}/close/", {"note": "已复核"}).status_code == 303
    case.refresh_from_db()
    assert case.state == "closed"


def test_while_it_hangs_a_case_rises_and_a_thousand_alerts_come_in(send, open_case, surroundings):
    case = open_case()
    with hanging(surroundings):
        many = [alert(external_id=f"h-{n}", object=f"H-{n}", location={"lat": 31.1144, "lon": 121.2683})
                for n in range(1000)]  # fmt: skip
        assert {answer.outcome for answer in send(*many)} == {"opened"}
        with clock.as_if(clock.now() + timedelta(hours=4.1)):
            report = sweep()
    case.refresh_from_db()
    assert (case.loop, report.failed) == ("medium", 0)


def test_the_tables_really_hang(surroundings):
    with hanging(surroundings) as tables, pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {tables[0]}")
