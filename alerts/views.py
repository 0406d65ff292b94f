"""The register of what is watched, and the list of what sources speak of though nobody has registered it."""

from django.core.exceptions import BadRequest
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alerts import intake
from alerts.models import RiskObject
from responsibility import access, acting, clock, directory
from responsibility.models import Duty

PAGE = 50
UNREGISTERED = 100
LONGEST = 100


@require_GET
def objects(request: HttpRequest) -> HttpResponse:
    """``/objects/``: search by code or name, by territory and category; pages by code."""
    actor, known = acting.of(request.user), directory.current()
    wanted = {name: request.GET.get(name, "").strip() for name in ("q", "territory", "category", "after")}
    if any("\x00" in value or len(value) > LONGEST for value in wanted.values()):
        raise BadRequest("too long")
    found = _narrowed(_visible(actor, known), wanted)
    page = list(found.select_related("category", "territory", "main_body").order_by("code")[: PAGE + 1])
    everywhere = access.everywhere(actor, "objects.read")
    context = {
        "actor": actor,
        "known": known,
        "objects": page[:PAGE],
        "more": page[PAGE - 1].code if len(page) > PAGE else "",
        "wanted": wanted,
        "unregistered": list(intake.unregistered()[:UNREGISTERED]) if everywhere else [],
        "everywhere": everywhere,
    }
    return render(request, "alerts/objects.html", context)


def _visible(actor: acting.Actor, known: directory.Directory):
    """All for the district's desks; else objects of the own territory, of the own keeping, or of the own duties."""
    if access.everywhere(actor, "objects.read"):
        return RiskObject.objects.all()
    mine = access.units(actor, "objects.read", known.units)
    now = clock.now()
    own = Duty.objects.filter(
        live=True, category=OuterRef("category"), unit__in=mine, valid__contains=now, edition__valid__contains=now
    )
    return RiskObject.objects.filter(Q(territory__unit__in=mine) | Q(main_body__in=mine) | Exists(own))


def _narrowed(found, wanted: dict):
    if wanted["q"]:
        found = found.filter(
            Q(code__istartswith=wanted["q"]) | Q(name__icontains=wanted["q"]) | Q(name_en__icontains=wanted["q"])
        )
    if wanted["territory"]:
        found = found.filter(territory__code=wanted["territory"])
    if wanted["category"]:
        found = found.filter(category__code=wanted["category"])
    return found.filter(code__gt=wanted["after"]) if wanted["after"] else found
