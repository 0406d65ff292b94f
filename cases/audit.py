"""Whether the cases stand as their ledger tells. Set-based: one statement, however many cases there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

CHUNK = 2000


@dataclass
class Mismatch:
    """A case that differs from its own story. ``kind``: ``silent`` (no entries at all) or ``differs``.

    ``stored`` and ``told`` hold the values of ``field`` (``state``, ``loop``, ``grade`` or ``holder``).
    """

    kind: str
    number: str
    chain: UUID
    field: str = ""
    stored: str | None = None
    told: str | None = None


# The last value told of a field is in the latest entry whose ``after`` names it; every entry that moves a case names
# what it moved. Before the first move a case is in triage and in the small loop. The index on (chain, seq) serves
# each look.
TOLD = """
    LEFT JOIN LATERAL (
        SELECT e.after ->> '{field}' AS told FROM responsibility_ledgerentry e
        WHERE e.chain = c.chain AND e.after ? '{field}' ORDER BY e.seq DESC LIMIT 1
    ) AS {field} ON true
"""
FIELDS = ("state", "loop", "grade", "holder")
COMPARED = f"""
    SELECT c.number, c.chain,
        EXISTS (SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = c.chain) AS spoken,
        c.state, COALESCE(state.told, 'triage'), c.loop, COALESCE(loop.told, 'small'), c.grade, grade.told,
        u.code, holder.told
    FROM cases_case c LEFT JOIN responsibility_unit u ON u.id = c.holder_id
    {"".join(TOLD.format(field=field) for field in FIELDS)}
    WHERE (c.state, c.loop, c.grade, u.code)
        IS DISTINCT FROM (COALESCE(state.told, 'triage'), COALESCE(loop.told, 'small'), grade.told, holder.told)
"""  # noqa: S608, no word of it comes from outside


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Cases whose state, loop, grade or holder is not what their chain told last, or that have no entries.

    A raw update with the triggers off is found here: it leaves the digests whole. ``chain`` limits it to one case.
    """
    query, values = COMPARED, []
    if chain is not None:
        query, values = COMPARED + " AND c.chain = %s", [chain]
    # A cursor of the server's lives in a transaction; without one the whole answer would be kept in memory.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query + " ORDER BY c.id", values)
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield from _faults(*row)


def _faults(number: str, chain: UUID, spoken: bool, *pairs: str | None) -> Iterator[Mismatch]:
    if not spoken:
        yield Mismatch("silent", number, chain)
        return
    for name, stored, told in zip(FIELDS, pairs[::2], pairs[1::2], strict=True):
        if stored != told:
            yield Mismatch("differs", number, chain, name, stored, told)
