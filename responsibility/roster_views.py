"""The duty roster on the screen: who stands now, the week of one unit, planning, handing over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from responsibility import access, acting, authority, clock, directory, roster, rostering
from responsibility.models import HandOver, Post, Shift, Unit
from responsibility.refusals import Forbidden, Invalid, Refused

DAYS, FURTHEST = 7, 31
RECENT = 10


@dataclass
class Day:
    """One day of the week view with the shifts that touch it and the holes in it."""

    date: date
    shifts: list[Shift]
    holes: list[roster.Hole]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/roster/``: ``unit`` is a code, ``from`` the first day shown."""
    return _page(request)


@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """``/roster/plan/``: one shift, ``days`` times from day to day."""
    unit = _unit(request, request.POST.get("unit", ""))

    def act() -> str:
        rostering.plan(_rows(request, unit), by=acting.person(request.user))
        return _("值班已排定。")

    return _do(request, unit, act)


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """``/roster/<id>/drop/``: take a coming shift off the roster."""
    unit = _shift(request, pk).unit

    def act() -> str:
        rostering.plan([], by=acting.person(request.user), instead_of=[pk])
        return _("已撤下这一班。")

    return _do(request, unit, act)


@require_POST
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """``/roster/<id>/hand-over/``: the running shift to the post ``to``."""
    unit = _shift(request, pk).unit

    def act() -> str:
        to, note = request.POST.get("to", ""), request.POST.get("note", "")
        rostering.hand_over(pk, by=acting.person(request.user), to=_whole(to), note=note)
        return _("已交班，等对方接班；接班之前仍由您值班。")

    return _do(request, unit, act)


@require_POST
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """``/roster/hand-overs/<id>/take/``: the one named takes the duty."""
    handed = HandOver.objects.filter(pk=pk).first()
    if handed is None:
        raise Http404
    unit = _shift(request, handed.shift_id).unit

    def act() -> str:
        rostering.take_over(pk, by=acting.person(request.user))
        return _("已接班，现由您值班。")

    return _do(request, unit, act)


# --- asking ----------------------------------------------------------------------
def _unit(request: HttpRequest, code: str) -> Unit:
    """The unit ``code``; 404 when its roster is not this person's to read."""
    units = roster.readable(acting.of(request.user), directory.current())
    if code not in units:
        raise Http404
    return units[code]


def _shift(request: HttpRequest, pk: int) -> Shift:
    actor, known = acting.of(request.user), directory.current()
    roster.readable(actor, known)
    shift = Shift.objects.visible_to(actor, known.units).select_related("unit").filter(pk=pk).first()
    if shift is None:
        raise Http404
    return shift


def _do(request: HttpRequest, unit: Unit, act: Callable[[], str]) -> HttpResponse:
    """Press one button; what is refused is said on the page, with what was typed."""
    try:
        messages.success(request, act())
    except Refused as refused:
        status = {Invalid: 400, Forbidden: 403}.get(type(refused), 409)
        return _page(request, unit, refused, status)
    return HttpResponseRedirect(f"{reverse('roster')}?unit={unit.code}", status=303)


def _rows(request: HttpRequest, unit: Unit) -> list[rostering.Row]:
    given = {name: request.POST.get(name, "").strip() for name in ("person", "deputy")}
    days = _whole(request.POST.get("days", "1"))
    if not 1 <= days <= FURTHEST:
        raise Invalid("bad_number", gettext_lazy("连续天数应为 1 至 31。"), "days")
    since, until = (_instant(request.POST.get(name, ""), name) for name in ("since", "until"))
    step = [timedelta(days=day) for day in range(days)]
    return [rostering.Row(unit=unit.code, since=since + day, until=until + day, **given) for day in step]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _instant(text: str, name: str) -> datetime:
    try:
        found = parse_datetime(text)
        if found is not None and 2000 <= found.year <= 2200:
            return found if found.utcoffset() is not None else make_aware(found)
    except (ValueError, OverflowError):
        pass
    raise Invalid("bad_time", gettext_lazy("请填写日期和时间。"), name)


# --- showing ---------------------------------------------------------------------
def _page(request: HttpRequest, unit: Unit | None = None, refused: Refused | None = None, status: int = 200):
    actor, known, now = acting.of(request.user), directory.current(), clock.now()
    units = roster.readable(actor, known)
    asked = request.GET.get("unit", "")
    if asked and asked not in units:
        raise Http404
    # The district's desks and the administrator begin with all units, everybody else with his own.
    overview = access.everywhere(actor, "roster.read")
    unit = unit or units.get(asked) or (None if overview else next(iter(units.values())))
    watches = roster.watches([u.pk for u in units.values()], now)
    context = {
        "actor": actor,
        "known": known,
        "now": now,
        "units": [(u, watches.get(u.pk)) for u in units.values()],
        "unit": unit,
        "holes": [(known.units[pk], w) for pk, w in watches.items() if w.hole],
        "refused": refused,
        "typed": request.POST.dict() if refused else {},
    }
    if unit:
        context |= _week(unit, actor, known, now, _from(request, now)) | {"watch": watches.get(unit.pk)}
    return render(request, "responsibility/roster.html", context, status=status)


def _from(request: HttpRequest, now: datetime) -> date:
    text = request.GET.get("from", "")
    try:
        day = parse_date(text) if text else localdate(now)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2200:
        raise BadRequest("from")
    return day


def _midnight(day: date) -> datetime:
    return make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001


def _week(unit: Unit, actor: acting.Actor, known: directory.Directory, now: datetime, first: date) -> dict:
    """The seven days from ``first``, and what this person may do. A fixed number of statements."""
    days = [first + timedelta(days=n) for n in range(DAYS)]
    start, end = _midnight(first), _midnight(first + timedelta(days=DAYS))
    window = DateTimeTZRange(start, end)
    shifts = list(Shift.objects.filter(unit=unit, during__overlap=window).select_related(*roster.RELATED))
    gaps = roster.holes([unit.pk], max(start, now), end) if end > now else []
    standing = [shift for shift in shifts if now in shift.during]
    keeps = unit.pk in access.units(actor, "roster.plan", known.units)
    relieves = unit.pk in access.units(actor, "roster.hand_over", known.units)
    me = actor.user.pk if actor.user else 0
    return {
        "days": [_day(day, shifts, gaps) for day in days],
        "previous": first - timedelta(days=DAYS),
        "following": first + timedelta(days=DAYS),
        "keeps": keeps,
        "people": list(Post.objects.held(now).filter(unit=unit, user__is_active=True).select_related("user")),
        "mine": [s for s in standing if relieves or s.user_id == me or roster.stands_in(s, me, now)],
        "to_take": list(_waiting(unit).filter(taken_at=None, to__user=me)),
        "handed": list(_waiting(unit).filter(Q(handed_at__gte=start) | Q(taken_at=None))[:RECENT]),
        "powers": authority.rows_of(unit, known),
    }


def _waiting(unit: Unit):
    return HandOver.objects.filter(shift__unit=unit).select_related("handed_by", "to__user", "shift__user")


def _day(day: date, shifts: list[Shift], gaps: list[roster.Hole]) -> Day:
    span = DateTimeTZRange(_midnight(day), _midnight(day + timedelta(days=1)))
    inside = [s for s in shifts if s.during.lower < span.upper and span.lower < s.during.upper]
    open_hours = [
        roster.Hole(hole.unit_id, max(hole.since, span.lower), min(hole.until, span.upper))
        for hole in gaps
        if hole.since < span.upper and span.lower < hole.until
    ]
    return Day(day, inside, open_hours)
