"""XLSX, one row at a time. openpyxl reads; what it does not guard against is looked at first.

The bytes of the sheet are run through once without parsing them: that is how much there is, which cells are merged
(openpyxl tells only who loads the whole sheet), and whether one row alone would fill the memory.
"""

import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl

from responsibility.exchange.faults import BadFile
from responsibility.exchange.kinds import Broken, Formula

MOST_PARTS = 2000
MOST_UNPACKED = 400 << 20
# Everything but the sheets is held in memory by the reader.
MOST_HELD = 48 << 20
# So many bytes of a sheet without a new row: a row of every column with a long text in each is smaller.
MOST_IN_A_ROW = 8 << 20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 100
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
        rows, merged = _survey(path, sheet._worksheet_path)
        yield rows, merged, _rows(sheet)


def _refuse_bombs(archive: ZipFile) -> None:
    """By the sizes that the archive declares: Python's own reader never gives more than that."""
    parts = archive.infolist()
    held = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if len(parts) > MOST_PARTS or held > MOST_HELD or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadFile("bomb")


def _survey(path: Path, part: str) -> tuple[int, list[str]]:
    rows, merged, since, tail = 0, [], 0, b""
    try:
        with ZipFile(path) as archive, archive.open(part) as sheet:
            while block := sheet.read(BLOCK):
                piece = tail + block
                starts = [found.start() for found in ROW.finditer(piece) if found.end() > len(tail)]
                rows += len(starts)
                since = len(piece) - starts[-1] if starts else since + len(block)
                if since > MOST_IN_A_ROW:
                    raise BadFile("bomb")
                merged += [found[1].decode() for found in MERGED.finditer(piece) if found.end() > len(tail)]
                tail = piece[-TAIL:]
    except (BadZipFile, KeyError, OSError, EOFError, zlib.error) as error:
        raise BadFile("damaged") from error
    return rows, merged[:MOST_MERGED]


def _rows(sheet) -> Found:
    sheet.reset_dimensions()
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
            if number > MOST_ROWS:
                raise BadFile("too_many_rows", most=MOST_ROWS)
            yield number, tuple(map(_value, cells))
    except BadFile:
        raise
    except Exception as error:  # as above
        raise BadFile("damaged") from error


def _value(cell) -> Any:
    if cell.data_type == "f":
        return Formula()
    return Broken() if cell.data_type == "e" else cell.value
