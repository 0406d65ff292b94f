"""The page of resources."""

from itertools import groupby

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from resources import room
from resources.models import ResourceKind
from responsibility import access, acting, directory


@require_GET
def stations(request: HttpRequest) -> HttpResponse:
    """``/resources/``: what stands at which station, what of it is free; ``kind`` narrows to one."""
    actor, known = acting.of(request.user), directory.current()
    if not access.may(actor, "resources.read"):
        raise PermissionDenied
    found = room.visible(actor, known.units)
    kind = request.GET.get("kind", "")
    if kind in ResourceKind.values:
        found = found.filter(kind=kind)
    by_station = [(station, list(rows)) for station, rows in groupby(found, key=lambda row: row.station)]
    context = {"actor": actor, "known": known, "stations": by_station, "kinds": ResourceKind, "kind": kind}
    return render(request, "resources/stations.html", context)
