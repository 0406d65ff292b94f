"""Whether the cases stand as their ledger tells. Set-based: a few statements, however many cases there are.

Every act is written with the instant of its changes, so each instant on a case or on a part of it must be that of an
entry of its chain; and whatever an entry says was so must still be so, until a later one says otherwise.
"""

import json
from collections.abc import Iterator
from uuid import UUID

from cases.policy import terms
from responsibility.auditing import Mismatch, ask, differing

BORN = "e.verb IN ('case.open', 'case.triage')"
FILED = "e.verb IN ('case.open', 'case.file')"
AGAIN = "(e.verb IN ('case.rework', 'case.reopen') OR e.verb = 'alert.joined' AND e.before ->> 'state' = 'closed')"
# A decision that ends a dispute ends it for good, and a second owner's case begins with one.
SETTLED = """
    e.after ? 'linked_to' OR e.verb = 'request.approve' AND e.after ->> 'kind' IN ('return', 'determine', 'redispatch')
    OR e.verb = 'request.refuse' AND e.after ->> 'kind' = 'return'
"""


def _last(value: str, which: str) -> str:
    return f"(array_agg({value} ORDER BY e.seq DESC) FILTER (WHERE {which}))[1]"


def _told(name: str) -> str:
    """The value that the latest entry which names it gives."""
    return _last(f"e.after ->> '{name}'", f"e.after ? '{name}'")


def _degrees(place: str) -> list[str]:
    """Latitude and longitude out of a told place, as numbers: two spellings of one number are the same."""
    return [f"split_part({place}, ' ', {part})::float8" for part in (1, 2)]


def _at(which: str) -> str:
    return _last("e.at", which)


# What is compared: the field, what stands in the row, and what the entries of its chain tell. Before the first move a
# case is in triage and in the small loop.
FIELDS = {
    "state": ("c.state", f"COALESCE({_told('state')}, 'triage')"),
    "loop": ("c.loop", f"COALESCE({_told('loop')}, 'small')"),
    "grade": ("c.grade", _told("grade")),
    "holder": ("holder.code", _told("holder")),
    "lead": ("lead.code", _told("lead")),
    "category": ("c.category_code", _told("category")),
    "scenario": ("scenario.code", _told("scenario")),
    "territory": ("territory.code", _told("territory")),
    "object": ("c.object_code", _told("object")),
    "place": ("c.lat || ' ' || c.lon", " || ' ' || ".join(_degrees(_told("place")))),
    "title": ("c.title", _last("e.subject_label", "e.subject_type = 'case'")),
    "alert_count": ("c.alert_count", f"COALESCE({_told('alert_count')}, '1')"),
    "rework_count": ("c.rework_count", f"(count(*) FILTER (WHERE {AGAIN}))"),
    "opened_at": ("c.opened_at", _at(BORN)),
    "filed_at": ("c.filed_at", _at(FILED)),
    "contained_at": ("c.contained_at", _at("e.verb = 'case.contain'")),
    "closed_at": (
        "c.closed_at",
        f"CASE {_told('state')} WHEN 'closed' THEN {_at('''e.verb = 'case.close' ''')} END",
    ),
    "proof_since": ("c.proof_since", _at(f"{BORN} OR {AGAIN}")),
    "last_alert_at": ("c.last_alert_at", _at(f"{BORN} OR e.verb = 'alert.joined'")),
    "hops": ("c.hops", f"COALESCE({_told('hops')}, '0')"),
    "no_return": ("c.no_return", f"COALESCE(bool_or({SETTLED}), false)"),
    "linked_to": ("first.number", _told("linked_to")),
    "drill": ("c.drill_id", _told("drill")),
    "due_at": ("c.due_at", None),
}
# The key of the worklist is told by the clocks.
NEAREST = """
    (SELECT min(d.due_at) FROM cases_deadline d
     WHERE d.case_id = c.id AND d.stopped_at IS NULL AND d.paused_at IS NULL)
"""
STORED = ", ".join(stored for stored, _told in FIELDS.values())
TOLD = ", ".join(f"told.{name}_" if told else NEAREST for name, (_stored, told) in FIELDS.items())
ONE = "(%(chain)s::uuid IS NULL OR c.chain = %(chain)s)"
COMPARED = f"""
    SELECT c.number, c.chain, told.spoken, ARRAY[{STORED}]::text[], ARRAY[{TOLD}]::text[]
    FROM cases_case c
    LEFT JOIN responsibility_unit holder ON holder.id = c.holder_id
    LEFT JOIN responsibility_unit lead ON lead.id = c.lead_id
    LEFT JOIN responsibility_scenario scenario ON scenario.id = c.scenario_id
    LEFT JOIN responsibility_territory territory ON territory.id = c.territory_id
    LEFT JOIN cases_case first ON first.id = c.linked_to_id
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS spoken, {", ".join(f"{told} AS {name}_" for name, (_s, told) in FIELDS.items() if told)}
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain
    ) told
    WHERE {ONE} AND ARRAY[{STORED}]::text[] IS DISTINCT FROM ARRAY[{TOLD}]::text[]
    ORDER BY c.id
"""  # noqa: S608, no word of it comes from outside

