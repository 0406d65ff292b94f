"""From lines to rows, from rows to changes, from changes to a report."""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from responsibility.acting import Actor
from responsibility.exchange import reading
from responsibility.exchange.faults import BadFile, Fault, Faults
from responsibility.exchange.kinds import Unreadable, harmless, text_of
from responsibility.exchange.reading import Line, Opened, letters
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import User

# Titles and remarks may stand above the header.
HEADER_WITHIN = 10
MOST_SHOWN = 300
MOST_IN_LEDGER = 200
LONGEST_IN_LEDGER = 120
KINDS = ("created", "changed", "removed", "unchanged")
REPORT_HEADER = ["行 line", "结果 result", "键 key", "列 column", "原值 before", "新值 after"]

Progress = Callable[[int], None]
# By the place in the line, from 0; ``None`` for a title that nobody knows, which is told once.
Columns = dict[int, Column | None]


@dataclass
class Report:
    """What a file would do. ``plan`` is a digest over every change: two reports with one plan mean the same.

    ``shown`` holds the first changes as ``{"line", "kind", "key", "fields": [[column, before, after]]}``; ``sheet``
    takes all of them as CSV.
    """

    table: Table
    sheet: TextIO | None = None
    faults: Faults = field(default_factory=Faults)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    shown: list[dict] = field(default_factory=list)
    ledger: dict[str, list[str]] = field(default_factory=lambda: {"before": [], "after": []})

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()
        self._csv = csv.writer(self.sheet) if self.sheet else None
        if self._csv:
            self._csv.writerow(REPORT_HEADER)

    @property
    def plan(self) -> str:
        """SHA-256, hex."""
        return self._digest.hexdigest()

    @property
    def effective(self) -> int:
        """How many rows would not stay as they are."""
        return sum(count for kind, count in self.counts.items() if kind != "unchanged")

    def take(self, change: Change) -> None:
        """Take down one change."""
        self.counts[change.kind] += 1
        names = change.names if change.kind != "removed" else [column.name for column in self.table.read_columns]
        pairs = zip(names, self.table.texts(change.before, names), self.table.texts(change.after, names), strict=True)
        fields = [
            [name, before if change.before else "", after if change.after else ""] for name, before, after in pairs
        ]
        key = self._key(change)
        self._digest.update(repr((change.kind, change.line, key, fields)).encode())
        if self._csv:
            self._csv.writerows(self._sheet_rows(change, key, fields))
        if change.kind != "unchanged":
            self._keep(change, key, fields)

    def _key(self, change: Change) -> str:
        """What names the row to a person; what it leaves open is left out."""
        return "/".join(filter(None, self.table.texts(change.after or change.before, self.table.key)))

    def _sheet_rows(self, change: Change, key: str, fields: list) -> Iterator[list]:
        start = [change.line or "", change.kind, harmless(key)]
        if change.kind == "unchanged" or not fields:
            yield [*start, "", "", ""]
            return
        titles = {column.name: column.zh for column in self.table.columns}
        for name, before, after in fields:
            yield [*start, titles[name], harmless(before), harmless(after)]

    def _keep(self, change: Change, key: str, fields: list) -> None:
        if len(self.shown) < MOST_SHOWN:
            self.shown.append({"line": change.line, "kind": change.kind, "key": key, "fields": fields})
        if len(self.ledger["after"]) < MOST_IN_LEDGER:
            olds = ", ".join(f"{name}={before}" for name, before, _after in fields)
            news = ", ".join(f"{name}={after}" for name, _before, after in fields)
            self.ledger["before"].append("" if change.kind == "created" else f"{key}: {olds}"[:LONGEST_IN_LEDGER])
            text = f"{key}: {news}" if change.kind == "changed" else key
            self.ledger["after"].append(f"{change.kind} {text}"[:LONGEST_IN_LEDGER])

    def listed(self) -> list[dict]:
        """The faults, to be kept as JSON; those of the whole file first, then by line and column."""
        return [asdict(fault) for fault in sorted(self.faults.listed, key=_place)]


def _place(fault: Fault) -> tuple[int, int, str]:
    column, line = re.match(r"([A-Z]*)(\d*)", fault.cell).groups()  # type: ignore[union-attr]
    return int(line or 0), len(column), column


