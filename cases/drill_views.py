"""``/drills/``: begin a drill, see it run, end it, read and print its report."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts import scenarios
from alerts.models import Drill
from cases import drills, scoring
from cases.views import status_of
from responsibility import access, acting, clock, directory
from responsibility.refusals import Invalid, Refused

SHOWN = 50


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The drills that the reader may see. POST begins one: ``file`` or the name of a ``scenario``, and ``speed``."""
    actor, known = acting.of(request.user), directory.current()
    if not access.may(actor, "drill.read") and not access.may(actor, "drill.start"):
        raise PermissionDenied
    refused = None
    if request.method == "POST":
        if not access.may(actor, "drill.start"):
            raise PermissionDenied
        try:
            drill = drills.start(_scenario(request), by=acting.person(request.user), speed=_speed(request))
        except Refused as error:
            refused = error
        else:
            messages.success(request, _("演练已开始。"))
            return _see(drill)
    seen = (
        drills.visible(actor, known)
        .select_related("unit", "started_by")
        .annotate(count=Count("cases"))
        .order_by("-started_at", "-pk")
    )
    english = (get_language() or "").startswith("en")
    context = {
        "actor": actor,
        "known": known,
        "drills": list(seen[:SHOWN]),
        "starts": access.may(actor, "drill.start"),
        "scenarios": [
            (name, one.get("title_en") or one["title"] if english else one["title"])
            for name, one in scenarios.shipped().items()
        ],
        "limits": (drills.SLOWEST, drills.FASTEST),
        "typed": request.POST,
        "refused": refused,
        "now": clock.now(),
    }
    return render(request, "drills/index.html", context, status=status_of(refused) if refused else 200)


def _scenario(request: HttpRequest) -> object:
    """The uploaded file, else the scenario chosen by name."""
    file = request.FILES.get("file")
    if file is not None:
        return scenarios.of_file(file)
    chosen = scenarios.shipped().get(request.POST.get("scenario", ""))
    if chosen is None:
        raise Invalid("required", _("请选择脚本或上传文件。"), "scenario")
    return chosen


def _speed(request: HttpRequest) -> int:
    text = request.POST.get("speed", "").strip()
    # What is no number is left for the action to refuse.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """``/drills/<id>/``: how it stands, or its report once it is over."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, refused: Refused | None = None) -> HttpResponse:
    actor, known, now = acting.of(request.user), directory.current(), clock.now()
    drill = _seen(actor, known, pk)
    context = {
        "actor": actor,
        "known": known,
        "drill": drill,
        "report": drill.report or scoring.report(drill, now),
        "seen": set(drill.cases.visible_to(actor, known.units).values_list("number", flat=True)),  # type: ignore[attr-defined]
        "ends": drill.ended_at is None and bool(access.post_for(actor, "drill.end", named={drill.unit_id})),
        "refused": refused,
        "now": now,
    }
    return render(request, "drills/drill.html", context, status=status_of(refused) if refused else 200)


def _seen(actor: acting.Actor, known: directory.Directory, pk: int) -> Drill:
    """The drill, 404 for who may not see it, 403 for who may see none at all."""
    if not access.may(actor, "drill.read"):
        raise PermissionDenied
    found = drills.visible(actor, known).filter(pk=pk).select_related("unit", "started_by", "ended_by").first()
    if found is None:
        raise Http404
    return found


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """``/drills/<id>/end/``."""
    drill = _seen(acting.of(request.user), directory.current(), pk)
    try:
        drills.end(pk, by=acting.person(request.user))
    except Refused as refused:
        return _page(request, pk, refused)
    messages.success(request, _("演练已结束，评估报告已生成。"))
    return _see(drill)


def _see(drill: Drill) -> HttpResponse:
    answer = redirect(reverse("drill", args=[drill.pk]))
    answer.status_code = 303
    return answer
