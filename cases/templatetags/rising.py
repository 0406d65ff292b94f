"""Why a case rose: one sentence for every trigger, out of what the ledger tells of it."""

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from cases.models import Loop
from cases.templatetags.display import duration, grade_label, moment, posts, unit_name
from responsibility.directory import Directory
from responsibility.models import LedgerEntry

register = template.Library()

WHY = {
    "contain": _("{unit}未能在 {due} 前（限 {minutes}）使险情受控，自动升入{loop}。"),
    "medium_limit": _("中闭环时限（{minutes}）已于 {due} 到期而险情未受控，自动升入{loop}。"),
    "grade": _("案件为{grade}，按规定自动升入{loop}。"),
    "casualties": _("{asked_by}报告有人员伤亡，免予审批，立即升入{loop}。"),
    "red": _("案件为红色，{asked_by}请示提级免予审批，立即升入{loop}。"),
    "request": _("{asked_by}请示提级（{reason}），{by}同意，升入{loop}。"),
    "lapse": _("{asked_by}请示提级（{reason}），{unit}{posts}在 {minutes} 内未审批，视为同意，升入{loop}。"),
    "second_owner": _("区里为另一责任单位关联立案，直接进入{loop}。"),
}
# What older entries do not tell.
SHORT = {
    "contain": _("未在时限内受控，自动升入{loop}。"),
    "medium_limit": _("中闭环时限已过，自动升入{loop}。"),
    "request": _("请示获准，升入{loop}。"),
}


@register.simple_tag
def why_risen(entry: LedgerEntry, known: Directory) -> str:
    """The sentence for an entry of the verb ``case.escalate``, in the reader's language."""
    after = entry.after
    cause, _colon, grade = str(after.get("why", "")).partition(":")
    full = "due_at" in after or "asked_by" in after
    pattern = WHY.get(cause) if full else SHORT.get(cause) or WHY.get(cause)
    if pattern is None:
        return cause
    due = parse_datetime(after["due_at"]) if after.get("due_at") else None
    return str(pattern).format(
        unit=unit_name(after.get("unit"), known),
        due=moment(due),
        minutes=duration(60 * after.get("minutes", 0)),
        loop=Loop(after["loop"]).label,
        grade=grade_label(grade),
        asked_by=unit_name(after.get("asked_by"), known),
        reason=entry.note,
        by=after.get("who") or after.get("by", ""),
        posts=posts(after.get("posts", [])),
    )
