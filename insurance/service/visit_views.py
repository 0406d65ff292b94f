"""The visit on a phone: its page, which opens without a connection, its photos, and the record that is taken once."""

from pathlib import Path
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import files
from cases.views import after, status_of
from insurance.firms.fitness import valid_inspectors
from insurance.service import given, keeping, record, seeing, visiting
from insurance.service.models import Photo, ServiceOrder
from insurance.service.views import seen
from responsibility import access, acting, clock
from responsibility.acting import Actor
from responsibility.refusals import Refused

WORKER = Path(__file__).parent / "visit-worker.js"
KEPT = cache_control(private=True, max_age=3600)


@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest, order: str) -> HttpResponse:
    """``/insurance/orders/<number>/visit/``: write the record, and send it. A program (``Accept: application/json``) is
    answered ``{"taken", "url"}``, or the errors of the API."""
    found, actor = _worked(request, order)
    if request.method == "GET":
        return _form(request, found, actor)
    try:
        written = record.read_form(request.POST)
        visiting.record(found.pk, written, by=acting.person(request.user), uploads=request.FILES.getlist("photo"))
    except Refused as refused:
        return _no(refused) if _by_program(request) else _form(request, found, actor, refused)
    messages.success(request, _("服务记录已送达，机构已签署；接下来由被保险人签署。"))
    url = reverse("insurance-order", args=[found.number])
    return JsonResponse({"taken": str(written.sent_as), "url": url}) if _by_program(request) else after(url)


@require_POST
def photo(request: HttpRequest, order: str) -> HttpResponse:
    """``/insurance/orders/<number>/photos/``: one ``photo`` of the record ``sent_as``; answers ``{"sha256"}``."""
    found, _actor = _worked(request, order)
    try:
        sent_as = given.name_of(request.POST.get("sent_as", ""))
        kept = visiting.receive(found.pk, sent_as, request.FILES.get("photo"), by=acting.person(request.user))
    except Refused as refused:
        return _no(refused)
    return JsonResponse({"sha256": kept.sha256}, status=201)


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> FileResponse:
    """``/insurance/orders/worker.js``: lets the page of a visit open without a connection."""
    return FileResponse(WORKER.open("rb"), content_type="text/javascript; charset=utf-8")


@require_GET
@KEPT
def thumb(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/photos/<id>/thumb/``: a small JPEG."""
    found = _seen_photo(request, pk)
    return _send(found, files.thumbnail(found, keeping.root()), "image/jpeg", f"{found.sha256[:12]}.jpg")


@require_GET
@KEPT
def shared(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/photos/<id>/``: the copy without metadata; 410 when the file went under retention."""
    found = _seen_photo(request, pk)
    path = files.shareable(found, keeping.root())
    return _send(found, path, found.content_type, files.shown_name(found, found.original_name))


def _worked(request: HttpRequest, number: str) -> tuple[ServiceOrder, Actor]:
    found, actor = seen(request, number)
    if access.post_for(actor, "service.work", named={found.firm_id}) is None:
        raise PermissionDenied
    return found, actor


def _form(request: HttpRequest, order: ServiceOrder, actor: Actor, refused: Refused | None = None) -> HttpResponse:
    now = clock.now()
    typed = request.POST
    context = {
        "actor": actor, "order": order, "refused": refused, "typed": typed,
        "people": valid_inspectors(order.firm, localdate(now)),
        "chosen": typed.getlist("people"), "severities": record.Severity, "lines": _lines(typed),
        "sent_as": typed.get("sent_as") or str(uuid4()), "taken": getattr(order, "visit", None),
        "verbs": seeing.allowed(order, actor), "most": record.DAYS,
    }  # fmt: skip
    return render(request, "service/visit.html", context, status=status_of(refused) if refused else 200)


def _lines(typed: QueryDict) -> list[dict]:
    """The lines of readings and findings, each with what had been typed there."""
    names = ("what", "value", "unit", "severity", "text", "basis", "advice", "days")
    return [{"n": n} | {name: typed.get(f"{name}_{n}", "") for name in names} for n in range(1, record.FORM_LINES + 1)]


def _by_program(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _no(refused: Refused) -> JsonResponse:
    error = {"code": refused.code, "detail": str(refused.detail), "attr": refused.attr}
    return JsonResponse({"type": "client_error", "errors": [error]}, status=status_of(refused))


def _seen_photo(request: HttpRequest, pk: int) -> Photo:
    actor = acting.of(request.user)
    orders = ServiceOrder.objects.visible_to(actor)
    found = Photo.objects.select_related("visit__order__policy").filter(
        pk=min(pk, given.BEYOND), visit__order__in=orders
    )
    photo = found.first()
    if photo is None or seeing.by_insurance(photo.visit.order, actor):
        raise Http404
    return photo


def _send(found: Photo, path: Path | None, content_type: str, name: str) -> HttpResponse | FileResponse:
    if gone := keeping.gone(found):
        return gone
    if path is None or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), filename=name, content_type=content_type)
