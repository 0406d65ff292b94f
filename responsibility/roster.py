"""The duty roster: who is on duty when, who plans it, how one hands the duty to the next.

A unit keeps a roster from its first shift on. Whoever acts under a roster is judged by ``standing``; what the next
hours lack is found by ``holes``. Every writer locks the unit first, so that two never plan the same hour.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting
from responsibility.directory import Directory
from responsibility.models import Post, Shift, Unit
from responsibility.models.district import UnitKind
from responsibility.refusals import Refused

# How far ahead a hole is told of.
AHEAD = timedelta(hours=24)
# Bodies that work cases; the others keep no duty room here.
WORKING = {
    UnitKind.DISTRICT_OFFICE, UnitKind.DEPARTMENT, UnitKind.STREET, UnitKind.TOWN, UnitKind.ZONE, UnitKind.COMMUNITY,
}  # fmt: skip
RELATED = ("post__user", "post__unit", "deputy__user", "deputy__unit")


@dataclass(frozen=True)
class Hole:
    """A time in which nobody of a unit is on duty though it keeps a roster."""

    unit_id: int
    since: datetime
    until: datetime


@dataclass
class Watch:
    """Who is on duty for one unit at an instant, and the first hole from then on within ``AHEAD``."""

    shifts: list[Shift] = field(default_factory=list)
    hole: Hole | None = None


@dataclass(frozen=True)
class Standing:
    """In which post somebody answers for a unit. ``as_``: ``shift``, ``deputy``, ``command``, or ``nobody`` on duty."""

    post: Post
    as_: str


def on_duty(unit_ids: Iterable[int], at: datetime) -> dict[int, list[Shift]]:
    """The shifts that run at ``at``, by unit, for any number of units. One statement.

    Nobody is on duty in a post he no longer holds, nor once he cannot sign in.
    """
    found: dict[int, list[Shift]] = defaultdict(list)
    for shift in Shift.objects.standing(at).filter(unit__in=list(unit_ids)).select_related(*RELATED):
        found[shift.unit_id].append(shift)
    return dict(found)


def readable(actor: acting.Actor, known: Directory) -> dict[str, Unit]:
    """The working units whose roster the actor reads, own units first; 403 for whoever reads none."""
    ids = access.units(actor, "roster.read", known.units)
    shown = (known.units[pk] for pk in ids if known.units[pk].kind in WORKING or pk in actor.unit_ids)
    units = [unit for unit in shown if not unit.closed_on]
    if not units:
        raise PermissionDenied
    return {unit.code: unit for unit in sorted(units, key=lambda u: (u.pk not in actor.unit_ids, u.code))}


HOLES = """
SELECT unit.id, lower(hole), upper(hole)
FROM responsibility_unit unit
CROSS JOIN LATERAL (
    SELECT range_agg(shift.during * tstzrange(post.since, post.until)) AS hours
    FROM responsibility_shift shift
    JOIN responsibility_post post ON post.id = shift.post_id
    JOIN responsibility_user person ON person.id = shift.user_id
    WHERE shift.unit_id = unit.id AND shift.during && tstzrange(%(since)s, %(until)s) AND person.is_active
) kept
CROSS JOIN LATERAL unnest(
    tstzmultirange(tstzrange(%(since)s, %(until)s)) - coalesce(kept.hours, tstzmultirange())
) AS hole
WHERE unit.id = ANY(%(units)s) AND unit.closed_on IS NULL
    AND EXISTS (SELECT FROM responsibility_shift any_shift WHERE any_shift.unit_id = unit.id)
ORDER BY lower(hole), unit.id
"""


def holes(unit_ids: Iterable[int], since: datetime, until: datetime) -> list[Hole]:
    """The times between ``since`` and ``until`` that no shift covers, of the units that keep a roster, soonest first.

    One statement however many units.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLES, {"units": list(unit_ids), "since": since, "until": until})
        return [Hole(*row) for row in cursor.fetchall()]


def first_holes(unit_ids: Iterable[int], at: datetime) -> list[Hole]:
    """The first hole of each unit within ``AHEAD`` of ``at``, soonest first; one statement."""
    firsts: dict[int, Hole] = {}
    for hole in holes(unit_ids, at, at + AHEAD):
        firsts.setdefault(hole.unit_id, hole)
    return list(firsts.values())


def watches(unit_ids: Iterable[int], at: datetime) -> dict[int, Watch]:
    """Who is on duty at ``at`` and what the next 24 hours lack, by unit; two statements.

    A unit that keeps no roster is not in it.
    """
    unit_ids = list(unit_ids)
    found = {unit: Watch(shifts) for unit, shifts in on_duty(unit_ids, at).items()}
    for hole in first_holes(unit_ids, at):
        found.setdefault(hole.unit_id, Watch()).hole = hole
    return found


def standing(actor: acting.Actor, post: Post, at: datetime) -> Standing:
    """How ``actor``, who holds ``post``, answers for its unit at ``at``; ``Refused`` (``not_on_duty``) if he may not.

    Where nobody is on duty, whether there is no roster or a hole in it, whoever is there answers: at three in the
    morning a wrong plan must not keep a danger waiting. One statement.
    """
    shifts = on_duty([post.unit_id], at).get(post.unit_id, [])
    if not shifts:
        return Standing(post, "nobody")
    me = actor.user.pk if actor.user else None
    for shift in shifts:
        if shift.user_id == me:
            return Standing(shift.post, "shift")
    for shift in shifts:
        if stands_in(shift, me, at):
            return Standing(shift.deputy or post, "deputy")
    command = access.post_for(actor, "case.acknowledge_off_duty", party={post.unit_id})
    if command:
        return Standing(command, "command")
    words = {"unit": post.unit.label, "people": "、".join(told(shift) for shift in shifts)}
    raise Refused("not_on_duty", _("%(unit)s现由%(people)s值班，请当班人员签收。") % words)


def stands_in(shift: Shift, user_id: int | None, at: datetime) -> bool:
    """Whether the person is the deputy of ``shift`` and holds that post at ``at``."""
    deputy = shift.deputy
    if deputy is None or deputy.user_id != user_id:
        return False
    return deputy.since <= at and (deputy.until is None or at < deputy.until)


def told(shift: Shift) -> str:
    """A shift in a few words: the person, until when, and the deputy."""
    until = localtime(shift.during.upper).strftime("%m-%d %H:%M")
    deputy = str(_("，副班%(name)s") % {"name": shift.deputy.user}) if shift.deputy else ""
    return str(_("%(name)s（至 %(until)s%(deputy)s）") % {"name": shift.post.user, "until": until, "deputy": deputy})
