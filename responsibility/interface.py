"""What all API doors share: one shape for errors, one for pages."""

from datetime import UTC

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import set_rollback

from responsibility.refusals import Forbidden, Invalid, Refused

log = structlog.get_logger(__name__)


def errors(error: Exception, context: dict) -> Response | None:
    """``{"type", "errors": [{"code", "detail", "attr"}]}`` for every refusal, in the reader's language.

    ``Invalid`` 400, ``Forbidden`` 403, ``Refused`` 409; the framework's own keep their status. A database that is
    gone or in the way is 503 with ``Retry-After``. What nobody foresaw is left to the server: 500, and logged.
    """
    if isinstance(error, Refused):
        set_rollback()
        code = {Invalid: 400, Forbidden: 403}.get(type(error), 409)
        kind = "validation_error" if code == 400 else "client_error"
        return _answer(code, kind, [one(error.code, error.detail, error.attr)])
    if isinstance(error, IntegrityError):
        set_rollback()
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "conflict"
        log.warning("integrity", constraint=name)
        return _answer(409, "client_error", [one(name, _("与已有数据冲突，未作任何改动。"))])
    if isinstance(error, OperationalError | InterfaceError):
        set_rollback()
        log.error("database_unavailable", exc_info=error)
        told = one("unavailable", _("系统暂时不可用，请稍后重试。"))
        return _answer(503, "server_error", [told], {"Retry-After": "5"})
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        return _answer(413, "client_error", [one("too_large", _("请求内容过大。"))])
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    kind = "validation_error" if isinstance(error, exceptions.ValidationError) else "client_error"
    challenge = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return _answer(error.status_code, kind, list(_flat(error.get_full_details())), headers)


def one(code: str, detail, attr: str | None = None) -> dict:
    """One error of the shared shape."""
    return {"code": code, "detail": str(detail), "attr": attr}


def _answer(code: int, kind: str, found: list[dict], headers: dict | None = None) -> Response:
    return Response({"type": kind, "errors": found}, status=code, headers=headers)


def _flat(details, attr: str | None = None):
    if isinstance(details, dict) and "message" in details:
        yield one(details["code"], details["message"], attr)
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _flat(inner, name if attr is None else f"{attr}.{name}")
    else:
        for inner in details:
            yield from _flat(inner, attr)


class ErrorSerializer(serializers.Serializer):
    """One fault."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ErrorsSerializer(serializers.Serializer):
    """The one shape of every refusal."""

    type = serializers.ChoiceField(["client_error", "validation_error", "server_error"])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


def _instant(text: str) -> None:
    """Raise ``ValueError`` or ``OverflowError`` unless ``text`` is a time that the database can compare with."""
    parsed = parse_datetime(text)
    if parsed is None or parsed.utcoffset() is None:
        raise ValueError(text)
    parsed.astimezone(UTC)


def _row_id(text: str) -> None:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(text)


class NewestFirst(CursorPagination):
    """Pages by cursor, newest first; ``page_size`` up to 200. Nothing is counted. A cursor not of ours is 404."""

    ordering: tuple[str, ...] = ("-opened_at", "-id")
    read = staticmethod(_instant)
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request):
        cursor = super().decode_cursor(request)
        try:
            if cursor is not None and cursor.position is not None:
                self.read(cursor.position)
        except (ValueError, OverflowError):
            raise exceptions.NotFound(self.invalid_cursor_message) from None
        return cursor


class NewestEntryFirst(NewestFirst):
    """The same for what has no instant of its own: ledger entries, urgings."""

    ordering = ("-id",)
    read = staticmethod(_row_id)


class Json(JSONParser):
    """The framework's parser; nesting deeper than Python follows is a bad request (400), not a failure."""

    def parse(self, stream, media_type=None, parser_context=None):
        """As the parent."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("不是有效的 JSON。"), code="bad_json") from None


class Instant(serializers.DateTimeField):
    """The framework's field; a time at the edge of the calendar, which has no other zone, is a bad value (400)."""

    def to_internal_value(self, value):
        """As the parent."""
        try:
            return super().to_internal_value(value)
        except OverflowError:
            self.fail("overflow")


class TooLarge(exceptions.APIException):
    """The body is larger than the door takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("请求内容过大。")
