"""A version on paper: A4, in the reader's language, with its font inside, so that it reads the same everywhere."""

import json
from importlib.resources import files
from pathlib import Path

import typst
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from handbook import page
from handbook.models import Blocks, Step, Version
from responsibility import clock
from responsibility.models import Grade, Loop

TEMPLATE = Path(__file__).with_name("handbook.typ")
FONTS = ["Noto Sans SC"]
FONT_FOLDER = Path(str(files("pylopdf_fonts_zh_cn")))


def of(version: Version) -> bytes:
    """The PDF of ``version``, as it stands. Where it is no published version, it says so."""
    compiled: bytes = typst.compile(  # type: ignore[misc]
        TEMPLATE.read_bytes(),
        font_paths=[str(FONT_FOLDER)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(content(version), ensure_ascii=False)},
    )
    return compiled


def content(version: Version) -> dict:
    """Every word on the paper."""
    steps = page.steps_of(version)
    category = version.category
    title = _("%(category)s处置手册") % {"category": category.label}
    return {
        "lang": "en" if (get_language() or "").startswith("en") else "zh",
        "fonts": FONTS,
        "title": title,
        "owner": version.owner.label,
        "facts": _facts(version),
        "grid_title": _("颜色与闭环层级"),
        "grid_head": [_("颜色"), *(str(loop.label) for loop in Loop)],
        "grid": [
            {
                "colour": row.grade.value,
                "grade": str(row.grade.label),
                "cells": [" ".join(map(str, cell)) or "—" for cell in row.cells],
            }
            for row in page.grid(steps)
        ],
        "grid_note": _("格中为适用步骤的序号；升级后低一级的步骤仍须继续。"),
        "steps_title": _("步骤"),
        "steps_head": [_("序号"), _("做什么，怎么做"), _("由谁做"), _("时限"), _("凭证"), _("适用")],
        "steps": [_step(step) for step in steps],
        "footer": f"{title} · " + _("第 %(number)d 版") % {"number": version.number},
    }


def _facts(version: Version) -> list[tuple[str, str]]:
    """Name and value of what stands at the head, empty ones left out."""
    number = _("第 %(number)d 版") % {"number": version.number}
    state = page.standing(version, clock.now())
    told = {
        _("风险类别"): f"{version.category.label}（{version.category.code}）",
        _("版次"): number if state == "in_force" else f"{number} · {STANDING[state]()}",
        _("有效期"): _span(version),
        _("编制单位"): version.owner.label,
        _("核准人"): f"{version.approved_by} {_day(version.approved_at)}" if version.approved_by else "",
        _("来源"): version.source_label,
    }
    return [(name, said) for name, said in told.items() if said]


STANDING = {
    "draft": lambda: _("起草，尚未生效"),
    "submitted": lambda: _("送审，尚未生效"),
    "withdrawn": lambda: _("已撤回，未生效"),
    "coming": lambda: _("已发布，待生效"),
    "superseded": lambda: _("已被取代"),
}


def _span(version: Version) -> str:
    if version.valid is None:
        return ""
    since = _("自 %(day)s 起") % {"day": _day(version.valid.lower)}
    return since + (" " + _("至 %(day)s 止") % {"day": _day(version.valid.upper)} if version.valid.upper else "")


def _day(at) -> str:
    return localtime(at).date().isoformat()


def _step(step: Step) -> dict:
    loop = _("%(loop)s起") % {"loop": Loop(step.loop).label} if step.loop != Loop.SMALL else ""
    grades = "、".join(str(Grade(grade).label) for grade in step.grades)
    blocks = {Blocks.CONTAIN: _("未完成不得报告受控"), Blocks.CLOSE: _("未完成不得结案")}
    return {
        "number": step.position,
        "text": step.label,
        "how": step.how_label,
        "doer": step.doer_label or "—",
        "minutes": _("%(minutes)d 分钟内") % {"minutes": step.minutes} if step.minutes else "—",
        "proof": str(step.get_proof_display()) if step.proof else "—",
        "holds": " ".join(part for part in (grades, loop) if part) or _("全部"),
        "blocks": blocks[Blocks(step.blocks)] if step.blocks else "",
    }
