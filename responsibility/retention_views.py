"""The page on how long what is kept."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from responsibility import access, acting, retention
from responsibility.models import Hold, Retention

HOLDS = 200


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/retention/``: each class with its minimum, setting, oldest item and last run; and what is held."""
    actor = acting.of(request.user)
    if not access.may(actor, "retention.read"):
        raise PermissionDenied
    runs = retention.runs()
    lines = []
    for kept in Retention.objects.all():
        remover = retention.REMOVERS.get(kept.code)
        lines.append({"kept": kept, "oldest": remover.oldest() if remover else None, "run": runs.get(kept.code),
                      "removed": remover is not None})  # fmt: skip
    holds = Hold.objects.filter(lifted_at=None).select_related("by").order_by("-at")[:HOLDS]
    return render(request, "responsibility/retention.html", {"actor": actor, "lines": lines, "holds": holds})
