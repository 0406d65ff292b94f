"""What of a claim each reader is shown (facts 3.5), and the lists of what waits and what is late."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from cases import outside
from insurance.claims import limits
from insurance.claims.models import (
    Assessment,
    Claim,
    ClaimQuerySet,
    ClaimState,
    Payment,
    Term,
    TermKind,
    naming,
)
from insurance.claims.pen import named
from insurance.policies.models import Cover, Policy
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.models import Role

PAGE = 50
RELATED = ("policy__insurer", "policy__insured", "policy__broker", "case", "claimant", "noticed_by")
# Acts that are the insurers' own matter, and no concern of the insured.
INNER = frozenset({"claim.reserve", "claim.pursue", "claim.recover", "claim.pursued"})


class Level(IntEnum):
    """How much of a claim is shown: nothing but its state; all but the insurers' own matter; everything."""

    STATE = 1
    OWN = 2
    WHOLE = 3


def level(actor: Actor, policy: Policy) -> Level | None:
    """How much of the claims of ``policy`` is shown to ``actor``; ``None`` for nothing at all. Reads its shares."""
    if access.everywhere(actor, "claim.read"):
        return Level.WHOLE
    held = {(post.role, post.unit_id) for post in actor.posts}
    if any((Role.INSURER, share.insurer_id) in held for share in policy.shares.all()):
        return Level.WHOLE
    if (Role.ENTERPRISE, policy.insured_id) in held:
        return Level.OWN
    return Level.STATE if (Role.BROKER, policy.broker_id) in held else None


def whole(found: QuerySet[Claim]) -> QuerySet[Claim]:
    """``found`` with everything that a page of a claim tells, in few statements however many there are."""
    payments = Payment.objects.select_related("pursuit").prefetch_related("portions__insurer")
    return found.annotate(event=limits.EVENT).select_related(*RELATED, "ask").prefetch_related(
        "terms", "papers__unit", "assessments", "reserves", "pursuits", "policy__shares", "policy__endorsements",
        Prefetch("payments", payments),
    )  # fmt: skip


def late(found: ClaimQuerySet, now: datetime) -> QuerySet[Claim]:
    """Those of ``found`` of which the insurer owes something that is overdue."""
    over = Term.objects.filter(claim=OuterRef("pk"), met_at=None, held_at=None, lapsed=False, due_at__lt=now)
    return found.filter(Exists(over))


def waiting(found: ClaimQuerySet, actor: Actor) -> QuerySet[Claim]:
    """Those of ``found`` that wait for a unit of ``actor``: the leading insurer, or the insured."""
    units = actor.unit_ids
    unanswered = Q(Exists(Assessment.objects.filter(claim=OuterRef("pk"), agrees=None)))
    missing = Q(ask__isnull=False, ask__supplied_at=None)
    owed = Q(Exists(Term.objects.filter(claim=OuterRef("pk"), kind=TermKind.REFUSAL, met_at=None)))
    insurer = Q(state__in=[ClaimState.NOTICED, ClaimState.AGREED]) | Q(state=ClaimState.REFUSED) & owed
    insurer |= Q(state=ClaimState.ASSESSING) & ~unanswered & ~missing
    insured = Q(state__in=[ClaimState.NOTICED, ClaimState.ASSESSING]) & (missing | unanswered)
    return found.filter(Q(policy__insurer__in=units) & insurer | Q(policy__insured__in=units) & insured)


@dataclass(frozen=True)
class Row:
    """One line of a list: ``term`` is what the insurer owes next, ``None`` where it is not shown."""

    claim: Claim
    level: Level
    term: Term | None
    late: bool


VIEWS = ("waiting", "late", "open", "ended")


def listed(actor: Actor, view: str, before: int | None = None, q: str = "") -> tuple[list[Row], int | None]:
    """A page of the claims that ``actor`` sees, newest first, and the id to go on below; ``view`` is of ``VIEWS``,
    ``q`` the beginning of a number: of the claim, its policy or its case."""
    now, found = clock.now(), Claim.objects.visible_to(actor)
    if view == "late":
        # Whose claims are not shown in full is not told which are late, not even by their number.
        found = late(_in_full(found, actor), now)
    elif view == "waiting":
        found = waiting(found, actor)
    elif view in ("open", "ended"):
        found = found.running() if view == "open" else found.exclude(ended_at=None)
    if q:
        numbers = ("number", "policy__number", "case__number")
        found = found.filter(reduce(or_, (Q(**{f"{name}__istartswith": q}) for name in numbers)))
    if before is not None:
        found = found.filter(pk__lt=before)
    claims = list(
        found.select_related(*RELATED).prefetch_related("terms", "policy__shares").order_by("-pk")[: PAGE + 1]
    )
    rows = [_row(claim, level(actor, claim.policy) or Level.STATE, now) for claim in claims[:PAGE]]
    return rows, claims[PAGE - 1].pk if len(claims) > PAGE else None


