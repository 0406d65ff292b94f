"""The page of resources."""

from itertools import groupby

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from resources import keeping, room
from resources.models import ResourceKind, Station
from responsibility import access, acting, directory
from responsibility.refusals import Forbidden, Invalid, Refused


@require_GET
def stations(request: HttpRequest) -> HttpResponse:
    """``/resources/``: what stands at which station, what of it is free; ``kind`` narrows to one."""
    return _page(request)


def _page(request: HttpRequest, refused: Refused | None = None, failed: int = 0) -> HttpResponse:
    actor, known = acting.of(request.user), directory.current()
    if not access.may(actor, "resources.read"):
        raise PermissionDenied
    found = room.visible(actor, known.units)
    kind = request.GET.get("kind", "")
    if kind in ResourceKind.values:
        found = found.filter(kind=kind)
    by_station = [
        (station, list(rows), _keeps(actor, station)) for station, rows in groupby(found, key=lambda row: row.station)
    ]
    context = {
        "actor": actor, "known": known, "stations": by_station, "kinds": ResourceKind, "kind": kind,
        "exchanges": access.may(actor, "exchange.stock"), "refused": refused, "failed": failed, "typed": request.POST,
    }  # fmt: skip
    status = {Invalid: 400, Forbidden: 403}.get(type(refused), 409) if refused else 200
    return render(request, "resources/stations.html", context, status=status)


def _keeps(actor: acting.Actor, station: Station) -> bool:
    return access.post_for(actor, "resources.keep", named={station.unit_id}) is not None


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """``/resources/<id>/``: write down stock and readiness."""
    actor, known = acting.of(request.user), directory.current()
    resource = room.visible(actor, known.units).filter(pk=pk).first()
    if resource is None:
        raise Http404
    stock, ready = request.POST.get("stock", "").strip(), request.POST.get("ready", "")
    # What is no number is refused by the action, as any number that cannot be is.
    counted = (int(stock) if stock.isascii() and stock.isdigit() and len(stock) < 10 else -1) if stock else None
    can_go, note = {"yes": True, "no": False}.get(ready), request.POST.get("note", "")
    try:
        keeping.keep(pk, by=acting.person(request.user), stock=counted, ready=can_go, note=note)
    except Refused as refused:
        return _page(request, refused, pk)
    messages.success(request, _("已登记。"))
    return HttpResponseRedirect(f"{reverse('resources')}#{resource.station.code}", status=303)
