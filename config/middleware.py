"""What every request carries."""

import re
import uuid

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.refusing import refusal
from responsibility import acting
from responsibility.refusals import Refused

SAFE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestId:
    """Name each request, so that log lines and ledger entries of one act can be laid side by side."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if SAFE.match(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with acting.request(request_id):
            response = self.get_response(request)
        structlog.contextvars.unbind_contextvars("request_id")
        response["X-Request-Id"] = request_id
        return response


class Refusals:
    """Say in words why a request is not looked at any further; see ``config/bridge.py`` and ``config/refusing.py``."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = request.META.get("bihuan.refused")
        if refused is not None:
            answer = _said(request, *refused)
            # The rest of the body may still be on its way.
            answer["Connection"] = "close"
            return answer
        # No column can hold it, so no question that contains it has an answer.
        if "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.META.get("QUERY_STRING", ""):
            return refusal(request, 400, "bad_character", _("地址中含有无效字符。"))
        if "\x00" in request.path_info:
            return refusal(request, 404, "not_found", _("没有这个地址。"))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a page could not know to refuse: a record in a file of the archive that cannot be read."""
        if isinstance(error, Refused) and error.code == "archive_missing":
            return refusal(request, 409, error.code, error.detail)
        return None


def _said(request: HttpRequest, code: str, limit: int) -> HttpResponse:
    if code == "bad_charset":
        return refusal(request, 415, code, _("请使用 UTF-8 编码。"))
    if code == "too_large":
        return refusal(request, 413, code, _("请求内容超过 %(limit)d MB 的上限。") % {"limit": limit >> 20})
    return refusal(request, 408, code, _("请求内容迟迟没有传完，请重新发送。"))


class Private:
    """What is answered to a person stays in no cache, unless its view says for how long it may."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
