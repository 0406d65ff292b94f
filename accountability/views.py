"""The pages of accountability: parse, fetch what the reader may see, answer. Nothing here decides anything."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accountability import across, byunit, casefile, dossier, ladder, musts, paper, period, sheets, stating
from accountability.models import About
from accountability.pagewords import COLUMNS, WHY
from cases.models import Case
from cases.views import after, status_of
from responsibility import access, acting, clock, directory
from responsibility.models import User
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden, Refused

VIEWS: dict[str, Callable[[list], HttpResponse]] = {
    "failures": sheets.failures,
    "elephants": sheets.elephants,
    "units": sheets.units,
}
# What an answer leaves out; of a risk that never ends everything is told by rows that stay.
ARCHIVED: dict[str, Callable[[period.Period], int]] = {
    "failures": across.archived,
    "elephants": lambda asked: 0,
    "units": byunit.archived,
}
# Rows of a file; a longer period is asked for in pieces.
FILE = 10_000


def inside(actor: acting.Actor, number: str) -> Case:
    """The case ``number`` where the actor reads it by office; 404 for anybody else, whoever reads by a grant too."""
    seen = Case.objects.inside_for(actor, directory.current().units)
    found = seen.select_related("holder", "lead", "territory", "category").filter(number=number).first()
    if found is None:
        raise Http404
    return found


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/accountability/``; ``at``: the instant of which is asked who had been told what."""
    return _case(request, inside(acting.of(request.user), number))


