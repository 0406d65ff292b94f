"""指挥 on the case page: open, change, report, stand down."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cases import command
from cases.models import Case, Command
from cases.views import after, after_refusal
from responsibility import acting, directory
from responsibility.models import User
from responsibility.refusals import Refused


@require_POST
def open_command(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/command/``: open the command."""
    case = _visible(request).filter(number=number).first()
    if case is None:
        raise Http404
    given = {name: request.POST.get(name, "").strip() for name in ("objectives", "phase")}
    try:
        command.open_command(
            case.pk, by=acting.person(request.user), commander=_number(request, "commander", None), **given
        )
    except Refused as refused:
        return after_refusal(request, number, refused, "command-open")
    messages.success(request, _("指挥部已启动。"))
    return _back(number)


def _change(request: HttpRequest, pk: int, by: User) -> None:
    command.change(pk, by=by, phase=_typed(request, "phase"), objectives=_typed(request, "objectives"))


def _report(request: HttpRequest, pk: int, by: User) -> None:
    texts = {name: _typed(request, name) for name in command.TEXTS}
    command.report(pk, by=by, casualties=_number(request, "casualties", -1) or 0, **texts)


def _stand_down(request: HttpRequest, pk: int, by: User) -> None:
    command.stand_down(pk, by=by, conclusion=_typed(request, "conclusion"))


DOES: dict[str, Callable[[HttpRequest, int, User], None]] = {
    "change": _change,
    "report": _report,
    "stand_down": _stand_down,
}
SAID = {
    "change": gettext_lazy("阶段与目标已调整。"),
    "report": gettext_lazy("情况报告已提交。"),
    "stand_down": gettext_lazy("指挥已解除。"),
}


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/commands/<id>/<verb>/``: another phase, a situation report, the stand-down."""
    found = Command.objects.filter(pk=pk, case__in=_visible(request)).select_related("case").first()
    if found is None or verb not in DOES:
        raise Http404
    try:
        DOES[verb](request, pk, acting.person(request.user))
    except Refused as refused:
        return after_refusal(request, found.case.number, refused, f"command-{verb}")
    messages.success(request, str(SAID[verb]))
    return _back(found.case.number)


def _typed(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, "")).strip()


def _number(request: HttpRequest, name: str, otherwise: int | None) -> int | None:
    text = _typed(request, name)
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _visible(request: HttpRequest):
    return Case.objects.visible_to(acting.of(request.user), directory.current().units)


def _back(number: str) -> HttpResponse:
    return after(reverse("case", args=[number]) + "#actions")