# Each case that was opened is there: none is ever removed.
GONE = """
    SELECT e.subject_id, e.chain, 'cases_case', NULL, e.subject_id FROM responsibility_ledgerentry e
    WHERE e.verb IN ('case.open', 'case.triage') AND (%(chain)s::uuid IS NULL OR e.chain = %(chain)s)
        AND NOT EXISTS (SELECT 1 FROM cases_case c WHERE c.chain = e.chain)
"""
# Promise and basis of responsibility, each told as one digest: many cases share them, so each is looked at once.
TERMS = f"""
    SELECT min(c.number), (array_agg(c.chain))[1], c.policy::text, c.duties::text, told.terms
    FROM cases_case c CROSS JOIN LATERAL (
        SELECT {_told("terms")} AS terms FROM responsibility_ledgerentry e WHERE e.chain = c.chain
    ) told WHERE {ONE} AND c.filed_at IS NOT NULL GROUP BY 3, 4, 5
"""  # noqa: S608

INSTANTS = {
    "cases_party": ("since", "until"),
    "cases_deadline": ("started_at", "paused_at", "stopped_at", "missed_at"),
    "cases_pause": ("since", "until"),
}
OF_CASE = "JOIN cases_case c ON c.id = p.case_id"
OF_DEADLINE = "JOIN cases_deadline d ON d.id = p.deadline_id JOIN cases_case c ON c.id = d.case_id"


def _instant(table: str, column: str) -> str:
    return f"""
        SELECT c.number, c.chain, '{table.removeprefix("cases_")}.{column}', p.{column}::text, NULL
        FROM {table} p {OF_DEADLINE if table == "cases_pause" else OF_CASE}
        WHERE {ONE} AND p.{column} IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.at = p.{column})
    """  # noqa: S608


