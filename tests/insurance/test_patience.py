"""The insurance side gives up waiting before it fills the places of the sweeps of cases."""

import time

import psycopg
import pytest
from django.db import OperationalError, connection

from insurance import patience
from insurance.findings.tasks import raise_alerts
from insurance.policies.tasks import judge
from insurance.portals.tasks import push
from tests.races.conftest import surroundings  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("task", "table"), [(judge, "policies_policy"), (raise_alerts, "findings_finding"), (push, "portals_hook")]
)
def test_a_task_that_finds_a_table_held_gives_up_within_seconds(surroundings, policy, open_case, task, table):  # noqa: F811
    policy()
    open_case()
    with psycopg.connect(surroundings["DATABASE_URL"]) as elsewhere:
        elsewhere.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(OperationalError):
            task()
        assert time.monotonic() - began < 4 * patience.LOCK_MS / 1000
        elsewhere.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_an_address_with_a_nul_leads_nowhere(client, people):
    client.force_login(people["insurer"])
    for address in ("/insurance/claims/%00/", "/insurance/orders/%00/", "/insurance/cases/%00/chain/",
                    "/api/v1/insurance/objects/%00/history/"):  # fmt: skip
        assert client.get(address).status_code == 404
