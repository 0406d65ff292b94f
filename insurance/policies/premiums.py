"""实收保费: what came in and what went back. The budget of prevention is a share of what stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import CLOCK_SKEW
from insurance import money
from insurance.policies import given as fields
from insurance.policies import telling
from insurance.policies.changing import held
from insurance.policies.models import Policy, Premium
from responsibility import clock, ledger
from responsibility.models import User
from responsibility.refusals import Invalid, Refused


@dataclass(frozen=True)
class Payment:
    """Yuan that came in, or went back (negative), at an instant; ``reference`` is that of the insurer's books."""

    amount: Decimal
    received_at: datetime
    reference: str


def read(given: Mapping, *, local: bool = False) -> Payment:
    """The ``Payment`` in the fields ``amount``, ``received_at``, ``reference``. ``Invalid``."""
    amount = fields.amount(given, "amount", least=-fields.MOST)
    if not amount:
        raise Invalid("nothing", _("金额不能为零。"), "amount")
    received_at = fields.instant(given, "received_at", local=local)
    if received_at is None or received_at > clock.now() + CLOCK_SKEW:
        raise Invalid("future_time", _("到账时间在未来。"), "received_at")
    return Payment(amount, received_at, fields.text(given, "reference"))


@transaction.atomic
def receive(pk: int, payment: Payment, *, by: User) -> tuple[Premium, bool]:
    """Write it down, and whether it is new: the same reference with the same amount changes nothing.

    ``Forbidden`` for whoever is not of the lead; ``Refused`` when the reference stands for something else, or when more
    went back than came in.
    """
    policy, actor, post = held(pk, by)
    stands = policy.premiums.filter(reference=payment.reference).first()
    if stands is not None:
        if (stands.amount, stands.received_at) == (payment.amount, payment.received_at):
            return stands, False
        raise Refused("reference_taken", _("该凭证号已登记为另一笔。"), "reference")
    if received(policy) + payment.amount < 0:
        raise Refused("too_much_returned", _("退回的保费不得超过实收保费。"), "amount")
    now = clock.now()
    made = Premium.objects.create(
        policy=policy, amount=payment.amount, received_at=payment.received_at, reference=payment.reference,
        recorded_at=now, recorded_by=by,
    )  # fmt: skip
    told = {
        "amount": str(made.amount), "received_at": made.received_at.isoformat(), "reference": made.reference,
    }  # fmt: skip
    act = ledger.Act(policy.chain, "policy.premium", "policy", str(policy.pk), policy.number, after=told)
    ledger.record([act], by=actor, post=post, at=now)
    telling.of_premium(policy, now)
    return made, True


def received(policy: Policy) -> Decimal:
    """Yuan received so far, less what went back. One statement."""
    return policy.premiums.aggregate(all=Sum("amount"))["all"] or money.ZERO
