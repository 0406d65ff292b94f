"""For statements that ask the whole ledger at once: what is archived stands beside the rest while they run."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import connection, transaction

from responsibility import shelf, volumes
from responsibility.copying import Plan
from responsibility.models import LedgerEntry, Volume
from responsibility.refusals import Refused

# What only proofs need is left out.
BARE = {"salt": None, "salts": None, "erased": None, "previous": "", "digest": "", "request_id": "", "xact": 0}
# A temporary relation is found before another of its name, by this connection alone.
BESIDE = f"""
    CREATE TEMP VIEW {shelf.TABLE} AS SELECT * FROM public.{shelf.TABLE} UNION ALL SELECT * FROM unpacked_ledger
"""  # noqa: S608, no word of it comes from outside


@contextmanager
def unpacked(chain: UUID | None = None) -> Iterator[None]:
    """Within, every statement of this connection finds archived entries too: those of ``chain``, or all.

    A file that cannot be read is passed by: it is for others to say so, and its cases then seem to be untold.
    """
    found = list(Volume.objects.filter(restored_at=None))
    if not found:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE unpacked_ledger (LIKE public.{shelf.TABLE}) ON COMMIT DROP")
        # Nothing else can be asked while a copy runs, so what is needed is known before.
        _fill(_of(chain) if chain else _readable(found))
        cursor.execute("CREATE INDEX ON unpacked_ledger (chain, seq)")
        cursor.execute("ANALYZE unpacked_ledger")
        cursor.execute(BESIDE)
        try:
            yield
        finally:
            cursor.execute(f"DROP VIEW pg_temp.{shelf.TABLE}")
            cursor.execute("DROP TABLE pg_temp.unpacked_ledger")


def _readable(found: list[Volume]) -> Iterator[dict]:
    for volume in found:
        with suppress(volumes.Damaged):
            yield from volumes.rows(shelf.place(volume))


def _of(chain: UUID) -> list[dict]:
    with suppress(Refused):
        return shelf.rows([chain])
    return []


def _fill(rows: Iterable[dict]) -> None:
    plan = Plan.of(LedgerEntry, frozenset())
    copying = plan.copying.replace(f'"{shelf.TABLE}"', "unpacked_ledger")
    with connection.cursor() as cursor, cursor.copy(copying) as written:
        for line in plan.lines({**row, **BARE} for row in rows):
            written.write_row(line)
