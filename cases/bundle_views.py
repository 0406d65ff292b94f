"""证据包 from the page of a case."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from cases import outside_views, views
from cases.bundle import exporting
from cases.models import Case
from responsibility import acting, directory
from responsibility.refusals import Refused


@require_POST
def bundle(request: HttpRequest, number: str) -> HttpResponse | FileResponse:
    """``/cases/<number>/bundle/``: the case as one ZIP that can be checked offline; the ledger is told of it."""
    actor, known = acting.of(request.user), directory.current()
    seen = Case.objects.read_by(actor, known.units)
    case = seen.filter(number=number).first()
    if case is None:
        raise Http404
    try:
        made = exporting.export(case.pk, by=acting.person(request.user))
    except Refused as refused:
        if outside_views.sees(actor, known, number):
            return outside_views.page(request, actor, known, number, refused)
        return views.after_refusal(request, number, refused, "bundle")
    return FileResponse(made, as_attachment=True, filename=f"{case.number}.zip", content_type="application/zip")
