"""The last answer, when nobody foresaw what happened: to a program in its own shape, to a person as a page."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from responsibility.interface import one


def failed(request: HttpRequest) -> HttpResponse:
    """500: ``{"type", "errors"}`` below ``/api/``, the page elsewhere."""
    if not request.path.startswith("/api/"):
        return server_error(request)
    told = one("error", _("系统出错，这一步可能没有保存，请稍后重试。"))
    return JsonResponse({"type": "server_error", "errors": [told]}, status=500)
