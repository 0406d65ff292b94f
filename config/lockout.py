"""Signing in is closed for a while after many failures: of a name from one address, and of a name from anywhere."""

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from config.refusing import refusal
from responsibility.erasing import Person


class ByNameToo(AxesDatabaseHandler):
    """Counts failures by name and address, and those of a name from all addresses against a limit of their own.

    That one is higher, because whoever reaches it from outside keeps the person himself from signing in.
    """

    def get_failures(self, request, credentials=None) -> int:
        """Failures in the terms of ``AXES_FAILURE_LIMIT``."""
        name = get_client_username(request, credentials)
        of_name = AccessAttempt.objects.filter(username=name, attempt_time__gte=get_cool_off_threshold(request))
        everywhere = of_name.aggregate(all=Sum("failures_since_start"))["all"] or 0
        scaled = everywhere * settings.AXES_FAILURE_LIMIT // settings.FAILURES_OF_A_NAME
        return max(super().get_failures(request, credentials), scaled)


def locked(request: HttpRequest, _response: HttpResponse | None, _credentials: dict | None) -> HttpResponse:
    """What somebody is told who is locked out: 429, and when to try again."""
    if request.path.startswith("/api/"):
        answer = refusal(request, 429, "locked", _("尝试次数过多，已暂时锁定，请稍后再试。"))
    else:
        answer = render(request, settings.AXES_LOCKOUT_TEMPLATE, status=429)
    pause = get_cool_off(request)
    if pause is not None:
        answer["Retry-After"] = str(int(pause.total_seconds()))
    return answer


def forget(sender, person: Person, **more) -> None:
    """Remove attempts to sign in under names that tell of ``person``: anybody can type any name there."""
    for model in (AccessAttempt, AccessFailureLog, AccessLog):
        said = ["username", "path_info", "user_agent", "http_accept"]
        said += ["get_data", "post_data"] if model is AccessAttempt else []
        named = Q()
        for column in said:
            named |= Q(**{f"{column}__regex": person.pattern})
        model.objects.filter(named).delete()
