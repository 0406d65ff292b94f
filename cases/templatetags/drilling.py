"""A drill's report in words, in the reader's language, and what of a list is real."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext_lazy as _

from alerts.models import Outcome
from cases.models import DeadlineKind, Loop, State
from cases.models.work import EvidenceKind
from cases.scoring import ASKED
from cases.templatetags.display import unit_name
from cases.worklist import PAGE
from handbook.models import Step
from resources.models import Capability
from responsibility.directory import Directory
from responsibility.models import Grade

register = template.Library()

GOOD, FAIR = 80, 60

PARTS = {
    "answered": _("按时签收"),
    "owned": _("责任单位正确"),
    "equipped": _("配置齐全"),
    "proved": _("凭证齐全"),
    "by_the_book": _("按手册办理"),
    "in_time": _("时限达标"),
}
OWNERS = {"lead": _("牵头单位"), "street": _("属地")}
OUTCOMES = {"rejected": _("被拒收"), "duplicate": _("重复")}


@register.filter
def real(things: Sequence) -> int:
    """How many of ``things``, each of a case, are not of a drill: what is counted."""
    return sum(thing.case.drill_id is None for thing in things)


@register.filter
def counted(rows: Sequence) -> str:
    """How many rows a list of one page has, which may not be all."""
    return f"{len(rows)}+" if len(rows) >= PAGE else str(len(rows))


@register.filter
def mark(score: int) -> str:
    """The colour of a score in per cent. The bounds are ours and say nothing official."""
    return "approved" if score >= GOOD else "pending" if score >= FAIR else "refused"


@register.simple_tag
def scored(report: dict, known: Directory) -> dict:
    """``report`` (see ``cases/scoring.py``) with words beside its codes. Two queries, for kit and handbook."""
    names = {one.code: one.label for one in Capability.objects.all()}
    steps = {line["what"] for row in report["cases"] for line in row["lines"] if line["part"] == "by_the_book"}
    names |= {str(step.pk): f"{step.position}. {step.label}" for step in Step.objects.filter(pk__in=steps)}
    cases = [row | {"parts": _parts(row["lines"], names, known)} | _standing(row) for row in report["cases"]]
    shares = {part: report["parts"].get(part) for part in ASKED}
    parts = [(PARTS[part], share) for part, share in shares.items() if share and share["judged"]]
    return report | {"parts": parts, "cases": cases}


def _standing(row: dict) -> dict:
    return {
        "state_label": State(row["state"]).label,
        "loop_label": Loop(row["loop"]).label,
        "grade_label": Grade(row["grade"]).label,
    }


def _parts(lines: list[dict], names: dict[str, str], known: Directory) -> list[tuple]:
    """``(label, lines)`` of each part that has any."""
    by_part = {part: [_told(line, names, known) for line in lines if line["part"] == part] for part in ASKED}
    return [(PARTS[part], found) for part, found in by_part.items() if found]


def _told(line: dict, names: dict[str, str], known: Directory) -> dict:
    unit = unit_name(line["unit"], known) if line["unit"] else ""
    part, what = line["part"], line["what"]
    in_minutes = part in ("answered", "in_time", "by_the_book")
    label = unit
    if part == "owned":
        label = str(OWNERS[what])
    elif part in ("equipped", "by_the_book"):
        label = names.get(what, what)
    elif part == "proved":
        label = str(EvidenceKind(what).label)
    elif part == "in_time":
        label = " · ".join(filter(None, [str(DeadlineKind(what).label), unit]))
    values = {name: line[name] for name in ("wanted", "got")}
    if part == "owned":
        values = {name: unit_name(code, known) for name, code in values.items()}
    return line | values | {"label": label, "in_minutes": in_minutes}


@register.filter
def became(outcome: str) -> str:
    """What became of an alert of the script, in words."""
    return str(Outcome(outcome).label if outcome in Outcome.values else OUTCOMES.get(outcome, outcome))
