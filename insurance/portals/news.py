"""What a hook has not been told yet: found by comparing what stands with what it was told of it last.

Nothing tells this; it is asked. So no act on a case waits for it, nothing is lost while it is off, and what changed
twice between two looks is told once, as it stands.
"""

import json
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction

from insurance.portals.models import Delivery, Hook
from responsibility import clock
from responsibility.copying import copy

# One at a time over all processes; the number is only ours.
LOCK = "SELECT pg_try_advisory_xact_lock(7317)"
MOST = 1000
# How long a message is tried before it counts as failed.
TRIED = timedelta(days=3)
CARRIED = """
    SELECT h.id AS hook_id, p.id AS policy_id, p.number, p.confirmed_at FROM hooks h JOIN policies_policy p
        ON NOT h.whole AND p.broker_id = h.unit_id OR h.whole AND EXISTS (
            SELECT FROM policies_share s WHERE s.policy_id = p.id AND s.insurer_id = h.unit_id)
"""
# A broker follows states (facts 3.5), so ``at`` is for him when we looked; that alone is told by any message at all.
# Each gives hook, kind, subject, what is said of it, the event, when, how it is called, and the message. ``heard``:
# whether the first that is seen of it is news.
COVERED = """
    SELECT h.id AS hook_id, 'cover' AS kind, v.id AS subject, 'covered' AS said, true AS heard,
        'case.covered' AS event, CASE WHEN h.whole THEN greatest(v.found_at, p.confirmed_at) ELSE %(now)s END AS at,
        c.number AS name, jsonb_build_object('case', c.number, 'policy', p.number) AS data
    FROM hooks h JOIN carried p ON p.hook_id = h.id JOIN policies_cover v ON v.policy_id = p.policy_id
    JOIN cases_case c ON c.id = v.case_id
    WHERE v.shown_until > %(now)s AND c.drill_id IS NULL AND h.events ? 'case.covered'
"""
CHANGED = """
    SELECT h.id, 'case', c.id, CASE WHEN h.whole
            THEN concat_ws('|', c.state, c.grade, c.contained_at, c.closed_at) ELSE c.state END, false,
        'case.changed', %(now)s, c.number,
        jsonb_build_object('case', c.number, 'state', c.state) || CASE WHEN h.whole
            THEN jsonb_build_object('grade', c.grade, 'contained_at', c.contained_at, 'closed_at', c.closed_at)
            ELSE '{}' END
    FROM hooks h JOIN cases_case c ON c.id IN (
        SELECT v.case_id FROM carried p JOIN policies_cover v ON v.policy_id = p.policy_id
        WHERE p.hook_id = h.id AND v.shown_until > %(now)s)
    WHERE c.drill_id IS NULL AND h.events ? 'case.changed'
"""
FOUND = """
    SELECT h.id, 'finding', f.id, CASE f.state WHEN 'closed' THEN 'closed' ELSE 'told' END, true,
        CASE f.state WHEN 'closed' THEN 'finding.closed' ELSE 'finding.told' END, coalesce(f.closed_at, f.told_at),
        f.number, jsonb_build_object('finding', f.number, 'state', f.state, 'severity', f.severity,
            'due_at', f.due_at, 'closed_at', f.closed_at, 'case',
            (SELECT s.number FROM shown s WHERE s.hook_id = h.id AND s.number = f.case_number LIMIT 1))
    FROM hooks h JOIN findings_finding f ON h.whole AND (f.found_by_unit_id = h.unit_id OR EXISTS (
        SELECT FROM service_serviceorder o LEFT JOIN policies_policy p
            ON p.id = o.policy_id AND p.confirmed_until IS NOT NULL
        WHERE o.id = f.order_id AND (o.by_unit_id = h.unit_id OR p.insurer_id = h.unit_id)))
    WHERE h.events ?| ARRAY['finding.told', 'finding.closed']
"""
MOVED = """
    SELECT h.id, 'finding-go', f.id, concat_ws('|', f.state, f.state = 'open' AND f.due_at <= %(now)s,
            (SELECT s.number FROM shown s WHERE s.hook_id = h.id AND s.number = f.case_number LIMIT 1),
            (SELECT count(*) FROM findings_recheck r WHERE r.finding_id = f.id)), false,
        'finding.changed', %(now)s, f.number, jsonb_build_object('finding', f.number, 'state', f.state,
            'severity', f.severity, 'due_at', f.due_at, 'overdue', f.state = 'open' AND f.due_at <= %(now)s,
            'rectified_at', f.rectified_at, 'case',
            (SELECT s.number FROM shown s WHERE s.hook_id = h.id AND s.number = f.case_number LIMIT 1))
    FROM hooks h JOIN findings_finding f ON h.whole AND (f.found_by_unit_id = h.unit_id OR EXISTS (
        SELECT FROM service_serviceorder o LEFT JOIN policies_policy p ON p.id = o.policy_id
        WHERE o.id = f.order_id AND (o.by_unit_id = h.unit_id OR p.insurer_id = h.unit_id)))
    WHERE h.events ? 'finding.changed'
"""
ORDERED = """
    SELECT h.id, 'order', o.id, o.state, false, 'order.changed', %(now)s, o.number,
        jsonb_build_object('order', o.number, 'state', o.state, 'to_place', o.to_place)
    FROM hooks h JOIN service_serviceorder o ON h.whole AND (o.by_unit_id = h.unit_id OR EXISTS (
        SELECT FROM policies_policy p WHERE p.id = o.policy_id AND p.insurer_id = h.unit_id))
    WHERE h.events ? 'order.changed'
"""
VISITED = """
    SELECT h.id, 'visit', v.id, 'visited', true, 'order.visited', v.sent_at, o.number,
        jsonb_build_object('order', o.number, 'state', o.state, 'arrived_at', v.arrived_at, 'left_at', v.left_at)
    FROM hooks h JOIN service_serviceorder o ON h.whole AND (o.by_unit_id = h.unit_id OR EXISTS (
        SELECT FROM policies_policy p WHERE p.id = o.policy_id AND p.insurer_id = h.unit_id
            AND p.confirmed_until IS NOT NULL))
    JOIN service_visit v ON v.order_id = o.id
    WHERE h.events ? 'order.visited'
"""
CLAIMED = """
    SELECT h.id, 'claim', k.id, k.state, true, 'claim.' || k.state,
        CASE WHEN NOT h.whole THEN %(now)s WHEN k.state = 'noticed' THEN k.noticed_at
            ELSE coalesce(k.ended_at, %(now)s) END, k.number,
        jsonb_build_object('claim', k.number, 'state', k.state, 'policy', p.number, 'case', c.number)
    FROM hooks h JOIN carried p ON p.hook_id = h.id JOIN claims_claim k ON k.policy_id = p.policy_id
    JOIN cases_case c ON c.id = k.case_id
    WHERE h.events ? 'claim'
"""
STANDS = f"""
    WITH hooks AS (SELECT * FROM portals_hook WHERE ended_at IS NULL AND (%(hook)s::bigint IS NULL OR id = %(hook)s)),
    carried AS MATERIALIZED ({CARRIED}),
    shown AS NOT MATERIALIZED (
        SELECT p.hook_id, c.number FROM carried p JOIN policies_cover v ON v.policy_id = p.policy_id
        JOIN cases_case c ON c.id = v.case_id WHERE v.shown_until > %(now)s),
    stands AS ({COVERED} UNION ALL {CHANGED} UNION ALL {FOUND} UNION ALL {MOVED}
        UNION ALL {ORDERED} UNION ALL {VISITED} UNION ALL {CLAIMED})
"""  # noqa: S608, our own parts
# Whoever did not ask for one of two events of a kind is not told of it, but has heard of it.
NEWS = f"""
    {STANDS}
    SELECT s.hook_id, s.kind, s.subject, s.said, s.event, s.at, s.name, s.data,
        (s.heard OR t.said IS NOT NULL) AND (h.events ? s.event OR s.kind = 'claim')
    FROM stands s JOIN hooks h ON h.id = s.hook_id
    LEFT JOIN portals_told t ON t.hook_id = s.hook_id AND t.kind = s.kind AND t.subject = s.subject
    WHERE t.said IS DISTINCT FROM s.said ORDER BY s.at, s.hook_id, s.kind, s.subject LIMIT {MOST}
"""  # noqa: S608
BEGIN = f"""
    {STANDS}
    INSERT INTO portals_told (hook_id, kind, subject, said) SELECT hook_id, kind, subject, said FROM stands
    ON CONFLICT DO NOTHING
"""  # noqa: S608
KEEP = """
    INSERT INTO portals_told (hook_id, kind, subject, said)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])
    ON CONFLICT (hook_id, kind, subject) DO UPDATE SET said = EXCLUDED.said
"""


def begin(hook: Hook) -> None:
    """Take what stands as told, so that ``hook`` begins with what happens from now on. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, {"now": clock.now(), "hook": hook.pk})


@transaction.atomic
def gather() -> int:
    """Write down a message for all that is news, up to 1,000; how many things had changed. Four statements.

    Nothing where another process is at it.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(NEWS, {"now": now, "hook": None})
        found = cursor.fetchall()
        if found:
            columns = list(zip(*((row[0], row[1], row[2], row[3]) for row in found), strict=True))
            cursor.execute(KEEP, [list(column) for column in columns])
    _write([row for row in found if row[8]], now)
    return len(found)


def _write(found: list[tuple], now: datetime) -> None:
    rows = [
        {
            "hook_id": hook, "key": uuid4(), "event": event, "subject": name, "at": at, "status": "waiting",
            "body": {"type": event, "timestamp": at.isoformat(), "data": json.loads(data)}, "attempts": 0,
            "try_at": now, "until": now + TRIED, "sent_at": None, "answer": None, "error": "",
        }
        for hook, _kind, _subject, _said, event, at, name, data, _told in found
    ]  # fmt: skip
    if rows:
        copy(Delivery, rows, leave_out=["id"])
