"""What the audits of all floors share: a fault, and the reading of a large answer piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

CHUNK = 2000


@dataclass
class Mismatch:
    """Something that differs from what the ledger tells of it.

    ``kind``: ``silent`` (the ledger tells nothing of it), ``gone`` (the ledger tells of what is not there),
    ``differs``, or ``removed``, which is no fault: it went under retention, as the ledger tells. ``number`` names the
    thing, mostly by its case; ``stored`` and ``told`` hold what stands in ``field``.
    """

    kind: str
    number: str
    chain: UUID
    field: str = ""
    stored: str | None = None
    told: str | None = None


def ask(query: str, chain: UUID | None = None) -> Iterator[tuple]:
    """The rows of ``query``, which may name ``%(chain)s``: one chain, or null for all. Constant memory."""
    # A cursor of the server's lives in a transaction; without one the whole answer would be kept in memory.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query, {"chain": chain})
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def differing(query: str, chain: UUID | None = None) -> Iterator[Mismatch]:
    """The rows ``(number, chain, field, stored, told)`` of ``query`` as faults; nothing stored means ``gone``."""
    for number, of, field, stored, told in ask(query, chain):
        kind = "differs" if stored and told else "silent" if stored else "gone"
        yield Mismatch(kind, number, of, field, stored, told)
