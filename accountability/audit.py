"""Whether what was said and re-checked on cases stands as the ledger tells. Four statements."""

from collections.abc import Iterator
from uuid import UUID

from responsibility.auditing import Mismatch, differing

ONE = "(%(chain)s::uuid IS NULL OR c.chain = %(chain)s)"
STATEMENT = f"""
    SELECT c.number, c.chain, 'statement', concat_ws(' ', u.code, p.about, p.text, p.at),
        concat_ws(' ', e.after ->> 'unit', e.after ->> 'about', e.after ->> 'text', e.at)
    FROM accountability_statement p JOIN cases_case c ON c.id = p.case_id JOIN responsibility_unit u ON u.id = p.unit_id
    LEFT JOIN responsibility_ledgerentry e
        ON e.chain = c.chain AND e.verb = 'statement.make' AND e.after ->> 'statement' = p.id::text
    WHERE {ONE} AND (u.code, p.about, p.text, p.at, p.by_id)
        IS DISTINCT FROM (e.after ->> 'unit', e.after ->> 'about', e.after ->> 'text', e.at, e.actor_id)
"""  # noqa: S608, no word of it comes from outside
RECHECK = f"""
    SELECT c.number, c.chain, 'recheck', concat_ws(' ', p.month, p.outcome, p.note, p.at),
        concat_ws(' ', e.after ->> 'month', e.after ->> 'outcome', e.note, e.at)
    FROM accountability_recheck p JOIN cases_case c ON c.id = p.case_id
    LEFT JOIN responsibility_ledgerentry e
        ON e.chain = c.chain AND e.verb = 'recheck.record' AND e.after ->> 'recheck' = p.id::text
    WHERE {ONE} AND (p.month, p.outcome, p.note, p.at, p.by_id)
        IS DISTINCT FROM (e.after ->> 'month', e.after ->> 'outcome', e.note, e.at, e.actor_id)
"""  # noqa: S608


def _gone(part: str) -> str:
    return f"""
        SELECT c.number, c.chain, '{part}.gone', NULL, e.after ->> '{part}'
        FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
        WHERE {ONE} AND e.after ->> '{part}' ~ '^[0-9]{{1,18}}$' AND NOT EXISTS (SELECT 1 FROM accountability_{part} p
            WHERE p.id = (e.after ->> '{part}')::bigint AND p.case_id = c.id)
    """  # noqa: S608


PARTS = [STATEMENT, RECHECK, _gone("statement"), _gone("recheck")]


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Statements and re-checks that are not what the ledger tells, that it does not tell, or that are gone."""
    for query in PARTS:
        yield from differing(query, chain)
