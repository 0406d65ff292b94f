"""核赔: registration, assessment, the insured's answer, the fast track, the refusal, the reserve."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from insurance import money
from insurance.claims import given, limits, pen, terms
from insurance.claims.models import Assessment, Claim, ClaimState, PaymentKind, TermKind
from insurance.claims.noticing import WORKED, close_assessment
from insurance.claims.pen import Held
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

WAITS = _("上一次核定还在等待被保险人答复。")


@transaction.atomic
def register(pk: int, *, by: User, theirs: object = "", reserve: object = None) -> Claim:
    """立案 by the leading insurer: ``theirs`` is its own number, ``reserve`` yuan that it sets aside."""
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.NOTICED])
    claim = held.claim
    claim.theirs = given.words(theirs, "theirs", limit=64, needed=False)
    aside = money.ZERO if reserve in ("", None) else given.amount(reserve, "reserve", zero=True)
    claim.state = ClaimState.ASSESSING
    claim.save(update_fields=["state", "theirs"])
    held.tell("register", theirs=claim.theirs)
    if aside:
        # An entry of its own: the insured is shown that of the registration.
        pen.set_aside(held, aside, str(_("立案")))
        held.tell("reserve", reserve=str(aside))
    return claim


@transaction.atomic
def reserve(pk: int, amount: object, reason: object, *, by: User) -> Claim:
    """Set ``amount`` yuan aside from now on, for a ``reason``; each change is kept."""
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.ASSESSING, ClaimState.AGREED])
    why, aside = given.words(reason, "reason"), given.amount(amount, "amount", zero=True)
    before = str(held.claim.reserve)
    pen.set_aside(held, aside, why)
    held.tell("reserve", why, {"reserve": before}, reserve=str(aside))
    return held.claim


@transaction.atomic
def assess(pk: int, amount: object, findings: object, *, by: User) -> Assessment:
    """核定 a loss of ``amount`` yuan; what is payable follows from the deductible and the limits of the policy.

    ``Refused`` while an assessment waits for the insured; ``Invalid`` when less is payable than was paid ahead.
    """
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.ASSESSING], limits=True)
    assessed, said = given.amount(amount, "amount", zero=True), given.words(findings, "findings", limit=given.LONG)
    made = _assess(held, assessed, said)
    held.tell("assess", said, amount=str(made.amount), deductible=str(made.deductible), payable=str(made.payable))
    return made


def _assess(held: Held, amount: Decimal, findings: str) -> Assessment:
    claim = held.claim
    if claim.assessments.filter(agrees=None).exists():
        raise Refused("assessed", WAITS)
    room = limits.room(claim)
    payable = room.payable(amount)
    if payable < limits.paid(claim):
        raise Invalid("below_advance", _("应赔金额低于已经先予支付的金额。"), "amount")
    claim.committed = payable
    claim.save(update_fields=["committed"])
    terms.meet(claim, held.now, TermKind.ASSESS, TermKind.COMPLETENESS)
    return Assessment.objects.create(
        claim=claim, amount=amount, deductible=room.deductible, payable=payable, findings=findings,
        assessed_at=held.now, assessed_by=held.by,
    )  # fmt: skip


@transaction.atomic
def agree(pk: int, *, by: User) -> Claim:
    """The insured agrees to what was assessed: within ten days it is paid (Insurance Law art. 23)."""
    held = pen.lock(pk, "claim.agree", by=by, states=[ClaimState.ASSESSING])
    made = _waiting(held.claim)
    _answer(made, held, agrees=True)
    _agree(held, made)
    held.tell("agree", agreed=str(made.payable))
    return held.claim


@transaction.atomic
def object_(pk: int, reason: object, *, by: User) -> Claim:
    """The insured objects, with a ``reason``: it is assessed again, and takes nothing of the limits until then."""
    held = pen.lock(pk, "claim.agree", by=by, states=[ClaimState.ASSESSING])
    why = given.words(reason, "reason")
    made = _waiting(held.claim)
    _answer(made, held, agrees=False, objection=why)
    held.claim.committed = limits.paid(held.claim)
    held.claim.save(update_fields=["committed"])
    held.tell("object", why, payable=str(made.payable))
    return held.claim


def _waiting(claim: Claim) -> Assessment:
    made = claim.assessments.filter(agrees=None).first()
    if made is None:
        raise Refused("not_assessed", _("还没有待答复的核定。"))
    return made


def _answer(made: Assessment, held: Held, *, agrees: bool, objection: str = "") -> None:
    made.agrees, made.objection, made.answered_at, made.answered_by = agrees, objection, held.now, held.by
    made.save(update_fields=["agrees", "objection", "answered_at", "answered_by"])


def _agree(held: Held, made: Assessment, *, fast: bool = False) -> None:
    claim = held.claim
    claim.state, claim.agreed, claim.fast = ClaimState.AGREED, made.payable, fast
    claim.save(update_fields=["state", "agreed", "fast"])
    terms.meet(claim, held.now, TermKind.ADVANCE)
    terms.begin(claim, held.now, TermKind.PAY)
    if made.payable == limits.paid(claim):
        settle(held)


def settle(held: Held) -> None:
    """All that was agreed on is paid: nothing is set aside any more."""
    claim = held.claim
    if claim.reserve:
        pen.set_aside(held, money.ZERO, str(_("赔付完毕")))
    claim.state, claim.ended_at = ClaimState.SETTLED, held.now
    claim.save(update_fields=["state", "ended_at"])
    last = claim.payments.exclude(kind=PaymentKind.RECOVERY).order_by("-paid_at").first()
    pay = claim.terms.get(kind=TermKind.PAY)
    # What was paid ahead, before anything was agreed on, was not late.
    terms.meet(claim, max(last.paid_at, pay.started_at) if last else held.now, TermKind.PAY)


@transaction.atomic
def fast(pk: int, *, by: User, findings: object = "") -> Claim:
    """快赔: assessment and agreement in one step, where the insurer takes over what the insured itself stated.

    ``Refused`` above the limit that the policy agreed for it, without a stated amount, or where somebody else stated
    it: then the insured is asked.
    """
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.ASSESSING], limits=True)
    claim = held.claim
    said = given.words(findings, "findings", limit=given.LONG, needed=False) or str(_("按报损金额快赔"))
    if claim.estimate is None or claim.claimant_id != claim.policy.insured_id:
        raise Refused("not_stated", _("快赔须由被保险人报案并写明报损金额。"))
    if claim.estimate > limits.fast(claim):
        raise Refused("above_fast", _("报损金额超过保单约定的快赔限额。"))
    made = _assess(held, claim.estimate, said)
    _answer(made, held, agrees=True)
    _agree(held, made, fast=True)
    held.tell("fast", said, amount=str(made.amount), agreed=str(made.payable))
    return claim


@transaction.atomic
def refuse(pk: int, reason: object, *, by: User) -> Claim:
    """拒赔 with a ``reason``; the written notice is owed within three days (Insurance Law art. 24)."""
    held = pen.lock(pk, "claim.handle", by=by, states=WORKED)
    claim, why = held.claim, given.words(reason, "reason")
    if limits.paid(claim):
        raise Refused("paid", _("已有赔付，不能这样做。"))
    close_assessment(held)
    claim.state, claim.reason, claim.ended_at, claim.committed = ClaimState.REFUSED, why, held.now, money.ZERO
    claim.save(update_fields=["state", "reason", "ended_at", "committed"])
    if claim.reserve:
        pen.set_aside(held, money.ZERO, str(_("拒赔")))
    terms.meet(claim, held.now, TermKind.ASSESS, TermKind.COMPLETENESS, TermKind.ADVANCE)
    terms.begin(claim, held.now, TermKind.REFUSAL)
    held.tell("refuse", why)
    return claim


@transaction.atomic
def serve(pk: int, *, by: User, reference: object, at: object = "") -> Claim:
    """The written notice of the refusal has gone out, under its number ``reference``."""
    held = pen.lock(pk, "claim.handle", by=by, states=[ClaimState.REFUSED])
    claim, number = held.claim, given.words(reference, "reference", limit=64)
    term = claim.terms.get(kind=TermKind.REFUSAL)
    if term.met_at:
        raise Refused("served", _("拒赔通知书已经发出。"))
    sent = given.moment(at, "at", held.now, term.started_at)
    terms.meet(claim, sent, TermKind.REFUSAL)
    held.tell("serve", reference=number, at=sent.isoformat())
    return claim
