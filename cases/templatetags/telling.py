"""The ledger in sentences: from a verb with its before and after to what a person would say."""

from collections.abc import Iterable

import structlog
from django import template
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.timezone import is_aware
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cases import seen_words
from cases.models import AdviceKind, DeadlineKind, Loop, Phase, RequestKind, State
from cases.models.work import Answered, EvidenceKind
from cases.sentences import RECHECKED, REMARKS, SENTENCES, named
from cases.templatetags.display import full_moment, grade_label, in_stops, localized, moment, posts, unit_name
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post, Power, Stance

log = structlog.get_logger(__name__)
register = template.Library()

TRIAGE = {
    "unknown_category": _("类别不在清单内"),
    "no_place": _("没有位置"),
    "outside_district": _("位置在本区之外"),
    "ungraded": _("颜色无法判定"),
}
RISES = {
    "contain": _("未在时限内受控"),
    "medium_limit": _("中闭环时限已过"),
    "request": _("请示获准"),
    "lapse": _("请示逾期未批"),
    "casualties": _("报告有人员伤亡"),
    "red": _("红色案件免予审批"),
    "second_owner": _("另有责任单位"),
}
RUNGS = {"second": _("第二岗位"), "leader": _("单位负责人"), "above": _("区城运应急指挥")}
# What stands in a sentence as the entry tells it.
AS_TOLD = (
    "commander", "objectives", "report", "casualties", "situation", "conclusion", "alert_count", "reason", "minutes",
    "text", "expert", "hops", "case", "to", "stock", "size", "file", "created", "changed", "removed", "unchanged",
    "speed", "alerts", "entries", "hidden", "cases", "first", "last", "recipient", "days",
)  # fmt: skip


@register.simple_tag
def sentence(entry: LedgerEntry, known: Directory) -> str:
    """``entry`` as a sentence in the reader's language; the verb itself for one that nobody has put in words."""
    try:
        pattern = SENTENCES.get(entry.verb)
        said = str(pattern).format(**_words(entry, known)) if pattern else entry.verb
    except (ValueError, TypeError, LookupError):
        # A page of many entries is not sunk by one that tells something else than its verb should.
        log.exception("entry_without_words", entry=entry.pk, verb=entry.verb)
        said = named(entry.verb)
    said += calling(entry)
    if entry.after.get("drill") and not entry.verb.startswith("drill."):
        said = f"{_('【演练】')}{said}"
    return " ".join([said, *(str(REMARKS[name]).format(entry.after[name]) for name in REMARKS if name in entry.after)])


def told(verb: str, before: dict, after: dict, known: Directory) -> str:
    """The sentence of an act of which no entry is at hand, in the reader's language."""
    return sentence(LedgerEntry(verb=verb, before=before, after=after), known)


@register.filter
def calling(entry: LedgerEntry) -> str:
    """Who was called by the ladder at this entry: 叫应 第2级：…; empty where nobody was."""
    if entry.after.get("exhausted"):
        return str(_("叫应各级已叫完，仍无人应答。"))
    if not entry.after.get("rung"):
        return ""
    whom = _of(RUNGS, entry.after.get("to"))
    words = {"rung": entry.after["rung"], "whom": in_stops(entry.after.get("called") or whom)}
    return str(_("叫应 第{rung}级：{whom}。")).format(**words)


