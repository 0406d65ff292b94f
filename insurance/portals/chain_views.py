"""The page of the whole chain of a case, and the history of an object for its insurer."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cases import outside
from cases.models import Case
from insurance.portals import chain, drawing, history, reach
from responsibility import access, acting, directory


@require_GET
def case_chain(request: HttpRequest, number: str) -> HttpResponse:
    """``/insurance/cases/<number>/chain/``: from the first signal to the settlement, as far as the reader sees it."""
    actor, known = acting.of(request.user), directory.current()
    case = Case.objects.select_related("risk_object", "territory", "category").filter(number=number[:64]).first()
    found = reach.of(actor, case, known) if case else None
    if case is None or found is None:
        raise Http404
    # The title as it stands is in the words of whoever reported it: for those alone who are shown the case itself.
    title = case.title if found.granted else outside.title(case)
    context = {
        "actor": actor, "case": case, "title": title, "found": found, "steps": chain.steps(found, known),
        # Who is insured by a policy or an order alone is not shown the case itself.
        "opens": found.granted or Case.objects.filter(outside.concerning(actor), pk=case.pk).exists(),
    }  # fmt: skip
    return render(request, "insurance/claims/chain.html", context)


@require_GET
def object_history(request: HttpRequest, code: str) -> HttpResponse:
    """``/insurance/objects/<code>/history/``: alerts, cases, findings and claims of an object under a policy."""
    actor = acting.of(request.user)
    if not access.may(actor, history.ACT):
        raise PermissionDenied
    found = history.of(actor, code)
    if found is None:
        raise Http404
    context = {"actor": actor, "found": found, "chart": drawing.drawn(found.months), "grades": drawing.grade_words()}
    return render(request, "insurance/claims/history.html", context)
