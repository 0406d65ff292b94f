"""特别授权 on the case page."""

from datetime import datetime, time

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases import sharing
from cases.models import Case, Grant
from responsibility import acting, clock, directory
from responsibility.refusals import Forbidden, Refused


@require_POST
def share(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/shares/``: until the end of the day that was typed."""
    case = _seen(request).filter(number=number).first()
    if case is None:
        raise Http404
    typed = {name: request.POST.get(name, "").strip() for name in ("unit", "username", "reason")}
    try:
        sharing.share(case.pk, by=acting.person(request.user), until=_end_of(request.POST.get("until", "")), **typed)
    except Forbidden as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        messages.success(request, _("已授权查阅。"))
    return redirect("case", number=number)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """``/shares/<id>/revoke/``: the grant closes at once."""
    grant = Grant.objects.filter(pk=pk, case__in=_seen(request)).select_related("case").first()
    if grant is None:
        raise Http404
    try:
        sharing.revoke(pk, by=acting.person(request.user))
    except Forbidden as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        messages.success(request, _("授权已收回。"))
    return redirect("case", number=grant.case.number)


def _seen(request: HttpRequest):
    return Case.objects.visible_to(acting.of(request.user), directory.current().units)


def _end_of(text: str) -> datetime:
    """The last moment of the day ``text``; now, which is refused in words, for what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return make_aware(datetime.combine(day, time(23, 59, 59))) if day else clock.now()
