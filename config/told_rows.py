"""Whether the rows that are told one by one (``responsibility/rows_told.py``) stand as the ledger tells."""

from collections.abc import Iterator
from uuid import UUID

from responsibility import erasing
from responsibility.auditing import Mismatch, differing

# Each table with its key and the columns that are no matter of the record, as its trigger has them (a test compares).
TOLD = {
    "responsibility_district": ("id", ""),
    "responsibility_unit": ("id", ""),
    "responsibility_territory": ("id", ""),
    "responsibility_scenario": ("id", ""),
    "responsibility_category": ("id", ""),
    "responsibility_authority": ("id", ""),
    "responsibility_calendaryear": ("year", ""),
    "responsibility_calendarday": ("date", ""),
    "responsibility_user": ("id", "last_login"),
    "responsibility_user_groups": ("id", ""),
    "responsibility_user_user_permissions": ("id", ""),
    "auth_group": ("id", ""),
    "auth_group_permissions": ("id", ""),
    "responsibility_token": ("id", ""),
    "alerts_source": ("id", "heartbeat_at"),
    "alerts_riskobject": ("id", ""),
    "resources_capability": ("id", ""),
    "resources_kitline": ("id", ""),
    "resources_station": ("id", ""),
    "resources_resource": ("id", "stock,reserved,ready"),
    "resources_offer": ("id", ""),
    "handbook_step": ("id", ""),
    "notary_witness": ("id", ""),
    "notary_outlet": ("id", "size,sent_at,next_at,failures,error"),
}

# Each row beside the latest entry of it; what was erased by law stands for anything, and a column that came later is
# told by the next change of its row. Rows from before they were told one by one stand under their digest (``stands``).
COMPARED = """
    SELECT coalesce(told.subject_label, '{table} ' || stands.row), coalesce(told.chain, stands.chain),
        concat_ws('.', '{table}', coalesce(stands.row, told.subject_id)),
        CASE WHEN stands.row IS NOT NULL THEN coalesce(parts.stored, '{{}}') END,
        CASE WHEN told.verb <> 'row.remove' THEN coalesce(parts.told, '{{}}') END
    FROM (
        SELECT r."{key}"::text AS row, md5('{table}:' || r."{key}")::uuid AS chain,
            bihuan_row_said(to_jsonb(r), '{{{untold}}}') AS said
        FROM {table} r
    ) stands FULL JOIN (
        SELECT DISTINCT ON (chain) chain, subject_id, subject_label, verb, after FROM responsibility_ledgerentry
        WHERE subject_type = '{table}' AND verb IN ('row.add', 'row.change', 'row.remove') ORDER BY chain, seq DESC
    ) told ON told.chain = stands.chain CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(s.key, s.value)::text AS stored, jsonb_object_agg(t.key, t.value)::text AS told
        FROM jsonb_each_text(stands.said) s JOIN jsonb_each_text(told.after) t ON t.key = s.key
        WHERE s.value IS DISTINCT FROM t.value AND t.value IS DISTINCT FROM '{mark}'
    ) parts
    WHERE (%(chain)s::uuid IS NULL OR coalesce(told.chain, stands.chain) = %(chain)s)
        AND (parts.stored IS NOT NULL OR (stands.row IS NULL) <> (coalesce(told.verb, 'row.remove') = 'row.remove'))
        AND (told.chain IS NOT NULL OR NOT EXISTS
            (SELECT 1 FROM responsibility_stand s WHERE s.of_table = '{table}' AND s.of_row = stands.row))
"""


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Rows that are not what the ledger told last of them, or of which it tells nothing. One statement."""
    asked = [
        COMPARED.format(table=table, key=key, untold=",".join(filter(None, [untold, key])), mark=erasing.MARK)
        for table, (key, untold) in TOLD.items()
    ]
    yield from differing(" UNION ALL ".join(asked), chain)
