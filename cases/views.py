"""The pages of the work: parse, fetch through ``visible_to``, call one action, answer."""

import math

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import actions, aside, casepage, deciding, granted, guards, joint, outside_views, proof, requests, worklist
from cases.filters import CaseFilter
from cases.models import Case, Loop, Party, Request, State
from cases.models.work import Answered, EvidenceKind, RequestState
from notices import inbox
from responsibility import access, acting, clock, directory, fronts, roster
from responsibility.models import Grade
from responsibility.refusals import Forbidden, Invalid, Refused

GIVEN = ("note", "reason", "answered_by", "who", "category", "scenario", "territory", "grade")
MINUTES_A_DAY = 24 * 60
COLUMN = 40
FEW = 100


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """``/``: the worklist of the reader's units; whoever has a first page of his own begins there."""
    actor, known = acting.of(request.user), directory.current()
    if not request.GET and (front := fronts.of(actor)):
        return redirect(front)
    try:
        cursor = worklist.Cursor.read(request.GET.get("after", ""))
    except ValueError:
        raise BadRequest("after") from None
    narrowing = CaseFilter(request.GET, Case.objects.all())
    apart = worklist.open_drills()
    rows, more = worklist.of(actor, known, narrowing, cursor, apart)
    shown = [] if request.GET else granted.held(actor)
    if shown and not access.may(actor, "case.read"):
        # They stand there with their purpose already.
        rows, more = [], ""
    context = {
        "actor": actor,
        "known": known,
        "rows": rows,
        "granted": shown,
        "drilled": [] if cursor else worklist.drilled(actor, known, narrowing, apart),
        "owed": [] if request.GET else joint.waiting(actor, FEW),
        "asides": [] if request.GET else aside.of(actor, clock.now()),
        "more": more,
        "wanted": narrowing.form,
        "narrowed": any(request.GET.get(name) for name in narrowing.filters),
        "works": access.may(actor, "case.read"),
        "centre": access.may(actor, "case.file"),
        "triage": _triage() if access.may(actor, "case.file") else 0,
        "states": State,
        "loops": Loop,
        "grades": Grade,
        "now": clock.now(),
    }
    return render(request, "cases/worklist.html", context)


def _triage() -> int:
    """How many real alerts wait for the shift leader, up to a few."""
    return len(Case.objects.real().filter(state=State.TRIAGE).values_list("pk")[:FEW])


def _visible(request: HttpRequest, number: str) -> tuple[Case, acting.Actor, directory.Directory]:
    actor, known = acting.of(request.user), directory.current()
    return _found(actor, known, number), actor, known


def _found(actor: acting.Actor, known: directory.Directory, number: str) -> Case:
    seen = Case.objects.visible_to(actor, known.units).select_related(*casepage.RELATED)
    case = seen.filter(number=number).first()
    if case is None:
        raise Http404
    return case


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/``; to whom the case merely concerns, what ``cases/outside.py`` shows of it."""
    actor, known = acting.of(request.user), directory.current()
    if outside_views.sees(actor, known, number):
        return outside_views.page(request, actor, known, number)
    return _page(request, _found(actor, known, number), actor, known)


def case_again(request: HttpRequest, number: str, refused: Refused, failed: str) -> HttpResponse:
    """The page of the case ``number`` after the form ``failed`` was refused."""
    return _page(request, *_visible(request, number), refused, failed)


def _page(request, case, actor, known, refused: Refused | None = None, failed: str = "") -> HttpResponse:
    """The case page, with what was refused and what had been typed when ``refused`` is given."""
    typed = request.POST.dict() if refused else None
    context = casepage.about(case, actor, known, whole="all" in request.GET, failed=failed, typed=typed)
    context |= {
        "actor": actor,
        "known": known,
        "refused": refused,
        "failed": failed,
        "typed": typed or {},
        "grades": Grade,
        "answers": Answered,
        "now": clock.now(),
    }
    return render(request, "cases/case.html", context, status=status_of(refused) if refused else 200)


def after_refusal(request: HttpRequest, number: str, refused: Refused, failed: str) -> HttpResponse:
    """The page of the case, with what was refused and what the form ``failed`` held."""
    return _page(request, *_visible(request, number), refused, failed)


def typed_coordinates(request: HttpRequest) -> dict:
    """``{"lat", "lon"}`` that the browser gave, empty without; ``Invalid`` for what is no place."""
    return _coordinates(_typed_place(request))


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal."""
    return {Invalid: 400, Forbidden: 403}.get(type(refused), 409)


def after(url: str) -> HttpResponse:
    """See other: a reload of the next page does not press the button again."""
    return HttpResponseRedirect(url, status=303)


def _typed_place(request: HttpRequest) -> dict | None:
    """The place the browser gave, if it gave one."""
    lat, lon = request.POST.get("lat", "").strip(), request.POST.get("lon", "").strip()
    return {"lat": lat, "lon": lon} if lat or lon else None


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """``/cases/<number>/<verb>/``: press one button, with the proofs that came along."""
    if verb not in actions.DOES:
        raise Http404
    case, actor, known = _visible(request, number)
    if request.method == "GET":
        # Where a person lands who had to sign in again on the way.
        return redirect("case", number=number)
    try:
        _prove(request, case)
        data = {name: request.POST[name] for name in GIVEN if name in request.POST}
        actions.perform(case.pk, verb, by=acting.person(request.user), data=data | {"location": _typed_place(request)})
    except Refused as refused:
        return _page(request, *_visible(request, number), refused, verb)
    messages.success(request, _("已记录：%(verb)s。") % {"verb": guards.TABLE[verb]["label"]})
    return after(reverse("case", args=[number]) + "#actions")


