"""What a table is to a spreadsheet: its columns, its people, and how its rows are found, judged and written."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from django.db import connection, models
from django.db.models import Q

from responsibility import access
from responsibility.acting import Actor
from responsibility.exchange.faults import Fault, Faults
from responsibility.exchange.kinds import Kind
from responsibility.models import User
from responsibility.models.district import by_language

# A table whose rows speak of each other is judged whole; more rows than this are not meant for it.
MOST_AT_ONCE = 20_000
BATCH = 1000


@dataclass(frozen=True)
class Column:
    """One column: ``zh`` and ``en`` are its headers, part of the file's form like the name of a field.

    ``help`` explains it in both languages. ``shown`` is for people to read: exported, ignored when it comes back.
    """

    name: str
    zh: str
    en: str
    kind: Kind
    needed: bool = False
    help: tuple[str, str] = ("", "")
    shown: bool = False

    @property
    def label(self) -> str:
        """The header in the reader's language."""
        return by_language(self.zh, self.en)

    @property
    def explanation(self) -> str:
        """The help in the reader's language."""
        return by_language(*self.help)

    @property
    def kind_label(self) -> str:
        """What it holds, in the reader's language."""
        return by_language(self.kind.zh, self.kind.en)


@dataclass
class Row:
    """A line of the file. ``values`` has the columns that the file has; ``letters`` tells where each stands."""

    line: int
    values: dict[str, Any]
    letters: dict[str, str]
    faulty: bool = False

    def cell(self, column: str) -> str:
        """The name of the cell, or the number of the line when the file lacks the column."""
        return f"{self.letters.get(column, '')}{self.line}"


@dataclass
class Change:
    """What becomes of one row. ``kind``: created, changed, unchanged, or removed (then ``line`` is 0)."""

    kind: str
    line: int
    key: tuple
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


