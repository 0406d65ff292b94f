"""A file as lines of cells, whatever it is: told apart by its bytes, never by its name. Constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from responsibility.exchange import texts, workbooks
from responsibility.exchange.faults import BadFile

OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"


@dataclass
class Line:
    """One line: its number as spreadsheets count, and its cells as text, number, date, ``Formula`` or ``Broken``."""

    number: int
    cells: tuple


@dataclass
class Opened:
    """A file that can be read. ``rows`` is about how many lines it has, ``merged`` its ranges of merged cells."""

    rows: int
    lines: Iterator[Line]
    merged: list[str] = field(default_factory=list)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The lines of an XLSX or CSV file. Raises ``BadFile``, also while the lines are read."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise BadFile("empty_file")
    if head.startswith(OLE):
        raise BadFile("old_excel")
    if head.startswith(ZIP):
        with workbooks.opened(path) as (rows, merged, found):
            yield Opened(rows, (Line(*line) for line in found), merged)
        return
    if head.lstrip().startswith((b"<", b"%PDF", b"{")):
        raise BadFile("not_a_table")
    encoding, rows = texts.survey(path)
    yield Opened(rows, (Line(*line) for line in texts.lines(path, encoding)))


def letters(column: int) -> str:
    """The name of a column, from 1: A, B, … Z, AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
