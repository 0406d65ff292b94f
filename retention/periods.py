"""How long each class is kept here, and the one action that changes it."""

import re

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid
from retention.classes import BY_CODE, CLASSES, MOST, Kept
from retention.models import Period

NUMBER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
# Whoever sets a period or lays a hold waits for the batch that is being removed, and the other way round. The database
# takes the same lock for each new hold (``migrations/0002_rules.py``).
LOCK = "SELECT pg_advisory_xact_lock(7309)"


def lock() -> None:
    """One at a time over all processes, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def days() -> dict[str, int | None]:
    """How many days each class is kept now, ``None`` for good. One statement."""
    chosen = dict(Period.objects.order_by("id").values_list("code", "days"))
    return {kept.code: chosen[kept.code] if kept.code in chosen else kept.default() for kept in CLASSES}


@transaction.atomic
def put(code: object, days_kept: int | None, reason: object, *, by: User) -> Period:
    """Keep a class so many days from now on, ``None`` for good.

    ``Forbidden`` but for the committee's office, ``Invalid`` below the minimum, above a hundred years, for good where
    the law asks for an end, or for a class that is not the district's to set.
    """
    lock()
    actor, post = may(by)
    kept = BY_CODE.get(code) if isinstance(code, str) else None
    if kept is None or not kept.settable:
        raise Invalid("not_settable", _("没有这一类，或其保存期限不能设定。"), "code")
    _judge(kept, days_kept)
    said, before = typed.text(reason, "reason"), days()[kept.code]
    made = Period.objects.create(code=kept.code, days=days_kept, reason=said, at=clock.now(), by=by)
    told = {"class": kept.code, "days": days_kept}
    act = ledger.Act(made.chain, "retention.set", "retention", kept.code, kept.code, {"days": before}, told, said)
    ledger.record([act], by=actor, post=post, at=made.at, new_chains=True)
    return made


def may(by: User) -> tuple[acting.Actor, Post]:
    """The actor and the post in which he sets periods; ``Forbidden``."""
    actor = acting.of(by)
    post = access.post_for(actor, "retention.set")
    if post is None:
        raise Forbidden("wrong_role", _("保存期限由区安委办设定。"))
    return actor, post


def read(given: str) -> int | None:
    """A number of days as somebody wrote it, ``None`` for good where nothing is written. ``Invalid``."""
    given = given.strip()
    if not given:
        return None
    if not NUMBER.fullmatch(given):
        raise Invalid("bad_number", _("天数应为整数。"), "days")
    return int(given)


def _judge(kept: Kept, days_kept: int | None) -> None:
    if days_kept is None and not kept.endless:
        raise Invalid("endless", _("这一类不得永久保存。"), "days")
    if days_kept is not None and days_kept < (kept.minimum or 0):
        least = {"label": kept.label, "days": kept.minimum}
        raise Invalid("below_minimum", _("“%(label)s”至少保存 %(days)d 天，只能更长，不能更短。") % least, "days")
    if days_kept is not None and days_kept > MOST:
        raise Invalid("too_long", _("最多 %(days)d 天。") % {"days": MOST}, "days")
