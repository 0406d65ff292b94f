"""The list of cases that concern an outsider: of each only what ``cases/outside.py`` shows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from cases import outside
from cases.models import Case
from cases.models.machine import ENDED
from insurance.portals import mine
from responsibility.acting import Actor

PAGE = 50


@dataclass(frozen=True)
class Row:
    """A case on the list; what is not shown is empty. ``grade`` is the code of the colour."""

    number: str
    state: str
    grade: str = ""
    colour: str = ""
    title: str = ""
    opened_at: datetime | None = None
    ended: bool = False


def page(actor: Actor, *, every: bool, before: int = 0, q: str = "", grade: str = "") -> tuple[list[Row], int]:
    """Up to fifty in the order of filing, newest first, below the id ``before``; and where the next page begins, or 0.

    ``q``: the beginning of a number or of an object's code, or a piece of its name; ``grade``: a colour. Whoever is not
    shown objects or colours finds nothing by them. Statements do not grow with cases.
    """
    asked = ("state", "grade") if grade else ("state",)
    found = mine.cases(actor, *asked).select_related("category", "risk_object", "territory").order_by("-pk")
    if grade:
        found = found.filter(grade=grade)
    if q:
        names = Q(risk_object__code__istartswith=q) | Q(risk_object__name__icontains=q)
        there = mine.cases(actor, "state", "object").filter(names | Q(risk_object__name_en__icontains=q))
        found = found.filter(Q(number__istartswith=q) | Q(pk__in=there.values("pk")))
    if not every:
        found = found.exclude(state__in=ENDED)
    if before:
        found = found.filter(pk__lt=before)
    cases = list(found[: PAGE + 1])
    shown = cases[:PAGE]
    by = outside.standings(actor, [case.pk for case in shown])
    more = shown[-1].pk if len(cases) > PAGE else 0
    return [_row(case, by[case.pk]) for case in shown if case.pk in by], more


def _row(case: Case, by: frozenset[outside.Standing]) -> Row:
    coloured = outside.shows(by, "grade")
    return Row(
        case.number,
        case.get_state_display(),
        case.grade if coloured else "",
        case.get_grade_display() if coloured else "",
        outside.title(case) if outside.shows(by, "title") else "",
        case.opened_at if outside.shows(by, "opened_at") else None,
        case.state in ENDED,
    )
