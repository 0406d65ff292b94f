"""The one pen of the duty roster: planning shifts, and handing the duty from one to the next."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, clock, directory, ledger, roster
from responsibility.models import HandOver, Post, Shift, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

# A shift longer than this is a slip of the pen that would hide every hole behind it.
LONGEST = timedelta(days=31)
NOTE_LENGTH = 2000
CHAINS = uuid.UUID("6f1d5a2e-7f0b-4a64-9d0c-0d3b1f0c5a11")


@dataclass
class Row:
    """A shift as people write it: codes and names instead of keys, aware instants.

    ``role`` is needed only where a person holds several posts in the unit.
    """

    unit: str
    person: str
    since: datetime | None
    until: datetime | None
    role: str = ""
    deputy: str = ""


def chain_of(unit: Unit) -> uuid.UUID:
    """The ledger chain of a unit's roster."""
    return uuid.uuid5(CHAINS, unit.code)


def plan(rows: list[Row], *, by: User, instead_of: Iterable[int] = ()) -> list[Shift]:
    """排班: add ``rows``, in place of the coming shifts with the ids ``instead_of``; all or nothing, few statements.

    A shift counts from the time it is entered: an earlier ``since`` becomes now, so that nobody is put on duty
    afterwards. Raises ``Invalid`` (``attr`` is ``rows.<n>.<field>``, counted from 0), ``Forbidden`` for a unit whose
    roster is not ``by``'s to keep, ``Refused`` when a person would be twice at once or a shift has begun.
    """
    with transaction.atomic():
        actor, known, now = acting.of(by), directory.current(), clock.now()
        made = _read(rows, known, now, by)
        ids = set(instead_of)
        units = {shift.unit_id for shift in made}
        units |= set(Shift.objects.filter(pk__in=ids).values_list("unit_id", flat=True))
        posts = _editing(actor, units, known)
        lock(units)
        gone = list(Shift.objects.filter(pk__in=ids).select_related(*roster.RELATED))
        _drop(gone, ids, now)
        _refuse_twice(made)
        Shift.objects.bulk_create(made)
        for unit in sorted(units):
            after = {"shifts": [_words(shift) for shift in made if shift.unit_id == unit]}
            before = {"shifts": [_words(shift) for shift in gone if shift.unit_id == unit]}
            _tell("roster.plan", known.units[unit], actor, posts[unit], before=before, after=after)
    return made


def weigh(rows: list[Row], *, by: User) -> list[Shift | Invalid]:
    """Each of ``rows`` as the shift that ``plan`` would make of it, or why it can be none. One statement."""
    known, now, posts = directory.current(), clock.now(), _posts(rows)
    found: list[Shift | Invalid] = []
    for number, row in enumerate(rows):
        try:
            found.append(_shift(row, f"rows.{number}", posts, known, now, by))
        except Invalid as refused:
            found.append(refused)
    return found


def hand_over(shift_id: int, *, by: User, to: int, note: str = "") -> HandOver:
    """交班 of a running shift to the post ``to`` of the same unit; the duty stays until it is taken.

    By the one on duty, the deputy, or who keeps the roster. Handing over again changes to whom, and what is told.
    """
    note = _note(note)
    with transaction.atomic():
        actor, known, now = acting.of(by), directory.current(), clock.now()
        shift = _locked_shift(shift_id)
        post = _on_shift(actor, shift, known, now)
        _refuse_not_running(shift, now)
        taker = Post.objects.held(now).filter(pk=to, unit=shift.unit_id, user__is_active=True).first()
        if taker is None or taker.user_id == shift.user_id:
            raise Invalid("unknown_post", _("请选择本单位在任的另一岗位接班。"), "to")
        given = {"note": note, "handed_by": by, "handed_at": now, "to": taker}
        handed, _new = HandOver.objects.update_or_create(shift=shift, taken_at=None, defaults=given)
        after = {"shift": _words(shift), "to": taker.user.username}
        _tell("roster.hand_over", known.units[shift.unit_id], actor, post, after=after, note=note)
    return handed


