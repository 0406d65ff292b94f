"""The pages of findings: parse, fetch through ``visible_to``, call one action, answer."""

from pathlib import Path

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts.models import RiskObject
from cases import files, outside
from cases.models import Case
from cases.views import after, status_of
from insurance.findings import keeping, seeing, telling, terms, working
from insurance.findings.models import Finding, FindingState, Proof, Severity
from insurance.findings.models.finding import File
from insurance.service import keeping as of_service
from insurance.service.models import ServiceOrder
from responsibility import access, acting, clock, directory
from responsibility.models import Role, Unit
from responsibility.models.district import UnitKind
from responsibility.refusals import Refused

PAGE = 40
# So many orders or objects are offered to choose from.
CHOICES = 500
LONGEST_ID = 18
TABS = {
    "": gettext_lazy("未销号"), "overdue": gettext_lazy("逾期"), "open": gettext_lazy("待整改"),
    "rectified": gettext_lazy("待复查、销号"), "closed": gettext_lazy("已销号"),
}  # fmt: skip
# A file never changes under its address, but a shared machine must not keep it for the next person.
KEPT = cache_control(private=True, max_age=3600)
DONE = {
    "rectify": gettext_lazy("已填报整改，等待复查。"), "recheck": gettext_lazy("复查结果已记入台账。"),
    "close": gettext_lazy("已销号。"), "prove": gettext_lazy("凭证已上传。"),
}  # fmt: skip


def visible(actor: acting.Actor) -> QuerySet[Finding]:
    """The findings of the reader, with the names that are shown of them."""
    found = Finding.objects.visible_to(actor, directory.current().units)
    return found.select_related(*seeing.NAMED, "found_by", "rectified_by", "closed_by")


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """``/insurance/findings/``: those of the reader, what is due first before what is due later."""
    actor, now = acting.of(request.user), clock.now()
    if not access.may(actor, "finding.read"):
        raise PermissionDenied
    tab, q = request.GET.get("state", ""), request.GET.get("q", "").strip()[:64]
    if tab not in TABS:
        raise BadRequest("state")
    beyond = visible(seeing.beyond_state(actor))
    # The term is more than brokers are told, and so is the object.
    found = in_tab(beyond if tab == "overdue" else visible(actor), tab, now)
    if q:
        at = Q(risk_object__code__iexact=q, pk__in=beyond.order_by().values("pk"))
        found = found.filter(Q(number__istartswith=q) | at) if "\x00" not in q else found.none()
    rows = list(found.filter(pk__lt=_before(request)).order_by("-pk")[: PAGE + 1])
    context = {
        "actor": actor, "rows": seeing.shown(rows[:PAGE], actor, now), "tabs": TABS, "tab": tab, "q": q,
        "more": rows[PAGE - 1].pk if len(rows) > PAGE else None, "started": "before" in request.GET,
        "tells": access.may(actor, "finding.tell"), "keeps": access.may(actor, "selfcontrol.read"), "now": now,
    }  # fmt: skip
    return render(request, "findings/list.html", context)


def in_tab(found: QuerySet[Finding], tab: str, now) -> QuerySet[Finding]:
    """``found`` narrowed to one of ``TABS``."""
    if tab == "overdue":
        return found.filter(state=FindingState.OPEN, due_at__lte=now)
    return found.filter(state=tab) if tab else found.exclude(state=FindingState.CLOSED)


@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """``/insurance/findings/<number>/``."""
    return _page(request, *_seen(request, number))


@require_POST
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """``/insurance/findings/<number>/<verb>/``: ``prove``, ``rectify``, ``recheck``, ``close``."""
    finding, actor = _seen(request, number)
    if verb not in DONE:
        raise Http404
    try:
        _press(request, verb, finding.pk)
    except Refused as refused:
        return _page(request, finding, actor, refused, verb)
    messages.success(request, DONE[verb])
    return after(reverse("finding", args=[number]))


def _press(request: HttpRequest, verb: str, pk: int) -> None:
    by, given = acting.person(request.user), request.POST
    note, uploads = given.get("note", ""), request.FILES.getlist("file")
    if verb == "prove":
        working.prove(pk, uploads, note, by=by)
    elif verb == "rectify":
        working.rectify(pk, note, given.get("other_worker", "") or given.get("worked_by", ""), uploads, by=by)
    elif verb == "recheck":
        genuine = given.get("genuine", "yes") == "yes"
        working.recheck(pk, given.get("passed") == "yes", note, genuine, given.get("days"), by=by)
    else:
        working.close(pk, note, by=by)


