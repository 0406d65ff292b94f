"""The purchase list and the page of a firm: parse, fetch what is visible, answer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cases.views import after, status_of
from insurance.firms import register, scoring, sheet, showing
from insurance.firms.models import Complaint, Firm, Item, Standing
from insurance.firms.seeing import reads
from responsibility import access, acting, clock, directory
from responsibility.models import Unit
from responsibility.models.district import UnitKind
from responsibility.refusals import Refused

BEYOND = 2**63 - 1
SHOWN = 100
GROUPS = {"": (Standing.LISTED,), "stopped": (Standing.SUSPENDED, Standing.REMOVED), "new": (Standing.REGISTERED,)}


@require_GET
def purchase_list(request: HttpRequest) -> HttpResponse:
    """``/insurance/firms/``: who may be bought from, by ``item``; ``show=stopped`` who may not any more."""
    actor, item = acting.of(request.user), request.GET.get("item", "")
    group = request.GET.get("show", "") if request.GET.get("show", "") in GROUPS else ""
    found = showing.with_parts(Firm.objects.visible_to(actor))
    rows = [row for row in showing.purchase_list(found, item if item in Item.values else "")
            if row.standing in GROUPS[group]]  # fmt: skip
    context = {
        "actor": actor, "rows": rows, "items": Item.choices, "item": item, "group": group,
        "today": localdate(clock.now()), "offices": access.everywhere(actor, "firm.read"),
    }  # fmt: skip
    return render(request, "firms/list.html", context)


@require_GET
def workbook(request: HttpRequest) -> HttpResponse:
    """``/insurance/firms/list.xlsx``: the firms on the list, as a table."""
    acting.person(request.user)
    listed = showing.with_parts(Firm.objects.listed(clock.now()))
    answer = HttpResponse(sheet.written(showing.purchase_list(listed)), content_type=sheet.TYPE)
    answer["Content-Disposition"] = 'attachment; filename="firms.xlsx"'
    return answer


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """``/insurance/firms/new/``: enter a firm."""
    actor, refused = acting.of(request.user), None
    if not access.may(actor, "firm.keep"):
        raise PermissionDenied
    if request.method == "POST":
        try:
            made = register.register(
                request.POST.get("unit", ""), request.POST.get("credit_code", ""), by=acting.person(request.user)
            )
        except Refused as caught:
            refused = caught
        else:
            messages.success(request, _("机构已登记。登记资质之后可以列入清单。"))
            return after(reverse("firm", args=[made.pk]))
    units = Unit.objects.filter(kind=UnitKind.FIRM).exclude(pk__in=Firm.objects.values("unit_id")).order_by("code")
    context = {"actor": actor, "units": units, "refused": refused, "typed": request.POST}
    return render(request, "firms/new.html", context, status=status_of(refused) if refused else 200)


@require_GET
def firm(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/firms/<id>/``: the register, and to whom it concerns people, figures, measures, complaints."""
    return page(request, pk)


def page(request: HttpRequest, pk: int, refused: Refused | None = None, failed: str = "", row: int = 0) -> HttpResponse:
    """The page of a firm; ``failed`` names the form that was refused, and its ``row``: it keeps what was typed."""
    actor, now = acting.of(request.user), clock.now()
    found = get_object_or_404(Firm.objects.visible_to(actor).select_related("unit"), pk=min(pk, BEYOND))
    day, inside = localdate(now), reads(actor, found.unit_id)
    complaints = Complaint.objects.visible_to(actor).filter(firm=found).select_related("by_unit")
    context = {
        "actor": actor, "firm": found, "standing": found.stands(now), "inside": inside, "now": now, "today": day,
        "licences": showing.licences(found, day), "complaints": complaints[:SHOWN],
        "keeps": access.post_for(actor, "firm.keep"), "items": Item.choices,
        "employs": access.post_for(actor, "firm.people", named={found.unit_id}),
        "own": access.post_for(actor, "firm.answer", named={found.unit_id}),
        "complains": access.post_for(actor, "complaint.make", named=actor.unit_ids),
        "answers": access.post_for(actor, "complaint.answer", named={found.unit_id}),
        "refused": refused, "failed": failed, "row": row, "typed": request.POST, "known": directory.current(),
        "about": request.GET.get("about", "")[:40],
    }  # fmt: skip
    if inside:
        context |= _inside(request, actor, found)
        refused = context["refused"] = refused or context["wrong_period"]
    return render(request, "firms/firm.html", context, status=status_of(refused) if refused else 200)


def _inside(request: HttpRequest, actor: acting.Actor, found: Firm) -> dict:
    now = clock.now()
    wrong: Refused | None = None
    try:
        since, until = showing.period(request.GET, now)
    except Refused as caught:
        wrong, (since, until) = caught, showing.period({}, now)
    measures = showing.handled(found, actor, now)
    return {
        "people": showing.people(found, localdate(now)), "measures": measures,
        "stopped": next((one for one in measures if one.measure.holds and one.measure.adverse), None),
        "choices": showing.choices(found, actor, now),
        "card": scoring.cards({found.unit_id}, since, until)[found.unit_id],
        "since": localdate(since), "until": localdate(until if until == now else until - scoring.INSTANT),
        "conflict": scoring.CONFLICTS, "wrong_period": wrong,
    }  # fmt: skip
