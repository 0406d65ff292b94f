"""How long each class is kept here, and the one action that changes it."""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from responsibility import access, acting, clock, ledger
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid
from retention.classes import BY_CODE, CLASSES
from retention.models import Period

MOST = 36_500
# Whoever sets a period or lays a hold waits for the batch that is being removed, and the other way round.
LOCK = "SELECT pg_advisory_xact_lock(7309)"


def lock() -> None:
    """One at a time over all processes, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def days() -> dict[str, int | None]:
    """How many days each class is kept now, ``None`` for good. One statement."""
    chosen = dict(Period.objects.order_by("id").values_list("code", "days"))
    return {kept.code: chosen.get(kept.code, kept.default()) for kept in CLASSES}


@transaction.atomic
def put(code: str, days_kept: int, reason: str, *, by: User) -> Period:
    """Keep a class so many days from now on. ``Forbidden`` but for the committee's office, ``Invalid`` below the
    minimum, above a hundred years, or for a class that is not the district's to set."""
    lock()
    actor = acting.of(by)
    post = access.post_for(actor, "retention.set")
    if post is None:
        raise Forbidden("wrong_role", _("保存期限由区安委办设定。"))
    kept = BY_CODE.get(code)
    if kept is None or not kept.settable or kept.minimum is None:
        raise Invalid("not_settable", _("没有这一类，或其保存期限不能设定。"), "code")
    if days_kept < kept.minimum:
        least = {"label": kept.label, "days": kept.minimum}
        raise Invalid("below_minimum", _("“%(label)s”至少保存 %(days)d 天，只能更长，不能更短。") % least, "days")
    if days_kept > MOST:
        raise Invalid("too_long", _("最多 %(days)d 天。") % {"days": MOST}, "days")
    reason, before = typed.text(reason, "reason"), days()[code]
    made = Period.objects.create(code=code, days=days_kept, reason=reason, at=clock.now(), by=by)
    told = {"class": code, "days": days_kept}
    act = ledger.Act(made.chain, "retention.set", "retention", code, code, {"days": before}, told, reason)
    ledger.record([act], by=actor, post=post, at=made.at, new_chains=True)
    return made
