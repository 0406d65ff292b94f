"""How a claim is written: under its lock, by who may, with its entry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from insurance.claims import notifying
from insurance.claims.models import Claim, ClaimState, ReserveChange
from insurance.policies.models import Policy
from notices import outbox
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Refused


@dataclass(frozen=True)
class Held:
    """A locked claim, and who writes it in which post, when; ``was`` is the state in which it was locked."""

    claim: Claim
    actor: acting.Actor
    post: Post
    now: datetime
    by: User
    was: str = ""

    @property
    def policy(self) -> Policy:
        return self.claim.policy

    def tell(self, verb: str, note: str = "", before: dict | None = None, **after: str | int | None) -> None:
        """The entry of an act on the claim, amounts as texts; and the notices of it."""
        claim = self.claim
        # A chain may be shown to one who sees nothing else of the case, so each entry says whose it is.
        told = {"case": claim.case.number, "state": claim.state} | after
        act = ledger.Act(claim.chain, f"claim.{verb}", "claim", str(claim.pk), claim.number, before or {}, told, note)
        ledger.record([act], by=self.actor, post=self.post, at=self.now)
        # What is set aside at registration is told as an act of its own, and has moved nothing.
        moved = claim.state != self.was and verb != "reserve"
        outbox.write(notifying.rows(act.verb, claim, self.now, by=self.post.unit_id, moved=moved))


def carriers(policy: Policy) -> set[int]:
    """The ids of the units that carry ``policy``."""
    return {share.insurer_id for share in policy.shares.all()}


def named(policy: Policy, act: str) -> set[int]:
    """The ids of the units that ``policy`` names for ``act``: the leading insurer handles, the insured agrees."""
    if act == "claim.handle":
        return {policy.insurer_id}
    if act == "claim.agree":
        return {policy.insured_id}
    return carriers(policy) | {policy.insured_id} | ({policy.broker_id} if policy.broker_id else set())


def lock(pk: int, act: str, *, by: User, states: Collection[ClaimState], limits: bool = False) -> Held:
    """The claim under its lock for ``act``; with ``limits`` that of its policy is taken before it.

    ``Forbidden`` for who may not, ``Refused`` when it is in none of ``states``.
    """
    if limits:
        lock_policy(Claim.objects.values_list("policy", flat=True).get(pk=pk))
    rows = Claim.objects.select_for_update(no_key=True, of=("self",))
    claim = rows.select_related("policy", "case", "claimant").get(pk=pk)
    actor = acting.of(by)
    post = may(actor, claim.policy, act)
    if claim.state not in states:
        raise Refused("wrong_state", _("现在的状态下不能这样做：%(state)s。") % {"state": claim.get_state_display()})
    return Held(claim, actor, post, clock.now(), by, was=claim.state)


def lock_policy(pk: int) -> Policy:
    """The policy under its lock: what counts towards its limits stands still."""
    return Policy.objects.select_for_update(no_key=True).get(pk=pk)


def may(actor: acting.Actor, policy: Policy, act: str) -> Post:
    """The post in which ``actor`` may do ``act`` on claims of ``policy``; ``Forbidden``."""
    post = access.post_for(actor, act, named=named(policy, act))
    if post is None:
        raise Forbidden("wrong_role", REFUSED[act])
    return post


def set_aside(held: Held, amount: Decimal, reason: str) -> None:
    """The insurer sets ``amount`` yuan aside from now on; each change is kept. The act that does it has the entry."""
    claim = held.claim
    ReserveChange.objects.create(
        claim=claim, before=claim.reserve, after=amount, reason=reason, at=held.now, by=held.by
    )
    claim.reserve = amount
    claim.save(update_fields=["reserve"])


REFUSED = {
    "claim.handle": _("由保单的首席承保人办理。"),
    "claim.agree": _("由被保险人答复。"),
    "claim.notice": _("由被保险人、经纪或保险公司办理。"),
}