PARTY = f"""
    SELECT c.number, c.chain, 'party.acknowledged', concat_ws(' ', u.code, p.acknowledged_at, p.answered_by),
        concat_ws(' ', u.code, told.at, told.answered_by)
    FROM cases_party p {OF_CASE} JOIN responsibility_unit u ON u.id = p.unit_id LEFT JOIN LATERAL (
        SELECT e.at, COALESCE((e.after ->> 'answerer')::bigint, e.actor_id) AS actor_id,
            e.after ->> 'answered_by' AS answered_by FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.verb = 'case.acknowledge' AND e.after ->> 'unit' = u.code
            AND e.seq > COALESCE((SELECT max(e.seq) FROM responsibility_ledgerentry e WHERE e.chain = c.chain
                AND e.verb = 'alert.joined' AND e.before ->> 'state' = 'closed'), 0)
        ORDER BY e.seq DESC LIMIT 1
    ) told ON true
    WHERE {ONE} AND (p.acknowledged_at, p.acknowledged_by_id, p.answered_by)
        IS DISTINCT FROM (told.at, told.actor_id, COALESCE(told.answered_by, ''))
"""  # noqa: S608
WORKLIST = f"""
    SELECT c.number, c.chain, 'party.worklist', concat_ws(' ', p.live, p.due_at), concat_ws(' ', c.state, own.due_at)
    FROM cases_party p {OF_CASE} CROSS JOIN LATERAL (
        SELECT COALESCE((
            SELECT min(d.due_at) FROM cases_deadline d WHERE d.case_id = p.case_id AND d.unit_id = p.unit_id
            AND d.stopped_at IS NULL AND d.paused_at IS NULL), c.due_at) AS due_at
    ) own WHERE {ONE} AND (p.live, p.due_at)
        IS DISTINCT FROM (p.until IS NULL AND c.state NOT IN ('closed', 'void'), own.due_at)
"""  # noqa: S608
# Whoever owed a missed clock may have handed it on since, so it is not asked here who owes it now.
MISSED = f"""
    SELECT c.number, c.chain, 'deadline.missed', p.kind || ' ' || p.missed, p.kind || ' ' || told.missed
    FROM (SELECT case_id, kind, count(missed_at) AS missed FROM cases_deadline GROUP BY 1, 2) p {OF_CASE}
    CROSS JOIN LATERAL (
        SELECT count(*) AS missed FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.verb = 'deadline.missed' AND e.after ->> 'kind' = p.kind
    ) told WHERE {ONE} AND p.missed <> told.missed
"""  # noqa: S608
RUNG = f"""
    SELECT c.number, c.chain, 'deadline.rung', concat_ws(' ', u.code, p.level, p.started_at),
        concat_ws(' ', u.code, told.level, told.at)
    FROM cases_deadline p {OF_CASE} JOIN responsibility_unit u ON u.id = p.unit_id LEFT JOIN LATERAL (
        SELECT e.at, e.after ->> 'rung' AS level FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.verb = 'deadline.missed' AND e.at = p.started_at AND e.after ->> 'unit' = u.code
            AND e.after ? 'rung'
    ) told ON true WHERE {ONE} AND p.kind = 'rung' AND p.level::text IS DISTINCT FROM told.level
"""  # noqa: S608
REQUEST = f"""
    SELECT c.number, c.chain, 'request', concat_ws(' ', p.kind, p.state, p.minutes, p.reason, designated.code),
        concat_ws(' ', p.kind, decided.state, asked.after ->> 'minutes', asked.after ->> 'reason', decided.designated)
    FROM cases_request p {OF_CASE} LEFT JOIN responsibility_unit designated ON designated.id = p.designated_id
    LEFT JOIN cases_evidence proof ON proof.id = p.evidence_id
    LEFT JOIN LATERAL (
        SELECT e.at, e.actor_id, e.after FROM responsibility_ledgerentry e WHERE e.chain = c.chain
            AND e.verb = CASE WHEN p.appeal_of_id IS NULL THEN 'request.' || p.kind ELSE 'request.appeal' END
            AND (e.after ->> 'request' = p.id::text OR p.asked_by_id IS NULL AND e.at = p.asked_at)
    ) asked ON true
    LEFT JOIN LATERAL (
        SELECT e.at, CASE WHEN e.verb IN ('request.approve', 'request.refuse') THEN e.actor_id END AS actor_id,
            CASE e.verb WHEN 'request.approve' THEN 'approved' WHEN 'request.refuse' THEN 'refused'
                WHEN 'request.waive' THEN 'approved' WHEN 'request.lapse' THEN e.after ->> 'outcome'
                ELSE 'overtaken' END
            AS state, e.after ->> 'designated' AS designated, e.after ->> 'how' AS how,
            COALESCE(e.after -> 'posts', e.after -> 'deputy_of', '[]') AS posts
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'request' = p.id::text
            AND e.verb IN
                ('request.approve', 'request.refuse', 'request.overtaken', 'request.lapse', 'request.waive')
    ) decided ON true
    WHERE {ONE} AND (p.reason, p.minutes::text, p.asked_at, p.asked_by_id, p.state, p.decided_at, p.decided_by_id,
            designated.code, p.code, proof.sha256, p.appeal_of_id::text, p.decided_how, p.answers_for)
        IS DISTINCT FROM (asked.after ->> 'reason', asked.after ->> 'minutes', asked.at, asked.actor_id,
            COALESCE(decided.state, 'pending'), decided.at, decided.actor_id,
            decided.designated, COALESCE(asked.after ->> 'code', ''), asked.after ->> 'evidence',
            asked.after ->> 'appeal_of', COALESCE(decided.how, ''), COALESCE(decided.posts, '[]'))
"""  # noqa: S608
EVIDENCE = f"""
    SELECT COALESCE(p.number, e.subject_id), COALESCE(p.chain, e.chain), 'evidence', p.sha256, e.after ->> 'sha256'
    FROM (SELECT p.*, c.number, c.chain FROM cases_evidence p {OF_CASE}) p FULL JOIN (
        SELECT * FROM responsibility_ledgerentry WHERE verb = 'evidence.add'
    ) e ON e.chain = p.chain AND e.after ->> 'sha256' = p.sha256 AND e.after ->> 'kind' = p.kind
    WHERE (%(chain)s::uuid IS NULL OR COALESCE(p.chain, e.chain) = %(chain)s)
        AND (p.size::text, p.content_type, p.note, p.uploaded_at, p.uploaded_by_id, p.taken_at, p.lat, p.lon)
        IS DISTINCT FROM (e.after ->> 'size', e.after ->> 'type', e.note, e.at, e.actor_id,
            (e.after ->> 'taken_at')::timestamptz, {", ".join(_degrees("e.after ->> 'taken_where'"))})
"""  # noqa: S608
# Each order stands as the last entry that names it says, and was given as its first one says.
ORDER = f"""
    SELECT c.number, c.chain, 'order', concat_ws(' ', u.code, p.state, p.text),
        concat_ws(' ', told.unit, told.state, told.text)
    FROM cases_order p {OF_CASE} JOIN responsibility_unit u ON u.id = p.unit_id LEFT JOIN LATERAL (
        SELECT (array_agg(e.after ->> 'progress' ORDER BY e.seq DESC))[1] AS state,
            min(e.at) FILTER (WHERE e.verb = 'order.give') AS given_at,
            min(e.after ->> 'text') AS text, min(e.after ->> 'minutes') AS minutes,
            min(e.after ->> 'mandatory') AS mandatory, min(e.after ->> 'unit') AS unit,
            max(e.at) FILTER (WHERE e.verb = 'order.acknowledge') AS acknowledged_at,
            max(e.at) FILTER (WHERE e.verb IN ('order.done', 'order.return', 'order.withdraw')) AS ended_at
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'order' = p.id::text
    ) told ON true
    WHERE {ONE} AND (u.code, p.state, p.text, p.minutes::text, p.mandatory::text, p.given_at, p.acknowledged_at,
            p.ended_at)
        IS DISTINCT FROM (told.unit, told.state, told.text, told.minutes, told.mandatory, told.given_at,
            told.acknowledged_at, told.ended_at)
"""  # noqa: S608
# What was sent, what is out and what was used up, as the entries of each dispatch say.
DISPATCH = f"""
    SELECT c.number, c.chain, 'dispatch', concat_ws(' ', s.code, p.state, lines.sent, lines.used),
        concat_ws(' ', told.station, told.state, told.sent, told.used)
    FROM cases_dispatch p {OF_CASE} JOIN resources_station s ON s.id = p.station_id CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(r.code, l.quantity) AS sent, count(l.ended_at) = count(*) AS ended,
            COALESCE(jsonb_object_agg(r.code, l.used) FILTER (WHERE l.used > 0), '{{}}') AS used
        FROM cases_dispatchline l JOIN resources_resource r ON r.id = l.resource_id WHERE l.dispatch_id = p.id
    ) lines LEFT JOIN LATERAL (
        SELECT (array_agg(e.after ->> 'progress' ORDER BY e.seq DESC))[1] AS state,
            min(e.after ->> 'station') AS station,
            (array_agg(e.after -> 'sent') FILTER (WHERE e.after ? 'sent'))[1] AS sent,
            COALESCE((array_agg(e.after -> 'used') FILTER (WHERE e.after ? 'used'))[1], '{{}}') AS used,
            min(e.at) FILTER (WHERE e.verb = 'dispatch.send') AS sent_at,
            min(e.at) FILTER (WHERE e.verb = 'dispatch.depart') AS departed_at,
            min(e.at) FILTER (WHERE e.verb = 'dispatch.arrive') AS arrived_at,
            min(e.at) FILTER (WHERE e.verb IN ('dispatch.release', 'command.stand_down')) AS released_at
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'dispatch' = p.id::text
    ) told ON true
    WHERE {ONE} AND (s.code, p.state, lines.sent, lines.used, p.sent_at, p.departed_at, p.arrived_at, p.released_at,
            lines.ended)
        IS DISTINCT FROM (told.station, told.state, told.sent, told.used, told.sent_at, told.departed_at,
            told.arrived_at, told.released_at, told.state = 'released')
"""  # noqa: S608
# Each word on a step of the handbook, and nothing else, was told.
MARK = f"""
    SELECT c.number, c.chain, 'checklist', concat_ws(' ', s.position, p.done, p.at),
        concat_ws(' ', told.step, told.done, told.at)
    FROM cases_checklistmark p {OF_CASE} JOIN handbook_step s ON s.id = p.step_id
    JOIN responsibility_unit u ON u.id = p.unit_id LEFT JOIN cases_evidence proof ON proof.id = p.evidence_id
    LEFT JOIN LATERAL (
        SELECT e.after ->> 'step' AS step, e.after ->> 'done' AS done, e.after ->> 'unit' AS unit,
            e.after ->> 'evidence' AS evidence, e.at, e.actor_id, e.note
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'mark' = p.id::text
    ) told ON true
    WHERE {ONE} AND (s.position::text, p.done::text, u.code, proof.sha256, p.at, p.by_id, p.note)
        IS DISTINCT FROM (told.step, told.done, told.unit, told.evidence, told.at, told.actor_id, told.note)
"""  # noqa: S608
# Outside any chain: what each resource has promised is what the dispatches hold of it.
PROMISED = """
    SELECT r.code, '00000000-0000-0000-0000-000000000000'::uuid, 'resource.reserved', r.reserved::text,
        COALESCE(held.quantity, 0)::text
    FROM resources_resource r LEFT JOIN (
        SELECT l.resource_id, sum(l.quantity) AS quantity FROM cases_dispatchline l
        JOIN cases_dispatch p ON p.id = l.dispatch_id JOIN cases_case c ON c.id = p.case_id
        WHERE l.ended_at IS NULL AND c.drill_id IS NULL GROUP BY 1
    ) held ON held.resource_id = r.id
    WHERE %(chain)s::uuid IS NULL AND r.reserved <> COALESCE(held.quantity, 0)
"""
DIRECTION = f"""
    SELECT c.number, c.chain, 'command', concat_ws(' ', p.phase, p.objectives, p.conclusion, kept.reports),
        concat_ws(' ', told.phase, told.objectives, told.conclusion, told.reports)
    FROM cases_command p {OF_CASE} CROSS JOIN LATERAL (
        SELECT count(*) AS reports FROM cases_situationreport r WHERE r.command_id = p.id
    ) kept LEFT JOIN LATERAL (
        SELECT {_told("phase")} AS phase, {_told("objectives")} AS objectives, {_told("conclusion")} AS conclusion,
            count(*) FILTER (WHERE e.verb = 'command.report') AS reports,
            {_at("e.verb = 'command.open'")} AS opened_at, {_at("e.verb = 'command.stand_down'")} AS stood_down_at
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'command' = p.id::text
    ) told ON true
    WHERE {ONE} AND (p.phase, p.objectives, p.conclusion, kept.reports, p.opened_at, p.stood_down_at)
        IS DISTINCT FROM (told.phase, told.objectives, COALESCE(told.conclusion, ''), told.reports, told.opened_at,
            told.stood_down_at)
"""  # noqa: S608
# An urging by hand stands as its entries tell; one by a clock has the instant of an entry of its chain.
URGING = f"""
    SELECT c.number, c.chain, 'urging', concat_ws(' ', u.code, p.kind, p.text, p.reply, p.lift_note),
        concat_ws(' ', told.unit, told.kind, told.text, told.reply, told.lift_note)
    FROM cases_urging p {OF_CASE} JOIN responsibility_unit u ON u.id = p.unit_id LEFT JOIN LATERAL (
        SELECT COALESCE(min(e.after ->> 'unit'), u.code) AS unit,
            COALESCE(min(split_part(e.verb, '.', 2)) FILTER (WHERE e.after ? 'text'), p.kind) AS kind,
            COALESCE(min(e.after ->> 'text'), '') AS text,
            min(e.at) FILTER (WHERE e.after ? 'text') AS at, min(e.actor_id) FILTER (WHERE e.after ? 'text') AS by_id,
            COALESCE(min(e.note) FILTER (WHERE e.verb = 'urging.reply'), '') AS reply,
            min(e.at) FILTER (WHERE e.verb = 'urging.reply') AS replied_at,
            COALESCE(min(e.note) FILTER (WHERE e.verb = 'urging.lift'), '') AS lift_note,
            min(e.at) FILTER (WHERE e.verb = 'urging.lift') AS lifted_at
        FROM responsibility_ledgerentry e WHERE e.chain = c.chain AND e.after ->> 'urging' = p.id::text
    ) told ON true LEFT JOIN LATERAL (
        SELECT e.at FROM responsibility_ledgerentry e WHERE p.by_id IS NULL AND e.chain = c.chain AND e.at = p.at
            AND (e.verb = 'urging.' || p.kind OR e.after ->> 'urged' = 'true') AND e.after ->> 'unit' = u.code LIMIT 1
    ) clock ON true
    WHERE {ONE} AND (u.code, p.kind, p.text, p.at, p.by_id, p.reply, p.replied_at, p.lift_note, p.lifted_at)
        IS DISTINCT FROM (told.unit, told.kind, told.text, COALESCE(told.at, clock.at), told.by_id, told.reply,
            told.replied_at, told.lift_note, told.lifted_at)
"""  # noqa: S608
# What an entry names by its row, and is there no more: nothing of it is ever deleted.
NAMED = ("request", "order", "advice", "dispatch", "command", "urging")


