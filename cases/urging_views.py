"""``/urging/``: all urging in one list; and the forms of it on the case page."""

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases import urging, urging_page
from cases.models import Case, Urging, UrgingKind
from cases.views import after, after_refusal, status_of
from responsibility import access, acting, clock, directory
from responsibility.refusals import Refused


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """What my units were urged to do and what they urged, all of it for the district's desks; circulars for all."""
    return _page(request)


def _page(request: HttpRequest, refused: Refused | None = None, failed: str = "") -> HttpResponse:
    actor, known = acting.of(request.user), directory.current()
    if not access.may(actor, "urge.read"):
        raise PermissionDenied
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    if kind and kind not in UrgingKind.values or before and not (before.isascii() and before.isdigit()):
        raise BadRequest("kind")
    only = request.GET.get("open") == "1"
    shown, more = urging_page.lines(actor, known, kind=kind, listed=only, before=int(before[:18] or 0) or None)
    context = {
        "actor": actor, "known": known, "lines": shown, "more": more, "kinds": UrgingKind, "kind": kind, "only": only,
        "refused": refused, "failed": failed, "typed": request.POST, "now": clock.now(),
    }  # fmt: skip
    return render(request, "cases/urgings.html", context, status=status_of(refused) if refused else 200)


@require_POST
def issue(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/urging/``: remind, urge, list or circulate a unit of the case."""
    case = Case.objects.visible_to(acting.of(request.user), directory.current().units).filter(number=number).first()
    if case is None:
        raise Http404
    typed = {name: request.POST.get(name, "").strip() for name in ("kind", "unit", "text")}
    hours = request.POST.get("hours", "").strip()
    minutes = 60 * int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 5 else None
    try:
        made = urging.issue(case.pk, by=acting.person(request.user), minutes=minutes, **typed)
    except Refused as refused:
        return after_refusal(request, number, refused, "urging")
    told = {"kind": made.get_kind_display(), "unit": made.unit.label}
    messages.success(request, _("已向%(unit)s发出%(kind)s。") % told)
    return after(reverse("case", args=[number]) + "#urging")


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/urging/<id>/reply/`` and ``…/lift/``, from the list or from the case."""
    actor, known = acting.of(request.user), directory.current()
    found = Urging.objects.visible_to(actor, known.units).filter(pk=pk).select_related("case").first()
    if found is None or verb not in ("reply", "lift"):
        raise Http404
    by, text, of_case = acting.person(request.user), request.POST.get("text", "").strip(), "of_case" in request.POST
    try:
        urging.reply(pk, by=by, text=text) if verb == "reply" else urging.lift(pk, by=by, note=text)
    except Refused as refused:
        if of_case:
            return after_refusal(request, found.case.number, refused, f"urging-{pk}-{verb}")
        return _page(request, refused, f"urging-{pk}-{verb}")
    messages.success(request, _("已回复督办。") if verb == "reply" else _("已解除督办。"))
    return after(reverse("case", args=[found.case.number]) + "#urging" if of_case else reverse("urgings"))
