"""From the outbox to people: who is told, in which message, by which channels. One transaction, a few statements.

Everything that waits for one recipient becomes one message: five hundred alerts are not five hundred messages.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import localtime

from notices import outbox
from notices.models import Audience, Channel, Delivery, Fault, Line, Message, Notice
from notices.people import People
from responsibility import clock, directory
from responsibility.copying import copy
from responsibility.models import Grade, Post

BATCH = 5000
# Told to the shift leader when others could not be; never told of itself.
UNREACHED = "notice.unreached"
DISPATCH = "dispatch"


@dataclass
class Bundle:
    """What one recipient is told at once: a person of a unit, or the unit's common channels (``person_id`` empty)."""

    unit_id: int
    person_id: int | None
    drill: bool
    notices: list[Notice] = field(default_factory=list)
    post_ids: set[int] = field(default_factory=set)

    @property
    def rank(self) -> int:
        return min(Grade(notice.grade).rank for notice in self.notices)


@transaction.atomic
def address(limit: int = BATCH) -> int:
    """Find people for the notices that wait, at most ``limit``; how many there were.

    Any number may run at once. What is held by another transaction is left to it.
    """
    now = clock.now()
    waiting = Notice.objects.select_for_update(skip_locked=True).filter(addressed_at__isnull=True).order_by("pk")
    notices = list(waiting[:limit])
    if not notices:
        return 0
    units = {notice.unit_id for notice in notices}
    channels = list(Channel.objects.filter(unit__in=units, removed_at__isnull=True).order_by("pk"))
    bundles, lost = _bundle(notices, People(units, now), {c.unit_id for c in channels if c.post_id is None})
    _write(bundles, channels, now)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(addressed_at=now)
    Notice.objects.filter(pk__in=[notice.pk for notice in lost]).update(fault=Fault.NOBODY)
    tell_of_unreached(lost, now)
    return len(notices)


def _bundle(notices: list[Notice], people: People, common: set[int]) -> tuple[list[Bundle], list[Notice]]:
    """The bundles, and the notices for which there is nobody at all. ``common``: units with a channel of their own."""
    bundles: dict[tuple, Bundle] = {}
    lost = []
    named = {n.post_id for n in notices if n.post_id}
    posts = {post.pk: post for posts in people.held.values() for post in posts if post.pk in named}
    for notice in notices:
        found = _posts(notice, people, posts)
        if not found and notice.unit_id not in common:
            lost.append(notice)
        told: list[tuple[int | None, int | None]] = [(post.user_id, post.pk) for post in found]
        for person_id, post_id in [*told, *([(None, None)] if notice.unit_id in common else [])]:
            key = (notice.unit_id, person_id, notice.drill)
            bundle = bundles.setdefault(key, Bundle(*key))
            bundle.notices.append(notice)
            bundle.post_ids |= {post_id} if post_id else set()
    return list(bundles.values()), lost


def _posts(notice: Notice, people: People, named: dict[int, Post]) -> list[Post]:
    """A named post that is held no longer gives way to whoever is meant now."""
    post = named.get(notice.post_id or 0)
    return [post] if post else people.find(notice.unit_id, notice.audience)


def _write(bundles: list[Bundle], channels: list[Channel], now: datetime) -> None:
    if not bundles:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('notices_message', 'id')) FROM generate_series(1, %s)",
            [len(bundles)],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    copy(Message, [_message(pk, bundle, now) for pk, bundle in zip(ids, bundles, strict=True)])
    lines = [
        {"message_id": pk, "notice_id": notice.pk}
        for pk, bundle in zip(ids, bundles, strict=True)
        for notice in bundle.notices
    ]
    copy(Line, lines, leave_out=["id"])
    ways: dict[int | None, list[Channel]] = defaultdict(list)
    for channel in channels:
        ways[channel.post_id or -channel.unit_id].append(channel)
    deliveries = [
        {"message_id": pk, "channel_id": channel.pk, "status": "waiting", "attempts": 0, "error": "", "try_at": at}
        for pk, bundle in zip(ids, bundles, strict=True)
        for channel, at in _ways(bundle, ways, now)
    ]
    if deliveries:
        copy(Delivery, deliveries, leave_out=["id"])


def _message(pk: int, bundle: Bundle, now: datetime) -> dict:
    return {
        "id": pk, "unit_id": bundle.unit_id, "person_id": bundle.person_id, "at": now, "grade_rank": bundle.rank,
        "count": len(bundle.notices), "drill": bundle.drill,
    }  # fmt: skip


def _ways(bundle: Bundle, ways: dict, now: datetime) -> Iterable[tuple[Channel, datetime]]:
    """The channels of the bundle's recipient, each with the instant from which it may be used. A drill has none."""
    if bundle.drill:
        return
    keys = bundle.post_ids if bundle.person_id else {-bundle.unit_id}
    for channel in (channel for key in sorted(keys) for channel in ways.get(key, ())):
        if bundle.rank <= Grade(channel.least).rank:
            yield channel, now if bundle.rank == Grade.RED.rank else quiet_ends(channel, now)


def quiet_ends(channel: Channel, now: datetime) -> datetime:
    """When the quiet hours of ``channel`` that run at ``now`` end; ``now`` where none do."""
    start, end = channel.quiet_from, channel.quiet_until
    if start is None or end is None:
        return now
    here = localtime(now)
    clock_time = here.time()
    quiet = start <= clock_time < end if start < end else clock_time >= start or clock_time < end
    if not quiet:
        return now
    ends = here.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
    return ends if ends > here else ends + timedelta(days=1)


def tell_of_unreached(lost: Iterable[Notice], now: datetime) -> None:
    """Tell the shift leader of ``lost``, one notice a unit, and one of what was a drill's. At most one statement."""
    desk = directory.current().unit_with(DISPATCH)
    by_unit: dict[tuple[int, bool], list[Notice]] = defaultdict(list)
    for notice in lost:
        if notice.event != UNREACHED:
            by_unit[notice.unit_id, notice.drill].append(notice)
    if desk is None:
        return
    outbox.write(
        [
            outbox.row(
                UNREACHED,
                unit_id=desk.pk,
                audience=Audience.DUTY,
                grade=min((n.grade for n in notices), key=lambda grade: Grade(grade).rank),
                at=now,
                path="/inbox/unreached/",
                words={"unit": unit_id, "count": len(notices)},
                drill=drill,
            )
            for (unit_id, drill), notices in by_unit.items()
        ]
    )