def take_over(hand_over_id: int, *, by: User) -> HandOver:
    """接班 by the person named. A running shift ends now; the taker's own begins now, or lasts what was left."""
    with transaction.atomic():
        actor, known, now = acting.of(by), directory.current(), clock.now()
        shift = _locked_shift(HandOver.objects.values_list("shift_id", flat=True).get(pk=hand_over_id))
        handed = HandOver.objects.select_related("to__user", "to__unit").get(pk=hand_over_id)
        if handed.taken_at:
            raise Refused("already_taken", _("这一班已经交接。"))
        if not _holds(actor, handed.to_id, "roster.take_over"):
            raise Forbidden("not_named", _("只有交班时指定的人可以接班。"))
        before = {"shifts": [_words(shift)]}
        touched = _relieve(shift, handed.to, now) if now in shift.during and shift.during.lower < now else []
        handed.taken_at = now
        handed.save(update_fields=["taken_at"])
        after = {"shifts": [_words(each) for each in touched], "from": shift.user.username}
        _tell("roster.take_over", known.units[shift.unit_id], actor, handed.to, before=before, after=after)
    return handed


# --- planning ------------------------------------------------------------------
def _read(rows: list[Row], known: directory.Directory, now: datetime, by: User) -> list[Shift]:
    posts = _posts(rows)
    return [_shift(row, f"rows.{number}", posts, known, now, by) for number, row in enumerate(rows)]


def _posts(rows: list[Row]) -> dict[tuple[str, str], list[Post]]:
    """The posts of everybody named, by unit and username. One statement."""
    names = {name for row in rows for name in (row.person, row.deputy) if "\x00" not in name}
    units = {row.unit for row in rows if "\x00" not in row.unit}
    found: dict[tuple[str, str], list[Post]] = defaultdict(list)
    asked = Post.objects.filter(unit__code__in=units, user__username__in=names, user__is_active=True)
    for post in asked.select_related("unit", "user"):
        found[post.unit.code, post.user.username].append(post)
    return found


def _shift(row: Row, where: str, posts: dict, known: directory.Directory, now: datetime, by: User) -> Shift:
    unit = known.units_by_code.get(row.unit)
    if unit is None:
        raise Invalid("unknown_code", _("没有这个单位代码。"), f"{where}.unit")
    if row.since is None or row.until is None:
        raise Invalid("required", _("请填写值班起止时间。"), f"{where}.{'until' if row.since else 'since'}")
    since, until = max(row.since, now), row.until
    if until <= since:
        raise Invalid("bad_time", _("值班止时须晚于起时，且不能已经过去。"), f"{where}.until")
    if until - since > LONGEST:
        raise Invalid("too_long", _("一班不能超过 %(days)d 天。") % {"days": LONGEST.days}, f"{where}.until")
    post = _holding(posts[unit.code, row.person], since, until, row.role)
    deputy = _holding(posts[unit.code, row.deputy], since, until) if row.deputy else None
    if post is None:
        raise Invalid("unknown_person", _("此人在该时段没有本单位的岗位。"), f"{where}.person")
    if row.deputy and (deputy is None or deputy.user_id == post.user_id):
        raise Invalid("unknown_person", _("副班须是该时段在本单位任职的另一人。"), f"{where}.deputy")
    return _new(post, deputy, since, until, now, by)


def _holding(posts: list[Post], since: datetime, until: datetime, role: str = "") -> Post | None:
    """The first of ``posts`` that is held all the time."""
    fits = (p for p in posts if p.since <= since and (p.until is None or until <= p.until))
    return next((p for p in fits if not role or p.role == role), None)


def _new(post: Post, deputy: Post | None, since: datetime, until: datetime, now: datetime, by: User) -> Shift:
    return Shift(
        post=post,
        user=post.user,
        unit=post.unit,
        role=post.role,
        deputy=deputy,
        during=DateTimeTZRange(since, until),
        chain=chain_of(post.unit),
        planned_at=now,
        planned_by=by,
    )


def _editing(actor: acting.Actor, units: set[int], known: directory.Directory) -> dict[int, Post | None]:
    """The post in which ``actor`` keeps each roster; ``Forbidden`` when one is not his."""
    if not units:
        raise Invalid("required", _("没有要排的班。"), "rows")
    if units - access.units(actor, "roster.plan", known.units):
        raise Forbidden("not_roster_keeper", _("值班表由本单位负责人或系统管理员编排。"))
    return {unit: _keeping(actor, "roster.plan", unit) for unit in units}


def _keeping(actor: acting.Actor, act: str, unit: int) -> Post | None:
    """A post in the unit itself rather than one above it."""
    return access.post_for(actor, act, own={unit}) or access.post_for(actor, act, own=actor.unit_ids)


def lock(units: Collection[int]) -> None:
    """Keep every other writer of these units' rosters out until the transaction ends."""
    # Not FOR UPDATE: cases that engage the unit must not wait for its roster.
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=units).order_by("pk").values_list("pk"))


