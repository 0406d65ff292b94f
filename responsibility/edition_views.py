"""Editions of the matrix in the browser: parse, fetch what the reader may see, call one act, answer."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from responsibility import access, acting, asking, comparing, directory, edition_page, editions
from responsibility.directory import Directory
from responsibility.editions import Row
from responsibility.models import Duty, Edition, EditionState
from responsibility.refusals import Forbidden, Invalid, Refused
from responsibility.rows import LISTED

FIELDS = (
    "role", "category", "domain", "scenario", "stage", "territory", "unit", "basis", "basis_en", "source", "note",
)  # fmt: skip


def _status(refused: Refused) -> int:
    return {Invalid: 400, Forbidden: 403}.get(type(refused), 409)


def _after(url: str) -> HttpResponse:
    """See other: a reload of the next page does not press the button again."""
    return HttpResponseRedirect(url, status=303)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()


def _visible(request: HttpRequest, number: int) -> tuple[Edition, acting.Actor, Directory]:
    actor, known = acting.of(request.user), directory.current()
    edition = edition_page.find(number, actor)
    if edition is None:
        raise Http404
    return edition, actor, known


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """``/matrix/editions/``: all editions that the reader may see; a drafter begins a new one here."""
    actor, refused = acting.of(request.user), None
    if request.method == "POST":
        try:
            made = editions.draft(
                by=acting.person(request.user), title=_text(request, "title"), document=_text(request, "document")
            )
            messages.success(request, _("已起草第 %(number)s 版。") % {"number": made.number})
            return _after(reverse("edition", args=[made.number]))
        except Refused as error:
            refused = error
    found = (
        Edition.objects.visible_to(actor)
        .select_related("drafted_by")
        .annotate(rows=Count("duties"))
        .order_by("-number")
    )
    context = {
        "actor": actor,
        "editions": found.order_by("-number")[:100],
        "drafts": access.may(actor, "edition.draft"),
        "refused": refused,
        "typed": request.POST,
    }
    return render(request, "responsibility/editions.html", context, status=_status(refused) if refused else 200)


@require_GET
def edition(request: HttpRequest, number: int) -> HttpResponse:
    """``/matrix/editions/<number>/``."""
    return _page(request, *_visible(request, number))


def _page(request, edition, actor, known, refused: Refused | None = None) -> HttpResponse:
    context = edition_page.about(edition, actor, known)
    context |= {"actor": actor, "known": known, "refused": refused, "typed": request.POST}
    context["ticked"] = request.POST.getlist("gap")
    return render(request, "responsibility/edition.html", context, status=_status(refused) if refused else 200)


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """``/matrix/editions/<number>/do/<verb>/``: press one button."""
    if verb not in edition_page.LABELS:
        raise Http404
    edition, _actor, _known = _visible(request, number)
    if request.method == "GET":
        # Where a person lands who had to sign in again on the way.
        return redirect("edition", number=number)
    by, seen = acting.person(request.user), _text(request, "seen")
    try:
        if verb == "publish":
            at = asking.local_instant(request.POST)
            editions.publish(edition.pk, by=by, at=at, accepted_gaps=request.POST.getlist("gap"), seen=seen)
        elif verb == "approve":
            editions.approve(edition.pk, by=by, seen=seen)
        else:
            getattr(editions, verb)(edition.pk, by=by)
    except Refused as refused:
        return _page(request, *_visible(request, number), refused)
    messages.success(request, _("已记录：%(verb)s。") % {"verb": edition_page.LABELS[verb]})
    return _after(reverse("edition", args=[number]))


@require_http_methods(["GET", "POST"])
def row(request: HttpRequest, number: int, pk: int | None = None) -> HttpResponse:
    """``/matrix/editions/<number>/rows/new/`` and ``…/rows/<id>/``: add, change or remove one row of a draft."""
    edition, actor, known = _visible(request, number)
    if not access.may(actor, "edition.rows"):
        raise PermissionDenied
    old = edition.duties.filter(pk=pk).first() if pk is not None else None
    if pk is not None and old is None:
        raise Http404
    refused = None
    if request.method == "POST":
        try:
            return _put(request, edition, old)
        except Refused as error:
            refused = error
    context = {
        "actor": actor,
        "known": known,
        "edition": edition,
        "row": old,
        "typed": request.POST if refused else (_typed(old, known) if old else request.GET),
        "roles": [(role.value, role.label) for role in LISTED],
        "domains": {category.domain: category.domain_label for category in known.categories.values()},
        "refused": refused,
    }
    return render(request, "responsibility/row.html", context, status=_status(refused) if refused else 200)


def _put(request: HttpRequest, edition: Edition, old: Duty | None) -> HttpResponse:
    removed = old is not None and "remove" in request.POST
    new = [] if removed else [_row(request, old)]
    made = editions.put(edition.pk, new, by=acting.person(request.user), instead_of=[old.pk] if old else [])
    messages.success(request, _("已删去这一行。") if removed else _("已保存。"))
    return _after(reverse("edition", args=[edition.number]) + (f"#r-{made[0].pk}" if made else "#rows"))


def _row(request: HttpRequest, old: Duty | None) -> Row:
    """The row as typed. A day that was not touched keeps the instant it had."""
    start, end = asking.local_instant(request.POST, "valid_from"), asking.local_instant(request.POST, "valid_to")
    if old and old.valid.lower and request.POST.get("valid_from") == _day(old.valid.lower):
        start = old.valid.lower
    if old and old.valid.upper and request.POST.get("valid_to") == _day(old.valid.upper):
        end = old.valid.upper
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    return Row(**typed, valid_from=start, valid_to=end)


def _typed(old: Duty, known: Directory) -> dict[str, str]:
    """An existing row as its form shows it."""
    shown = {name: getattr(old, name) for name in FIELDS if isinstance(getattr(old, name), str)}
    for name in ("category", "scenario", "territory", "unit"):
        thing = getattr(old, name)
        shown[name] = thing.code if thing else ""
    return shown | {"valid_from": _day(old.valid.lower), "valid_to": _day(old.valid.upper)}


def _day(at: datetime | None) -> str:
    return localtime(at).date().isoformat() if at else ""


@require_http_methods(["GET", "POST"])
def opinions(request: HttpRequest, number: int) -> HttpResponse:
    """``/matrix/editions/<number>/opinions/``: a named unit's head speaks to its rows, to all at once or to some."""
    edition, actor, known = _visible(request, number)
    if not access.may(actor, "edition.opinion"):
        raise PermissionDenied
    refused = None
    if request.method == "POST":
        try:
            return _opine(request, edition)
        except Refused as error:
            refused = error
            edition.refresh_from_db()
    about = edition_page.about(edition, actor, known)
    own = {duty.pk for duty in about["own"]}
    lines = [line for chapter in about["chapters"] for line in chapter.lines if line.duty.pk in own]
    context = {
        "actor": actor,
        "known": known,
        "edition": edition,
        "lines": lines,
        "ticked": set(_ids(request)) if refused else set(),
        "silent": [line for line in lines if not line.opinions],
        "typed": request.POST,
        "refused": refused,
    }
    return render(request, "responsibility/opinions.html", context, status=_status(refused) if refused else 200)


