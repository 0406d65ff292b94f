"""Policies in: a batch of them, each answered in order, written in a fixed number of statements.

Only the lead insurer registers, for itself: the unit in which the person holds the post. No act, field or page names
another insurer than one's own as the lead (应急〔2025〕27号: no official designates or steers an insurer).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from insurance.policies import covering, telling
from insurance.policies.drafting import WHOLE, Draft, Rejected, read, resolved, told
from insurance.policies.models import Covered, Policy, Share
from responsibility import access, acting, clock, directory, ledger
from responsibility.directory import Directory
from responsibility.models import Post, Unit, User
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden, Invalid

ACT = "policy.register"
# Two batches of one insurer come one after the other; the number is only ours.
IN_TURN = "SELECT pg_advisory_xact_lock(7341, %s)"
TAKEN = "number_taken"


@dataclass
class Answer:
    """What one policy is told. ``outcome``: registered, unchanged or rejected; ``errors`` in the shared shape."""

    number: str | None
    policy: int | None
    outcome: str
    errors: list[dict] = field(default_factory=list)


def office(by: User) -> tuple[acting.Actor, Post]:
    """The actor and the post in which he registers policies: one with an insurer. ``Forbidden``."""
    actor = acting.of(by)
    insurers = {post.unit_id for post in actor.posts if post.unit.kind == UnitKind.INSURER}
    post = access.post_for(actor, ACT, named=insurers)
    if post is None:
        raise Forbidden("wrong_role", _("保单由首席承保的保险公司登记。"))
    return actor, post


def register(items: list, *, by: User, local: bool = False) -> list[Answer]:
    """Register each of ``items`` (fields of the API, or ``Draft``) and answer in order; a bad one sinks no other.

    The same number with the same content changes nothing; with another it is rejected, for what stands is changed by
    an endorsement. ``Forbidden`` for whoever is no insurer. Two dozen statements at most, however many come.
    """
    actor, post = office(by)
    drafts = [item if isinstance(item, Draft) else read(item, local=local) for item in items]
    with transaction.atomic():
        return settle(drafts, actor, post)


def settle(drafts: list[Draft | Rejected], actor: acting.Actor, post: Post) -> list[Answer]:
    """Answer ``drafts`` in the present transaction and write those that are new."""
    known, now = directory.current(), clock.now()
    lead = known.units[post.unit_id]
    covering.guard()
    with connection.cursor() as cursor:
        cursor.execute(IN_TURN, [lead.pk])
    judged = _judged(drafts, lead, known)
    good = {draft.number: draft for draft in reversed(judged) if isinstance(draft, Draft)}
    stand = Policy.objects.filter(insurer=lead, number__in=good).only("number", "content")
    standing = {policy.number: policy for policy in stand}
    fresh = {number: draft for number, draft in good.items() if number not in standing}
    made = write(list(fresh.values())[::-1], lead, actor, post, now)
    firsts = {id(draft) for draft in fresh.values()}
    return [_answer(draft, standing | made, firsts) for draft in judged]


def _judged(drafts: list[Draft | Rejected], lead: Unit, known: Directory) -> list[Draft | Rejected]:
    objects = named_objects(code for draft in drafts if isinstance(draft, Draft) for code in draft.objects)
    found: list[Draft | Rejected] = []
    for draft in drafts:
        if isinstance(draft, Draft):
            try:
                resolved(draft, lead, known, objects)
            except Invalid as refused:
                draft = Rejected(draft.number, [told(refused)])
        found.append(draft)
    return found


def named_objects(codes: Iterable[str]) -> dict[str, RiskObject]:
    """The registered objects among ``codes``, by code. One statement, none for none."""
    wanted = set(codes)
    found = RiskObject.objects.filter(code__in=wanted).only("code", "main_body", "territory") if wanted else ()
    return {thing.code: thing for thing in found}


def _answer(draft: Draft | Rejected, policies: dict[str, Policy], firsts: set[int]) -> Answer:
    if isinstance(draft, Rejected):
        return Answer(draft.number, None, "rejected", draft.errors)
    policy = policies[draft.number]
    if id(draft) in firsts:
        return Answer(draft.number, policy.pk, "registered")
    if policy.content == draft.content():
        return Answer(draft.number, policy.pk, "unchanged")
    why = Invalid(TAKEN, _("该保单号已登记，内容不同；变更请用批单。"), "number")
    return Answer(draft.number, None, "rejected", [told(why)])


def write(drafts: list[Draft], lead: Unit, actor: acting.Actor, post: Post, now: datetime) -> dict[str, Policy]:
    """The policies of ``drafts``, written with their entries, by number; those whom they name are told.

    A fixed number of statements. The caller's transaction, in which ``covering.guard`` was taken and all was judged.
    """
    if not drafts:
        return {}
    known = directory.current()
    policies = Policy.objects.bulk_create(_policy(draft, lead, known, now, actor.user) for draft in drafts)
    pairs = list(zip(policies, drafts, strict=True))
    Share.objects.bulk_create(share for policy, draft in pairs for share in _shares(policy, draft, lead, known))
    objects = named_objects(code for draft in drafts for code in draft.objects)
    Covered.objects.bulk_create(thing for policy, draft in pairs for thing in _covered(policy, draft, objects, known))
    ledger.record(
        [
            ledger.Act(policy.chain, ACT, "policy", str(policy.pk), policy.number, after=_after(draft, lead))
            for policy, draft in pairs
        ],
        by=actor, post=post, at=now, new_chains=True,
    )  # fmt: skip
    covering.doubt([policy.pk for policy in policies])
    telling.of_policies(ACT, policies, now, asks="policy.ask")
    return {policy.number: policy for policy in policies}


def _policy(draft: Draft, lead: Unit, known: Directory, now: datetime, by: User | None) -> Policy:
    return Policy(
        number=draft.number, line=draft.line, insurer=lead, insured=known.units_by_code[draft.insured],
        broker=known.units_by_code.get(draft.broker), whole=draft.whole, starts_at=draft.starts_at,
        ends_at=draft.ends_at, tail_days=draft.tail_days, renews=draft.renews, registered_at=now, registered_by=by,
        content=draft.content(), **draft.amounts,
    )  # fmt: skip


def _shares(policy: Policy, draft: Draft, lead: Unit, known: Directory) -> list[Share]:
    shares: dict[str, Decimal] = draft.shares or {lead.code: WHOLE}
    return [Share(policy=policy, insurer=known.units_by_code[code], percent=part) for code, part in shares.items()]


def _covered(policy: Policy, draft: Draft, objects: dict[str, RiskObject], known: Directory) -> list[Covered]:
    span = {"policy": policy, "since": policy.starts_at, "until": policy.ends_at}
    things = [Covered(risk_object=objects[code], **span) for code in draft.objects]
    return things + [Covered(territory=known.territories[code], **span) for code in draft.territories]


def _after(draft: Draft, lead: Unit) -> dict:
    shares = draft.shares or {lead.code: WHOLE}
    return {
        "line": draft.line, "insurer": lead.code, "insured": draft.insured, "broker": draft.broker or None,
        "shares": listed(f"{code} {percent}" for code, percent in shares.items()), "whole": draft.whole,
        "objects": len(draft.objects), "territories": listed(draft.territories),
        "starts_at": draft.starts_at.isoformat(), "ends_at": draft.ends_at.isoformat(), "tail_days": draft.tail_days,
        "renews": draft.renews.number if draft.renews else None, "content": draft.content(),
        **{name: str(value) for name, value in draft.amounts.items()},
    }  # fmt: skip


def listed(words: Iterable[str]) -> str:
    """Words as one plain text for the ledger."""
    return ", ".join(words)
