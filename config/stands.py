"""Whether the rows of the record stand as they were when they were written honestly (``responsibility/stands.py``)."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from config import told_rows
from responsibility.auditing import Mismatch, differing

# Each table with its key and the columns that are no matter of the record, as its triggers have them (a test compares).
# Cases, parties and clocks are not here, they come by the thousand: ``cases`` compares them with what acts tell.
WATCHED = {
    **dict.fromkeys(
        (
            "responsibility_post", "responsibility_edition", "responsibility_duty", "responsibility_opinion",
            "responsibility_shift", "responsibility_handover", "handbook_version", "notices_channel", "alerts_alert",
            "alerts_drill", "alerts_drillalert", "cases_request", "cases_evidence", "cases_pause", "cases_urging",
            "cases_grant", "cases_checklistmark", "cases_order", "cases_order_proof", "cases_advice", "cases_dispatch",
            "cases_dispatchline", "cases_command", "cases_situationreport", "accountability_statement",
            "accountability_recheck", "accountability_drawseed", "accountability_consequence",
            "accountability_answer", "desk_question", "desk_sealed", "notary_signingkey", "notary_checkpoint",
            "notary_cosignature", "notary_sighting", "retention_period", "retention_hold",
            "policies_policy", "policies_share", "policies_covered", "policies_endorsement", "policies_premium",
            "policies_cover", "firms_firm", "firms_licence", "firms_inspector", "firms_measure", "firms_complaint",
            "service_serviceorder",
            "service_visit", "service_photo", "service_visit_people", "findings_finding", "claims_claim",
            "service_plan", "service_planline", "service_assessment", "service_budget", "service_expense",
            "service_sentphoto", "service_servicerequest",
            "portals_hook", "portals_contact",
            "claims_term", "claims_ask", "claims_paper", "claims_assessment", "claims_reservechange", "claims_pursuit",
            "claims_payment", "claims_portion",
            "findings_proof", "findings_recheck", "findings_register", "findings_incharge", "findings_certificate",
            "findings_selfcheck", "findings_checkphoto", "findings_dutyanswer",
        ),
        ("id", ""),
    ),
    "responsibility_upload": ("id", "lines,state,stale,counts,faults,fault_count,shown,plan,applied_by_id"),
}  # fmt: skip
STANDING = """
    SELECT '{table}' AS of_table, r."{key}"::text AS of_row,
        coalesce(bihuan_row_digest(to_jsonb(r) - string_to_array('{untold}', ','), s.salt), 'unsalted') AS digest
    FROM {table} r {join} responsibility_stand s ON s.of_table = '{table}' AND s.of_row = r."{key}"::text
"""
# Told one by one since: what it was before is of no account.
SINCE = """
    NOT EXISTS (SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = md5({0})::uuid AND e.verb LIKE 'row.%%')
"""
# What waits to be told counts as told last.
COMPARED = """
    WITH lines AS MATERIALIZED (
        SELECT t.key AS of_table, r.key AS of_row, r.value ->> 0 AS was, r.value ->> 1 AS becomes, 0 AS waits,
            e.id AS place
        FROM responsibility_ledgerentry e, jsonb_each(e.after -> 'rows') t, jsonb_each(t.value) r
        WHERE e.verb = 'rows.stand'
        UNION ALL SELECT of_table, of_row, was, becomes, 1, id FROM responsibility_line
    ), told AS MATERIALIZED (
        SELECT of_table, of_row, was, becomes, lag(becomes) OVER w AS before, lag(place) OVER w IS NOT NULL AS follows,
            lead(place) OVER w IS NULL AS newest
        FROM lines WINDOW w AS (PARTITION BY of_table, of_row ORDER BY waits, place)
    ), standing AS ({standing})
    SELECT '数据行 row', '00000000-0000-0000-0000-000000000000'::uuid,
        concat_ws('.', coalesce(s.of_table, t.of_table), coalesce(s.of_row, t.of_row)), s.digest, t.becomes
    FROM standing s FULL JOIN (
        SELECT * FROM told WHERE newest AND becomes IS NOT NULL AND (of_table <> ALL ('{{{told}}}') OR {since})
    ) t USING (of_table, of_row)
    WHERE s.digest IS DISTINCT FROM t.becomes AND %(chain)s::uuid IS NULL
    UNION ALL
    SELECT '其间改过 changed in between', '00000000-0000-0000-0000-000000000000'::uuid, of_table || '.' || of_row,
        coalesce(was, '-'), coalesce(before, '-')
    FROM told WHERE follows AND was IS DISTINCT FROM before AND %(chain)s::uuid IS NULL
"""


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Rows that are not what was told last of them, that nobody told, or that are gone. One statement.

    Rows belong to no chain: for one ``chain`` there is nothing to say.
    """
    if chain is None:
        yield from differing(_compared())


def _compared() -> str:
    of_rows = [_standing(table, *how, join="LEFT JOIN") for table, how in WATCHED.items()]
    for table, (key, untold) in told_rows.TOLD.items():
        spoken = SINCE.format(f"""'{table}:' || r."{key}" """)
        of_rows.append(f"{_standing(table, key, untold, join='JOIN')} WHERE {spoken}")
    since = SINCE.format("of_table || ':' || of_row")
    return COMPARED.format(standing=" UNION ALL ".join(of_rows), told=",".join(told_rows.TOLD), since=since)


def _standing(table: str, key: str, untold: str, join: str) -> str:
    return STANDING.format(table=table, key=key, untold=untold, join=join)


def begin() -> int:
    """Note what stands and was never told: the rows of an installation from before; how many. Again, nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(bihuan_rows_stand(t.name::regclass, t.key, t.untold)), 0)"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) AS t (name, key, untold)",
            [
                list(column)
                for column in zip(*((t, *how) for t, how in (WATCHED | told_rows.TOLD).items()), strict=True)
            ],
        )
        return int(cursor.fetchone()[0])