def _gone(part: str) -> str:
    return f"""
        SELECT DISTINCT c.number, c.chain, '{part}.gone', NULL, e.after ->> '{part}'
        FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
        WHERE {ONE} AND e.after ->> '{part}' ~ '^[0-9]{{1,18}}$' AND NOT EXISTS
            (SELECT 1 FROM cases_{part} p WHERE p.id = (e.after ->> '{part}')::bigint AND p.case_id = c.id)
    """  # noqa: S608


PARTS = [GONE, URGING, PARTY, WORKLIST, MISSED, RUNG, REQUEST, EVIDENCE, ORDER, MARK, DISPATCH, PROMISED, DIRECTION]
PARTS += [_gone(part) for part in NAMED]
PARTS += [_instant(table, column) for table, columns in INSTANTS.items() for column in columns]


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Cases, and parts of cases, that are not what their chain tells, or of which it tells nothing.

    A raw update with the triggers off is found here: it leaves the digests whole. ``chain`` limits it to one case.
    """
    for number, of, spoken, stored, told in ask(COMPARED, chain):
        if not spoken:
            yield Mismatch("silent", number, of)
            continue
        for name, here, there in zip(FIELDS, stored, told, strict=True):
            if here != there:
                yield Mismatch("differs", number, of, name, here, there)
    for number, of, policy, duties, told in ask(TERMS, chain):
        here = terms(json.loads(policy), json.loads(duties))
        if here != told:
            yield Mismatch("differs", number, of, "terms", here, told)
    for query in PARTS:
        yield from differing(query, chain)
