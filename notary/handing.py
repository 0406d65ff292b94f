"""Checkpoints leave the house: to mailboxes and webhooks, and into a folder in which nothing is written twice.

The newest checkpoint speaks for all before it, so an outlet is brought up to date, not sent each one. Whoever keeps
what was sent can show later that history was rewritten (``verify_ledger --against``).
"""

import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid5

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notary import proofs, witnessing
from notary.models import Checkpoint, Outlet
from notices import channels, delivering, transports
from responsibility import acting, ledger, rows_told
from responsibility.models import User
from responsibility.refusals import Invalid

log = structlog.get_logger(__name__)

CHAINS = UUID("b0a1c8de-5a6f-4d0b-9a67-3f6a1c2d4e11")
LEAST, MOST = 1, 7 * 24 * 60
# The longest pause after failures, so that an outlet that is back is found within the hour.
LONGEST = timedelta(hours=1)
LEASE = timedelta(minutes=2)


@transaction.atomic
def add(label: str, url: str, minutes: int, *, by: User) -> Outlet:
    """Set up an outlet. ``Forbidden`` but for the committee's office, ``Invalid`` for what cannot be used.

    ``url``: as a channel of notices takes it; ``minutes``: at most so often, 1 to 10,080.
    """
    actor, label = witnessing.keeper(by), label.strip()
    if not label or len(label) > 100 or "\x00" in label:
        raise Invalid("required", gettext_lazy("请填写名称（100 字以内）。"), "label")
    if not LEAST <= minutes <= MOST:
        raise Invalid("bad_minutes", gettext_lazy("间隔应为 1 至 10080 分钟。"), "minutes")
    now, kind = timezone.now(), channels.kind_of(url)
    outlet = Outlet.objects.create(
        label=label, kind=kind, url=url.strip(), minutes=minutes, added_at=now, next_at=now
    )  # fmt: skip
    after = {"kind": kind, "minutes": minutes, "fingerprint": channels.fingerprint(outlet.url)}
    _tell(outlet, "outlet.add", actor, after)
    return outlet


@transaction.atomic
def end(pk: int, *, by: User) -> Outlet:
    """Stop sending and forget the address. Ending it twice changes nothing."""
    actor = witnessing.keeper(by)
    outlet = Outlet.objects.select_for_update(no_key=True).get(pk=pk)
    if outlet.ended_at is None:
        outlet.ended_at, outlet.url = timezone.now(), ""
        outlet.save(update_fields=["ended_at", "url"])
        _tell(outlet, "outlet.end", actor, {"size": outlet.size})
    return outlet


def hand_out() -> None:
    """Bring every outlet that is due up to the newest checkpoint. At least once, and not while another does it."""
    newest = proofs.newest()
    if newest is None:
        return
    write_down(newest)
    for outlet in _claim(newest):
        error = _send(outlet, newest)
        with transaction.atomic():
            now, held = timezone.now(), Outlet.objects.select_for_update(no_key=True).get(pk=outlet.pk)
            held.failures, held.error = (held.failures + 1, error) if error else (0, "")
            if error:
                held.next_at = now + min(delivering.pause(held.failures), LONGEST)
            else:
                held.size, held.sent_at, held.next_at = newest.size, now, now + timedelta(minutes=held.minutes)
            held.save(update_fields=["failures", "error", "next_at", "size", "sent_at"])


def write_down(checkpoint: Checkpoint) -> Path | None:
    """Put the checkpoint into the folder where nothing is written twice; ``None`` where there is none.

    A file of that size that says something else is left as it is and told: it is evidence.
    """
    if settings.LEDGER_WITNESS_DIR is None:
        return None
    place = Path(settings.LEDGER_WITNESS_DIR) / f"{checkpoint.size:015d}.checkpoint"
    try:
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w", encoding="utf-8") as file:
            file.write(checkpoint.note)
    except FileExistsError:
        if place.read_text(encoding="utf-8") != checkpoint.note:
            log.error("ledger_forked", kept=str(place), size=checkpoint.size)
    return place


@transaction.atomic
def _claim(newest: Checkpoint) -> list[Outlet]:
    now = timezone.now()
    due = Outlet.objects.filter(ended_at=None, next_at__lte=now, size__lt=newest.size)
    found = list(due.select_for_update(skip_locked=True, no_key=True))
    # A lease: whoever is killed on the way leaves the outlet to the next.
    Outlet.objects.filter(pk__in=[outlet.pk for outlet in found]).update(next_at=now + LEASE)
    return found


def _send(outlet: Outlet, newest: Checkpoint) -> str:
    with translation.override("zh-hans"):
        subject = _("台账存证点 %(size)d") % {"size": newest.size}
    try:
        transports.send(
            outlet.kind, outlet.url, outlet.label, subject, newest.note, f"checkpoint-{outlet.pk}-{newest.size}"
        )
    except Exception as error:
        log.warning("checkpoint_not_sent", outlet=outlet.pk, why=type(error).__name__)
        return str(error)[:60] if isinstance(error, transports.NotSent) else type(error).__name__
    return ""


def _tell(outlet: Outlet, verb: str, actor: acting.Actor, after: dict) -> None:
    act = ledger.Act(uuid5(CHAINS, str(outlet.pk)), verb, "outlet", str(outlet.pk), outlet.label, after=after)
    ledger.record([act], by=actor, post=next(iter(actor.posts), None))
    rows_told.tell(actor)
