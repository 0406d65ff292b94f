"""The page of one's own objects: found by code or name, each with what its insurer may ask of it."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from insurance.portals import history, mine
from responsibility import access, acting

PAGE = 50
LONGEST = 100


@require_GET
def objects(request: HttpRequest) -> HttpResponse:
    """``/insurance/objects/``: what ``mine.objects`` names, by code; ``q`` is of a code or a name, ``after`` a code."""
    actor = acting.of(request.user)
    if not mine.is_outsider(actor):
        raise PermissionDenied
    wanted = {name: request.GET.get(name, "").strip() for name in ("q", "after")}
    if any("\x00" in value or len(value) > LONGEST for value in wanted.values()):
        raise BadRequest("too long")
    found = mine.objects(actor)
    if q := wanted["q"]:
        found = found.filter(Q(code__istartswith=q) | Q(name__icontains=q) | Q(name_en__icontains=q))
    if wanted["after"]:
        found = found.filter(code__gt=wanted["after"])
    page = list(found.select_related("territory", "main_body", "category").order_by("code")[: PAGE + 1])
    context = {
        "actor": actor, "objects": page[:PAGE], "wanted": wanted, "prices": access.may(actor, history.ACT),
        "more": page[PAGE - 1].code if len(page) > PAGE else "",
    }  # fmt: skip
    return render(request, "portals/objects.html", context)