def _ids(request: HttpRequest) -> list[int]:
    return [int(text) for text in request.POST.getlist("row") if text.isascii() and text.isdigit() and len(text) <= 18]


def _opine(request: HttpRequest, edition: Edition) -> HttpResponse:
    ids = _ids(request)
    if not ids:
        raise Invalid("required", _("请先勾选要表态的行。"), "row")
    said = editions.opine(
        edition.pk, request.POST.get("stance", ""), ids, by=acting.person(request.user), text=_text(request, "text")
    )
    messages.success(request, _("已对 %(count)d 行表态。") % {"count": said})
    return _after(reverse("edition-opinions", args=[edition.number]))


@require_GET
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """``/matrix/editions/<number>/compare/``: this edition beside another, by default the one it began from."""
    edition, actor, known = _visible(request, number)
    others = list(Edition.objects.visible_to(actor).exclude(pk=edition.pk))
    chosen = request.GET.get("with", "")
    earlier = [e for e in others if e.number < edition.number and e.state == EditionState.PUBLISHED]
    default = edition.based_on or (earlier[0] if earlier else None)
    other = next((e for e in others if str(e.number) == chosen), None) if chosen else default
    if chosen and other is None:
        raise Http404
    context = {"actor": actor, "known": known, "edition": edition, "other": other, "others": others}
    if other:
        found = comparing.compare(edition_page.rows(other, known), edition_page.rows(edition, known))
        context["found"] = found
        context["altered"] = [(one, two, edition_page.names_changes(one, two)) for one, two in found.altered]
    return render(request, "responsibility/compare.html", context)
