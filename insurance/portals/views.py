"""The first page of outsiders, the figures of the district, contacts: parse, ask, answer."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.views import after, status_of
from insurance.portals import contacts, figures, home, listing, mine
from insurance.portals.models import Contact
from responsibility import access, acting, clock, directory
from responsibility.models import Grade, Role, User
from responsibility.refusals import Refused

BEYOND = 2**63 - 1
LONGEST = 100


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """``/insurance/``: what waits, what is late, own objects, figures; for officials what they may read."""
    actor, now = acting.of(request.user), clock.now()
    context = {"actor": actor, "known": directory.current(), "now": now, **home.page(actor, now)}
    return render(request, "portals/home.html", context)


@require_GET
def concerned(request: HttpRequest) -> HttpResponse:
    """``/insurance/cases/``: what concerns one's unit, the newest first; ``all`` with those that have ended, ``q`` and
    ``grade`` as ``listing.page`` has them."""
    actor = acting.of(request.user)
    if not mine.is_outsider(actor):
        raise PermissionDenied
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BadRequest("before")
    q, grade = (request.GET.get(name, "").strip() for name in ("q", "grade"))
    if "\x00" in q or len(q) > LONGEST or grade and grade not in Grade.values:
        raise BadRequest("q")
    every = "all" in request.GET
    rows, more = listing.page(actor, every=every, before=int(before or 0), q=q, grade=grade)
    context = {
        "actor": actor, "rows": rows, "more": more, "every": every, "q": q, "grade": grade,
        # A broker is shown no colours.
        "grades": Grade.choices if mine.units(actor, Role.INSURER, Role.FIRM, Role.ENTERPRISE) else (),
    }  # fmt: skip
    return render(request, "portals/cases.html", context)


@require_GET
def district(request: HttpRequest) -> HttpResponse:
    """``/insurance/figures/``: cases by street and category in one ``month`` (``2026-10``) that is over."""
    actor, now = acting.of(request.user), clock.now()
    if not access.may(actor, "outside.figures"):
        raise PermissionDenied
    refused, months = None, figures.months(now)
    try:
        month = figures.read(request.GET.get("month", ""), now)
    except Refused as error:
        refused, month = error, months[0]
    table = figures.of(month)
    untold = _("、").join(str(line.name) for line in table.lines if not line.told)
    context = {
        "actor": actor, "months": months, "month": month, "table": table, "untold": untold, "refused": refused,
    }  # fmt: skip
    return render(request, "portals/figures.html", context, status=status_of(refused) if refused else 200)


# --- contacts -----------------------------------------------------------------------------
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """``/insurance/contacts/``: one's own, those of units one has business with, and who looked at one's own."""
    return _contacts(request)


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """``/insurance/contacts/new/``: a contact of the own unit: ``name``, ``phone``, ``duty``."""
    given = request.POST

    def act(by: User) -> None:
        contacts.keep(given.get("name", ""), given.get("phone", ""), given.get("duty", ""), by=by)

    return _done(request, act, _("联系人已登记。"))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/contacts/<id>/remove/``."""
    contact = _contact(request, pk)
    return _done(request, lambda by: contacts.remove(contact.pk, by=by), _("联系人已移除。"))


@never_cache
@require_POST
def unmask(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/contacts/<id>/unmask/``: the page with the whole number, for a ``reason``; it is shown once."""
    contact = _contact(request, pk)
    try:
        seen = contacts.unmask(contact.pk, request.POST.get("reason", ""), by=acting.person(request.user))
    except Refused as refused:
        return _contacts(request, refused, asked=contact.pk)
    return _contacts(request, seen=seen)


def visible(actor: acting.Actor, pk: int) -> Contact:
    """The contact ``pk`` where the actor sees that it is there; 404."""
    number = min(pk, BEYOND)
    found = (
        contacts.own(actor).filter(pk=number).first() or contacts.others(actor, clock.now()).filter(pk=number).first()
    )
    if found is None:
        raise Http404
    return found


def _contact(request: HttpRequest, pk: int) -> Contact:
    return visible(acting.of(request.user), pk)


def _done(request: HttpRequest, act: Callable[[User], object], said: str) -> HttpResponse:
    try:
        act(acting.person(request.user))
    except Refused as refused:
        return _contacts(request, refused)
    messages.success(request, said)
    return after(reverse("insurance-contacts"))


def _contacts(
    request: HttpRequest, refused: Refused | None = None, *, seen: Contact | None = None, asked: int = 0
) -> HttpResponse:
    actor, now = acting.of(request.user), clock.now()
    if not access.may(actor, contacts.LOOK):
        raise PermissionDenied
    others = list(contacts.others(actor, now)[: contacts.SHOWN])
    context = {
        "actor": actor, "own": list(contacts.own(actor)), "looks": contacts.looks(actor), "seen": seen,
        "others": [(each, contacts.masked(each.phone)) for each in others], "refused": refused, "asked": asked,
        "typed": request.POST if refused else {},
    }  # fmt: skip
    return render(request, "portals/contacts.html", context, status=status_of(refused) if refused else 200)
