"""Whether clocks, their events and the parties stand as the acts told that moved them.

Asked by ``verify_ledger`` beside ``cases.audit``: a fixed number of statements, read as they come. What was written
before acts told of it is not compared, and counted by ``untold``.
"""

import json
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from cases import recomputing
from cases.attesting import born_as, digest
from cases.models.clock import What
from responsibility.auditing import Mismatch, ask, differing

ONE = "(%(chain)s::uuid IS NULL OR c.chain = %(chain)s)"
# From when on the acts of a case tell of its clocks and parties: its beginning, but for cases from before.
SINCE = """
    LATERAL (SELECT min(e.at) AS at, string_agg(e.after ->> 'clocks', ' ') AS clocks
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ?| '{clocks,parties}') since
"""
MICROS = "(extract(epoch FROM e.{0}) * 1000000)::bigint"
EVENTS = f"""
    SELECT c.number, c.chain, since.clocks, (
        SELECT jsonb_agg(jsonb_build_array(e.id, d.id, e.what, {MICROS.format("at")}, e.minutes, e.days,
            {MICROS.format("until")}, e.unit_id, d.kind, d.level, d.provisional))
        FROM cases_deadline d JOIN cases_clockevent e ON e.deadline_id = d.id
        WHERE d.case_id = c.id AND e.at >= since.at
    )
    FROM cases_case c CROSS JOIN {SINCE} WHERE {ONE} AND since.at IS NOT NULL
"""  # noqa: S608, no word of it comes from outside
PARTY = f"""
    SELECT c.number, c.chain, 'cases_party.' || p.id, concat_ws(' ', u.code, p.role), told.role
    FROM cases_party p JOIN cases_case c ON c.id = p.case_id JOIN responsibility_unit u ON u.id = p.unit_id
    CROSS JOIN {SINCE} LEFT JOIN LATERAL (
        SELECT string_agg(e.after -> 'parties' ->> u.code, ' ') AS role FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.at = p.since AND e.after -> 'parties' ->> u.code = p.role
    ) told ON true
    WHERE {ONE} AND p.since >= since.at AND told.role IS NULL
"""  # noqa: S608


GONE = f"""
    SELECT c.number, c.chain, 'cases_party ' || t.instant, NULL, t.code || ' ' || t.role
    FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain CROSS JOIN LATERAL (
        SELECT key AS code, value AS role, 'since' AS instant FROM jsonb_each_text(e.after -> 'parties')
        UNION ALL SELECT key, value, 'until' FROM jsonb_each_text(e.after -> 'left')
    ) t
    WHERE {ONE} AND e.after ?| '{{parties,left}}' AND NOT EXISTS (
        SELECT 1 FROM cases_party p JOIN responsibility_unit u ON u.id = p.unit_id WHERE p.case_id = c.id
            AND u.code = t.code AND p.role = t.role
            AND CASE t.instant WHEN 'since' THEN p.since ELSE p.until END = e.at)
"""  # noqa: S608
UNTOLD = f"""
    SELECT count(*) FROM cases_party p JOIN cases_case c ON c.id = p.case_id CROSS JOIN {SINCE}
    WHERE {ONE} AND (p.since >= since.at) IS NOT TRUE
    UNION ALL
    SELECT count(*) FROM cases_clockevent e JOIN cases_deadline d ON d.id = e.deadline_id
    JOIN cases_case c ON c.id = d.case_id CROSS JOIN {SINCE} WHERE {ONE} AND (e.at >= since.at) IS NOT TRUE
"""  # noqa: S608


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Clocks that are not what their events lead to, events that no act told, parties that came in another role."""
    for found in recomputing.differences(chain=chain):
        where = f"cases_deadline.{found.deadline} {found.kind} {found.field}"
        yield Mismatch("differs", found.number, found.chain, where, str(found.stored), str(found.recomputed))
    for number, of, told, events in ask(EVENTS, chain):
        yield from _events(number, of, Counter((told or "").split()), json.loads(events or "[]"))
    for query in (PARTY, GONE):
        yield from differing(query, chain)


def untold(chain: UUID | None = None) -> int:
    """How many parties and events are from before, and so compared with nothing."""
    return sum(count for (count,) in ask(UNTOLD, chain))


def _events(number: str, chain: UUID, told: Counter, events: list[list]) -> Iterator[Mismatch]:
    for pk, deadline, what, at, minutes, days, until, unit, *born in events:
        mark = digest(deadline, what, at, minutes, days, until, unit, born_as(*born) if what == What.START else "")
        if told[mark]:
            told[mark] -= 1
        else:
            where = f"cases_clockevent.{pk} {what} cases_deadline.{deadline}"
            yield Mismatch("silent", number, chain, where, mark)
    for mark in told.elements():
        yield Mismatch("gone", number, chain, "cases_clockevent cases_deadline", None, mark)
