"""报案: the notice of a loss from a covered case, the documents, and the withdrawal."""

from decimal import Decimal

from django.db import connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from cases import files
from insurance import money
from insurance.claims import given, keeping, limits, pen, terms
from insurance.claims.models import Ask, Claim, ClaimState, Paper, TermKind
from insurance.claims.pen import Held
from insurance.policies import assent
from insurance.policies.models import Cover
from responsibility import acting, clock
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused

WORKED = (ClaimState.NOTICED, ClaimState.ASSESSING)
MAX_PAPERS = 200
NOT_COVERED = _("这张保单未承保该案件，或承保判定尚未作出。")


@transaction.atomic
def notice(policy_id: int, number: str, *, by: User, loss: object, estimate: object = None) -> Claim:
    """报案 under a policy that covers the case ``number``, by the insured, the broker or an insurer of it.

    ``loss`` in words, ``estimate`` yuan if known. ``Forbidden``, ``Invalid``, ``Refused``: not covered (said alike
    whether there is such a case or not), noticed already, after the claim tail; for all but the insured, under a policy
    that it has not confirmed.
    """
    policy = pen.lock_policy(policy_id)
    actor, now = acting.of(by), clock.now()
    post = pen.may(actor, policy, "claim.notice")
    number = given.words(number, "case", limit=64)
    said = given.words(loss, "loss", limit=given.LONG)
    wanted: Decimal | None = given.some(estimate, "estimate")
    own = post.unit_id == policy.insured_id
    if not own:
        # Said before the case is looked for: whether there is one is not found out by asking.
        assent.owed(policy)
    covers = Cover.objects.select_related("case").filter(policy=policy, case__number=number)
    cover = (covers if own else covers.filter(shown_until__isnull=False)).first()
    if cover is None:
        raise Refused("not_covered", NOT_COVERED)
    until = cover.until if own else cover.shown_until
    if until is None or until <= now:
        raise Refused("tail_over", _("保单约定的索赔期已过。"))
    if Claim.objects.filter(policy=policy, case=cover.case).exclude(state=ClaimState.WITHDRAWN).exists():
        raise Refused("noticed", _("该案件在这张保单下已经报案。"))
    claim = Claim.objects.create(
        number=_number(now), policy=policy, case=cover.case, claimant=post.unit, loss=said, estimate=wanted,
        noticed_at=now, noticed_by=by,
    )  # fmt: skip
    terms.begin(claim, now, TermKind.COMPLETENESS, TermKind.ASSESS, TermKind.ADVANCE)
    Held(claim, actor, post, now, by).tell(
        "notice", said, policy=policy.number, unit=post.unit.code, estimate=None if wanted is None else str(wanted)
    )
    return claim


def _number(now) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('claims_number')")
        return f"LP-{localdate(now):%Y%m%d}-{cursor.fetchone()[0]:06d}"


@transaction.atomic
def ask(pk: int, wanted: object, *, by: User) -> Ask:
    """Ask for all documents that are missing; once only (Insurance Law art. 22). The time of assessing stands still."""
    held = pen.lock(pk, "claim.handle", by=by, states=WORKED)
    text = given.words(wanted, "wanted", limit=given.LONG)
    if Ask.objects.filter(claim=held.claim).exists():
        raise Refused("asked", _("补充材料只能一次性通知，已经通知过。"))
    if held.claim.terms.filter(kind=TermKind.COMPLETENESS).exclude(met_at=None).exists():
        raise Refused("complete", _("材料已确认齐全，不能再要求补充。"))
    asked = Ask.objects.create(claim=held.claim, wanted=text, asked_at=held.now, asked_by=by)
    terms.meet(held.claim, held.now, TermKind.COMPLETENESS)
    terms.hold(held.claim, held.now)
    held.tell("ask", text)
    return asked


