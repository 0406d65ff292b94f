"""Reading through: what of a chain lies in the archive is read as if it had never left the database.

Only chains of earlier months can lie there, so that for the work of the day nothing is asked and nothing read.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.datastructures import BaseTable
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from responsibility import chains, volumes
from responsibility.models import ArchivedChain, LedgerEntry, Volume
from responsibility.refusals import Refused

TABLE = "responsibility_ledgerentry"
# As a table of its own, archived rows and those in the database together; both of the same columns in the same order.
TOGETHER = f"""
    SELECT * FROM jsonb_populate_recordset(NULL::public.{TABLE}, %s::jsonb)
    UNION ALL SELECT * FROM public.{TABLE} WHERE chain = ANY(%s::uuid[])
"""  # noqa: S608, no word of it comes from outside
# Of a case ``c``: its whole record lies in the database. What counts over many cases looks at these only.
HERE = "NOT EXISTS (SELECT 1 FROM responsibility_archivedchain gone WHERE gone.chain = c.chain)"
# The blocks in which entries may lie that are asked for by their ids.
BLOCKS = """
    SELECT DISTINCT a.volume_id, a."offset", a.length
    FROM unnest(%s::bigint[]) AS asked (id) JOIN responsibility_archivedchain a ON a.ids @> asked.id ORDER BY 1, 2
"""


def place(volume: Volume) -> Path:
    """Where the file of ``volume`` must be."""
    return Path(settings.LEDGER_ARCHIVE) / volume.name


def archived(asked: Collection[UUID]) -> list[ArchivedChain]:
    """Where what is archived of the chains ``asked`` stands, with its volume. No query for chains of this month."""
    until = chains.first_of(timezone.now())
    old = [chain for chain in asked if chain < until]
    if not old:
        return []
    return list(ArchivedChain.objects.filter(chain__in=old).select_related("volume").order_by("chain", "seq"))


def rows(asked: Collection[UUID]) -> list[dict]:
    """The archived entries of the chains ``asked``, as ``reading.row`` gives them; few, for one page.

    ``Refused`` (``archive_missing``) when the file cannot be read: the page then says so, and the rest works on.
    """
    found: dict[tuple[Volume, int, int], set[str]] = {}
    for one in archived(asked):
        found.setdefault((one.volume, one.offset, one.length), set()).add(str(one.chain))
    return [row for block, names in found.items() for row in _block(*block) if row["chain"] in names]


def rows_by_id(wanted: Collection[int]) -> dict[int, dict]:
    """Those of the entries ``wanted`` (ids) that are archived, as ``rows`` gives them, by id. ``Refused`` likewise."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, [list(wanted)])
        blocks = cursor.fetchall()
    of_id, left, found = Volume.objects.in_bulk({volume for volume, *_place in blocks}), set(wanted), {}
    for volume, offset, length in blocks:
        for row in _block(of_id[volume], offset, length) if left else ():
            if row["id"] in left:
                left.remove(row["id"])
                found[row["id"]] = row
    return found


def by_id(wanted: Collection[int]) -> dict[int, LedgerEntry]:
    """The entries ``wanted`` (ids), wherever they lie; one that is nowhere is not there. One statement, two more where
    some are archived. ``Refused`` (``archive_missing``) when their file cannot be read.
    """
    found = LedgerEntry.objects.in_bulk(wanted)
    away = [pk for pk in wanted if pk not in found]
    return found | {pk: entry(row) for pk, row in rows_by_id(away).items()} if away else found


def _block(volume: Volume, offset: int, length: int) -> Iterator[dict]:
    try:
        yield from volumes.rows(place(volume), offset, offset + length)
    except volumes.Damaged as error:
        detail = _("本链台账已归档于 %(file)s，归档文件现在无法读取，请联系系统管理员。") % {"file": volume.name}
        raise Refused("archive_missing", detail) from error


def reading(entries: QuerySet[LedgerEntry], asked: Collection[UUID]) -> QuerySet[LedgerEntry]:
    """``entries``, a query narrowed to the chains ``asked``, over what is archived of them too.

    It can be narrowed and ordered further like any other; the archived rows travel with it as one value.
    """
    found = rows(asked)
    if not found:
        return entries
    query = entries.query
    alias = query.get_initial_alias()
    query.alias_map[alias] = _Together(TABLE, alias, packed(found), list(asked))
    return entries


def packed(found: list[dict]) -> str:
    """Archived rows as the database unpacks them into rows of the ledger."""
    return orjson.dumps([_column_values(row) for row in found]).decode()


def _column_values(row: dict) -> dict:
    salt = row["salt"]
    return row | {"salt": "\\x" + salt.hex() if salt else None, "xact": 0}


class _Together(BaseTable):
    """The ledger as a query sees it whose chains are partly in files."""

    def __init__(self, table_name: str, alias: str, archived_rows: str, asked: list[UUID]):
        super().__init__(table_name, alias)
        self.values = [archived_rows, asked]

    def as_sql(self, compiler, connection):
        return f"({TOGETHER}) {compiler.quote_name_unless_alias(self.table_alias)}", self.values

    def relabeled_clone(self, change_map):
        return _Together(self.table_name, change_map.get(self.table_alias, self.table_alias), *self.values)

    @property
    def identity(self):
        return (*super().identity, self.values[0])


def shadowing(asked: Collection[UUID]) -> tuple[str, dict]:
    """What follows the WITH of a statement so that it finds archived rows of ``asked`` too, and its named values.

    Empty when nothing of ``asked`` is archived: the statement then reads the table. Otherwise it sees only them.
    """
    found = rows(asked)
    if not found:
        return "", {}
    text = TOGETHER.replace("%s::jsonb", "%(archived_rows)s::jsonb").replace("%s::uuid[]", "%(archived_of)s::uuid[]")
    return f"{TABLE} AS NOT MATERIALIZED ({text}),", {"archived_rows": packed(found), "archived_of": list(asked)}


def months() -> list[date]:
    """The months that are in the archive, oldest first, by their first day."""
    found = Volume.objects.filter(restored_at=None).order_by("month").values_list("month", flat=True)
    return list(found.distinct())


def entry(row: dict) -> LedgerEntry:
    """An archived row as an entry that was fetched."""
    fields = {field.attname for field in LedgerEntry._meta.concrete_fields}
    values = {name: value for name, value in row.items() if name in fields}
    made = LedgerEntry(**values)
    made.chain = UUID(row["chain"])
    made.at, made.recorded_at = (datetime.fromisoformat(row[name]) for name in ("at", "recorded_at"))
    made._state.adding = False
    return made


def everything() -> Iterator[tuple[Volume, dict]]:
    """All archived entries, each with its volume. Constant memory; ``volumes.Damaged`` where a file cannot be read."""
    for volume in Volume.objects.filter(restored_at=None):
        for row in volumes.rows(place(volume)):
            yield volume, row
