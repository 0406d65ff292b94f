"""Covered cases for the systems of insurers and brokers: what they may read, and which of it has changed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from insurance.policies.models import Cover, Share
from insurance.portals import mine
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import LedgerEntry, Role
from responsibility.refusals import Forbidden

ACT = "outside.cases"


def cases(actor: Actor, since: datetime | None = None) -> QuerySet[Case]:
    """Real cases that a policy of the actor's unit covers, until the end of its tail; those only that changed since.

    Changed: covered, or the policy confirmed, or in another state, or in another colour. ``Forbidden`` for a broker who
    asks ``since``: he follows states (facts 3.5), and by halving the span he would find when each changed.
    """
    if since is not None and not _whole(actor):
        raise Forbidden("wrong_role", _("经纪只查阅状态，不按时间查询变化。"))
    covers = mine.covers(_asking(actor))
    found = Case.objects.real().filter(pk__in=covers.values("case"))  # type: ignore[attr-defined]
    if since is None:
        return found
    fresh = covers.filter(Q(found_at__gte=since) | Q(policy__confirmed_at__gte=since))
    entries = LedgerEntry.objects.filter(chain=OuterRef("chain"), at__gte=since)
    moved = Q(Exists(_moved(entries, "state"))) | Q(Exists(_moved(entries, "grade")))
    return found.filter(Q(pk__in=fresh.values("case")) | moved)


def rows(actor: Actor, page: Sequence[Case]) -> list[dict]:
    """What is told of the cases of one ``page``: of a broker's the number, the state and the policies alone.

    ``policies``: ``[{"number", "share"}]``, the share in percent as a text, ``None`` for a broker. Two statements.
    """
    asking = _asking(actor)
    covers = mine.covers(asking).filter(case__in=[case.pk for case in page]).select_related("policy").order_by("pk")
    by_case: dict[int, list[Cover]] = defaultdict(list)
    for cover in covers:
        by_case[cover.case_id].append(cover)
    shares: dict[int, str] = {}
    if insurer := mine.units(actor, Role.INSURER):
        carried = {cover.policy_id for cover in covers}
        for share in Share.objects.filter(policy__in=carried, insurer__in=insurer):
            shares[share.policy_id] = str(share.percent)
    return [_row(case, by_case[case.pk], shares, whole=_whole(actor)) for case in page]


def _row(case: Case, covers: list[Cover], shares: dict[int, str], *, whole: bool) -> dict:
    told = {
        "grade": case.grade, "category": case.category_code, "opened_at": case.opened_at,
        "contained_at": case.contained_at, "closed_at": case.closed_at, "object": case.object_code or None,
    }  # fmt: skip
    policies = [{"number": each.policy.number, "share": shares.get(each.policy_id)} for each in covers]
    shown = told if whole else dict.fromkeys(told)
    return {"number": case.number, "state": case.state, **shown, "policies": policies}


def _whole(actor: Actor) -> bool:
    """Whether grades and times are told: to insurers; a broker follows states (facts 3.5)."""
    return bool(mine.units(actor, Role.INSURER))


def _asking(actor: Actor) -> Actor:
    """As which of its posts the actor asks: an insurer's where there is one, so that nothing else is mixed in."""
    role = Role.INSURER if _whole(actor) else Role.BROKER
    return Actor(actor.user, tuple(post for post in actor.posts if post.role == role and access.scope(ACT, role)))


def _moved(entries: QuerySet[LedgerEntry], name: str) -> QuerySet[LedgerEntry]:
    told = entries.annotate(was=KT(f"before__{name}"), now=KT(f"after__{name}")).filter(now__isnull=False)
    return told.filter(Q(was__isnull=True) | ~Q(was=F("now")))
