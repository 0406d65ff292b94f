"""XLSX, one row at a time. openpyxl reads; what it does not guard against is looked at first.

The bytes of the sheet are run through once without parsing them: that is how much there is, which cells are merged
(openpyxl tells only who loads the whole sheet), and whether one row alone would fill the memory.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl

from responsibility.exchange.faults import BadFile
from responsibility.exchange.kinds import Broken, Formula

MOST_PARTS = 2000
MOST_UNPACKED = 400 << 20
# Everything but the sheets is held in memory by the reader.
MOST_HELD = 32 << 20
STRINGS = "xl/sharedStrings.xml"
# So many bytes without a new row: such a row would take minutes to read.
MOST_IN_A_ROW = 2 << 20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 40
MOST_MERGED = 100
BLOCK = 1 << 20
# A piece of a tag may lie across two blocks.
TAIL = 200
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3}\d{1,7}(?::[A-Z]{1,3}\d{1,7})?)\"")
ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")

# What a workbook holds beyond its cells is nothing to us.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")

Found = Iterator[tuple[int, tuple]]


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, list[str], Found]]:
    """About how many rows the first sheet has, its merged ranges, and its rows with their numbers."""
    with ExitStack() as stack:
        try:
            with ZipFile(path) as archive:
                _refuse_bombs(archive)
                surveys = {part.filename: _survey(archive, part.filename) for part in archive.infolist()}
            # As a stream: by a path the reader would judge the name.
            book = openpyxl.load_workbook(stack.enter_context(path.open("rb")), read_only=True)
            stack.callback(book.close)
        except BadFile:
            raise
        except Exception as error:  # a reader fails in a dozen ways on a damaged file
            raise BadFile("damaged") from error
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
        if sheet is None:
            raise BadFile("no_header")
        yield *surveys.get(sheet._worksheet_path, (0, [])), _rows(sheet)


def _refuse_bombs(archive: ZipFile) -> None:
    """By the sizes that the archive declares: Python's own reader never gives more than that."""
    parts = archive.infolist()
    held = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if len(parts) > MOST_PARTS or held > MOST_HELD or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadFile("bomb")


def _survey(archive: ZipFile, name: str) -> tuple[int, list[str]]:
    """How many rows a part has and its merged ranges; whatever its name, for a workbook may keep a sheet anywhere."""
    rows, merged, since, tail = 0, [], 0, b""
    if name == STRINGS:
        return 0, []
    with archive.open(name) as part:
        while block := part.read(BLOCK):
            piece = tail + block
            starts = [found.start() for found in ROW.finditer(piece) if found.end() > len(tail)]
            rows += len(starts)
            since = len(piece) - starts[-1] if starts else since + len(block)
            if since > MOST_IN_A_ROW:
                raise BadFile("bomb")
            merged += [found[1].decode() for found in MERGED.finditer(piece) if found.end() > len(tail)]
            tail = piece[-TAIL:]
    return rows, merged[:MOST_MERGED]


def _rows(sheet) -> Found:
    sheet.reset_dimensions()
    try:
        last = None
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
            if number > MOST_ROWS:
                raise BadFile("too_many_rows", most=MOST_ROWS)
            # Holes are filled with one and the same blank row, up to a million times.
            if cells is not last:
                yield number, tuple(map(_value, cells))
            last = cells
    except BadFile:
        raise
    except Exception as error:  # as above
        raise BadFile("damaged") from error


def _value(cell) -> Any:
    if cell.data_type == "f":
        return Formula()
    return Broken() if cell.data_type == "e" else cell.value
