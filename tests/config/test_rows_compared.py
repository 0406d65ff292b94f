"""Whatever is altered behind the triggers beside the cases, verify_ledger names it."""

import pytest

from config import told_rows
from config.management.commands.verify_ledger import ROWS
from tests.cases.test_the_audit import behind_the_triggers
from tests.config.test_rows_told import stood  # noqa: F401

pytestmark = pytest.mark.django_db
ALTERED = {
    "UPDATE cases_grant SET until = until + interval '1 day'": "grant",
    "UPDATE cases_grant SET reason = 'x'": "grant",
    "UPDATE cases_grant SET revoked_at = since": "grant",
    "DELETE FROM cases_grant": "grant.gone",
    "UPDATE cases_advice SET text = 'x'": "advice",
    "UPDATE cases_advice SET signed_at = now(), signed_by_id = recorded_by_id WHERE kind = 'recommendation'": "advice",
    "DELETE FROM cases_checklistmark": "checklist.gone",
    "DELETE FROM cases_party WHERE role = 'territory'": "party.gone",
    "UPDATE cases_case SET speed = 9 WHERE drill_id IS NOT NULL": "speed",
    "UPDATE alerts_drill SET speed = 9": "drill.speed",
    "UPDATE alerts_drill SET scenario = '{}'": "drill.scenario",
    "UPDATE resources_resource SET stock = stock + 1 WHERE kind = 'material'": "resource.stock",
    "UPDATE resources_resource SET ready = false": "resource.stock",
    "UPDATE accountability_statement SET text = 'x'": "statement",
    "DELETE FROM accountability_statement": "statement.gone",
}


def found() -> set[str]:
    return {fault.field for mismatches in ROWS for fault in mismatches()}


def test_what_was_done_honestly_agrees(stood):  # noqa: F811
    assert found() == set()


@pytest.mark.parametrize("statement", ALTERED)
def test_what_stands_beside_the_cases_is_compared(stood, statement):  # noqa: F811
    behind_the_triggers(statement)
    assert ALTERED[statement] in found()


@pytest.mark.parametrize("table", ["responsibility_unit", "handbook_step", "resources_offer"])
def test_a_told_row_that_is_gone_or_slipped_in_is_found(stood, table):  # noqa: F811
    key, _untold = told_rows.TOLD[table]
    behind_the_triggers(f"DELETE FROM {table} WHERE {key} = (SELECT max({key}) FROM {table})")
    assert any(fault.kind == "gone" for fault in told_rows.mismatches())
    behind_the_triggers(f"UPDATE {table} SET {key} = {key} + 100000")
    assert any(fault.kind == "silent" for fault in told_rows.mismatches())
