"""CSV as China sends it: UTF-8 with or without a mark, GBK from Excel's "CSV", UTF-16 from its "Unicode text"."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from responsibility.exchange.faults import BadFile

BLOCK = 1 << 20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# GB 18030 contains GBK and GB 2312.
TRIED = ("utf-8", "gb18030")
DELIMITERS = ",\t;，"


def survey(path: Path) -> tuple[str, int]:
    """The encoding of the file and how many line ends it has. ``BadFile`` when it is no text."""
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    for encoding in (marked,) if marked else TRIED:
        try:
            return encoding, _decode(path, encoding)
        except UnicodeDecodeError:
            continue
    raise BadFile("encoding")


def _decode(path: Path, encoding: str) -> int:
    """Read it once through; the number of line ends."""
    decoder, rows = codecs.getincrementaldecoder(encoding)(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            if "\x00" in text:
                raise BadFile("not_a_table")
            rows += text.count("\n") or text.count("\r")
        decoder.decode(b"", final=True)
    return rows


def lines(path: Path, encoding: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The records with their numbers from 1, as spreadsheets count them."""
    with path.open(encoding=encoding, newline="") as file:
        head = file.readline(BLOCK)
        delimiter = max(DELIMITERS, key=head.count)
        file.seek(0)
        # Strict, or one quote that is never closed would swallow the rest of the file into one cell.
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                yield number, tuple(cells)
        except csv.Error:
            raise BadFile("bad_csv", line=number + 1) from None
