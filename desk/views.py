"""The pages of the desk: parse, ask, answer. Nothing here decides anything."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.views import after, status_of
from desk import asking, exporting, indexing, lines, questions, searching, taking
from desk.models import Sealed
from responsibility import access, acting, directory
from responsibility.refusals import Forbidden, Refused

SHOWN_EXPORTS = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """``/desk/``: the question that the address asks, its answer, and the saved questions."""
    actor, known = _reader(request), directory.current()
    refused = asked = found = None
    try:
        asked = asking.read(request.GET, known)
        found = searching.search(asked, after=asking.place(request.GET.get("after", "")))
    except Refused as misread:
        refused = misread
    context = {
        "actor": actor, "known": known, "asked": asked, "found": found, "refused": refused,
        "lines": lines.of(found.places, known) if found else [], "most": searching.COUNTED,
        "questions": questions.seen_by(acting.person(request.user)), "behind": indexing.behind(),
    }  # fmt: skip
    return render(request, "desk/index.html", context, status=400 if refused else 200)


@require_GET
def table(request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
    """``/desk/table.csv``: the whole answer as a file; that it was taken stands in the ledger."""
    _reader(request)
    known = directory.current()
    try:
        asked = asking.read(request.GET, known)
        taking.take(asked, by=acting.person(request.user))
    except Refused as misread:
        return _refusal(request, misread, status_of(misread))
    answer = StreamingHttpResponse(lines.table(asked, known), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="ledger.csv"'
    return answer


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """``/desk/questions/``: keep the question of ``query`` under ``name``."""
    _reader(request)
    query = request.POST.get("query", "")
    try:
        questions.keep(
            asking.fields(query.lstrip("?")), by=acting.person(request.user), name=request.POST.get("name", ""),
            shared=request.POST.get("shared") == "1",
        )  # fmt: skip
    except Refused as refused:
        return _said(request, refused, query)
    messages.success(request, _("已保存。"))
    return after(f"{reverse('desk')}?{query.lstrip('?')}")


@require_POST
def question(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/desk/questions/<id>/<act>/``: ``rename`` or ``remove`` an own one."""
    by = acting.person(request.user)
    try:
        if act == "remove":
            questions.remove(pk, by=by)
        else:
            shared = request.POST.get("shared") == "1"
            questions.rename(pk, by=by, name=request.POST.get("name", ""), shared=shared)
    except Refused as refused:
        return _said(request, refused, "")
    messages.success(request, _("已删除。") if act == "remove" else _("已保存。"))
    return after(reverse("desk"))


def _said(request: HttpRequest, refused: Refused, query: str) -> HttpResponse:
    if isinstance(refused, Forbidden):
        raise PermissionDenied
    messages.error(request, refused.detail)
    asked = query.lstrip("?")
    return after(f"{reverse('desk')}?{asked}" if asked else reverse("desk"))


@never_cache
@require_http_methods(["GET", "POST"])
def sealed(request: HttpRequest) -> HttpResponse:
    """``/desk/sealed/``: what was given to the discipline body; POST makes a further one and shows its passphrase."""
    actor = acting.of(request.user)
    if not access.may(actor, "desk.seal"):
        raise PermissionDenied
    context = {"actor": actor, "typed": request.POST or request.GET, "days": exporting.DAYS}
    status = 200
    if request.method == "POST":
        try:
            asked = exporting.order(request.POST, directory.current())
            made, passphrase = exporting.seal(asked, by=acting.person(request.user))
            context |= {"made": made, "passphrase": passphrase, "typed": {}}
        except Refused as refused:
            context["refused"], status = refused, status_of(refused)
    context["exports"] = Sealed.objects.select_related("by")[:SHOWN_EXPORTS]
    return render(request, "desk/sealed.html", context, status=status)


@require_GET
def file(request: HttpRequest, pk) -> HttpResponse | FileResponse:
    """``/desk/sealed/<id>/file/``: the locked file until it expires, then 410; each time is an entry."""
    try:
        found, path = exporting.fetch(pk, by=acting.person(request.user))
    except Forbidden:
        raise PermissionDenied from None
    except Refused as refused:
        return _refusal(request, refused, 410)
    name = f"sealed-{found.sha256[:12]}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")


def _refusal(request: HttpRequest, refused: Refused, status: int) -> HttpResponse:
    return render(request, "refused.html", {"status": status, "detail": refused.detail}, status=status)


def _reader(request: HttpRequest) -> acting.Actor:
    actor = acting.of(request.user)
    if not access.may(actor, "ledger.read"):
        raise PermissionDenied
    return actor
