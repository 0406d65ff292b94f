"""The exchange pages: what may be taken out and brought back, a file's report, and the button that imports it."""

from functools import reduce
from operator import or_
from tempfile import TemporaryFile
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from responsibility import acting, clock, directory
from responsibility.exchange import importing, writing
from responsibility.exchange.faults import Fault
from responsibility.exchange.tables import TABLES, Table, open_tables
from responsibility.models import Upload, UploadState
from responsibility.refusals import Forbidden, Invalid, Refused

RECENT = 10


def _about(request: HttpRequest) -> tuple[acting.Actor, dict]:
    actor = acting.of(request.user)
    return actor, {"actor": actor, "known": directory.current(), "tables": open_tables(actor)}


def _table(request: HttpRequest, name: str) -> tuple[Table, dict]:
    """The table with ``name``; 403 for who may not exchange it, 404 where there is none."""
    actor, context = _about(request)
    table = TABLES.get(name)
    if table is None or not context["tables"]:
        raise PermissionDenied if not context["tables"] else Http404
    if not table.open_to(actor):
        raise PermissionDenied
    recent = Upload.objects.filter(table.brought(actor)).select_related("brought_by")[:RECENT]
    scopes = table.scopes()
    return table, context | {"table": table, "uploads": recent, "scopes": scopes, "closed": scopes == []}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """``/exchange/``: the tables that the reader may take out and bring back."""
    actor, context = _about(request)
    if not context["tables"]:
        raise PermissionDenied
    seen = reduce(or_, (table.brought(actor) for table in context["tables"]))
    recent = Upload.objects.filter(seen).select_related("brought_by")[:RECENT]
    return render(request, "exchange/index.html", context | {"uploads": recent})


@require_http_methods(["GET", "POST"])
def table(request: HttpRequest, name: str) -> HttpResponse:
    """``/exchange/<table>/``: template, export, upload, and what each column means. POST takes ``file``, ``scope``."""
    found, context = _table(request, name)
    if request.method == "GET":
        return render(request, "exchange/table.html", context)
    try:
        file = request.FILES.get("file")
        if file is None or not file.name:
            raise Invalid("required", _("请选择文件。"), "file")
        person = acting.person(request.user)
        upload = importing.receive(found, file, file.name, by=person, scope=request.POST.get("scope", "")[:20])
    except Refused as refused:
        return render(request, "exchange/table.html", context | {"refused": refused}, status=_status(refused))
    if upload.lines <= importing.SHORT:
        importing.judge(upload.pk)
    return _see(upload)


@require_GET
def template(request: HttpRequest, name: str) -> FileResponse:
    """``/exchange/<table>/template.xlsx``."""
    found, _context = _table(request, name)
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    writing.template(found, file)
    return _send(file, _("%(table)s模板") % {"table": found.label}, writing.XLSX)


@require_GET
def export(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """``/exchange/<table>/export.xlsx`` or ``.csv``; ``scope`` narrows it to one edition."""
    found, context = _table(request, name)
    part = found.kept_by(context["actor"])
    scope = request.GET.get("scope", "")
    if form not in writing.TYPES or (scope and not (scope.isascii() and scope.isdecimal() and len(scope) < 10)):
        raise Http404
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        writing.export(part, scope, form, file)
    except Refused as refused:
        return render(request, "exchange/table.html", context | {"refused": refused}, status=_status(refused))
    return _send(file, f"{found.label}-{localdate(clock.now()):%Y%m%d}", form)


def _send(file, name: str, form: str) -> FileResponse:
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.{form}", content_type=writing.TYPES[form])


def _upload(request: HttpRequest, chain: UUID) -> tuple[Upload, dict]:
    actor, context = _about(request)
    seen = reduce(or_, (table.brought(actor) for table in context["tables"]), Q(pk=None))
    upload = Upload.objects.select_related("brought_by", "applied_by").filter(seen, chain=chain).first()
    if upload is None:
        raise Http404
    return upload, context


@require_GET
def upload(request: HttpRequest, chain: UUID) -> HttpResponse:
    """``/exchange/uploads/<chain>/``: how far the file has come, then its report."""
    return _page(request, *_upload(request, chain))


def _page(request: HttpRequest, upload: Upload, context: dict, refused: Refused | None = None) -> HttpResponse:
    table = TABLES[upload.table]
    columns = {column.name: column.label for column in table.columns}
    context |= {
        "upload": upload,
        "table": table,
        "faults": [(fault, columns.get(fault.column, "")) for fault in (Fault(**kept) for kept in upload.faults)],
        "changes": [
            change | {"fields": [(columns.get(name, name), old, new) for name, old, new in change["fields"]]}
            for change in upload.shown
        ],
        "reached": importing.reached(upload) if upload.is_underway else 0,
        "can_apply": upload.state == UploadState.JUDGED and upload.effective,
        "has_sheet": importing.sheet_of(upload).is_file() and not upload.is_underway,
        "refused": refused,
    }
    return render(request, "exchange/upload.html", context, status=_status(refused) if refused else 200)


@require_POST
def apply(request: HttpRequest, chain: UUID) -> HttpResponse:
    """``/exchange/uploads/<chain>/apply/``: a short file now, a long one by the worker."""
    found, context = _upload(request, chain)
    person = acting.person(request.user)
    try:
        if found.lines > importing.SHORT:
            return _see(importing.ask(found.pk, by=person))
        importing.apply(found.pk, by=person)
    except Refused as refused:
        found.refresh_from_db()
        return _page(request, found, context, refused)
    messages.success(request, _("已导入。"))
    return _see(found)


@require_GET
def sheet(request: HttpRequest, chain: UUID) -> FileResponse:
    """``/exchange/uploads/<chain>/report.csv``: what would become of every row."""
    found, _context = _upload(request, chain)
    path = importing.sheet_of(found)
    if found.is_underway or not path.is_file():
        raise Http404
    name = _("%(file)s核对结果") % {"file": found.file_name.rpartition(".")[0]}
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{name}.csv", content_type=writing.TYPES[writing.CSV]
    )


def _see(upload: Upload) -> HttpResponseRedirect:
    answer = redirect(reverse("exchange-upload", args=[upload.chain]))
    answer.status_code = 303
    return answer


def _status(refused: Refused) -> int:
    return {Invalid: 400, Forbidden: 403}.get(type(refused), 409)