@require_POST
def make_statement(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/statements/``: somebody concerned says his part."""
    found = inside(acting.of(request.user), number)
    about, text = request.POST.get("about", ""), request.POST.get("text", "")
    try:
        stating.state(found.pk, by=acting.person(request.user), about=about, text=text)
    except Refused as refused:
        return _case(request, found, refused)
    messages.success(request, _("申诉已记入台账，并与所涉事项一并展示。"))
    return after(reverse("case-accountability", args=[number]) + f"#{about}")


def _case(request: HttpRequest, found: Case, refused: Refused | None = None) -> HttpResponse:
    actor, known = acting.of(request.user), directory.current()
    at = None
    try:
        at = casefile.instant(request.GET.get("at", "").strip())
    except Refused as misread:
        refused = refused or misread
    context = casefile.about(found, actor, known, at)
    context |= {
        "actor": actor, "known": known, "refused": refused, "typed": request.POST, "abouts": About, "asked": at,
        "longest": stating.LONGEST, **ladder.on_case(found, actor, known),
    }  # fmt: skip
    return render(request, "accountability/case.html", context, status=status_of(refused) if refused else 200)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """``/accountability/``: ``view`` is ``failures``, ``elephants`` or ``units``; ``since``, ``until``: local days."""
    actor = _reader(request)
    view, refused = _view(request), None
    try:
        asked = period.asked(request.GET)
    except Refused as misread:
        refused, asked = misread, period.asked({})
    found, following = _found(request, view, asked, across.PAGE)
    context = {
        "actor": actor, "view": view, "period": asked, "found": found, "following": following, "refused": refused,
        "filed": across.filed(asked), "archived": ARCHIVED[view](asked),
        "kinds": UnitKind, "columns": COLUMNS, "why": WHY, "times": across.TIMES,
        "long": across.LONG_DAYS, "duties": sheets.LABELS, "five": [role.value for role in musts.FIVE],
    }  # fmt: skip
    return render(request, "accountability/index.html", context, status=400 if refused else 200)


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """``/accountability/table.csv``: what ``index`` shows, up to 10,000 rows in one file."""
    _reader(request)
    view = _view(request)
    try:
        asked = period.asked(request.GET)
    except Refused as misread:
        raise BadRequest(misread.code) from None
    return VIEWS[view](_found(request, view, asked, FILE)[0])


def _reader(request: HttpRequest) -> acting.Actor:
    actor = acting.of(request.user)
    if not access.may(actor, "accountability.read"):
        raise PermissionDenied
    return actor


def _view(request: HttpRequest) -> str:
    view = request.GET.get("view", "failures")
    if view not in VIEWS:
        raise BadRequest("view")
    return view


def _found(request: HttpRequest, view: str, asked: period.Period, limit: int) -> tuple[list, str]:
    """A page of what is asked for, and where the next begins; an empty text on the last."""
    begin = request.GET.get("after", "")
    if "\x00" in begin:
        raise BadRequest("after")
    if view == "failures":
        if begin and not (begin.isascii() and begin.isdigit() and len(begin) <= 18):
            raise BadRequest("after")
        loose = request.GET.get("loose") == "1"
        cases = across.failures(asked, loose=loose, before=int(begin) if begin else None, limit=limit + 1)
        return cases[:limit], str(cases[limit - 1].case.pk) if len(cases) > limit else ""
    if view == "elephants":
        since, risk = _behind(begin)
        risks = across.elephants(asked, after=since, risk=risk, limit=limit + 1)
        last = risks[limit - 1] if len(risks) > limit else None
        return risks[:limit], f"{last.first.isoformat()} {last.risk}" if last else ""
    kind = request.GET.get("kind", "")
    if kind and kind not in UnitKind.values:
        raise BadRequest("kind")
    units = byunit.rows(asked, directory.current(), kind=kind, after=begin, limit=limit + 1)
    return units[:limit], units[limit - 1].unit.code if len(units) > limit else ""


def _behind(begin: str) -> tuple[datetime | None, str]:
    if not begin:
        return None, ""
    at, _space, risk = begin.partition(" ")
    try:
        since = parse_datetime(at)
        if since is None or since.utcoffset() is None or not clock.FIRST <= since <= clock.LAST:
            raise ValueError(begin)
    except (ValueError, OverflowError):
        raise BadRequest("after") from None
    return since, risk


@require_GET
def officers(request: HttpRequest) -> HttpResponse:
    """``/accountability/officers/``: one's own dossier; the auditor names whose (``who``, a username)."""
    me = acting.person(request.user)
    if not access.may(acting.of(me), "dossier.read"):
        raise PermissionDenied
    who = request.GET.get("who", "").strip() or me.username
    return redirect("officer", who if User.objects.filter(username=_plain(who)).exists() else me.username)


@require_GET
def officer(request: HttpRequest, username: str) -> HttpResponse:
    """``/accountability/officers/<username>/``: what shows that somebody was warned, saw, acted, asked, was refused."""
    return _officer(request, username, "page")


@require_GET
def officer_table(request: HttpRequest, username: str) -> HttpResponse:
    """``/accountability/officers/<username>/dossier.csv``: the same as a file."""
    return _officer(request, username, "csv")


@require_GET
def officer_paper(request: HttpRequest, username: str) -> HttpResponse:
    """``/accountability/officers/<username>/dossier.pdf``: the same on paper."""
    return _officer(request, username, "pdf")


def _officer(request: HttpRequest, username: str, form: str) -> HttpResponse:
    me, known = acting.person(request.user), directory.current()
    actor = acting.of(me)
    about = me if username == me.username else User.objects.filter(username=_plain(username)).first()
    everybodys = access.everywhere(actor, "dossier.read")
    # Whoever may not is not told who there is.
    if about is None and everybodys:
        raise Http404
    if about is None or about.pk != me.pk and not everybodys:
        raise PermissionDenied
    try:
        dossier.may_read(actor, about)
        asked, only = period.asked(request.GET), _only(request)
        # One's own page is looked at without a trace; a file, and anybody else's page, leaves one.
        note = partial(dossier.export, about, by=me, period=asked, case=only, form=form)
        if form == "pdf":
            made = paper.of(about, known, asked, only)
            note(sha256=hashlib.sha256(made).hexdigest())
            return _pdf(made, about)
        if form != "page" or about.pk != me.pk:
            note()
    except Forbidden:
        raise PermissionDenied from None
    except Refused as misread:
        raise BadRequest(misread.code) from None
    items = dossier.of(about, known, asked, only)
    if form == "csv":
        return sheets.of_officer(about.username, items)
    context = {
        "actor": actor, "known": known, "officer": about, "period": asked, "case": only, "items": items,
        "posts": dossier.posts_of(about, asked), "any": everybodys, "most": dossier.MOST,
        "counts": [(sort, sum(item.sort == sort for item in items)) for sort in dossier.Sort],
    }  # fmt: skip
    return render(request, "accountability/officer.html", context)


def _pdf(made: bytes, about: User) -> HttpResponse:
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="dossier-{about.username}.pdf"'
    return answer


def _only(request: HttpRequest) -> Case | None:
    number = request.GET.get("case", "").strip()
    if not number:
        return None
    found = Case.objects.filter(number=_plain(number)).first()
    if found is None:
        raise Http404
    return found


def _plain(text: str) -> str:
    if "\x00" in text or len(text) > 150:
        raise Http404
    return text