def _drop(gone: list[Shift], ids: set[int], now: datetime) -> None:
    if len(gone) != len(ids):
        raise Refused("moved_on", _("值班表已有变化，请刷新后再改。"))
    if any(shift.during.lower <= now for shift in gone):
        raise Refused("begun", _("已经开始的班不能撤改，请办理交接班。"))
    Shift.objects.filter(pk__in=ids).delete()


def _refuse_twice(made: list[Shift]) -> None:
    """The database holds it as well; here it is said in a sentence that names the person and the time."""
    if not made:
        return
    window = DateTimeTZRange(min(s.during.lower for s in made), max(s.during.upper for s in made))
    there = Shift.objects.filter(user__in={shift.user_id for shift in made}, during__overlap=window)
    kept: dict[tuple, list[Shift]] = defaultdict(list)
    for shift in [*there.select_related("user"), *made]:
        kept[shift.user_id, shift.unit_id, shift.role].append(shift)
    for shifts in kept.values():
        shifts.sort(key=lambda shift: shift.during.lower)
        for one, other in zip(shifts, shifts[1:], strict=False):
            if other.during.lower < one.during.upper:
                at = localtime(other.during.lower).strftime("%m-%d %H:%M")
                words = {"name": one.user, "at": at}
                raise Refused("twice", _("%(name)s在 %(at)s 已有一班。") % words, "rows")


# --- handing over ------------------------------------------------------------------
def _locked_shift(shift_id: int) -> Shift:
    unit = Shift.objects.values_list("unit_id", flat=True).get(pk=shift_id)
    lock({unit})
    return Shift.objects.select_related("user", "unit", *roster.RELATED).get(pk=shift_id)


def _on_shift(actor: acting.Actor, shift: Shift, known: directory.Directory, now: datetime) -> Post | None:
    me = actor.user.pk if actor.user else None
    if shift.user_id == me and _holds(actor, shift.post_id, "roster.hand_over"):
        return shift.post
    if roster.stands_in(shift, me, now) and _holds(actor, shift.deputy_id, "roster.hand_over"):
        return shift.deputy
    if shift.unit_id in access.units(actor, "roster.hand_over", known.units):
        return _keeping(actor, "roster.hand_over", shift.unit_id)
    raise Forbidden("not_on_shift", _("由当班人员、副班或本单位负责人交班。"))


def _holds(actor: acting.Actor, post_id: int | None, act: str) -> bool:
    """Whether ``actor`` holds the post now, and its role may do ``act``."""
    return any(post.pk == post_id and access.scope(act, post.role) for post in actor.posts)


def _refuse_not_running(shift: Shift, now: datetime) -> None:
    if not shift.during.lower < now < shift.during.upper:
        raise Refused("not_running", _("只能在当班期间交班。"))


def _relieve(shift: Shift, taker: Post, now: datetime) -> list[Shift]:
    """End ``shift`` now and let ``taker`` stand from now on without a hole; the shifts as they are then."""
    end = shift.during.upper
    shift.during = DateTimeTZRange(shift.during.lower, now)
    shift.save(update_fields=["during"])
    own = Shift.objects.filter(user=taker.user_id, unit=taker.unit_id, role=taker.role, during__endswith__gt=now)
    following = own.select_related("user", *roster.RELATED).order_by("during").first()
    if following is None or following.during.lower > end:
        deputy = shift.deputy if shift.deputy and shift.deputy.user_id != taker.user_id else None
        following = _new(taker, deputy, now, end, now, taker.user)
        following.save()
    elif following.during.lower > now:
        following.during = DateTimeTZRange(now, following.during.upper)
        following.save(update_fields=["during"])
    return [shift, following]


# --- telling ------------------------------------------------------------------------
def _note(note: str) -> str:
    if "\x00" in note:
        raise Invalid("bad_character", _("含有无法保存的字符。"), "note")
    if len(note) > NOTE_LENGTH:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": NOTE_LENGTH}, "note")
    return note.strip()


def _words(shift: Shift) -> str:
    """A shift for the ledger: person, role, deputy, from and to in UTC."""
    deputy = shift.deputy.user.username if shift.deputy else ""
    span = "/".join(at.astimezone(UTC).isoformat() for at in (shift.during.lower, shift.during.upper))
    return "|".join([shift.post.user.username, str(shift.role), deputy, span])


def _tell(verb: str, unit: Unit, actor, post, *, before=None, after=None, note: str = "") -> None:
    act = ledger.Act(
        chain=chain_of(unit),
        verb=verb,
        subject_type="roster",
        subject_id=unit.code,
        subject_label=unit.name,
        before=before or {},
        after=after or {},
        note=note,
    )
    ledger.record([act], by=actor, post=post)
