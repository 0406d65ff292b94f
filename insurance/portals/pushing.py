"""From messages to the systems of insurers and brokers, at least once.

A message is claimed by moving its next attempt ahead, in a transaction of its own; whoever is killed while sending has
thereby left it to a later tick. One thread for each hook: who is slow holds up nobody else, and once one message of a
hook was not taken the rest of it waits as well.
"""

import json
import random
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from insurance.portals import reaching, signing
from insurance.portals.models import Delivery, DeliveryState, Hook
from responsibility import clock

log = structlog.get_logger(__name__)

# Messages of one hook at a time, and how many hooks at once.
AT_ONCE, SENDERS = 20, 8
# No hook is sent to for longer in one tick; seconds. With the last message still on its way this stays below the lease.
PATIENCE = 40
LEASE = timedelta(minutes=2)
# Half a minute, then twice that, up to six hours.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
KEPT = timedelta(days=30)
ONE_AT_A_TIME = 7318
CLAIM = """
    UPDATE portals_delivery SET attempts = attempts + 1, try_at = %(lease)s WHERE id IN (
        SELECT d.id FROM portals_hook h CROSS JOIN LATERAL (
            SELECT id FROM portals_delivery WHERE hook_id = h.id AND status = 'waiting' AND try_at <= %(now)s
            ORDER BY try_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
        ) d WHERE h.ended_at IS NULL
    ) RETURNING id
"""


@dataclass
class Try:
    """One message on its way: what came back, or why nothing did; ``left``: it was not even tried."""

    delivery: Delivery
    answer: int | None = None
    error: str = ""
    left: bool = False


def push() -> int:
    """Send what is due; how many messages were claimed. One process at a time, so that a tick never piles up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return 0
    try:
        return _push()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def tidy() -> int:
    """Remove messages that nobody asks for any more: sent or given up more than 30 days ago."""
    over = Delivery.objects.exclude(status=DeliveryState.WAITING).filter(until__lt=clock.now() - KEPT)
    return over.delete()[0]


def pause(attempts: int) -> timedelta:
    """How long after the attempt of that number the next is made; a quarter more or less, so that they spread."""
    grown = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return grown * random.uniform(0.75, 1.25)  # noqa: S311, no secret


def _push() -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease": now + LEASE, "most": AT_ONCE})
        ids = [pk for (pk,) in cursor.fetchall()]
    by_hook: dict[int, list[Try]] = defaultdict(list)
    for delivery in Delivery.objects.filter(pk__in=ids).select_related("hook").order_by("pk"):
        by_hook[delivery.hook_id].append(Try(delivery))
    if by_hook:
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(_send_all, by_hook.values()))
        _settle([each for tries in by_hook.values() for each in tries])
    return len(ids)


def _send_all(tries: list[Try]) -> None:
    """To one hook, in their order, until one is not taken."""
    over = time.monotonic() + PATIENCE
    for place, each in enumerate(tries):
        _send(each, each.delivery.hook)
        if each.error or time.monotonic() > over:
            for later in tries[place + 1 :]:
                later.left = True
            return


def _send(each: Try, hook: Hook) -> None:
    body = json.dumps(each.delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
    # The clock of the world: a demo may have set its own, and receivers refuse what seems old.
    headers = signing.headers(hook.secret, str(each.delivery.key), int(time.time()), body)
    headers["Content-Type"] = "application/json"
    try:
        if settings.NOTICES_SEND or reaching.allowed(reaching.parts(hook.url)[0]):
            each.answer = reaching.post(hook.url, body, headers)
        else:
            _write_down(each.delivery)
    except reaching.NotReached as reason:
        each.error = str(reason)
    except Exception as error:
        each.error = type(error).__name__[:40]
    if each.answer is not None and not 200 <= each.answer < 300:
        each.error = "redirect" if 300 <= each.answer < 400 else "status"


def _write_down(delivery: Delivery) -> None:
    """A demo tells nobody outside: what would have left stands in the file of notices."""
    told = {"to": delivery.hook.label, "kind": "hook", "key": str(delivery.key), "body": delivery.body}
    with settings.NOTICES_FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")


@transaction.atomic
def _settle(tries: list[Try]) -> None:
    """Note what was taken, put off what was not, give up what was tried for long enough."""
    now = clock.now()
    left = [each.delivery.pk for each in tries if each.left]
    # Not tried, so not counted, and tried again with the one before it.
    Delivery.objects.filter(pk__in=left, status=DeliveryState.WAITING).update(
        attempts=F("attempts") - 1, try_at=now + FIRST_PAUSE
    )
    done = [each for each in tries if not each.left]
    for each in done:
        _note(each, now)
    # Whatever a person did meanwhile, ending the hook above all, stands.
    still = set(
        Delivery.objects.select_for_update()
        .filter(pk__in=[each.delivery.pk for each in done], status=DeliveryState.WAITING)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = [each.delivery for each in done if each.delivery.pk in still]
    Delivery.objects.bulk_update(rows, ["status", "try_at", "sent_at", "answer", "error"])


def _note(each: Try, now: datetime) -> None:
    delivery = each.delivery
    delivery.answer, delivery.error = each.answer, each.error
    if not each.error:
        delivery.status, delivery.sent_at = DeliveryState.SENT, now
        return
    log.warning("hook_not_taken", hook=delivery.hook_id, why=each.error, answer=each.answer)
    delivery.try_at = now + pause(delivery.attempts)
    if delivery.try_at >= delivery.until:
        delivery.status = DeliveryState.FAILED
