"""尽职材料 on paper: the same lines as the page, each with its place in the ledger, and how to check them. A4."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accountability import dossier
from accountability.dossier import Item, Sort
from accountability.period import Period
from cases.bundle import paper
from cases.models import Case
from cases.templatetags.display import full_moment
from notary import proofs
from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import User


def of(officer: User, known: Directory, period: Period, case: Case | None) -> bytes:
    """The PDF, in the first language of the district whoever asks."""
    with override("zh-hans"):
        return paper.compiled(content(officer, known, period, case))


def content(officer: User, known: Directory, period: Period, case: Case | None) -> dict:
    """Every word on the paper."""
    items = dossier.of(officer, known, period, case)
    return {
        "lang": "zh",
        "fonts": paper.FONTS,
        "title": _("尽职材料：%(name)s") % {"name": str(officer)},
        "facts": _facts(officer, period, case, items),
        "parts": [_lines(items)],
        "check": {"title": _("怎样核对"), "said": _check()},
        "footer": _("%(name)s 尽职材料 %(at)s") % {"name": str(officer), "at": full_moment(clock.now())},
    }


def _facts(officer: User, period: Period, case: Case | None, items: list[Item]) -> list[tuple[str, str]]:
    posts = dossier.posts_of(officer, period)
    held = [f"{post.unit.label} {post.label}（{_day(post.since)}–{_day(post.until)}）" for post in posts]
    counts = [f"{sort.label} {sum(item.sort == sort for item in items)}" for sort in Sort]
    return [
        (_("姓名"), str(officer)),
        (_("任职"), "；".join(held) or _("期内没有任职")),
        (_("期间"), f"{period.first} – {period.last}"),
        *([(_("案件"), f"{case.number} {case.title}")] if case else []),
        (_("条数"), "，".join(counts)),
        (_("说明"), _("只陈述发生了什么；当时不知道的，不作为已知。责任如何认定，由有权机关依法决定。")),
    ]


def _day(at) -> str:
    return localtime(at).strftime("%Y-%m-%d") if at else ""


def _lines(items: list[Item]) -> dict:
    rows = []
    for item in items:
        said = item.what + (f" “{item.note}”" if item.note else "")
        if item.fact_at:
            said += _("（事发 %(at)s）") % {"at": full_moment(item.fact_at)}
        source = f"{item.source} {item.entry[:16]}" if item.source else _("通知记录")
        cells = [full_moment(item.at), str(item.sort.label), said, item.number or "—", source]
        rows.append({"bad": item.sort in (Sort.REFUSED, Sort.LAPSED), "cells": cells})
    head = [_("时间"), _("事项"), _("内容"), _("案件"), _("台账条目号和摘要")]
    return {"title": _("经过"), "head": head, "widths": [2, 1, 5, 2, 2], "rows": rows, "none": _("期内没有记录")}


def _check() -> list[str]:
    newest = proofs.newest()
    said = [
        _("每行末尾是台账条目号和该条摘要（SHA-256）的前 16 位；“通知记录”不在台账中，过保存期即不再保存。"),
        _("案件的条目可在该案件证据包中逐条核对：解开后运行 python verify.py，不依赖本系统。"),
        _("其余条目由审计员凭条目号取得存证证明（/api/v1/ledger/entries/条目号/proof/），按 RFC 6962 核对至存证点。"),
        _("本文何时、由谁调取，已记入台账，连同本文的 SHA-256。"),
    ]
    if newest:
        said.append(_("调取时的存证点：%(size)d 条，树根 %(root)s。") % {
            "size": newest.size, "root": bytes(newest.root).hex(),
        })  # fmt: skip
    return said
