"""``/accountability/consequences/``: who was reminded, talked to or handed over, and what he says about it."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accountability import casefile, following, ladder, ordering
from accountability.ordering import LADDER, Asked
from accountability.rungs import Consequence, Ground, Rung
from cases.filetypes import SUFFIXES
from cases.models import Case
from cases.views import after, status_of
from responsibility import access, acting, clock, directory
from responsibility.models import Unit
from responsibility.refusals import Refused

# Cases of one risk whose bundles are offered to be made.
FEW = 5
TYPED = ("unit", "text", "ground", "person", "basis", "place", "chair", "body", "purpose")


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """All of them, and how often each unit stood on each rung; for others what concerns their own units."""
    actor, known = acting.of(request.user), directory.current()
    unit, kind, before = (request.GET.get(name, "") for name in ("unit", "kind", "before"))
    if kind and kind not in Rung.values or before and not (before.isascii() and before.isdigit()) or "\x00" in unit:
        raise BadRequest("kind")
    shown, more = ladder.lines(actor, known, unit=unit, kind=kind, before=int(before[:18] or 0) or None)
    whole = access.everywhere(actor, "consequence.read")
    context = {
        "actor": actor, "known": known, "lines": shown, "more": more, "kinds": Rung, "kind": kind, "unit": unit,
        "rungs": LADDER, "whole": whole, "table": ladder.by_unit(known) if whole else [],
    }  # fmt: skip
    return render(request, "accountability/consequences.html", context)


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/accountability/consequences/<id>/``."""
    return _one(request, pk)


def _one(request: HttpRequest, pk: int, refused: Refused | None = None, failed: str = "") -> HttpResponse:
    actor, known = acting.of(request.user), directory.current()
    line = ladder.one(pk, actor, known)
    if line is None:
        raise Http404
    context = {
        "actor": actor, "known": known, "line": line, "refused": refused, "failed": failed, "typed": request.POST,
        "longest": following.LONGEST, "now": clock.now(),
    }  # fmt: skip
    return render(request, "accountability/consequence.html", context, status=status_of(refused) if refused else 200)


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/accountability/consequences/<id>/answer/``, ``…/hold/`` and ``…/withdraw/``."""
    if ladder.one(pk, acting.of(request.user), directory.current()) is None or verb not in DONE:
        raise Http404
    try:
        _do(request, pk, verb)
    except Refused as refused:
        return _one(request, pk, refused, verb)
    messages.success(request, str(DONE[verb]))
    return after(reverse("consequence", args=[pk]))


DONE = {
    "answer": gettext_lazy("陈述已记入台账。"),
    "hold": gettext_lazy("约谈已记录。"),
    "withdraw": gettext_lazy("已撤回，记录保留。"),
}


def _do(request: HttpRequest, pk: int, verb: str) -> None:
    by, given = acting.person(request.user), request.POST
    if verb == "answer":
        following.answer(pk, by=by, text=given.get("text", ""))
    elif verb == "withdraw":
        following.withdraw(pk, by=by, note=given.get("note", ""))
    else:
        words = {name: given.get(name, "") for name in ("outcome", "minutes")}
        following.hold(pk, by=by, file=request.FILES.get("file"), **words)


@require_GET
def minutes(request: HttpRequest, pk: int) -> FileResponse:
    """``/accountability/consequences/<id>/minutes/``: the file that was kept of a talk, as it was received."""
    line = ladder.one(pk, acting.of(request.user), directory.current())
    path = settings.EVIDENCE_ROOT / line.of.path if line and line.of.sha256 else None
    if line is None or path is None or not path.is_file():
        raise Http404
    name = f"minutes-{line.of.sha256[:12]}{SUFFIXES.get(line.of.content_type, '')}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=line.of.content_type)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """``/accountability/consequences/new/``: order one on ``case`` or on ``risk``; ``kind`` chooses the form."""
    actor = acting.of(request.user)
    if not access.may(actor, "consequence.remind"):
        raise PermissionDenied
    kind = request.GET.get("kind", Rung.REMINDER.value)
    if kind not in Rung.values:
        raise BadRequest("kind")
    case, risk = _matter(request)
    if request.method == "GET":
        return _form(request, actor, kind, case, risk)
    try:
        made = ordering.order(_asked(request, kind, case, risk), by=acting.person(request.user))
    except Refused as refused:
        return _form(request, actor, kind, case, risk, refused)
    passed = ordering.advised(ladder.earlier(made), made.kind)
    told = _("已作出%(kind)s，并通知所涉单位。") % {"kind": made.get_kind_display()}
    if passed:
        told += _("此前尚未%(rungs)s；阶次供参考，不是前提。") % {"rungs": "、".join(passed)}
    messages.success(request, told)
    return after(reverse("consequence", args=[made.pk]))


def _matter(request: HttpRequest) -> tuple[Case | None, str]:
    number, risk = request.GET.get("case", ""), request.GET.get("risk", "")
    if "\x00" in number + risk or len(number + risk) > 100:
        raise Http404
    case = Case.objects.real().filter(number=number).first() if number else None
    if case is None and (number or not risk or not ordering.of_risk(risk).exists()):
        raise Http404
    return case, risk


def _asked(request: HttpRequest, kind: str, case: Case | None, risk: str) -> Asked:
    given = {name: request.POST.get(name, "").strip() for name in TYPED}
    given |= {} if case else {"ground": Ground.ENDLESS.value}
    meets: datetime | None = casefile.instant(request.POST.get("meets_at", "").strip())
    number = case.number if case else ""
    return Asked(kind, number=number, risk=risk, meets_at=meets, bundles=request.POST.getlist("bundles"), **given)


def _form(
    request: HttpRequest, actor: acting.Actor, kind: str, case: Case | None, risk: str, refused: Refused | None = None
) -> HttpResponse:
    known = directory.current()
    concerned = ordering.concerned(Ground.CASE if case else Ground.ENDLESS, case, risk, known)
    context = {
        "actor": actor, "known": known, "kind": kind, "kinds": Rung, "case": case, "risk": risk, "refused": refused,
        "typed": request.POST, "units": _sorted(concerned - actor.unit_ids, known.units), "ticked": _ticked(request),
        "grounds": [Ground.CASE, Ground.COLLECTIVE],
        "exports": ordering.exports(case, risk) if kind == Rung.HANDOVER else [],
        "matters": ([case] if case else ordering.of_risk(risk)[:FEW]) if kind == Rung.HANDOVER else [],
        "before": Consequence.objects.filter(case=case, risk="" if case else risk).select_related("unit"),
    }  # fmt: skip
    return render(request, "accountability/order.html", context, status=status_of(refused) if refused else 200)


def _ticked(request: HttpRequest) -> set[str]:
    return set(request.POST.getlist("bundles"))


def _sorted(wanted: set[int], units: dict[int, Unit]) -> list[Unit]:
    return sorted((units[pk] for pk in wanted if pk in units), key=lambda unit: unit.code)
