"""Requests of auditors: which doors they may write at, and the role of the database they are served by."""

from collections.abc import Iterator

from django.conf import settings
from django.core.signals import request_started
from django.db import ProgrammingError
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from psycopg.errors import InsufficientPrivilege

from config.refusing import refusal
from responsibility import confining
from responsibility.refusals import Forbidden

# Where nobody works as an auditor: in and out, one's language, one's own inbox, countersigning for a unit that is a
# witness, and the doors that ask for the key of a sub-platform instead of a person.
OUTSIDE = {
    "accounts/login/", "accounts/logout/", "admin/login/", "admin/logout/", "language/", "inbox/read/",
    "api/v1/token/", "api/v1/ledger/cosign/",
    *(f"api/v1/{door}/" for door in ("alerts", "alerts/cap", "alerts/alertmanager", "readings", "heartbeat")),
}  # fmt: skip
# Where an auditor asks for something of the audit; what is written leaves the role by ``confining.PATHS`` alone.
UNDER = {
    "cases/<number:number>/bundle/", "desk/questions/", "desk/questions/<int:pk>/<slug:act>/", "desk/sealed/",
    "mining/export/",
}  # fmt: skip


class Auditors:
    """Serve whoever audits under the role; what the database refuses then is told as a refusal."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        try:
            response = self.get_response(request)
            if confining.confined() and isinstance(response, StreamingHttpResponse):
                _go_on(response)
            return response
        finally:
            confining.leave()

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Before the view; tokens are read within it, and admitted there (``responsibility.tokens``)."""
        route = request.resolver_match.route if request.resolver_match else ""
        door = "outside" if route in OUTSIDE else "under" if route in UNDER else ""
        request.auditors_door = door  # type: ignore[attr-defined]
        # A request without the cookie of a session has no person yet.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        try:
            confining.admit(request, request.user)
        except Forbidden as refused:
            return refusal(request, 403, refused.code, refused.detail)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A write that no code refused."""
        if not (isinstance(error, ProgrammingError) and isinstance(error.__cause__, InsufficientPrivilege)):
            return None
        if not confining.confined():
            return None
        confining.log.error("auditor_wrote", path=request.path)
        return refusal(request, 403, "auditor_reads_only", _("审计员只读，不能办理。"))


def _go_on(response: StreamingHttpResponse) -> None:
    """What is still to be read while it is sent is read under the role as well. A file is open already."""
    if not isinstance(response, FileResponse) and not response.is_async:
        response.streaming_content = _confined(iter(response))  # type: ignore[assignment]


def _confined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    confining.enter()
    try:
        yield from pieces
    finally:
        confining.leave()


def _nothing_left(**more) -> None:
    """A stream that was never read to its end or closed leaves its role no longer than to here."""
    confining.leave()


request_started.connect(_nothing_left, dispatch_uid="confined")
