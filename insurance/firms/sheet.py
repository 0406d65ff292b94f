"""The purchase list as a workbook."""

import io
from collections.abc import Iterable

import xlsxwriter
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from insurance.firms.showing import Row
from responsibility import clock

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (28, 22, 40, 40, 14, 12, 12)


def written(rows: Iterable[Row]) -> bytes:
    """The workbook of ``rows``; every cell is a text, so that nothing in it is ever a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, bold = book.add_worksheet(_("购买服务清单")), book.add_format({"bold": True})
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        told = {"at": localtime(clock.now()).strftime("%Y-%m-%d %H:%M")}
        sheet.write_string(0, 0, _("安全技术服务购买清单，%(at)s") % told, bold)
        for column, name in enumerate(_header()):
            sheet.write_string(1, column, name, bold)
        for line, row in enumerate(rows, start=2):
            for column, text in enumerate(_cells(row)):
                sheet.write_string(line, column, text)
    return file.getvalue()


def _header() -> list[str]:
    return [
        _("机构"), _("统一社会信用代码"), _("服务事项"), _("风险类别"), _("资质有效期止"), _("持证人员"), _("评定"),
    ]  # fmt: skip


def _cells(row: Row) -> list[str]:
    comma = _("、")
    return [
        row.firm.unit.label, row.firm.credit_code, comma.join(str(item.label) for item in row.items),
        comma.join(row.categories) or _("不限"), str(row.until or ""), str(row.people), str(row.grade.label),
    ]  # fmt: skip
