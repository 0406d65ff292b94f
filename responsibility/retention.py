"""How long each class of data is kept, and what goes when it is over age. The ledger never goes.

An app registers how its class is removed (``register``); a class without remover is only shown. Each run is an entry
of the ledger with its counts, and digests of what went stay where the ledger told of it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, chains, clock, ledger
from responsibility.models import Hold, LedgerEntry, Retention, User
from responsibility.refusals import Forbidden, Invalid, Refused

REASON = 500
LONGEST = 36_500


@dataclass(frozen=True)
class Remover:
    """Of one class: when its oldest item is from; how many are over age; and the removal of one batch, how many went.

    The latter two are given the instant before which items are over age, and ``remove`` is called in a transaction in
    which an entry ``retention.run`` stands.
    """

    oldest: Callable[[], datetime | None]
    over_age: Callable[[datetime], int]
    remove: Callable[[datetime], int]


REMOVERS: dict[str, Remover] = {}


def register(code: str, remover: Remover) -> None:
    """Say how the class ``code`` is removed."""
    REMOVERS[code] = remover


def chain() -> UUID:
    """The one chain on which it stands what was set and what went."""
    told = hashlib.md5(b"retention", usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(told) | chains.BEYOND)


def days(code: str) -> int | None:
    """For how many days a class is kept; ``None`` for ever."""
    return Retention.objects.values_list("days", flat=True).get(code=code)


def run(*, dry_run: bool = False) -> dict[str, int]:
    """Remove what is over age, class by class and batch by batch; how many by class. ``dry_run`` only counts.

    Safe to run twice at once. What a batch removed, and its entry, are one transaction.
    """
    gone = {}
    for kept in Retention.objects.exclude(days=None):
        remover, before = REMOVERS.get(kept.code), clock.now() - timedelta(days=kept.days or 0)
        if remover:
            gone[kept.code] = remover.over_age(before) if dry_run else _run(kept, remover, before)
    return gone


def _run(kept: Retention, remover: Remover, before: datetime) -> int:
    total = 0
    while remover.over_age(before):
        with transaction.atomic():
            # One at a time, so that the counts told are the counts gone.
            Retention.objects.select_for_update(no_key=True).get(pk=kept.pk)
            waiting = remover.over_age(before)
            if not waiting:
                break
            told = {"before": before.isoformat(), "waiting": waiting}
            _tell("retention.run", kept, {}, told)
            count = remover.remove(before)
            total += count
            if not count:
                break
    return total


def set_days(code: str, value: int | None, *, by: User | None) -> None:
    """Keep a class for ``value`` days, or for ever. ``Invalid`` below the minimum of the law; ``Forbidden``."""
    with transaction.atomic():
        actor, post = _office(by, "retention.set")
        kept = Retention.objects.select_for_update(no_key=True).filter(code=code).first()
        if kept is None:
            raise Invalid("bad_choice", _("没有这一类数据。"), "code")
        if value is not None and not kept.minimum <= value <= LONGEST:
            detail = _("%(name)s依%(source)s至少保存 %(least)d 天，不得更短；最长 %(most)d 天，或长期。")
            given = {"name": kept.name, "source": kept.source, "least": kept.minimum, "most": LONGEST}
            raise Invalid("below_minimum", detail % given, "days")
        before, kept.days = {"days": kept.days}, value
        kept.save(update_fields=["days"])
        _tell("retention.set", kept, before, {"days": value}, actor, post)


def hold(asked: UUID, label: str, *, by: User | None, reason: str) -> None:
    """Let nothing go that belongs to the chain ``asked``, of the case ``label``. ``Refused`` when held already."""
    reason = reason.strip()
    if not reason or len(reason) > REASON or "\x00" in reason:
        raise Invalid("required", _("请填写理由（500 字以内）。"), "reason")
    with transaction.atomic():
        actor, post = _office(by, "retention.hold")
        if actor.user is None:
            raise Forbidden("wrong_role", _("封存须由区安委办具名办理。"))
        held = Hold.objects.filter(chain=asked, lifted_at=None)
        if held.exists():
            raise Refused("held", _("该案已经封存。"))
        Hold.objects.create(chain=asked, label=label, reason=reason, by=actor.user, at=clock.now())
        ledger.record([ledger.Act(asked, "retention.hold", "hold", label, label, note=reason)], by=actor, post=post)


def lift(asked: UUID, *, by: User | None) -> None:
    """End the hold on a chain. ``Refused`` when there is none."""
    with transaction.atomic():
        actor, post = _office(by, "retention.hold")
        held = Hold.objects.select_for_update(no_key=True).filter(chain=asked, lifted_at=None).first()
        if held is None:
            raise Refused("not_held", _("该案没有封存。"))
        held.lifted_at = clock.now()
        held.save(update_fields=["lifted_at"])
        ledger.record([ledger.Act(asked, "retention.lift", "hold", held.label, held.label)], by=actor, post=post)


def runs() -> dict[str, datetime]:
    """When each class was last removed from."""
    last = LedgerEntry.objects.filter(chain=chain(), verb="retention.run").order_by("seq")
    return dict(last.values_list("subject_id", "at"))


def _tell(verb: str, kept: Retention, before: dict, after: dict, actor=acting.SYSTEM, post=None) -> None:
    act = ledger.Act(chain(), verb, "retention", kept.code, kept.name, before=before, after=after)
    ledger.record([act], by=actor, post=post)


def _office(by: User | None, act: str):
    if by is None:
        return acting.SYSTEM, None
    actor = acting.of(by)
    post = access.post_for(actor, act)
    if post is None:
        raise Forbidden("wrong_role", _("保存期限和封存由区安委办办理。"))
    return actor, post
