"""From messages to channels, at least once.

A delivery is claimed by moving its next attempt ahead, in a transaction of its own; whoever is killed while sending has
thereby left it to the next tick. So a message may come twice and is never lost.
"""

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils import translation

from notices import addressing, texts, transports
from notices.models import Channel, Delivery, DeliveryState, Fault, Notice
from responsibility import clock, directory

log = structlog.get_logger(__name__)

CLAIMED, SENDERS = 1000, 8
# Longer than any sending takes, so that no two send the same while both live.
LEASE = timedelta(minutes=2)
# About ten seconds, twice that, and so on, for some ten minutes; then somebody is told.
FIRST_PAUSE = timedelta(seconds=10)
ATTEMPTS = 7
ONE_AT_A_TIME = 4_170_117
CLAIM = """
    UPDATE notices_delivery SET attempts = attempts + 1, try_at = %(lease)s
    WHERE id IN (
        SELECT id FROM notices_delivery WHERE status = 'waiting' AND try_at <= %(now)s
        ORDER BY try_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""
# The gravest lines of each channel's messages, and how many there are.
LINES = """
    SELECT channel_id, id, total FROM (
        SELECT channel_id, id, row_number() OVER (PARTITION BY channel_id ORDER BY
            array_position(ARRAY['red', 'orange', 'yellow', 'blue'], grade), id) AS place,
            count(*) OVER (PARTITION BY channel_id) AS total
        FROM (
            SELECT DISTINCT d.channel_id, n.id, n.grade::text AS grade
            FROM notices_delivery d JOIN notices_line l ON l.message_id = d.message_id
            JOIN notices_notice n ON n.id = l.notice_id WHERE d.id = ANY(%s)
        ) told
    ) ranked WHERE place <= %s ORDER BY channel_id, place
"""
# Given up on every way, taken by none, and nobody has looked into the inbox.
NOBODY = """
    SELECT DISTINCT n.id FROM notices_notice n JOIN notices_line l ON l.notice_id = n.id
    JOIN notices_delivery d ON d.message_id = l.message_id
    WHERE d.id = ANY(%s) AND n.fault = '' AND NOT EXISTS (
        SELECT FROM notices_line other JOIN notices_message m ON m.id = other.message_id
        LEFT JOIN notices_delivery way ON way.message_id = m.id
        WHERE other.notice_id = n.id AND (m.read_at IS NOT NULL OR way.status IN ('waiting', 'sent'))
    )
"""


@dataclass
class Bundle:
    """All that goes through one channel now."""

    channel: Channel
    deliveries: list[Delivery]
    subject: str = ""
    body: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        """The same for each attempt at the same messages."""
        return f"bihuan-{self.channel.pk}-{self.deliveries[0].pk}"


def deliver() -> int:
    """Send what waits, as one message a channel; how many deliveries were tried.

    One at a time for the whole installation, so that a gateway which hangs never takes the workers from the clock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return 0
    try:
        return _deliver()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _deliver() -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease": now + LEASE, "limit": CLAIMED})
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return 0
    bundles = _bundles(ids)
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(_send, bundles))
    _settle(bundles)
    return len(ids)


def _bundles(ids: list[int]) -> list[Bundle]:
    by_channel: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in Delivery.objects.filter(pk__in=ids).select_related("channel").order_by("pk"):
        by_channel[delivery.channel_id].append(delivery)
    with connection.cursor() as cursor:
        cursor.execute(LINES, [ids, texts.SHOWN])
        shown = cursor.fetchall()
    notices = Notice.objects.in_bulk({pk for _channel, pk, _total in shown})
    known, bundles = directory.current(), []
    for channel_id, deliveries in by_channel.items():
        bundle = Bundle(deliveries[0].channel, deliveries)
        told = [(notices[pk], total) for channel, pk, total in shown if channel == channel_id]
        with translation.override(bundle.channel.language):
            bundle.subject, bundle.body = texts.written([notice for notice, _total in told], told[0][1], known)
        bundles.append(bundle)
    return bundles


def _send(bundle: Bundle) -> None:
    channel = bundle.channel
    if channel.removed_at:
        bundle.error = "removed"
        return
    try:
        transports.send(channel.kind, channel.url, channel.label, bundle.subject, bundle.body, bundle.key)
    except Exception as error:
        bundle.error = str(error)[:60] if isinstance(error, transports.NotSent) else type(error).__name__


@transaction.atomic
def _settle(bundles: list[Bundle]) -> None:
    """Mark what was sent, put off what was not, and give up what was tried often enough."""
    now = clock.now()
    sent = [d.pk for bundle in bundles if not bundle.error for d in bundle.deliveries]
    Delivery.objects.filter(pk__in=sent).update(status=DeliveryState.SENT, sent_at=now, error="")
    given_up = []
    for bundle in (bundle for bundle in bundles if bundle.error):
        log.warning("notice_not_sent", channel=bundle.channel.pk, why=bundle.error, count=len(bundle.deliveries))
        for delivery in bundle.deliveries:
            over = delivery.attempts >= ATTEMPTS or bundle.channel.removed_at is not None
            delivery.status = DeliveryState.FAILED if over else DeliveryState.WAITING
            delivery.try_at, delivery.error = now + pause(delivery.attempts), bundle.error
            given_up += [delivery.pk] if over else []
        Delivery.objects.bulk_update(bundle.deliveries, ["status", "try_at", "error"])
    if given_up:
        _give_up(given_up, now)


def pause(attempts: int) -> timedelta:
    """How long after the attempt of that number the next is made: doubled each time, by a half more or less, so that
    what failed together does not come again together."""
    return FIRST_PAUSE * 2 ** (attempts - 1) * random.uniform(0.5, 1.5)  # noqa: S311, no secret


def _give_up(ids: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOBODY, [ids])
        lost = [pk for (pk,) in cursor.fetchall()]
    Notice.objects.filter(pk__in=lost).update(fault=Fault.FAILED)
    addressing.tell_of_unreached(Notice.objects.filter(pk__in=lost), now)