def run(
    path: Path,
    table: Table,
    scope: str,
    actor: Actor,
    *,
    sheet: Path | None = None,
    write: User | None = None,
    progress: Progress = lambda _line: None,
) -> Report:
    """Judge the file at ``path``; a file that cannot be read is a report with one fault.

    With ``write`` the changes are written as they are found, in the caller's transaction, which must not be kept when
    the report has faults. ``progress`` is told the line that was reached. ``sheet`` is where the whole report goes.
    """
    with sheet.open("w", encoding="utf-8-sig", newline="") if sheet else nullcontext() as out:
        report = Report(table, out)
        try:
            with reading.opened(path) as file:
                rows = read(file, table, report.faults, progress)
                for changes in table.judge(rows, scope, actor, report.faults):
                    for change in changes:
                        report.take(change)
                    if write and not report.faults.count:
                        table.write([change for change in changes if change.kind != "unchanged"], scope, write)
        except BadFile as error:
            report.faults.add(error.fault)
        return report


def read(file: Opened, table: Table, faults: Faults, progress: Progress) -> Iterator[Row]:
    """The rows of a file. A row whose own cells are faulty comes too, marked: others may refer to it."""
    lines = iter(file.lines)
    header, columns, rest = _header(lines, table, faults)
    if header is None:
        return
    for merged in file.merged:
        if any(int(number) >= header.number for number in re.findall(r"\d+", merged)):
            faults.add(Fault("merged", merged))
    found, places = 0, {column.name: letters(at + 1) for at, column in columns.items() if column}
    for line in chain(rest, lines):
        progress(line.number)
        row = _row(line, columns, places, faults)
        if row:
            found += 1
            yield row
    if not found:
        faults.add(Fault("no_rows"))


def _header(lines: Iterator[Line], table: Table, faults: Faults) -> tuple[Line | None, Columns, list[Line]]:
    """The header is the line with the most known titles among the first few."""
    known = _titles(table)
    first = list(islice(lines, HEADER_WITHIN))
    scored = [(sum(_title(cell) in known for cell in line.cells), -at) for at, line in enumerate(first)]
    score, at = max(scored, default=(0, 0))
    if not score:
        faults.add(Fault("no_header"))
        return None, {}, []
    header, seen = first[-at], set()
    columns: Columns = {}
    for number, cell in enumerate(header.cells):
        title, place = _title(cell), f"{letters(number + 1)}{header.number}"
        column = known.get(title)
        if column is not None and column.name not in seen:
            columns[number] = column
            seen.add(column.name)
        elif title:
            columns[number] = None
            faults.add(Fault("column_twice" if column else "unknown_column", place, words={"found": title[:40]}))
    missing = [column for column in table.read_columns if column.needed and column.name not in seen]
    for column in missing:
        faults.add(Fault("missing_column", words={"column": column.zh}))
    if missing:
        return None, {}, []
    return header, columns, first[1 - at :]


def _titles(table: Table) -> dict[str, Column]:
    return {_title(name): column for column in table.columns for name in (column.zh, column.en, column.name)}


def _title(cell: object) -> str:
    """A header as it is compared: narrow, lower case, without the star of a needed column."""
    try:
        return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text_of(cell))).strip(" *").casefold()
    except Unreadable:
        return ""


def _row(line: Line, columns: Columns, places: dict[str, str], faults: Faults) -> Row | None:
    """The row of a line; ``None`` for a blank one."""
    row, unread = Row(line.number, {}, places), set()
    for at, column in columns.items():
        if column is None or column.shown:
            continue
        row.values[column.name] = column.kind.empty
        try:
            # A short line of a CSV file ends before the column.
            row.values[column.name] = column.kind.read(line.cells[at] if at < len(line.cells) else None)
        except Unreadable as error:
            unread.add(column.name)
            faults.at(row, column.name, error.code, **error.words)
    if not unread and not any(map(_filled, row.values.values())):
        return None
    for at, cell in enumerate(line.cells):
        if at not in columns and _filled(cell):
            faults.add(Fault("beyond_header", f"{letters(at + 1)}{line.number}"))
            row.faulty = True
    for column in columns.values():
        if column and column.needed and column.name not in unread and not _filled(row.values.get(column.name)):
            faults.at(row, column.name, "needed")
    return row


def _filled(value: object) -> bool:
    return value is not None and value != () and value != {} and not (isinstance(value, str) and not value.strip())