@require_http_methods(["GET", "POST"])
def tell(request: HttpRequest) -> HttpResponse:
    """``/insurance/findings/tell/``: tell of one finding in writing, at an order or an object."""
    actor = acting.of(request.user)
    if not access.may(actor, "finding.tell"):
        raise PermissionDenied
    if request.method == "GET":
        return _form(request, actor)
    given = request.POST
    try:
        where = telling.wanted(given.get("order", ""), given.get("object", ""))
        (made,) = telling.tell([given.dict()], where, by=acting.person(request.user))
    except Refused as refused:
        return _form(request, actor, refused)
    messages.success(request, _("已书面告知 %(unit)s。") % {"unit": made.insured.label})
    return after(reverse("finding", args=[made.number]))


def _form(request: HttpRequest, actor: acting.Actor, refused: Refused | None = None) -> HttpResponse:
    typed = request.POST or request.GET
    own = access.units(actor, "selfcontrol.keep", directory.current().units)
    running = ServiceOrder.objects.running().filter(firm__in=actor.unit_ids).select_related("insured", "risk_object")
    context = {
        "actor": actor, "typed": typed, "refused": refused, "severities": Severity, "most": terms.MOST,
        "orders": running.order_by("-pk")[:CHOICES] if Role.FIRM in actor.roles else (),
        "objects": RiskObject.objects.filter(main_body__in=own).order_by("code")[:CHOICES] if own else (),
    }  # fmt: skip
    return render(request, "findings/tell.html", context, status=status_of(refused) if refused else 200)


@require_GET
@KEPT
def proof(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/findings/proofs/<id>/``: the copy without metadata."""
    return send(_proof(request, pk))


@require_GET
@KEPT
def thumb(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/findings/proofs/<id>/thumb/``: a small JPEG."""
    return send(_proof(request, pk), small=True)


def send(found: File, *, small: bool = False) -> HttpResponse | FileResponse:
    """A received file, as others may see it; 410 when it went under retention. ``Http404`` where there is no such
    copy."""
    if gone := of_service.gone(found):
        return gone
    path: Path | None = (files.thumbnail if small else files.shareable)(found, keeping.root())
    if path is None or not path.is_file():
        raise Http404
    kind = "image/jpeg" if small else found.content_type
    name = f"{found.sha256[:12]}.jpg" if small else files.shown_name(found, found.original_name)
    return FileResponse(path.open("rb"), as_attachment=not kind.startswith("image/"), filename=name, content_type=kind)


def _proof(request: HttpRequest, pk: int) -> Proof:
    actor = acting.of(request.user)
    seen = Finding.objects.visible_to(actor, directory.current().units)
    found = Proof.objects.select_related("finding").filter(pk=min(pk, 2**63 - 1), finding__in=seen).first()
    if found is None or not seeing.sees_proofs(found.finding, actor):
        raise Http404
    return found


def _seen(request: HttpRequest, number: str) -> tuple[Finding, acting.Actor]:
    actor = acting.of(request.user)
    finding = visible(actor).filter(number=number).first()
    if finding is None:
        raise Http404
    return finding, actor


def _page(
    request: HttpRequest, finding: Finding, actor: acting.Actor, refused: Refused | None = None, failed: str = ""
) -> HttpResponse:
    known = directory.current()
    (one,) = seeing.shown([finding], actor, clock.now())
    cases = Case.objects.visible_to(actor, known.units).filter(number=finding.case_number)
    concerned = Case.objects.filter(outside.concerning(actor), number=finding.case_number)
    orders = ServiceOrder.objects.visible_to(actor).filter(pk=finding.order_id)
    allowed = seeing.allowed(one)
    context = {
        "actor": actor, "one": one, "finding": finding, "proofs": seeing.proofs(one), "rechecks": seeing.rechecks(one),
        "allowed": allowed, "refused": refused,
        "reads_case": bool(finding.case_number) and (cases.exists() or concerned.exists()),
        "reads_order": finding.order_id is not None and orders.exists(),
        "workers": _workers(known, finding) if "rectify" in allowed else [],
        "failed": failed, "typed": request.POST, "most": terms.MOST[Severity(finding.severity)], "files": keeping.MOST,
    }  # fmt: skip
    return render(request, "findings/finding.html", context, status=status_of(refused) if refused else 200)


def _workers(known: directory.Directory, finding: Finding) -> list[Unit]:
    """The firms that may have done the work, by name; others are named by their code."""
    firms = [unit for unit in known.units.values() if unit.kind == UnitKind.FIRM and unit.pk != finding.insured_id]
    return sorted(firms, key=lambda unit: str(unit.label))


def _before(request: HttpRequest) -> int:
    text = request.GET.get("before", "")
    if not text:
        return 2**62
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
        raise BadRequest("before")
    return int(text)
