"""The case on paper: what happened when, who answered for what, which deadlines were met. A4, in Chinese."""

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import typst
from django.utils.translation import gettext as _
from django.utils.translation import override

from cases import fivefold, outside
from cases.bundle.gathering import Record
from cases.bundle.reader import Reader
from cases.models import Case, Deadline
from cases.sentences import named
from cases.templatetags.display import duty_role, full_moment, localized
from cases.templatetags.telling import actors, sentence
from responsibility import clock
from responsibility.directory import Directory

TEMPLATE = Path(__file__).with_name("paper.typ")
FONTS = ["Noto Sans SC"]
FONT_FOLDER = Path(str(files("pylopdf_fonts_zh_cn")))


def of(case: Case, record: Record, reader: Reader, known: Directory) -> bytes:
    """The PDF, in the first language of the district whoever asks: it is for its courts and insurers."""
    with override("zh-hans"):
        return compiled(content(case, record, reader, known))


def compiled(data: dict) -> bytes:
    """The PDF of ``data``, in the form that ``content`` gives: title, facts, tables, how to check, footer."""
    made: bytes = typst.compile(  # type: ignore[misc]
        TEMPLATE.read_bytes(),
        font_paths=[str(FONT_FOLDER)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    return made


def content(case: Case, record: Record, reader: Reader, known: Directory) -> dict:
    """Every word on the paper."""
    return {
        "lang": "zh",
        "fonts": FONTS,
        "title": _("案件 %(number)s：%(title)s") % {"number": case.number, "title": _title(case, reader)},
        "facts": [(name, said) for field, name, said in _facts(case) if said and reader.reads(field)],
        "parts": [
            *([_duties(case, reader)] if reader.reads("duties") else []),
            *([_parties(case, reader)] if reader.reads("parties") else []),
            _deadlines(case, reader),
            _evidence(case, reader),
            _story(record, reader, known),
        ],
        "check": {"title": _("怎样核对"), "said": _check(record, reader)},
        "footer": _("案件 %(number)s 证据包") % {"number": case.number},
    }


def _title(case: Case, reader: Reader) -> str:
    return outside.title(case) if reader.by else case.title


def _facts(case: Case) -> list[tuple[str, str, str]]:
    """``(field of the interface, name, what is said)``."""
    return [
        ("grade", _("颜色"), str(case.get_grade_display())),
        ("state", _("状态"), _label(case)),
        ("loop", _("闭环层级"), str(case.get_loop_display()) if case.filed_at else ""),
        ("category", _("风险类别"), case.category.label if case.category else case.category_code),
        ("scenario", _("场景"), case.scenario.label if case.scenario else ""),
        ("object", _("监测对象"), case.risk_object.label if case.risk_object else case.object_code),
        ("territory", _("属地"), case.territory.label if case.territory else ""),
        ("lead", _("牵头单位"), case.lead.label if case.lead else _("未明确")),
        ("holder", _("当前负责"), case.holder.label if case.holder else _("未明确")),
        ("opened_at", _("发现时间"), full_moment(case.opened_at)),
        ("filed_at", _("立案时间"), full_moment(case.filed_at)),
        ("contained_at", _("受控时间"), full_moment(case.contained_at)),
        ("closed_at", _("结案时间"), full_moment(case.closed_at)),
    ]


def _label(case: Case) -> str:
    return str(case.get_state_display())


def _part(title: str, head: list[str], widths: list[int], rows: Iterable[tuple[bool, list]], none: str = "—") -> dict:
    """A table; ``widths`` are shares of the line, 0 for as wide as needed; a row with ``True`` tells of a failure."""
    told = [{"bad": bad, "cells": [str(cell) if cell else "—" for cell in cells]} for bad, cells in rows]
    return {"title": title, "head": head, "widths": widths, "rows": told, "none": none}


def _duties(case: Case, reader: Reader) -> dict:
    rows: list[tuple[bool, list]] = []
    for duty in fivefold.shown(case.duties) if case.filed_at else []:
        rows += [(False, [duty.duty.label, _who(line, reader), localized(line, "basis")]) for line in duty.lines]
        if duty.vacant:
            rows.append((True, [duty.duty.label, _("空缺"), duty.duty.remedy]))
    aside = [line for line in case.duties if line["role"] in fivefold.ASIDE]
    rows += [(False, [duty_role(line["role"]), _who(line, reader), localized(line, "basis")]) for line in aside]
    return _part(_("谁负责，依据什么"), [_("责任"), _("单位"), _("依据")], [0, 2, 3], rows, _("立案后按责任清单确定。"))


def _who(line: dict, reader: Reader) -> str:
    post = line.get("post")
    said = [localized(line, "name")]
    if post:
        said += [localized(post, "title"), post.get("person", "") if reader.inside else ""]
    return " ".join(filter(None, said))


def _parties(case: Case, reader: Reader) -> dict:
    rows = []
    for party in case.parties.select_related("unit", "acknowledged_by"):
        by = str(party.acknowledged_by) if party.acknowledged_by and reader.inside else ""
        answered = " ".join(filter(None, [full_moment(party.acknowledged_at), party.get_answered_by_display(), by]))
        cells = [party.unit.label, party.get_role_display(), full_moment(party.since), full_moment(party.until)]
        rows.append((party.acknowledged_at is None, [*cells, answered or _("尚未签收")]))
    head = [_("单位"), _("责任角色"), _("介入时间"), _("退出时间"), _("签收")]
    return _part(_("责任方"), head, [3, 2, 2, 2, 3], rows)


def _deadlines(case: Case, reader: Reader) -> dict:
    rows = []
    for deadline in case.deadlines.select_related("unit").order_by("started_at", "pk"):
        if reader.owes(deadline.kind):
            unit = deadline.unit.label if deadline.unit and reader.reads("lead") else ""
            times = [full_moment(deadline.started_at), full_moment(deadline.due_at), full_moment(deadline.stopped_at)]
            rows.append((deadline.missed_at is not None, [deadline.get_kind_display(), unit, *times, _kept(deadline)]))
    head = [_("时限"), _("单位"), _("起算"), _("到期"), _("停止于"), _("结果")]
    return _part(_("时限与完成"), head, [0, 3, 2, 2, 2, 2], rows, _("立案后开始计时。"))


def _kept(deadline: Deadline) -> str:
    if deadline.missed_at is not None:
        return _("超时完成") if deadline.stopped_at else _("超时")
    if deadline.stopped_at is not None:
        return _("未超时")
    return _("暂停中") if deadline.paused_at else _("超时") if deadline.due_at < clock.now() else _("进行中")


def _evidence(case: Case, reader: Reader) -> dict:
    rows = []
    for proof in case.evidence.select_related("unit", "uploaded_by"):
        by = f"{proof.unit.label} {proof.uploaded_by}" if reader.inside else proof.unit.label
        by = by if reader.reads("parties") else ""
        note = proof.note if reader.inside else ""
        if proof.removed_at is not None:
            gone = _("文件已依保存期限于%(at)s清除。") % {"at": full_moment(proof.removed_at)}
            note = f"{note} {gone}".strip()
        digest = f"{proof.sha256[:32]} {proof.sha256[32:]}"
        rows.append((False, [proof.get_kind_display(), full_moment(proof.uploaded_at), by, note, digest]))
    head = [_("类别"), _("上传时间"), _("上传单位"), _("说明"), "SHA-256"]
    return _part(_("处置凭证"), head, [0, 2, 2, 2, 4], rows, _("还没有凭证。"))


def _story(record: Record, reader: Reader, known: Directory) -> dict:
    shown = reader.told(record.entries)
    who, rows = actors(shown, known), []
    for entry in shown:
        said = sentence(entry, known) + (f" “{entry.note}”" if entry.note else "")
        by = who[entry.pk]
        if reader.by:
            # A sentence would name what is left out.
            said, by = named(entry.verb), ""
        rows.append((entry.verb == "deadline.missed", [entry.seq, full_moment(entry.at), said, by]))
    return _part(_("经过"), ["#", _("时间"), _("事项"), _("行为人")], [0, 2, 6, 3], rows)


def _check(record: Record, reader: Reader) -> list[str]:
    hidden = sum(not reader.shows(entry) for entry in record.entries)
    said = [
        _("本文由台账写成，供人阅读；以 entries.jsonl 中的条目为准。"),
        _("在解开的文件夹中运行 python verify.py，逐条核对摘要、次序、存证和文件。"),
        _("存证点含 %(size)d 条台账，根摘要见 checkpoint.txt；公钥请从别处取得后再验。")
        % {"size": record.checkpoint.size},
    ]
    if hidden or not reader.inside:
        said.append(_("其中 %(hidden)d 条不示内容，只留摘要；姓名、说明和内部意见不示。") % {"hidden": hidden})
    return said
