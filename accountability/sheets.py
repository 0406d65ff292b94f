"""The answers as files: CSV in UTF-8 with a mark so that Excel sees it; a cell that it would run is defused."""

import csv
from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accountability import dossier
from accountability.across import Elephant, Failure
from accountability.byunit import Row
from accountability.pagewords import COLUMNS, WHY
from cases.fivefold import DUTIES
from responsibility.exchange.kinds import harmless

LABELS = {duty.code: duty.label for duty in DUTIES}


def answer(name: str, header: Iterable[object], rows: Iterable[Iterable[object]]) -> HttpResponse:
    """A CSV file called ``name``."""
    file = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    file["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    write = csv.writer(file)
    write.writerow([str(cell) for cell in header])
    write.writerows([_cell(cell) for cell in row] for row in rows)
    return file


def _cell(value: object) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return localtime(value).isoformat(timespec="seconds")  # type: ignore[arg-type]
    return harmless(str(value))


def failures(found: list[Failure]) -> HttpResponse:
    """Cases in which the duties failed together."""
    duties = [LABELS[code] for code, _verdict in found[0].verdicts] if found else []
    header = [_("编号"), _("标题"), _("发现时间"), *duties, _("五项均未履行"), _("申诉份数")]
    rows = (
        [
            each.case.number, each.case.title, each.case.opened_at,
            *(verdict.label for _code, verdict in each.verdicts),
            _("是") if each.strict else _("否"), len(each.case.statements.all()),
        ]
        for each in found
    )  # fmt: skip
    return answer("collective", header, rows)


def elephants(found: list[Elephant]) -> HttpResponse:
    """Risks that never end."""
    header = [
        _("对象"), _("最近案件"), _("标题"), _("首次发现"), _("案件数"), _("在办"), _("累计天数"), _("延期"),
        _("挂账"), _("返工和重开"), _("改派"), _("退回"), _("责任方（最多）"), _("单位小时"), _("入列原因"),
    ]  # fmt: skip
    rows = (
        [
            each.risk, each.latest, each.title, each.first, each.cases, _("是") if each.is_open else _("否"),
            f"{each.days:.1f}", each.extended, each.suspended, each.reopened, each.handed_on, each.returned, each.units,
            f"{each.hours:.1f}", "; ".join(str(WHY[why]) for why in each.why),
        ]
        for each in found
    )  # fmt: skip
    return answer("elephants", header, rows)


def units(found: list[Row]) -> HttpResponse:
    """Figures by unit, each with what it is out of."""
    header = [_("代码"), _("单位"), _("类型")]
    for label, out_of in COLUMNS:
        header += [str(label), f"{label} / {out_of}"]
    rows = (
        [row.unit.code, row.unit.label, row.unit.get_kind_display(),
         *(number for figure in row.figures for number in (figure.part, figure.whole))]
        for row in found
    )  # fmt: skip
    return answer("units", header, rows)


def of_officer(username: str, items: list[dossier.Item]) -> HttpResponse:
    """The dossier of one officer; each entry of the ledger with the digest under which it can be proved."""
    header = [_("时间"), _("事项"), _("案件"), _("标题"), _("内容"), _("说明"), _("事实发生于"), _("台账摘要")]
    rows = (
        [item.at, item.sort.label, item.number, item.title, item.what, item.note, item.fact_at, item.entry]
        for item in items
    )
    return answer("dossier", header, rows)