def _in_full(found: ClaimQuerySet, actor: Actor) -> ClaimQuerySet:
    if access.everywhere(actor, "claim.read"):
        return found
    posts = tuple(post for post in actor.posts if post.role != Role.BROKER)
    return found.filter(policy__in=Policy.objects.filter(naming(Actor(actor.user, posts), "claim.read")))


def _row(claim: Claim, shown: Level, now: datetime) -> Row:
    if shown == Level.STATE:
        return Row(claim, shown, None, late=False)
    term = next_term(claim)
    return Row(claim, shown, term, late=bool(term and term.late(now)))


def next_term(claim: Claim) -> Term | None:
    """What the law asks of the insurer next; its terms should be prefetched."""
    open_ = [term for term in claim.terms.all() if not term.met_at and not term.lapsed and not term.held_at]
    return min(open_, key=lambda term: term.due_at, default=None)


def of_policy(policy: Policy, actor: Actor) -> list[tuple[str, str]]:
    """Where the claims of ``policy`` are, for who reads any."""
    if not access.may(actor, "claim.read"):
        return []
    count = Claim.objects.visible_to(actor).filter(policy=policy, ended_at=None).count()
    address = f"{reverse('claims')}?{urlencode({'q': policy.number})}"
    return [(f"{_('未结理赔')} {count}", address)]


def waited_for(claim: Claim) -> Promise | str:
    """Whose turn it is while nothing is to be done by the leading insurer, in a sentence; empty where it is its own."""
    if claim.ended_at is not None:
        return ""
    ask = getattr(claim, "ask", None)
    if claim.state in (ClaimState.NOTICED, ClaimState.ASSESSING) and ask is not None and ask.supplied_at is None:
        return _("等待被保险人补充材料；补齐之前，核定的期限暂停。")
    if claim.state == ClaimState.ASSESSING and any(made.agrees is None for made in claim.assessments.all()):
        return _("核定已送被保险人，等待答复；同意之后登记赔付，有异议则重新核定。")
    return ""


def noticeable(actor: Actor, now: datetime) -> QuerySet[Cover]:
    """Covers of which ``actor`` may give notice of a loss: no claim yet, and the tail has not run out."""
    policies = Policy.objects.filter(naming(actor, "claim.notice"))
    taken = Claim.objects.filter(policy=OuterRef("policy"), case=OuterRef("case")).exclude(state=ClaimState.WITHDRAWN)
    insured = {post.unit_id for post in actor.posts if post.role == Role.ENTERPRISE}
    # The insured may give notice of what it suffered; the others know of no case that it has not confirmed.
    open_to = Q(shown_until__gt=now) | Q(policy__insured__in=insured, until__gt=now)
    found = Cover.objects.filter(~Exists(taken), open_to, policy__in=policies)
    related = (*(f"case__{name}" for name in ("category", "risk_object", "territory")), *RELATED[:2])
    return found.select_related(*related).order_by("-pk")


def title(actor: Actor, cover: Cover) -> str:
    """What the covered case is called to ``actor``, in registered words (``cases/outside.py``); nothing to a broker."""
    return outside.title(cover.case) if titled(actor, cover.policy) else ""


def titled(actor: Actor, policy: Policy) -> bool:
    """Whether ``actor`` is shown the title of cases that ``policy`` covers: not the broker."""
    return (level(actor, policy) or Level.STATE) > Level.STATE


def gives(actor: Actor, claim: Claim) -> bool:
    """Whether ``actor`` may hand in documents for ``claim`` now."""
    taken = claim.state in (ClaimState.NOTICED, ClaimState.ASSESSING, ClaimState.AGREED)
    return taken and access.post_for(actor, "claim.notice", named=named(claim.policy, "claim.notice")) is not None


def chained(actor: Actor, claim: Claim, now: datetime) -> bool:
    """Whether ``actor`` is shown the whole chain of the case: its insurers and its broker until the tail ends."""
    if access.everywhere(actor, "claim.read") or claim.policy.insured_id in actor.unit_ids:
        return True
    return Cover.objects.shown(now).filter(policy=claim.policy_id, case=claim.case_id).exists()
