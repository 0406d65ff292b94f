"""Whether what stands beside the cases is as their ledger tells: grants, advice, stock, drills, and who was engaged.

The other half of ``cases.audit``, and asked by it: a fixed number of statements.
"""

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

from alerts.models import Drill
from responsibility.auditing import Mismatch, ask, differing

ONE = "(%(chain)s::uuid IS NULL OR c.chain = %(chain)s)"
GRANT = f"""
    SELECT c.number, c.chain, 'grant', concat_ws(' ', p.code, p.since, p.until, p.reason, p.revoked_at),
        concat_ws(' ', e.after ->> 'unit', e.at, e.after ->> 'until', e.after ->> 'reason', back.at)
    FROM (
        SELECT g.*, u.code FROM cases_grant g LEFT JOIN responsibility_unit u ON u.id = g.unit_id
    ) p JOIN cases_case c ON c.id = p.case_id LEFT JOIN responsibility_ledgerentry e
        ON e.chain = c.chain AND e.verb = 'case.share' AND e.at = p.since
        AND e.after ->> 'unit' IS NOT DISTINCT FROM p.code
    LEFT JOIN LATERAL (
        SELECT b.at, b.actor_id FROM responsibility_ledgerentry b WHERE b.chain = c.chain AND b.verb = 'case.unshare'
            AND b.seq > e.seq AND b.after ->> 'unit' IS NOT DISTINCT FROM p.code
            AND b.after ->> 'person' IS NOT DISTINCT FROM e.after ->> 'person' ORDER BY b.seq LIMIT 1
    ) back ON true
    WHERE {ONE} AND (p.until, p.reason, p.granted_by_id, p.revoked_at, p.revoked_by_id)
        IS DISTINCT FROM ((e.after ->> 'until')::timestamptz, e.after ->> 'reason', e.actor_id, back.at, back.actor_id)
"""  # noqa: S608, no word of it comes from outside
GRANT_GONE = f"""
    SELECT c.number, c.chain, 'grant.gone', NULL, concat_ws(' ', e.after ->> 'unit', e.after ->> 'until')
    FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
    WHERE {ONE} AND e.verb = 'case.share' AND NOT EXISTS
        (SELECT 1 FROM cases_grant g WHERE g.case_id = c.id AND g.since = e.at)
"""  # noqa: S608
ADVICE = f"""
    SELECT c.number, c.chain, 'advice', concat_ws(' ', p.kind, p.expert, p.text, p.signed_at),
        concat_ws(' ', e.after ->> 'said', e.after ->> 'expert', e.note, s.at)
    FROM cases_advice p JOIN cases_case c ON c.id = p.case_id
    LEFT JOIN responsibility_ledgerentry e
        ON e.chain = c.chain AND e.verb = 'advice.record' AND e.after ->> 'advice' = p.id::text
    LEFT JOIN responsibility_ledgerentry s
        ON s.chain = c.chain AND s.verb = 'advice.sign' AND s.after ->> 'advice' = p.id::text
    WHERE {ONE} AND (p.kind, p.expert, p.text, p.recorded_at, p.recorded_by_id, p.signed_at, p.signed_by_id)
        IS DISTINCT FROM (e.after ->> 'said', e.after ->> 'expert', e.note, e.at, e.actor_id, s.at, s.actor_id)
"""  # noqa: S608
MARK_GONE = f"""
    SELECT c.number, c.chain, 'checklist.gone', NULL, e.after ->> 'mark'
    FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
    WHERE {ONE} AND e.after ->> 'mark' ~ '^[0-9]{{1,18}}$' AND NOT EXISTS
        (SELECT 1 FROM cases_checklistmark p WHERE p.id = (e.after ->> 'mark')::bigint AND p.case_id = c.id)
"""  # noqa: S608
# Whoever was engaged was given a clock to answer, or has answered.
PARTY_GONE = f"""
    SELECT c.number, c.chain, 'party.gone', NULL, u.code
    FROM (
        SELECT case_id, unit_id FROM cases_deadline WHERE kind = 'acknowledge' AND unit_id IS NOT NULL
        UNION SELECT c.id, u.id FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
        JOIN responsibility_unit u ON u.code = e.after ->> 'unit' WHERE e.verb = 'case.acknowledge'
    ) asked JOIN cases_case c ON c.id = asked.case_id JOIN responsibility_unit u ON u.id = asked.unit_id
    WHERE {ONE} AND NOT EXISTS
        (SELECT 1 FROM cases_party p WHERE p.case_id = asked.case_id AND p.unit_id = asked.unit_id)
"""  # noqa: S608
SPEED = f"""
    SELECT c.number, c.chain, 'speed', c.speed::text, COALESCE(d.speed, 1)::text
    FROM cases_case c LEFT JOIN alerts_drill d ON d.id = c.drill_id
    WHERE {ONE} AND c.speed <> COALESCE(d.speed, 1)
"""  # noqa: S608
# What of a case follows from the rest of it. A second owner's case bears no code, so that no alert joins it; a danger
# that nobody knew may have been given its name since.
KNOWN = f"""
    SELECT c.number, c.chain, 'cases_case.' || c.id, 
        concat_ws(' ', c.number, c.grade, c.grade_rank, c.category_id, c.risk_object_id, c.linked_to_id),
        concat_ws(' ', told.number, c.grade, ranked.rank, k.id, sensed.risk_object_id, first.id)
    FROM cases_case c LEFT JOIN responsibility_category k ON k.code = c.category_code
    LEFT JOIN alerts_riskobject o ON o.id = c.risk_object_id LEFT JOIN cases_case first ON first.id = c.linked_to_id
    CROSS JOIN LATERAL (SELECT array_position('{{red,orange,yellow,blue}}'::text[], c.grade::text) AS rank) ranked
    LEFT JOIN LATERAL (
        SELECT e.subject_id AS number FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.subject_type = 'case' ORDER BY e.seq LIMIT 1
    ) told ON true LEFT JOIN LATERAL (
        SELECT a.risk_object_id FROM alerts_alert a WHERE a.chain = c.chain AND a.case_number = c.number
            AND a.received_at = c.opened_at AND a.risk_object_id IS NOT NULL LIMIT 1
    ) sensed ON true
    WHERE {ONE} AND (told.number <> c.number OR ranked.rank <> c.grade_rank OR c.linked_to_id <> COALESCE(first.id, -1)
        OR c.category_id IS DISTINCT FROM k.id AND (c.category_id IS NOT NULL OR c.filed_at IS NOT NULL)
        OR COALESCE(sensed.risk_object_id, c.risk_object_id) IS DISTINCT FROM c.risk_object_id
        OR c.risk_object_id IS NOT NULL AND CASE WHEN c.linked_to_id IS NULL THEN o.code IS DISTINCT FROM c.object_code
            ELSE c.risk_object_id IS DISTINCT FROM first.risk_object_id END)
"""  # noqa: S608
# As it was loaded or last counted, less what cases have used up since.
STOCK = """
    SELECT r.code, told.chain, 'resource.stock', concat_ws(' ', r.stock, r.ready),
        concat_ws(' ', told.stock - COALESCE(gone.used, 0), told.ready)
    FROM resources_resource r CROSS JOIN LATERAL (
        SELECT chain, at, (after ->> 'stock')::bigint AS stock, (after ->> 'ready')::boolean AS ready
        FROM responsibility_ledgerentry WHERE after ? 'stock'
            AND chain IN (md5('resource:' || r.id)::uuid, md5('resources_resource:' || r.id)::uuid)
        ORDER BY id DESC LIMIT 1
    ) told LEFT JOIN LATERAL (
        SELECT sum(l.used) AS used FROM cases_dispatchline l JOIN cases_dispatch p ON p.id = l.dispatch_id
        JOIN cases_case c ON c.id = p.case_id
        WHERE l.resource_id = r.id AND l.ended_at > told.at AND c.drill_id IS NULL
    ) gone ON true
    WHERE (%(chain)s::uuid IS NULL OR told.chain = %(chain)s)
        AND (r.stock, r.ready) IS DISTINCT FROM (told.stock - COALESCE(gone.used, 0), told.ready)
"""
DRILLED = """
    SELECT d.id, d.title, d.chain, d.speed, began.after, ended.after FROM alerts_drill d
    LEFT JOIN responsibility_ledgerentry began ON began.chain = d.chain AND began.verb = 'drill.start'
    LEFT JOIN responsibility_ledgerentry ended ON ended.chain = d.chain AND ended.verb = 'drill.end'
    WHERE %(chain)s::uuid IS NULL OR d.chain = %(chain)s
"""
PARTS = [KNOWN, GRANT, GRANT_GONE, ADVICE, MARK_GONE, PARTY_GONE, SPEED, STOCK]


def digest(content: object) -> str:
    """SHA-256, hex, of what is too long to be told whole: of its JSON with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """What is not as the ledger tells, or of which it tells nothing."""
    for query in PARTS:
        yield from differing(query, chain)
    held = {drill.pk: drill for drill in Drill.objects.only("scenario", "report")}
    for pk, title, of, speed, began, ended in ask(DRILLED, chain):
        start, end = json.loads(began or "{}"), json.loads(ended or "{}")
        parts = {"speed": speed, "scenario": digest(held[pk].scenario)}
        told = {name: start.get(name) for name in parts}
        if "report" in end:
            parts, told = parts | {"report": digest(held[pk].report)}, told | {"report": end["report"]}
        for name, here in parts.items():
            if here != told[name]:
                yield Mismatch("differs", title, of, f"drill.{name}", str(here), str(told[name]))
