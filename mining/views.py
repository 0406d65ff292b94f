"""The page of process mining: parse, ask, answer. Nothing here decides anything."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accountability import period
from cases.models import Loop
from cases.views import status_of
from mining import drawing, exporting, finding
from mining.durations import Only
from mining.ranking import rows
from responsibility import acting, directory
from responsibility.refusals import Forbidden, Refused

# Rows of a table; the rest is said to be there.
SHOWN = 10


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """``/mining/``: ``since``, ``until`` (local days), ``loop``, ``unit`` (a code)."""
    return _page(request)


@require_POST
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """``/mining/export/``: the event log of a period as a file; ``form``, ``since``, ``until``, ``purpose``."""
    _reader(request)
    form = request.POST.get("form", "")
    try:
        asked = period.asked(request.POST)
        pieces = exporting.export(form, asked, by=acting.person(request.user), purpose=request.POST.get("purpose", ""))
    except Refused as refused:
        return _page(request, refused)
    return answer(form, asked, pieces)


def answer(form: str, asked: period.Period, pieces) -> StreamingHttpResponse:
    """A log as a file that is sent as it is read."""
    file = StreamingHttpResponse(pieces, content_type=exporting.TYPES[form])
    file["Content-Disposition"] = f'attachment; filename="{exporting.filename(form, asked)}"'
    return file


def _reader(request: HttpRequest) -> acting.Actor:
    actor = acting.of(request.user)
    try:
        finding.reader(actor)
    except Forbidden:
        raise PermissionDenied from None
    return actor


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    actor, known = _reader(request), directory.current()
    try:
        asked, only = finding.asked(request.GET)
    except Refused as misread:
        refused, asked, only = refused or misread, period.asked({}), Only()
    found = finding.find(asked, only)
    spent = found.durations
    context = {
        "actor": actor, "known": known, "period": asked, "only": only, "refused": refused, "found": found,
        "loops": Loop.choices, "map": drawing.draw(spent), "shown": SHOWN, "typed": request.POST,
        "units": sorted((unit.code, unit.label) for unit in known.units.values()),
        "by_loop": rows(spent.loops, by=list(Loop.values)), "by_unit": rows(spent.units)[:SHOWN],
        "waits": rows(spent.waits)[:SHOWN], "transfers": rows(spent.transfers)[:SHOWN],
    }  # fmt: skip
    return render(request, "mining/index.html", context, status=status_of(refused) if refused else 200)
