"""Whether each alert is told by the ledger, and each one told is there. One statement, however many there are."""

from collections.abc import Iterator
from uuid import UUID

from responsibility import auditing

# The same number of two sources may stand in one chain; the instant tells them apart. A second owner's case is opened
# by a decision, and tells of the case it is linked to instead of an alert.
COMPARED = """
    SELECT COALESCE(a.external_id, e.external_id), COALESCE(a.chain, e.chain), 'alert', a.external_id, e.external_id
    FROM alerts_alert a FULL JOIN (
        SELECT chain, at, COALESCE(after ->> 'alert', after ->> 'external_id') AS external_id
        FROM responsibility_ledgerentry
        WHERE (verb LIKE 'alert.%%' OR verb IN ('case.open', 'case.triage')) AND NOT after ? 'linked_to'
    ) e ON e.chain = a.chain AND e.external_id = a.external_id AND e.at = a.received_at
    WHERE (a.id IS NULL OR e.chain IS NULL) AND (%(chain)s::uuid IS NULL OR COALESCE(a.chain, e.chain) = %(chain)s)
"""


def mismatches(chain: UUID | None = None) -> Iterator[auditing.Mismatch]:
    """Alerts that no entry tells of (``silent``), and entries that tell of no alert (``gone``)."""
    yield from auditing.differing(COMPARED, chain)
