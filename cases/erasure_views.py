"""The page on which the office counts, and then erases, what is kept of one person."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases import erasure, views
from responsibility import access, acting
from responsibility.erasing import Person
from responsibility.refusals import Refused

FIELDS = ("name", "phone", "basis", "reason", "officials")


@never_cache
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """``/privacy/``: what is kept of a person, counted or erased. Answered without a redirect, so that neither name nor
    number comes into an address."""
    actor = acting.of(request.user)
    if not access.may(actor, "privacy.erase"):
        raise PermissionDenied
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    context = {"actor": actor, "typed": typed, "bases": erasure.Basis}
    counted = request.POST.get("do") != "erase"
    if request.method == "POST":
        whom = {name: typed[name] for name in ("name", "phone")}
        told = {name: typed[name] for name in ("basis", "reason", "officials")}
        try:
            done = erasure.erase(Person(**whom), by=acting.person(request.user), dry_run=counted, **told)
        except Refused as refused:
            status = views.status_of(refused)
            return render(request, "cases/privacy.html", context | {"refused": refused}, status=status)
        context |= {"done": done, "counted": counted, "rows": dict(done.rows), "typed": typed if counted else {}}
    return render(request, "cases/privacy.html", context)
