"""Cases that exist, written whole; and the keys of the worklists that follow from them."""

import json
from functools import cache

from django.db import connection

from cases.models import Case
from cases.models.machine import ENDED

UPDATED = [
    "state", "loop", "grade", "grade_rank", "category_id", "category_code", "scenario_id", "title", "territory_id",
    "holder_id", "lead_id", "duties", "policy", "filed_at", "contained_at", "closed_at", "proof_since",
    "last_alert_at", "alert_count", "rework_count", "hops", "no_return",
]  # fmt: skip
# Each case is written once, with the nearest of its clocks: so wide a row is dear to write twice.
REWRITE = """
    UPDATE cases_case c SET {sets}, due_at =
        (SELECT min(due_at) FROM cases_deadline WHERE case_id = c.id AND stopped_at IS NULL AND paused_at IS NULL)
    FROM json_to_recordset(%s) AS n ({columns}) WHERE c.id = n.id
"""
# A party's own nearest clock is the key of its worklist, or the case's where it owes nothing itself.
FOLLOW = """
    UPDATE cases_party p SET due_at = n.due_at, live = n.live
    FROM (
        SELECT q.id, q.until IS NULL AND NOT c.state = ANY(%s) AS live, COALESCE((
            SELECT min(d.due_at) FROM cases_deadline d WHERE d.case_id = q.case_id AND d.unit_id = q.unit_id
            AND d.stopped_at IS NULL AND d.paused_at IS NULL), c.due_at) AS due_at
        FROM cases_party q JOIN cases_case c ON c.id = q.case_id WHERE c.id = ANY(%s)
    ) n
    WHERE n.id = p.id
"""


@cache
def _rewriting() -> str:
    types = {str(field.column): field.db_type(connection) for field in Case._meta.concrete_fields}
    columns = ", ".join(f'"{name}" {types[name]}' for name in ["id", *UPDATED])
    return REWRITE.format(sets=", ".join(f'"{name}" = n."{name}"' for name in UPDATED), columns=columns)


def rewrite(cases: list[Case]) -> None:
    """Write ``cases`` whole, then the worklist keys of their parties. Two statements.

    Their clocks stand already. All cases go in one parameter, so that the statement does not grow with them.
    """
    rows = [{name: getattr(case, name) for name in ("id", *UPDATED)} for case in cases]
    ended = [str(state.value) for state in ENDED]
    with connection.cursor() as cursor:
        cursor.execute(_rewriting(), [json.dumps(rows, ensure_ascii=False, default=str)])
        cursor.execute(FOLLOW, [ended, [case.pk for case in cases]])
