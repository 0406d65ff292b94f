"""Tables as files: templates to fill in, and exports of what is there. Row by row, in constant memory."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext_lazy as _

from responsibility.exchange.kinds import LONGEST_TEXT, Choice, Number, OneOf, harmless
from responsibility.exchange.tables import Column, Table
from responsibility.refusals import Refused

XLSX, CSV = "xlsx", "csv"
TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}
# A list of choices longer than this is not taken by Excel inside a cell rule.
LONGEST_LIST = 255
LAST_ROW = 1_048_575
GUIDE = ("列 Column", "英文列名 English header", "必填 Needed", "填什么", "What it holds", "说明", "Explanation")
CODES = ("列 Column", "代码 Code", "中文", "English")
SHOWN = ("仅供查看，导入时忽略。", "For reading only; ignored when imported.")


def template(table: Table, file: IO[bytes]) -> None:
    """An empty XLSX with the headers, rules for what may be chosen, and a second sheet that explains both."""
    _workbook(table, file, iter(()))


def export(table: Table, scope: str, form: str, file: IO[bytes]) -> None:
    """What is there as ``form`` (``xlsx`` or ``csv``), ready to be changed and brought back.

    ``Refused`` when a text is longer than a cell of Excel can hold.
    """
    records = table.records(scope)
    if form == XLSX:
        _workbook(table, file, records)
        return
    # With the mark by which Excel knows UTF-8.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_header(column) for column in table.columns])
    for record in records:
        shown = _shown(table, record)
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in shown])
    text.detach()


def _shown(table: Table, record: dict[str, Any]) -> list[Any]:
    return [column.kind.show(record.get(column.name)) for column in table.columns]


def _header(column: Column) -> str:
    return f"{column.zh}*" if column.needed else column.zh


def _workbook(table: Table, file: IO[bytes], records: Iterator[dict[str, Any]]) -> None:
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(table.zh)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(table.columns):
            # As text, or Excel would make numbers of codes and dates of 1-2.
            sheet.set_column(at, at, 18, None if isinstance(column.kind, Number) else text)
            sheet.write_string(0, at, _header(column), bold)
            choices = _choices(column)
            if choices and len(",".join(choices)) <= LONGEST_LIST:
                sheet.data_validation(1, at, LAST_ROW, at, {"validate": "list", "source": choices})
        for line, record in enumerate(records, start=1):
            _write(sheet, line, _shown(table, record), text)
        _guide(book.add_worksheet("说明 Guide"), table, bold)


def _choices(column: Column) -> list[str]:
    """What is offered in the cell: names of a fixed list, codes of one that is not too long."""
    if type(column.kind) is OneOf:
        return [one.code for one in column.kind.allowed()]
    return [one.zh for one in column.kind.allowed()] if isinstance(column.kind, Choice) else []


def _write(sheet, line: int, values: list[Any], text) -> None:
    """Texts as texts: nothing that is written here is ever a formula."""
    for at, value in enumerate(values):
        if isinstance(value, int | float):
            sheet.write_number(line, at, value)
        elif value:
            if len(value) > LONGEST_TEXT:
                raise Refused("too_long", _("有的文字超过 Excel 单元格的长度，请改用 CSV 导出。"))
            sheet.write_string(line, at, value, text)


def _guide(sheet, table: Table, bold) -> None:
    sheet.set_column(0, 6, 24)
    lines: list[tuple] = [table.about, (), GUIDE]
    for column in table.columns:
        needed = "是 yes" if column.needed else ""
        said = SHOWN if column.shown else column.help
        lines.append((column.zh, column.en, needed, column.kind.zh, column.kind.en, *said))
    lines += [(), CODES]
    for column in table.columns:
        lines += [(column.zh, one.code, one.zh, one.en) for one in column.kind.allowed()]
    for line, cells in enumerate(lines):
        for at, cell in enumerate(cells):
            sheet.write_string(line, at, cell, bold if cells in (GUIDE, CODES) else None)
