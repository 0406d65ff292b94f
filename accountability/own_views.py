"""``/accountability/own/``: the enterprise reads what the record says of it on cases of its own, and says its part.

It is told no more of a case than concerns it: neither inner words nor what is found on others (facts 3.5).
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accountability import musts, stating
from accountability.models import About, Statement
from accountability.rungs import Consequence
from cases import checklist
from cases.models import Case
from cases.views import after, status_of
from responsibility import access, acting, clock, directory
from responsibility.refusals import Refused

SHOWN = 100
# Of what an enterprise may speak: the rest it is not shown.
ABOUTS = (About.MAIN_BODY, About.OTHERS)


def _owner(request: HttpRequest) -> tuple[acting.Actor, set[int]]:
    actor = acting.of(request.user)
    units = access.units(actor, "statement.own", directory.current().units)
    if not units:
        raise PermissionDenied
    return actor, units


def _cases(units: set[int]):
    return Case.objects.real().filter(risk_object__main_body__in=units, filed_at__isnull=False)


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The cases at the reader's own objects, newest first, and what was ordered of his unit."""
    actor, units = _owner(request)
    context = {
        "actor": actor, "cases": _cases(units).select_related("risk_object").order_by("-pk")[:SHOWN],
        "consequences": Consequence.objects.filter(unit__in=units).count(),
    }  # fmt: skip
    return render(request, "accountability/own.html", context)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: str) -> HttpResponse:
    """One of them: what clocks and handbook asked of the unit and what became of it; POST makes a statement."""
    actor, units = _owner(request)
    case = _cases(units).filter(number=number).first()
    if case is None:
        raise Http404
    if request.method == "GET":
        return _page(request, actor, case, units)
    about, text = request.POST.get("about", ""), request.POST.get("text", "")
    try:
        stating.state(case.pk, by=acting.person(request.user), about=about, text=text)
    except Refused as refused:
        return _page(request, actor, case, units, refused)
    messages.success(request, _("申诉已记入台账，并与所涉事项一并展示。"))
    return after(reverse("own-case", args=[number]))


def _page(
    request: HttpRequest, actor: acting.Actor, case: Case, units: set[int], refused: Refused | None = None
) -> HttpResponse:
    known = directory.current()
    duties, others = musts.of_case(case, known)
    asked = [must for duty in duties for _unit, theirs in duty.units for must in theirs] + others
    context = {
        "actor": actor, "case": case, "musts": [must for must in asked if must.unit and must.unit.pk in units],
        "statements": Statement.objects.filter(case=case, unit__in=units).select_related("by", "unit"),
        "steps": [line for line in checklist.lines(case, known) if any(unit.pk in units for unit in line.units)],
        "abouts": ABOUTS, "longest": stating.LONGEST, "refused": refused, "typed": request.POST, "now": clock.now(),
    }  # fmt: skip
    return render(request, "accountability/own_case.html", context, status=status_of(refused) if refused else 200)
