"""What a source may send: bytes of a bounded size, in one of the agreed forms."""

import json

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from responsibility.interface import TooLarge

CHUNK = 1 << 16
# Read this much of an overlong body before answering, so that the sender hears the answer and not a reset.
DRAIN_BYTES = 128 << 20


class BoundedBody(BaseParser):
    """The body as bytes, whatever its media type; ``TooLarge`` (413) beyond ``INTAKE_MAX_BYTES``."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        kept, size = [], 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size <= settings.INTAKE_MAX_BYTES:
                kept.append(chunk)
            elif size > DRAIN_BYTES:
                break
        if size > settings.INTAKE_MAX_BYTES:
            raise TooLarge(_("请求内容超过 %(limit)d MB 的上限。") % {"limit": settings.INTAKE_MAX_BYTES >> 20})
        return b"".join(kept)


class Unreadable:
    """A line that is not JSON; it is answered like any other bad item."""


def _refuse_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def load_json(text: str) -> object:
    """``text`` as JSON in the strict sense; ``ParseError`` (400) otherwise."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ParseError(_("不是有效的 JSON。"), code="bad_json") from None


def text_of(body: bytes) -> str:
    """``body`` as text; ``ParseError`` (400) when it is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParseError(_("内容不是有效的 UTF-8。"), code="bad_encoding") from None


def items_of(body: bytes, content_type: str) -> tuple[list, bool]:
    """The items of a body and whether they came as several: an object, an array, or NDJSON one object a line."""
    text = text_of(body)
    if "ndjson" in content_type:
        # Not splitlines(): U+2028 and its like may stand inside a JSON text.
        # Counted before they are read: a million broken lines would keep everybody waiting.
        return [_line(line) for line in _bounded([line for line in text.split("\n") if line.strip()])], True
    found = load_json(text)
    if isinstance(found, list):
        return _bounded(found), True
    return [found], False


def _line(line: str) -> object:
    try:
        return load_json(line)
    except ParseError:
        return Unreadable


def _bounded(items: list) -> list:
    if not items:
        raise ParseError(_("没有任何条目。"), code="empty")
    if len(items) > settings.INTAKE_MAX_ITEMS:
        raise ParseError(
            _("一次最多 %(limit)d 条，请分批发送。") % {"limit": settings.INTAKE_MAX_ITEMS}, code="too_many_items"
        )
    return items
