"""保险责任限额: what a policy can still pay. Asked with the policy locked (``pen.lock`` with ``limits``).

What counts are the amounts that held when it happened: an endorsement made or in effect later changes nothing of it.
The database keeps the same rule (``claims`` migration 0003).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from insurance import money
from insurance.claims.models import Claim, PaymentKind
from insurance.policies import changing
from insurance.policies.models import Cover, Judgement, Policy

# A cover may be lost again, when the case turns out to lie elsewhere; that it was judged stays.
EVENT = Coalesce(
    Subquery(Cover.objects.filter(policy=OuterRef("policy"), case=OuterRef("case")).values("at")[:1]),
    Subquery(Judgement.objects.filter(case=OuterRef("case")).values("at")[:1]),
    "noticed_at",
)


@dataclass(frozen=True)
class Room:
    """Yuan that one event can still get: ``each`` by the limit per event, ``total`` by what all other claims left."""

    each: Decimal
    total: Decimal
    deductible: Decimal

    @property
    def most(self) -> Decimal:
        return max(min(self.each, self.total), money.ZERO)

    def payable(self, amount: Decimal) -> Decimal:
        """What the policy pays of a loss of ``amount``: less the deductible, within both limits."""
        return min(max(amount - self.deductible, money.ZERO), self.most)


def room(claim: Claim) -> Room:
    """What ``claim`` can get of its policy. A case is one event, and a policy has one claim for it."""
    # Read anew: the row that came with the claim may be older than the lock.
    held = changing.limits_at(Policy.objects.get(pk=claim.policy_id), event(claim))
    others = Claim.objects.filter(policy=claim.policy_id).exclude(pk=claim.pk).aggregate(sum=Sum("committed"))["sum"]
    return Room(held["limit_each"], held["limit_total"] - (others or money.ZERO), held["deductible"])


def event(claim: Claim) -> datetime:
    """The instant of what happened, as it was judged when the policy was found to cover it."""
    known = getattr(claim, "event", None)
    return known or Claim.objects.filter(pk=claim.pk).values_list(EVENT, flat=True).get()


def fast(claim: Claim) -> Decimal:
    """Up to how many yuan a loss was paid fast by the policy then. No statement for claims of ``seeing.whole``."""
    return changing.limits_at(claim.policy, event(claim))["fast_limit"]


def paid(claim: Claim, *kinds: PaymentKind) -> Decimal:
    """What was paid for ``claim`` so far, of ``kinds``; outgoing money without."""
    kinds = kinds or (PaymentKind.ADVANCE, PaymentKind.INDEMNITY)
    return claim.payments.filter(kind__in=kinds).aggregate(sum=Sum("amount"))["sum"] or money.ZERO
