"""``/requests/``: one desk for everything that somebody must decide, and the way to arbitration."""

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases import casepage, deciding, joint, requests, views, worklist
from cases.models import Case, Request
from cases.models.work import RequestState
from responsibility import acting, clock, directory
from responsibility.directory import Directory
from responsibility.refusals import Refused

PENDING, RECENT = 500, 30
RELATED = (
    "case__holder", "case__lead", "case__territory", "case__category", "unit", "asked_by", "decided_by", "proposed",
    "designated", "deadline", "evidence", "appeal_of",
)  # fmt: skip


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """What I may decide, the most urgent first; what my units have asked; what I have decided."""
    actor, known, now = acting.of(request.user), directory.current(), clock.now()
    mine = deciding.Desk(actor, known, now)
    asked = Request.objects.select_related(*RELATED)
    waiting = _waiting(asked, actor, known)[:PENDING]
    to_decide = [r for r in waiting if casepage.decides(actor, r, r.case, mine)]
    rows = {row.case.pk: row for row in worklist.rows(actor, known, list({r.case_id for r in to_decide}))}
    own = list(asked.select_related("appeal").filter(unit__in=actor.unit_ids)[:RECENT])
    context = {
        "actor": actor,
        "known": known,
        "appealable": {r.pk for r in own if r.case.is_open and joint.allows(requests.may_appeal, r, r.unit_id)},
        "to_decide": [(r, rows[r.case_id]) for r in to_decide],
        "mine": own,
        "decided": asked.filter(decided_by=acting.person(request.user)).order_by("-decided_at")[:RECENT],
        "now": now,
    }
    return render(request, "cases/requests.html", context)


def _waiting(asked: QuerySet, actor: acting.Actor, known: Directory) -> QuerySet:
    """What is undecided and could be the actor's to decide: all for the desks of the district, else by the lead."""
    # A drill's after the real ones.
    order = F("case__drill").desc(nulls_first=True), "deadline__due_at", "asked_at"
    pending = asked.filter(state=RequestState.PENDING).order_by(*order)
    desks = {unit.pk for function in deciding.HOME.values() if (unit := known.unit_with(function))}
    return pending if desks & actor.unit_ids else pending.filter(Q(case__lead__in=actor.unit_ids))


@require_POST
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """``/requests/<id>/appeal/``: take a refusal to arbitration."""
    actor, known = acting.of(request.user), directory.current()
    seen = Case.objects.visible_to(actor, known.units)
    refused = Request.objects.filter(pk=pk, case__in=seen).select_related("case").first()
    if refused is None:
        raise Http404
    try:
        requests.appeal(pk, by=acting.person(request.user), reason=request.POST.get("reason", "").strip())
    except Refused as refusal:
        return views.case_again(request, refused.case.number, refusal, f"appeal-{pk}")
    messages.success(request, _("已提交申诉，由区城运应急办裁定。"))
    return HttpResponseRedirect(reverse("case", args=[refused.case.number]))
