"""The matrix to look at: the grid, one cell with its past, and the answer to "who owns this?"."""

from dataclasses import replace
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from responsibility import acting, asking, clock, directory, editions, grid
from responsibility.directory import Directory
from responsibility.models import Duty, EditionState
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question
from responsibility.refusals import Invalid

# Why a row did not answer, in plain words.
VERDICTS = {
    "won": _("采用"),
    "not_in_force": _("所问之时不在有效期内"),
    "other_scenario": _("只管别的场景"),
    "other_territory": _("只管别的属地"),
    "other_stage": _("只管某一阶段"),
    "less_specific": _("另有更具体的一行"),
}


def _view(request: HttpRequest, known: Directory) -> grid.View:
    """What the address narrows the matrix to; one that cannot be read is a bad request."""
    try:
        return grid.View(
            asking.local_instant(request.GET) or clock.now(),
            asking.scenario(request.GET, known),
            asking.territory(request.GET, known),
        )
    except Invalid as invalid:
        raise BadRequest(invalid.attr) from None


@require_GET
def matrix(request: HttpRequest) -> HttpResponse:
    """``/matrix/``: who answers for what, categories down and roles across, in force at ``at``."""
    actor, known = acting.of(request.user), directory.current()
    view = _view(request, known)
    lines = grid.lines(known, view)
    context = {
        "actor": actor,
        "known": known,
        "view": view,
        "asked": request.GET.get("at", ""),
        "edition": editions.in_force(view.at),
        "lines": lines,
        "columns": grid.columns(lines),
        "categories": grid.categories(known),
        "gaps": [line for line in lines if line.is_gap],
        "narrowing": urlencode(view.params | ({"at": request.GET["at"]} if request.GET.get("at") else {})),
        "to_answer": to_answer(actor),
    }
    return render(request, "responsibility/matrix.html", context)


def to_answer(actor: acting.Actor) -> list:
    """Editions that ask the actor's units: ``{"edition__number", "edition__title", "rows"}`` not yet spoken to."""
    units = list(editions.speaks_for(actor))
    silent = Duty.objects.filter(edition__state=EditionState.COMMENT, unit__in=units, opinions=None)
    return list(
        silent.values("edition__number", "edition__title").annotate(rows=Count("pk")).order_by("-edition__number")[:5]
    )


@require_GET
def cell(request: HttpRequest) -> HttpResponse:
    """``/matrix/cell/``: the rows of one category and role, with basis, dates and what earlier editions said."""
    actor, known = acting.of(request.user), directory.current()
    view, role = _view(request, known), request.GET.get("role", "")
    try:
        category = asking.category(request.GET, known)
    except Invalid as invalid:
        raise BadRequest(invalid.attr) from None
    if role not in DutyRole.values:
        raise BadRequest("role")
    context = {
        "actor": actor,
        "known": known,
        "view": view,
        "category": category,
        "role": DutyRole(role),
        "cell": grid.cell(known, category, DutyRole(role), view),
        "chapters": grid.history(known, category, role, view),
        "back": urlencode(request.GET),
    }
    return render(request, "responsibility/cell.html", context)


@require_GET
def owner(request: HttpRequest) -> HttpResponse:
    """``/matrix/owner/``: choose a danger, a venue, a place and a day; who leads, who else answers, and why."""
    actor, known = acting.of(request.user), directory.current()
    context = {"actor": actor, "known": known, "asked": request.GET, "categories": grid.categories(known)}
    status = 200
    try:
        context |= _answer(request, known) if request.GET.get("category") else {}
    except Invalid as invalid:
        # The script shows an answer only when it is called good; what is wrong stands in its text.
        context["refused"], status = invalid, 200 if request.headers.get("HX-Request") else 400
    return render(request, "responsibility/owner.html", context, status=status)


def _answer(request: HttpRequest, known: Directory) -> dict:
    """The answer and its trace. Without a place it is what holds everywhere in the district."""
    params = request.GET
    placed = bool(params.get("lat", "").strip() or params.get("lon", "").strip())
    question = Question(
        asking.category(params, known),
        asking.scenario(params, known),
        asking.place(params, known) if placed else asking.territory(params, known),
        asking.local_instant(params) or clock.now(),
        params.get("stage", ""),
    )
    found = known.book.explain(question)
    grid.with_names((weighed.duty for weighed in found.trace), known)
    order = [role for role in DutyRole if role != DutyRole.LEAD]
    return {
        "question": question,
        "found": found,
        "others": [(role, found.roles[role]) for role in order if role in found.roles],
        "trace": [(weighed, VERDICTS[weighed.verdict]) for weighed in found.trace],
        # Venues that change the owner of this danger: shown when the reader has not chosen one.
        "venues": _venues(known, question),
    }


def _venues(known: Directory, question: Question) -> list[tuple]:
    """Scenarios in which somebody else leads: ``(scenario, unit or None)``."""
    here = known.book.ask(question).lead
    told = {row.scenario_id for row in known.book.rows(question.category) if row.role == DutyRole.LEAD}
    found = []
    for scenario in known.scenarios.values():
        lead = known.book.ask(replace(question, scenario=scenario)).lead if scenario.pk in told else None
        if lead and (here is None or lead.unit_id != here.unit_id):
            found.append((scenario, known.units.get(lead.unit_id or 0)))
    return found
