"""How a request is refused outside the views: in the shape of all errors for programs, as a page for people."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def refusal(request: HttpRequest, status: int, code: str, detail) -> HttpResponse:
    """``{"type", "errors": [{"code", "detail", "attr"}]}`` below ``/api/``, elsewhere a page that says ``detail``."""
    if request.path.startswith("/api/"):
        error = {"code": code, "detail": str(detail), "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=status)
    return render(request, "refused.html", {"status": status, "detail": detail}, status=status)