@register.filter
def plainly(value) -> str:
    """A value of ``before`` or ``after`` as one writes it; an instant in local time."""
    if isinstance(value, str):
        instant = parse_datetime(value) if value[:2].isdigit() and "T" in value else None
        return full_moment(instant) if instant else value
    if isinstance(value, list | tuple):
        return ", ".join(plainly(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {plainly(part)}" for name, part in value.items())
    if value is None:
        return "—"
    return str(_("是") if value else _("否")) if isinstance(value, bool) else str(value)


@register.simple_tag
def ledger_verbs() -> list[tuple[str, str]]:
    """The verbs that can be asked for, each with its words."""
    return [(verb, named(verb)) for verb in SENTENCES]


@register.simple_tag
def actors(entries: Iterable[LedgerEntry], known: Directory) -> dict[int, str]:
    """Who acted, by the id of the entry: unit, person and post as they were written down.

    The record is in Chinese; in English each name is told by what now bears it, where something does. One query then.
    """
    entries = list(entries)
    names = {}
    if (get_language() or "").startswith("en"):
        titles = {entry.post_label for entry in entries}
        names = dict(Post.objects.filter(title__in=titles).values_list("title", "title_en"))
        names |= {unit.name: unit.name_en for unit in known.units.values()}
    return {entry.pk: _actor(entry, names) for entry in entries}


def _actor(entry: LedgerEntry, names: dict[str, str]) -> str:
    if not entry.actor_id:
        return str(_("系统"))
    unit, post = (names.get(text) or text for text in (entry.unit_label, entry.post_label))
    who = f"{unit} {entry.actor_label}".strip()
    return f"{who} · {post}" if post else who


def _words(entry: LedgerEntry, known: Directory) -> dict[str, str]:
    after, before = entry.after, entry.before
    return (
        {
            "holder": unit_name(after.get("holder"), known),
            "lead": unit_name(after.get("lead") or after.get("second"), known),
            "unit": unit_name(after.get("unit") or before.get("unit"), known),
            "grade": grade_label(after.get("grade", "")),
            "triage": _of(TRIAGE, after.get("reason")),
            "answered": _label(Answered, after.get("answered_by")),
            "location": format_lazy(_("（{place}）"), place=", ".join(after["location"]))
            if after.get("location")
            else "",
            "loop": _label(Loop, after.get("loop")),
            "why": _why(after.get("why", "")),
            "raised": _raised(before, after),
            "kind": _label(DeadlineKind, after.get("kind")),
            "due": moment(parse_datetime(after["due_at"])) if after.get("due_at") else "",
            "proof": _label(EvidenceKind, after.get("kind")),
            "asked": _label(RequestKind, after.get("kind")),
            "outcome": str(_("视为同意")) if after.get("outcome") == "approved" else str(_("视为驳回")),
            "posts": posts(after.get("posts", [])),
            "deputy": format_lazy(_("（代{who}）"), who=posts(after["deputy_of"])) if after.get("deputy_of") else "",
            "power": _label(Power, after.get("power")),
            "late": after.get("text") or _late(after),
            "phase": _label(Phase, after.get("phase")),
            **{name: after.get(name, "") for name in AS_TOLD},
            "where": localized(after, "where"),
            "what": localized(after, "what") or "—",
            "said": _label(AdviceKind, after.get("said")),
            "proposed": unit_name(after.get("proposed"), known),
            "whom": after.get("person") or unit_name(after.get("unit"), known),
            "until": _until(after.get("until")),
            "come": str(len(after.get("shifts", ()))),
            "gone": str(len(before.get("shifts", ()))),
            "from_": after.get("from", ""),
            "person": entry.subject_label,
            "ready": str(_("可出动") if after.get("ready") else _("不可出动")),
            "by_whom": f" · {after['person']}" if after.get("answerer") else "",
            "channel": entry.subject_label,
            "found": str(RECHECKED.get(after.get("outcome", ""), "")),
            "score": "—" if after.get("score") is None else f"{after['score']} %",
        }
        | _words_of_edition(entry)
        | seen_words.words(entry)
    )


def _words_of_edition(entry: LedgerEntry) -> dict[str, str]:
    after = entry.after
    return {
        "subject": entry.subject_id,
        "written": str(len(after.get("rows", []))),
        "replaced": str(len(entry.before.get("rows", []))),
        "stance": _label(Stance, after.get("stance")),
        "put": str(len(after.get("steps", []))) if isinstance(after.get("steps"), list) else "",
        "taken": str(len(entry.before.get("steps", []))),
        "step": after.get("step", ""),
        "silent_units": after.get("silent_units", ""),
        "by": after.get("by", ""),
        "since": moment(parse_datetime(after["from"])) if after.get("from") else "",
    }


def _label(choices, value) -> str:
    if value is None:
        return ""
    try:
        return str(choices(value).label)
    except ValueError:
        return str(value or "")


def _of(words: dict, key) -> str:
    return str(words.get(key, key or ""))


def _why(why: str) -> str:
    if not why:
        return str(_("原因不示"))
    cause, _colon, grade = why.partition(":")
    return str(format_lazy(_("颜色为{grade}"), grade=grade_label(grade))) if cause == "grade" else _of(RISES, why)


def _until(told: str | None) -> str:
    """An instant in local time; a day as it was written."""
    at = parse_datetime(told) if told else None
    return moment(at) if at and is_aware(at) else told or ""


def _late(after: dict) -> str:
    """Of which clock an urging speaks that nobody has put in words."""
    if not after.get("due_at"):
        return ""
    words = {"kind": _label(DeadlineKind, after.get("kind")), "due": moment(parse_datetime(after["due_at"]))}
    return str(_("{kind}应于 {due} 完成。")).format(**words)


def _raised(before: dict, after: dict) -> str:
    """What else a further alert did: another colour, or a case begun again."""
    said = []
    if before.get("grade") != after.get("grade"):
        words = {"old": grade_label(before.get("grade", "")), "new": grade_label(after.get("grade", ""))}
        said.append(str(format_lazy(_("，由{old}升为{new}"), **words)))
    if before.get("state") == State.CLOSED:
        said.append(str(_("，案件自动重开")))
    return "".join(said)
