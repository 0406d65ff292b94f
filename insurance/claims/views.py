"""The pages of claims: parse, fetch through ``visible_to``, call one action, answer."""

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.views import after, status_of
from insurance.claims import api, noticing, seeing, verbs
from insurance.claims.models import Claim
from insurance.claims.seeing import Level
from insurance.policies.models import Cover
from insurance.policies.seeing import follows
from responsibility import access, acting, clock
from responsibility.models import Role
from responsibility.refusals import Forbidden, Invalid, Refused

COVERS = 200
LONGEST = 64
BIGGEST = 2**63 - 1


def _reader(request: HttpRequest, act: str = "claim.read") -> acting.Actor:
    actor = acting.of(request.user)
    if not access.may(actor, act):
        raise PermissionDenied
    return actor


def _claim(actor: acting.Actor, number: str) -> Claim:
    found = seeing.whole(Claim.objects.visible_to(actor)).filter(number=number[:64]).first()
    if found is None:
        raise Http404
    return found


@require_GET
def claims(request: HttpRequest) -> HttpResponse:
    """``/insurance/claims/``: ``view`` is what waits, is late, is open or ended; ``q`` a number; ``before`` goes on."""
    actor = _reader(request)
    view = request.GET.get("view", "")
    view = view if view in seeing.VIEWS else "open"
    said = request.GET.get("before", "")
    before = int(said) if said.isascii() and said.isdigit() and len(said) < len(str(BIGGEST)) else None
    q = request.GET.get("q", "").strip()
    if "\x00" in q or len(q) > LONGEST:
        raise BadRequest("q")
    rows, more = seeing.listed(actor, view, before, q)
    context = {
        "actor": actor, "rows": rows, "more": more, "view": view, "q": q, "now": clock.now(),
        "notices": access.may(actor, "claim.notice"),
    }  # fmt: skip
    return render(request, "insurance/claims/index.html", context)


@require_GET
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """``/insurance/claims/<number>/``: one claim, as much of it as the reader is shown."""
    return _page(request, number)


@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest) -> HttpResponse:
    """``/insurance/claims/notice/``: 报案; ``cover`` names policy and case at once, ``loss``, ``estimate``."""
    actor = _reader(request, "claim.notice")
    if request.method == "GET":
        return _form(request, actor)
    try:
        cover = _cover(actor, request.POST.get("cover", ""))
        given = {"loss": request.POST.get("loss", ""), "estimate": request.POST.get("estimate", "")}
        made = noticing.notice(cover.policy_id, cover.case.number, by=acting.person(request.user), **given)
    except Refused as refused:
        return _form(request, actor, refused)
    messages.success(request, _("已报案，编号 %(number)s。") % {"number": made.number})
    return after(reverse("claim", args=[made.number]))


def _cover(actor: acting.Actor, said: str) -> Cover:
    known = said.isascii() and said.isdigit() and len(said) < len(str(BIGGEST))
    found = seeing.noticeable(actor, clock.now()).filter(pk=int(said)).first() if known else None
    if found is None:
        raise Invalid("not_covered", noticing.NOT_COVERED, "cover")
    return found


def _form(request: HttpRequest, actor: acting.Actor, refused: Refused | None = None) -> HttpResponse:
    covers = list(seeing.noticeable(actor, clock.now()).prefetch_related("policy__shares")[:COVERS])
    context = {
        "actor": actor, "covers": [(cover, seeing.title(actor, cover)) for cover in covers],
        "refused": refused, "typed": request.POST or request.GET,
        "insures": any(post.role == Role.INSURER for post in actor.posts),
    }  # fmt: skip
    return render(request, "insurance/claims/notice.html", context, status=status_of(refused) if refused else 200)


@require_POST
def press(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """``/insurance/claims/<number>/<verb>/``: do one thing of ``verbs.VERBS`` with what the form holds."""
    found = _claim(acting.of(request.user), number)
    if verb not in verbs.VERBS:
        raise Http404
    try:
        verbs.VERBS[verb].do(found.pk, request.POST, acting.person(request.user))
    except Refused as refused:
        return _page(request, number, refused, verb)
    messages.success(request, _("已办理：%(verb)s。") % {"verb": verbs.VERBS[verb].label})
    return after(reverse("claim", args=[number]))


@require_POST
def give(request: HttpRequest, number: str) -> HttpResponse:
    """``/insurance/claims/<number>/papers/``: hand in a document ``file`` with a ``note``."""
    found = _claim(acting.of(request.user), number)
    try:
        note = request.POST.get("note", "")
        noticing.give(found.pk, request.FILES.get("file"), by=acting.person(request.user), note=note)
    except Refused as refused:
        return _page(request, number, refused, "papers")
    messages.success(request, _("材料已提交。"))
    return after(reverse("claim", args=[number]))


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/claims/papers/<id>/``: the copy without metadata, for who is shown more than the state."""
    return api.sent(acting.of(request.user), pk)


def _page(request: HttpRequest, number: str, refused: Refused | None = None, failed: str = "") -> HttpResponse:
    actor = acting.of(request.user)
    found = _claim(actor, number)
    shown = seeing.level(actor, found.policy)
    if isinstance(refused, Forbidden):
        failed = ""
    context = {
        "actor": actor, "claim": found, "now": clock.now(), "refused": refused, "failed": failed,
        "typed": request.POST, "own": shown != Level.STATE, "inner": shown == Level.WHOLE,
        "follows": follows(found.policy, actor),
        "verbs": verbs.offered(actor, found), "gives": seeing.gives(actor, found),
        "waits": seeing.waited_for(found) if shown == Level.WHOLE else "",
        "chained": seeing.chained(actor, found, clock.now()),
    }  # fmt: skip
    return render(request, "insurance/claims/claim.html", context, status=status_of(refused) if refused else 200)
