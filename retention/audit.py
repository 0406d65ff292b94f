"""Whether periods, holds and what went under retention stand as the ledger tells. One statement each."""

from collections.abc import Iterator
from uuid import UUID

from responsibility.auditing import Mismatch, differing

ONE = "(%(chain)s::uuid IS NULL OR {0} = %(chain)s)"
PERIOD = f"""
    SELECT coalesce(p.code, e.subject_id), coalesce(p.chain, e.chain), 'period',
        CASE WHEN p.id IS NOT NULL THEN concat_ws(' ', p.code, p.days, p.reason, p.at) END,
        CASE WHEN e.id IS NOT NULL THEN concat_ws(' ', e.subject_id, e.after ->> 'days', e.note, e.at) END
    FROM retention_period p FULL JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'retention.set'
    ) e ON e.chain = p.chain
    WHERE {ONE.format("coalesce(p.chain, e.chain)")} AND (p.code, p.days::text, p.reason, p.at, p.by_id)
        IS DISTINCT FROM (e.subject_id, e.after ->> 'days', e.note, e.at, e.actor_id)
"""  # noqa: S608, no word of it comes from outside
HOLD = f"""
    SELECT coalesce(h.id::text, laid.after ->> 'hold'), coalesce(h.chain, laid.chain), 'hold',
        CASE WHEN h.id IS NOT NULL THEN concat_ws(' ', h.reason, h.laid_at, h.lifted_at) END,
        CASE WHEN laid.id IS NOT NULL THEN concat_ws(' ', laid.note, laid.at, lifted.at) END
    FROM retention_hold h LEFT JOIN alerts_riskobject o ON o.id = h.risk_object_id
    LEFT JOIN cases_case c ON c.id = h.case_id FULL JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'retention.hold'
    ) laid ON laid.chain = h.chain AND laid.after ->> 'hold' = h.id::text
    LEFT JOIN responsibility_ledgerentry lifted ON lifted.chain = laid.chain AND lifted.verb = 'retention.lift'
        AND lifted.after ->> 'hold' = laid.after ->> 'hold'
    WHERE {ONE.format("coalesce(h.chain, laid.chain)")}
        AND (c.chain <> h.chain OR (
            h.reason, o.code, h.since, h.until, h.laid_at, h.laid_by_id, h.lifted_at, h.lifted_by_id
        ) IS DISTINCT FROM (laid.note, laid.after ->> 'object', (laid.after ->> 'since')::timestamptz,
            (laid.after ->> 'until')::timestamptz, laid.at, laid.actor_id, lifted.at, lifted.actor_id))
"""  # noqa: S608
# A file goes with an entry, and with none it does not.
PROOF = f"""
    SELECT coalesce(p.number, e.subject_id), coalesce(p.chain, e.chain), 'evidence.removed', p.removed_at::text,
        e.at::text
    FROM (
        SELECT v.sha256, v.kind, v.removed_at, c.number, c.chain FROM cases_evidence v
        JOIN cases_case c ON c.id = v.case_id WHERE v.removed_at IS NOT NULL
    ) p FULL JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'evidence.remove'
    ) e ON e.chain = p.chain AND e.after ->> 'sha256' = p.sha256 AND e.after ->> 'kind' = p.kind
    WHERE {ONE.format("coalesce(p.chain, e.chain)")} AND p.removed_at IS DISTINCT FROM e.at
"""  # noqa: S608
# The digests that stand for what sources sent, against the digest over them in the entry of their run.
PAYLOAD = f"""
    SELECT e.chain::text, e.chain, 'payloads', stands.digest, e.after ->> 'sha256 alerts_alert'
    FROM (
        SELECT a.payload -> 'retired' ->> 'run' AS run, encode(sha256(convert_to(string_agg(
            a.id || ' ' || (a.payload -> 'retired' ->> 'sha256'), chr(10) ORDER BY a.id), 'UTF8')), 'hex') AS digest
        FROM alerts_alert a WHERE a.payload ? 'retired' AND bihuan_is_retired(a.payload) GROUP BY 1
    ) stands RIGHT JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'retention.run' AND after ? 'sha256 alerts_alert'
    ) e ON e.chain::text = stands.run
    WHERE {ONE.format("e.chain")} AND stands.digest IS DISTINCT FROM e.after ->> 'sha256 alerts_alert'
"""  # noqa: S608
# The same of the files of the insurance side; their rows are named by table and id.
FILE = f"""
    SELECT coalesce(r.kind || ' ' || r.row_id, e.subject_id), coalesce(r.chain, e.chain), 'file.removed', r.at::text,
        e.at::text
    FROM service_removedfile r FULL JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'file.remove'
    ) e ON e.chain = r.chain AND e.after ->> 'kind' = r.kind AND e.after ->> 'row' = r.row_id::text
        AND e.after ->> 'sha256' = r.sha256
    WHERE {ONE.format("coalesce(r.chain, e.chain)")} AND r.at IS DISTINCT FROM e.at
        AND (e.id IS NOT NULL OR NOT EXISTS (SELECT FROM responsibility_archivedchain a WHERE a.chain = r.chain))
"""  # noqa: S608


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Periods, holds and removals that are not what the ledger tells, that it does not tell, or that are gone."""
    for query in (PERIOD, HOLD, PROOF, FILE, PAYLOAD):
        yield from differing(query, chain)