class Table:
    """A table that goes out and comes back. Rows are told apart by the columns in ``key``; none is ever removed.

    A record is a row of the database as ``{column: value}``, the same shape as the values of a row of a file.
    """

    name: str
    zh: str
    en: str
    about: tuple[str, str] = ("", "")
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    model: type[models.Model]
    # Whether rows of the file may speak of each other.
    whole = True

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return by_language(self.zh, self.en)

    @property
    def explanation(self) -> str:
        """How it is meant, in the reader's language."""
        return by_language(*self.about)

    @property
    def read_columns(self) -> list[Column]:
        """The columns that count when the file comes back."""
        return [column for column in self.columns if not column.shown]

    @property
    def act(self) -> str:
        """What the permission table calls its export and import; asked again under the lock."""
        return f"exchange.{self.name}"

    def open_to(self, actor: Actor) -> bool:
        """Whether ``actor`` may export and import it."""
        return access.may(actor, self.act)

    def kept_by(self, actor: Actor) -> "Table":
        """The part of it that ``actor`` may take out: all, unless it matters in which unit he holds his post."""
        return self

    def brought(self, actor: Actor) -> Q:
        """The uploads for it that ``actor`` may see."""
        return Q(table=self.name)

    def scopes(self) -> list[tuple[str, str]] | None:
        """The parts that a file may be for, as ``(code, label)``; ``None`` where the table is one whole."""
        return None

    def lock(self, scope: str) -> None:
        """Keep other writers out until the transaction ends. Readers, and rows that refer to this table, go on."""
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self.model._meta.db_table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """What is there, for export in order; only the rows with ``keys`` when they are given."""
        raise NotImplementedError

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """Rules across cells, and codes that must exist. Adds to ``faults`` and marks rows faulty."""
        for column in self.read_columns:
            codes = column.kind.codes()
            if codes is None:
                continue
            for row in rows:
                value = row.values.get(column.name) or ()
                for one in (value,) if isinstance(value, str) else value:
                    if one not in codes:
                        faults.at(row, column.name, "unknown_code", found=one)

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """Write what is created and changed. The caller's transaction."""
        raise NotImplementedError

    def judge(self, rows: Iterator[Row], scope: str, actor: Actor, faults: Faults) -> Iterator[list[Change]]:
        """What would become of ``rows``, in batches; the work done so far may be written between two of them."""
        seen: set[int] = set()
        for number, batch in enumerate(batches(rows, MOST_AT_ONCE if self.whole else BATCH)):
            if number and self.whole:
                faults.add(Fault("too_many_rows", words={"most": str(MOST_AT_ONCE)}))
                return
            keys = {self.key_of(row.values) for row in batch}
            have = {self.key_of(record): record for record in self.records(scope, keys)}
            for row in batch:
                self._once(row, seen, faults)
            self.check(batch, have, actor, faults)
            yield [self._change(row, have.get(self.key_of(row.values))) for row in batch if not row.faulty]

    def gather(self, rows: Iterator[Row], faults: Faults) -> list[Row]:
        """All rows, with every column, where a file is judged as a whole; none, and a fault, when they are too many."""
        told = list(islice(rows, MOST_AT_ONCE + 1))
        if len(told) > MOST_AT_ONCE:
            faults.add(Fault("too_many_rows", words={"most": str(MOST_AT_ONCE)}))
            return []
        empty = {column.name: column.kind.empty for column in self.read_columns}
        seen: set[int] = set()
        for row in told:
            row.values = empty | row.values
            self._once(row, seen, faults)
        return told

    def key_of(self, values: dict[str, Any]) -> tuple:
        """What tells a row apart."""
        return tuple(values.get(name) for name in self.key)

    def _once(self, row: Row, seen: set[int], faults: Faults) -> None:
        # Eight bytes a row: fifty thousand codes themselves would be the largest thing in memory.
        mark = hash(self.key_of(row.values))
        if mark in seen and not row.faulty:
            faults.at(row, self.key[0], "twice", found="/".join(self.texts(row.values, self.key)))
        seen.add(mark)

    def _change(self, row: Row, record: dict | None) -> Change:
        key = self.key_of(row.values)
        if record is None:
            whole = {column.name: column.kind.empty for column in self.read_columns} | row.values
            return Change("created", row.line, key, {}, whole, list(row.values))
        names = [column.name for column in self.read_columns if self._differs(column, row, record)]
        return Change("changed" if names else "unchanged", row.line, key, record, record | row.values, names)

    def _differs(self, column: Column, row: Row, record: dict) -> bool:
        return column.name in row.values and not column.kind.same(row.values[column.name], record.get(column.name))

    def texts(self, values: dict[str, Any], names: Iterable[str]) -> list[str]:
        """The values of ``names`` as their cells would show them."""
        return ["" if values.get(name) is None else str(self._kinds[name].show(values[name])) for name in names]

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        return {column.name: column.kind for column in self.columns}


def paired(rows: list[Row], records: list[dict], same: Callable) -> tuple[list[Row], list[dict], list]:
    """``rows`` and ``records`` that ``same`` finds alike, and what is left of both, in order."""
    waiting: dict[tuple, list[dict]] = defaultdict(list)
    for record in records:
        waiting[same(record)].append(record)
    pairs, left = [], []
    for row in rows:
        found = waiting[same(row.values)]
        if found:
            pairs.append((row, found.pop(0)))
        else:
            left.append(row)
    still = {id(record) for found in waiting.values() for record in found}
    return left, [record for record in records if id(record) in still], pairs


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """``rows`` in lists of at most ``size``."""
    while batch := list(islice(rows, size)):
        yield batch


TABLES: dict[str, Table] = {}


def register(table: Table) -> None:
    """Offer ``table`` on the exchange page and to the ``exchange`` command."""
    TABLES[table.name] = table


def open_tables(actor: Actor) -> list[Table]:
    """The tables that ``actor`` may export and import."""
    return [table for table in TABLES.values() if table.open_to(actor)]
