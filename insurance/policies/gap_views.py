"""The pages of what must be insured and is not: parse, ask, answer."""

from tempfile import TemporaryFile

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from insurance.policies import gaps
from insurance.policies.sectors import SECTORS
from responsibility import access, acting, clock, directory
from responsibility.exchange.writing import TYPES, XLSX

PAGE, LONGEST = 50, 64


def _wanted(request: HttpRequest) -> tuple[acting.Actor, dict[str, str]]:
    actor = acting.of(request.user)
    if not access.may(actor, gaps.ACT):
        raise PermissionDenied
    wanted = {name: request.GET.get(name, "").strip() for name in ("sector", "after")}
    if any("\x00" in value or len(value) > LONGEST for value in wanted.values()):
        raise BadRequest("too long")
    if wanted["sector"] and wanted["sector"] not in {sector.code for sector in SECTORS}:
        raise BadRequest("sector")
    return actor, wanted


def _missing(actor: acting.Actor, wanted: dict[str, str], must, at):
    sector = next((each for each in SECTORS if each.code == wanted["sector"]), None)
    return gaps.missing(must.filter(sector.objects) if sector else must, at)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/insurance/gaps/``: counts by sector and the objects without a policy, by code; ``sector`` narrows it."""
    actor, wanted = _wanted(request)
    now = clock.now()
    must = gaps.must(actor, directory.current(), now)
    objects, more = gaps.page(_missing(actor, wanted, must, now), wanted["after"], PAGE)
    counts = gaps.counts(must, now)
    context = {
        "actor": actor, "counts": counts, "rows": [(thing, gaps.sector_of(thing)) for thing in objects], "more": more,
        "wanted": wanted, "none": _("、").join(str(each.sector.label) for each in counts if not each.must),
        "must": sum(each.must for each in counts), "missing": sum(each.missing for each in counts),
        "everywhere": access.everywhere(actor, gaps.ACT), "now": now,
    }  # fmt: skip
    return render(request, "insurance/policies/gaps.html", context)


@require_GET
def export(request: HttpRequest) -> FileResponse:
    """``/insurance/gaps/export.xlsx``: the whole list of the page."""
    actor, wanted = _wanted(request)
    now = clock.now()
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    gaps.export(_missing(actor, wanted, gaps.must(actor, directory.current(), now), now), file)
    file.seek(0)
    name = f"{_('应保未保')}-{localdate(now):%Y%m%d}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[XLSX])
