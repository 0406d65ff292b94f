"""``/accountability/rechecks/``: which closed cases the draw of a month named, and what was found on them."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accountability import drawing, rechecking
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
        "records": access.may(actor, "recheck.record"), "typed": request.POST,
    }  # fmt: skip
    return render(request, "accountability/rechecks.html", context, status=status_of(refused) if refused else 200)