@transaction.atomic
def complete(pk: int, *, by: User) -> Claim:
    """The insurer says that the documents are complete; nothing is asked for after that."""
    held = pen.lock(pk, "claim.handle", by=by, states=WORKED)
    if held.claim.terms.filter(kind=TermKind.COMPLETENESS).exclude(met_at=None).exists():
        raise Refused("complete", _("是否齐全已经答复过。"))
    terms.meet(held.claim, held.now, TermKind.COMPLETENESS)
    held.tell("complete")
    return held.claim


@transaction.atomic
def supplied(pk: int, *, by: User) -> Claim:
    """What was asked for has been given: the time of assessing goes on."""
    held = pen.lock(pk, "claim.notice", by=by, states=WORKED)
    asked = Ask.objects.filter(claim=held.claim, supplied_at=None).first()
    if asked is None:
        raise Refused("nothing_asked", _("没有待补充的材料。"))
    asked.supplied_at, asked.supplied_by = held.now, by
    asked.save(update_fields=["supplied_at", "supplied_by"])
    terms.go_on(held.claim, held.now)
    held.tell("supplied", unit=held.post.unit.code)
    return held.claim


def give(pk: int, upload, *, by: User, note: object = "") -> Paper:
    """A document for the claim: a PDF or a picture. The same file again answers with the first record.

    ``Forbidden``, ``Refused``, ``Invalid`` (also for a file that is too large or of another type).
    """
    said = given.words(note, "note", needed=False)
    if upload is None or isinstance(upload, str):
        raise Invalid("required", _("请选择文件。"), "file")
    # Asked before a large file is taken in, and again under the lock.
    may_give(Claim.objects.select_related("policy").get(pk=pk), acting.of(by))
    return _keep(pk, keeping.receive(upload), said, by)


def may_give(claim: Claim, actor: acting.Actor) -> None:
    """``Forbidden`` for who may not hand in documents for ``claim``."""
    pen.may(actor, claim.policy, "claim.notice")


@transaction.atomic
def _keep(pk: int, stored: files.Stored, note: str, by: User) -> Paper:
    held = pen.lock(pk, "claim.notice", by=by, states=[*WORKED, ClaimState.AGREED])
    same = held.claim.papers.filter(sha256=stored.sha256).first()
    if same:
        return same
    if held.claim.papers.count() >= MAX_PAPERS:
        raise Refused("too_many", _("材料已达 %(limit)d 份。") % {"limit": MAX_PAPERS})
    paper = Paper.objects.create(
        claim=held.claim, unit=held.post.unit, sha256=stored.sha256, size=stored.size, path=stored.path, note=note,
        content_type=stored.content_type, original_name=stored.original_name[:255], given_at=held.now, given_by=by,
    )  # fmt: skip
    held.tell("paper", note, sha256=stored.sha256, size=stored.size, type=stored.content_type, unit=held.post.unit.code)
    return paper


@transaction.atomic
def withdraw(pk: int, reason: object, *, by: User) -> Claim:
    """The insured, or who gave the notice, takes it back; not once something has been paid."""
    held = pen.lock(pk, "claim.notice", by=by, states=WORKED)
    claim = held.claim
    if held.post.unit_id not in (claim.claimant_id, claim.policy.insured_id):
        raise Forbidden("not_claimant", _("由被保险人或者报案单位撤回。"))
    why = given.words(reason, "reason")
    if limits.paid(claim):
        raise Refused("paid", _("已有赔付，不能这样做。"))
    close_assessment(held)
    claim.state, claim.reason, claim.ended_at = ClaimState.WITHDRAWN, why, held.now
    claim.committed = money.ZERO
    claim.save(update_fields=["state", "reason", "ended_at", "committed"])
    if claim.reserve:
        pen.set_aside(held, money.ZERO, str(_("撤回报案")))
    terms.lapse(claim)
    held.tell("withdraw", why)
    return claim


def close_assessment(held: Held) -> None:
    """An assessment that waits for an answer needs none any more."""
    held.claim.assessments.filter(agrees=None).update(agrees=False, answered_at=held.now)
