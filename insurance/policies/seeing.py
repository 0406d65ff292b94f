"""What pages and the API show of policies: one list, one policy with what belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from cases import outside
from cases.models import Case
from insurance.policies import premiums, registering
from insurance.policies.models import Cover, Covered, Line, Policy, PolicyQuerySet, Share, Standing
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Role

PAGE = 50
# Of a policy that covers thousands of objects or cases, so many are shown; how many there are is told.
SHOWN = 50
# Policies that end so soon ask to be renewed.
ENDING = timedelta(days=60)
FILTERS = {
    "in_force": _("有效"), "ending": _("60 天内到期"), "ended": _("已结束"), "waiting": _("待被保险人确认"),
}  # fmt: skip

# Pages of the parts above that belong to a policy: f(policy, actor) -> [(label, address)], for who may open them.
BESIDE: list[Callable[[Policy, Actor], list[tuple[str, str]]]] = []


@dataclass
class Row:
    """A policy in a list, with where it is now; ``waits``: for the word of the insured."""

    policy: Policy
    state: Standing
    waits: bool


@dataclass
class Covering:
    """A covered case as the reader may see it: number and state; ``seen``: he may open the case itself."""

    cover: Cover
    seen: bool


def with_names(found: PolicyQuerySet) -> PolicyQuerySet:
    """``found`` ready to be shown: whom it names, the shares, and the word of the insured. Two statements."""
    shares = Prefetch("shares", Share.objects.select_related("insurer"))
    found = found.select_related("insurer", "broker", "insured", "renews", "confirmed_by", "declined_by")
    return found.with_word().prefetch_related(shares)


def lines(actor: Actor, wanted: dict[str, str], before: int | None) -> tuple[list[Row], int | None]:
    """Up to a page of the actor's policies, the newest first, and the id to go on before.

    ``wanted``: ``state`` (of ``FILTERS``), ``line``, and ``q``, the beginning of a number or a piece
    of the insured's name.
    """
    now = clock.now()
    found = with_names(Policy.objects.visible_to(actor)).order_by("-pk")
    if wanted.get("state") == "in_force":
        found = found.in_force(now)
    elif wanted.get("state") == "ending":
        found = found.in_force(now).filter(ends_at__lte=now + ENDING, renewed_by=None)
    elif wanted.get("state") == "ended":
        found = found.ended(now)
    elif wanted.get("state") == "waiting":
        found = found.unconfirmed()
    if wanted.get("line") in Line.values:
        found = found.filter(line=wanted["line"])
    if wanted.get("q"):
        q = wanted["q"]
        found = found.filter(
            Q(number__istartswith=q) | Q(insured__name__icontains=q) | Q(insured__name_en__icontains=q)
        )
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    made = [Row(policy, policy.state(now), policy.unconfirmed) for policy in rows[:PAGE]]
    return made, rows[PAGE - 1].pk if len(rows) > PAGE else None


def about(policy: Policy, actor: Actor, known: Directory) -> dict:
    """The context of one policy's page. ``leads``: the reader may change it."""
    now = clock.now()
    covered = policy.covered.select_related("risk_object", "territory")
    # What waits for the word of the insured comes first.
    covered = covered.order_by(F("confirmed_at").asc(nulls_first=True), "pk")
    return {
        "policy": policy, "state": policy.state(now), "now": now,
        "leads": access.post_for(actor, registering.ACT, named={policy.insurer_id}) is not None,
        "covered": list(covered[:SHOWN]), "covered_count": covered.count(),
        "endorsements": list(policy.endorsements.all()), "premiums": list(policy.premiums.all()[:SHOWN]),
        "received": premiums.received(policy), "cases": covers(policy, actor, known, now),
        "timed": timed(policy, actor),
        "case_count": Cover.objects.visible_to(actor, now).filter(policy=policy).count(),
        "renewed_by": Policy.objects.filter(renews=policy).first(),
        "follows": follows(policy, actor),
        "beside": [link for ask in BESIDE for link in ask(policy, actor)],
    }  # fmt: skip


def follows(policy: Policy, actor: Actor) -> bool:
    """Whether the actor's company carries a share of ``policy`` and another leads it."""
    held = {post.unit_id for post in actor.posts if post.role == Role.INSURER}
    return policy.insurer_id not in held and any(share.insurer_id in held for share in policy.shares.all())


def timed(policy: Policy, actor: Actor) -> bool:
    """Whether the actor is told when what the policy covers happened: not who is its broker alone (facts 3.5)."""
    if access.everywhere(actor, "policy.read"):
        return True
    units = {post.unit_id for post in actor.posts if post.role != Role.BROKER}
    return not units.isdisjoint({policy.insured_id, *(share.insurer_id for share in policy.shares.all())})


def covers(policy: Policy, actor: Actor, known: Directory, at: datetime) -> list[Covering]:
    """The newest covered cases that the actor may be told of. Two statements."""
    found = Cover.objects.visible_to(actor, at).filter(policy=policy).select_related("case")
    # The order of what happened is a matter of its times.
    rows = list(found.order_by(*(("-at", "-pk") if timed(policy, actor) else ("-pk",)))[:SHOWN])
    opened = Case.objects.visible_to(actor, known.units)
    which = Q(pk__in=opened.values("pk")) | outside.concerning(actor)
    visible = Case.objects.filter(which, pk__in={row.case_id for row in rows})
    seen = set(visible.values_list("pk", flat=True)) if rows else set()
    return [Covering(row, row.case_id in seen) for row in rows]


def things(policies: list[int]) -> dict[int, list[Covered]]:
    """What ``policies`` (ids) cover, by policy. One statement."""
    found: dict[int, list[Covered]] = {pk: [] for pk in policies}
    for thing in Covered.objects.filter(policy__in=policies).select_related("risk_object", "territory"):
        found[thing.policy_id].append(thing)
    return found