def _prove(request: HttpRequest, case: Case) -> int:
    """Add the files named ``file-<kind>``; how many there were."""
    found = [(kind, f) for kind in EvidenceKind.values for f in request.FILES.getlist(f"file-{kind}")]
    place = _coordinates(_typed_place(request))
    for kind, upload in found:
        proof.add(
            case.pk,
            upload,
            by=acting.person(request.user),
            kind=kind,
            note=request.POST.get("note", "").strip(),
            **place,
        )
    return len(found)


def _coordinates(place: dict | None) -> dict:
    if place is None:
        return {}
    try:
        lat, lon = float(place["lat"]), float(place["lon"])
    except ValueError:
        lat = lon = math.inf
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "location")
    return {"lat": lat, "lon": lon}


@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/evidence/``: add proof by itself."""
    case, actor, known = _visible(request, number)
    if request.method == "GET":
        return redirect("case", number=number)
    try:
        kind, note = request.POST.get("kind", ""), request.POST.get("note", "").strip()
        place = _coordinates(_typed_place(request))
        proof.add(case.pk, request.FILES.get("file"), by=acting.person(request.user), kind=kind, note=note, **place)
    except Refused as refused:
        return _page(request, case, actor, known, refused, "evidence")
    messages.success(request, _("凭证已保存。"))
    return after(reverse("case", args=[number]) + "#evidence")


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/requests/``: ask for something that another unit decides."""
    case, actor, known = _visible(request, number)
    if request.method == "GET":
        return redirect("case", number=number)
    given = {name: request.POST.get(name, "").strip() for name in ("kind", "reason", "note", "code", "proposed")}
    proof_of = request.POST.get("evidence", "").strip()
    shown = int(proof_of) if proof_of.isascii() and proof_of.isdigit() and len(proof_of) <= 18 else None
    try:
        who = acting.person(request.user)
        asked = requests.ask(case.pk, by=who, minutes=_minutes(request), evidence=shown, **given)
    except Refused as refused:
        return _page(request, case, actor, known, refused, f"ask-{given['kind']}")
    if asked.state == RequestState.APPROVED:
        messages.success(request, _("无须审批，已立即%(kind)s。") % {"kind": asked.get_kind_display()})
        return after(reverse("case", args=[number]) + "#actions")
    messages.success(
        request,
        _("请示已提交，由%(who)s审批。") % {"who": deciding.whose(deciding.act_of(asked, asked.case), asked.case)},
    )
    return after(reverse("case", args=[number]) + "#actions")


def _minutes(request: HttpRequest) -> int | None:
    """``minutes``, or ``days`` of 24 hours; ``None`` for what is not a number, which the action then refuses."""
    for name, factor in (("minutes", 1), ("days", MINUTES_A_DAY)):
        text = request.POST.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 6:
            return int(text) * factor
    return None


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """``/requests/<id>/``: approve or refuse."""
    actor, known = acting.of(request.user), directory.current()
    seen = Case.objects.visible_to(actor, known.units)
    asked = Request.objects.filter(pk=pk, case__in=seen).select_related("case").first()
    if asked is None:
        raise Http404
    approve = request.POST.get("decision") == "approve"
    try:
        if request.POST.get("decision") not in ("approve", "refuse"):
            raise Invalid("bad_choice", _("请选择同意或驳回。"), "decision")
        told = {name: request.POST.get(name, "").strip()[:2000] for name in ("answer", "designate", "second")}
        requests.decide(pk, by=acting.person(request.user), approve=approve, **told)
    except Refused as refused:
        return _page(request, *_visible(request, asked.case.number), refused, f"decide-{pk}")
    messages.success(request, _("已同意。") if approve else _("已驳回。"))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return after(back if safe else reverse("case", args=[asked.case.number]))


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """``/board/``: the open cases by loop, for a big screen; before them, for the district's desks, those in triage;
    after them, apart and not counted with them, those of drills.
    """
    actor, known = acting.of(request.user), directory.current()
    mine = Case.objects.open()
    watched = access.units(actor, "roster.read", known.units)
    if not access.everywhere(actor, "case.read"):
        units = access.units(actor, "case.read", known.units)
        mine = mine.filter(pk__in=Party.objects.filter(live=True, unit__in=units).values("case"))
    drilled, mine = mine.drills(), mine.real()
    filed = mine.exclude(state=State.TRIAGE)
    parts = [(str(loop.label), loop.value, filed.filter(loop=loop)) for loop in Loop]
    if access.everywhere(actor, "case.read"):
        # Before any loop: nobody has been sent yet.
        parts.insert(0, (str(State.TRIAGE.label), "triage", mine.filter(state=State.TRIAGE)))
    if drilled.exists():
        parts.append((_("演练"), "drill", drilled))
    columns = []
    for label, name, part in parts:
        ids = list(part.order_by("due_at", "pk").values_list("pk", flat=True)[: COLUMN + 1])
        columns.append((label, name, worklist.rows(actor, known, ids[:COLUMN]), len(ids) > COLUMN))
    holes = roster.first_holes(watched, clock.now())
    unreached = inbox.count_unreached() if access.may(actor, "notice.unreached") else 0
    context = {"actor": actor, "known": known, "columns": columns, "holes": holes, "now": clock.now()}
    return render(request, "cases/board.html", context | {"unreached": unreached})


@require_GET
def entries(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/ledger/``: the ledger of its chain; to who reads the ledger also a number that is none."""
    asked = request.GET.copy()
    try:
        case, _actor, _known = _visible(request, number)
        asked["chain"] = str(case.chain)
    except Http404:
        if not access.may(acting.of(request.user), "ledger.read"):
            raise
        asked["unknown"] = number
    return redirect(f"{reverse('ledger')}?{asked.urlencode()}")
