"""``/accountability/rechecks/``: which closed cases the draw of a month named, and what was found on them."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accountability import drawing, rechecking, seeding
from accountability.drawseed import DrawSeed
from accountability.models import Outcome, Recheck
from cases.models import Case
from cases.views import after, status_of
from responsibility import access, acting, clock
from responsibility.refusals import Refused


@require_http_methods(["GET", "POST"])
def rechecks(request: HttpRequest) -> HttpResponse:
    """The draw of ``month``, the last whole one where none is named; POST records what was found on ``number``."""
    if request.method == "GET":
        return _page(request, request.GET.get("month", "").strip() or _last_month())
    given = {name: request.POST.get(name, "") for name in ("number", "month", "outcome", "note")}
    try:
        rechecking.record(given.pop("number"), by=acting.person(request.user), **given)
    except Refused as refused:
        if not access.may(acting.of(request.user), "accountability.read"):
            raise PermissionDenied from None
        return _page(request, given["month"], refused)
    messages.success(request, _("抽查结果已记入台账。"))
    return after(f"{reverse('rechecks')}?month={given['month']}")


@require_GET
def draw_file(request: HttpRequest) -> HttpResponse:
    """``/accountability/rechecks/draw.json``: all that the draw of ``month`` is repeated from, for ``draw.py``."""
    if not access.may(acting.of(request.user), "accountability.read"):
        raise PermissionDenied
    try:
        draw = drawing.of_month(request.GET.get("month", "").strip())
    except Refused as misread:
        raise BadRequest(misread.code) from None
    if draw is None:
        return render(request, "refused.html", {"status": 409, "detail": _("本月尚未抽取。")}, status=409)
    answer = JsonResponse(draw.told, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="draw-{draw.month}.json"'
    return answer


def _last_month() -> str:
    return f"{localdate(clock.now()).replace(day=1) - timedelta(days=1):%Y-%m}"


def _page(request: HttpRequest, month: str, refused: Refused | None = None) -> HttpResponse:
    actor = acting.of(request.user)
    if not access.may(actor, "accountability.read"):
        raise PermissionDenied
    draw = None
    try:
        draw = drawing.of_month(month)
    except Refused as misread:
        refused, month = refused or misread, ""
    numbers = draw.numbers if draw else []
    cases = {case.number: case for case in Case.objects.filter(number__in=numbers).select_related("territory")}
    found = {each.case_id: each for each in Recheck.objects.filter(case__in=cases.values(), month=month)}
    lines = [(cases[number], found.get(cases[number].pk)) for number in numbers]
    context = {
        "actor": actor, "month": month, "draw": draw, "lines": lines, "outcomes": Outcome, "refused": refused,
        "records": access.may(actor, "recheck.record"), "typed": request.POST, **_sealing(month, draw),
    }  # fmt: skip
    return render(request, "accountability/rechecks.html", context, status=status_of(refused) if refused else 200)


def _sealing(month: str, draw: drawing.Draw | None) -> dict:
    """The commitment of the month, where it was signed, when it is opened, and whether the draw holds."""
    sealed = DrawSeed.objects.filter(month=month).first() if month else None
    return {
        "sealed": sealed,
        "sealed_in": drawing.sealed_in(sealed) if sealed else None,
        "opens": drawing.bounds(month)[1] + seeding.WAIT if sealed else None,
        "faults": draw.faults if draw else [],
    }
