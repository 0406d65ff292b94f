"""The page of periods and holds: parse, ask, answer. Nothing here decides anything."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.views import after, status_of
from responsibility import access, acting
from responsibility.models import User
from responsibility.refusals import Refused
from retention import holds, periods, seeing


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/retention/``: classes, what is set, what is over age, the last run, holds."""
    return _page(request)


@require_POST
def put(request: HttpRequest) -> HttpResponse:
    """``/retention/periods/``: keep the class ``code`` so many ``days``, for good where empty, for a ``reason``."""
    posted = request.POST

    def act(by: User) -> None:
        periods.may(by)
        periods.put(posted.get("code", ""), periods.read(posted.get("days", "")), posted.get("reason", ""), by=by)

    return _done(request, act, _("保存期限已设定。"))


@require_POST
def lay(request: HttpRequest) -> HttpResponse:
    """``/retention/holds/``: hold a case, an object or a period, for a ``reason``."""
    posted = request.POST

    def act(by: User) -> None:
        holds.office(by, "retention.hold")
        holds.lay(holds.read(posted), posted.get("reason", ""), by=by)

    return _done(request, act, _("已封存。"))


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """``/retention/holds/<id>/lift/``: let go, for a ``reason``."""
    reason = request.POST.get("reason", "")
    number = min(pk, 2**63 - 1)
    return _done(request, lambda by: holds.lift(number, reason, by=by), _("封存已解除。"))


def _done(request: HttpRequest, act: Callable[[User], object], said: str) -> HttpResponse:
    try:
        act(acting.person(request.user))
    except Refused as refused:
        return _page(request, refused)
    messages.success(request, said)
    return after(reverse("retention"))


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    actor = acting.of(request.user)
    if not access.may(actor, "retention.read"):
        raise PermissionDenied
    context = {
        "actor": actor, "lines": seeing.lines(), "last": seeing.last_run(), "holds": seeing.holds(),
        "refused": refused, "typed": request.POST,
    }  # fmt: skip
    return render(request, "retention/index.html", context, status=status_of(refused) if refused else 200)
