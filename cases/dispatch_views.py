"""调派 for a case: the kit with what is missing, and the buttons of those who were sent."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from cases import arriving, casepage, dispatching, summary
from cases.models import Case, Dispatch
from cases.views import after, after_refusal, status_of, typed_coordinates
from resources import matching
from responsibility import access, acting, clock, directory
from responsibility.refusals import Refused

PREFIX = "take-"


@require_http_methods(["GET", "POST"])
def sending(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/resources/``: the kit of the category, the nearest that have it; what is ticked is sent."""
    actor, known = acting.of(request.user), directory.current()
    seen = Case.objects.visible_to(actor, known.units).select_related(*casepage.RELATED)
    case = seen.filter(number=number).first()
    if case is None:
        raise Http404
    if not access.may(actor, "resources.read"):
        raise PermissionDenied
    refused = None
    if request.method == "POST":
        try:
            dispatching.send(case.pk, by=acting.person(request.user), wanted=_wanted(request))
        except Refused as error:
            refused = error
        else:
            messages.success(request, _("已调派，到场时限开始计时。"))
            return _back(number)
    place = None if case.lat is None or case.lon is None else (case.lat, case.lon)
    sent = [(line.resource, line.quantity) for line in summary.lines_out(case)]
    kit = matching.kit_for(case.category, place, sent, dispatching.sent_in_drill(case))
    context = {"actor": actor, "known": known, "case": case, "kit": kit, "refused": refused, "now": clock.now()}
    context["late"] = arriving.late_sources(kit, case)
    context["sends"] = case.is_open and access.may(actor, "dispatch.send")
    return render(request, "cases/resources.html", context, status=status_of(refused) if refused else 200)


def _wanted(request: HttpRequest) -> dict[str, int]:
    """``{code: quantity}`` of the fields that hold a number; what is no number is left for the action to refuse."""
    typed = {name[len(PREFIX) :]: str(request.POST[name]).strip() for name in request.POST if name.startswith(PREFIX)}
    counted = {code: int(v) if v.isascii() and v.isdigit() and len(v) < 8 else -1 for code, v in typed.items() if v}
    return {code: quantity for code, quantity in counted.items() if quantity}


SAID = {
    "depart": gettext_lazy("出动已登记。"),
    "arrive": gettext_lazy("到场已登记。"),
    "release": gettext_lazy("资源已归还。"),
}


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/dispatches/<id>/<verb>/``: leave, arrive or come back."""
    seen = Case.objects.visible_to(acting.of(request.user), directory.current().units)
    dispatch = Dispatch.objects.filter(pk=pk, case__in=seen).select_related("case").first()
    if dispatch is None or verb not in dispatching.DOES:
        raise Http404
    number = dispatch.case.number
    try:
        used = _wanted(request) if verb == "release" else {}
        data = {"location": typed_coordinates(request) or None, "used": used}
        dispatching.act(pk, verb, by=acting.person(request.user), data=data)
    except Refused as refused:
        return after_refusal(request, number, refused, f"dispatch-{pk}")
    messages.success(request, str(SAID[verb]))
    return _back(number)


def _back(number: str) -> HttpResponse:
    return after(reverse("case", args=[number]) + "#actions")
