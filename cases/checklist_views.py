"""打勾 on the case page: one button per step, and the page again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases import ticking
from cases.models import Case
from cases.views import after_refusal
from handbook.models import Step
from responsibility import acting, directory
from responsibility.refusals import Refused


@require_http_methods(["GET", "POST"])
def mark(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """``/cases/<number>/checklist/<step>/``: the step is done, or with ``undo`` it is not after all."""
    seen = Case.objects.visible_to(acting.of(request.user), directory.current().units)
    case = seen.filter(number=number).first()
    if case is None or not Step.objects.filter(pk=pk, version=case.policy.get("handbook")).exists():
        raise Http404
    if request.method == "POST":
        by, note = acting.person(request.user), request.POST.get("note", "")
        try:
            ticking.mark(case.pk, pk, by=by, done="undo" not in request.POST, note=note)
        except Refused as refused:
            return after_refusal(request, number, refused, "checklist")
        messages.success(request, _("已撤销打勾。") if "undo" in request.POST else _("已打勾。"))
    answer = redirect(f"{reverse('case', args=[number])}#step-{pk}")
    answer.status_code = 303 if request.method == "POST" else 302
    return answer
