"""赔付与追偿: money ahead, the indemnity, and what comes back from who did the harm; each shared to the fen."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from insurance import money
from insurance.claims import given, limits, pen, sharing, terms
from insurance.claims.handling import settle
from insurance.claims.models import Claim, ClaimState, Payment, PaymentKind, Portion, Pursuit, TermKind
from insurance.claims.pen import Held
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

# What the entry of each kind of payment is called.
VERBS = {PaymentKind.ADVANCE: "advance", PaymentKind.INDEMNITY: "pay", PaymentKind.RECOVERY: "recover"}
PAID = (ClaimState.ASSESSING, ClaimState.AGREED, ClaimState.SETTLED)


@transaction.atomic
def advance(pk: int, amount: object, reference: object, *, by: User, at: object = "") -> Payment:
    """先予支付 of what can be determined before everything can (Insurance Law art. 25), within the limits."""
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.ASSESSING], limits=True)
    claim, wanted = held.claim, given.amount(amount, "amount")
    if claim.assessments.filter(agrees=None).exists():
        raise Refused("assessed", _("已经核定，等待被保险人答复。"))
    whole = limits.paid(claim) + wanted
    if whole > limits.room(claim).most:
        raise Invalid("above_limit", _("超过保单的责任限额。"), "amount")
    claim.committed = max(claim.committed, whole)
    claim.save(update_fields=["committed"])
    made = _book(held, PaymentKind.ADVANCE, wanted, reference, at)
    terms.meet(claim, made.paid_at, TermKind.ADVANCE)
    return made


@transaction.atomic
def pay(pk: int, amount: object, reference: object, *, by: User, at: object = "") -> Payment:
    """Pay of what was agreed on; with the last fen the claim is settled. ``Invalid`` for more than is left."""
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.AGREED])
    claim, wanted = held.claim, given.amount(amount, "amount")
    left = claim.agreed - limits.paid(claim)
    if wanted > left:
        raise Invalid("above_agreed", _("超过协议金额的余额 %(left)s 元。") % {"left": f"{left:,.2f}"}, "amount")
    return _book(held, PaymentKind.INDEMNITY, wanted, reference, at, last=wanted == left)


@transaction.atomic
def pursue(pk: int, *, by: User, against: object, basis: object, sought: object) -> Pursuit:
    """提起追偿 against a third party, within what was paid for the loss (Insurance Law art. 60)."""
    held = pen.lock(pk, "claim.handle", by=by, states=PAID)
    claim, wanted = held.claim, given.amount(sought, "sought")
    if wanted > limits.paid(claim):
        raise Invalid("above_paid", _("追偿以已赔付的金额为限。"), "sought")
    whom, why = given.words(against, "against", limit=200), given.words(basis, "basis")
    made = Pursuit.objects.create(claim=claim, against=whom, basis=why, sought=wanted, opened_at=held.now, opened_by=by)
    held.tell("pursue", why, name=whom, sought=str(wanted))
    return made


@transaction.atomic
def recover(pk: int, amount: object, reference: object, *, by: User, pursuit: object, at: object = "") -> Payment:
    """Money came back by a pursuit: no more in all than was paid."""
    held = pen.lock(pk, "claim.handle", by=by, states=PAID)
    wanted, chosen = given.amount(amount, "amount"), _pursuit(held.claim, pursuit)
    if limits.paid(held.claim, PaymentKind.RECOVERY) + wanted > limits.paid(held.claim):
        raise Invalid("above_paid", _("追偿以已赔付的金额为限。"), "amount")
    return _book(held, PaymentKind.RECOVERY, wanted, reference, at, pursuit=chosen)


@transaction.atomic
def give_up(pk: int, outcome: object, *, by: User, pursuit: object) -> Pursuit:
    """A pursuit is over, with the ``outcome`` in words."""
    held = pen.lock(pk, "claim.handle", by=by, states=PAID)
    chosen, said = _pursuit(held.claim, pursuit), given.words(outcome, "outcome")
    chosen.ended_at, chosen.outcome = held.now, said
    chosen.save(update_fields=["ended_at", "outcome"])
    back = chosen.payments.aggregate(sum=Sum("amount"))["sum"] or money.ZERO
    held.tell("pursued", said, sought=str(chosen.sought), recovered=str(back))
    return chosen


def _pursuit(claim: Claim, pk: object) -> Pursuit:
    said = str(pk) if isinstance(pk, str | int) and not isinstance(pk, bool) else ""
    known = {str(made.pk): made for made in claim.pursuits.filter(ended_at=None)}
    if said not in known:
        raise Invalid("unknown_pursuit", _("没有这项未终结的追偿。"), "pursuit")
    return known[said]


def _book(
    held: Held, kind: PaymentKind, amount: Decimal, reference: object, at: object, *, pursuit: Pursuit | None = None,
    last: bool = False,
) -> Payment:  # fmt: skip
    claim, number = held.claim, given.words(reference, "reference", limit=64)
    if claim.payments.filter(reference=number).exists():
        raise Refused("booked", _("这个凭证号已经登记过。"), "reference")
    when: datetime = given.moment(at, "at", held.now, claim.noticed_at)
    made = Payment.objects.create(
        claim=claim, kind=kind, pursuit=pursuit, amount=amount, paid_at=when, reference=number,
        recorded_at=held.now, recorded_by=held.by,
    )  # fmt: skip
    parts = sharing.of(claim.policy, amount)
    Portion.objects.bulk_create(
        Portion(payment=made, insurer=part.insurer, percent=part.percent, amount=part.amount, rounding=part.rounding)
        for part in parts
    )
    if last:
        settle(held)
    held.tell(VERBS[kind], amount=str(amount), reference=number, paid_at=when.isoformat(), portions=sharing.told(parts))
    return made
