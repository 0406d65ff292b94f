"""How a request is refused before any view: in the shape of all errors for programs, as a page for people."""

import codecs
import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

# What browsers and the systems of this country write in. Python knows many more that are no text at all.
CHARSETS = {"utf-8", "ascii", "iso8859-1", "gb2312", "gbk", "gb18030"}
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def refusal(request: HttpRequest, status: int, code: str, detail) -> HttpResponse:
    """``{"type", "errors": [{"code", "detail", "attr"}]}`` below ``/api/``, elsewhere a page that says ``detail``."""
    if request.path.startswith("/api/"):
        error = {"code": code, "detail": str(detail), "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=status)
    return render(request, "refused.html", {"status": status, "detail": detail}, status=status)


def legible(application):
    """Take from ``application`` what it would fail on before any of its own code runs: a character set that is none.

    It is told so in ``environ["bihuan.refused"]``. A name that nobody knows is passed over, as ever.
    """

    def called(environ, start_response):
        named = CHARSET.search(environ.get("CONTENT_TYPE", ""))
        if named and not _is_text(named[1]):
            environ["CONTENT_TYPE"] = CHARSET.sub("", environ["CONTENT_TYPE"])
            environ["bihuan.refused"] = environ.get("bihuan.refused") or ("bad_charset", 0)
        return application(environ, start_response)

    return called


def _is_text(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in CHARSETS
    except (LookupError, ValueError):
        return True
