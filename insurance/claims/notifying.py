"""Who is told of a claim: by notice, in registered words; amounts and reasons stand on its page.

The broker follows states and is told nothing else (facts 3.5): the state that a claim has reached, in one sentence for
all of them. What is the insurers' own matter goes to those who carry the policy alone.
"""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insurance import inboxes
from insurance.claims.models import Claim, ClaimState
from insurance.policies.telling import carriers
from notices.models import Notice
from responsibility.directory import Directory
from responsibility.models import Grade

LEAD, CARRIERS, INSURED, CLAIMANT = "lead", "carriers", "insured", "claimant"
ALL = (CARRIERS, INSURED, CLAIMANT)
TOLD: dict[str, tuple[str, ...]] = {
    "claim.notice": ALL,
    "claim.register": ALL,
    "claim.ask": (INSURED, CLAIMANT),
    "claim.complete": (INSURED, CLAIMANT),
    "claim.supplied": (LEAD, INSURED),
    "claim.paper": (LEAD, INSURED),
    "claim.reserve": (CARRIERS,),
    "claim.assess": (CARRIERS, INSURED),
    "claim.agree": (CARRIERS,),
    "claim.object": (CARRIERS,),
    "claim.fast": (CARRIERS, INSURED),
    "claim.advance": (CARRIERS, INSURED),
    "claim.pay": (CARRIERS, INSURED),
    "claim.refuse": ALL,
    "claim.serve": (CARRIERS, INSURED),
    "claim.withdraw": ALL,
    "claim.pursue": (CARRIERS,),
    "claim.recover": (CARRIERS,),
    "claim.pursued": (CARRIERS,),
    "claim.due_soon": (LEAD,),
    "claim.overdue": (CARRIERS, INSURED),
}
STATE = "claim.state"
SAID = {
    "claim.notice": _("已报案。"),
    "claim.register": _("保险公司已立案。"),
    "claim.ask": _("保险公司一次性通知补充材料，请补齐。"),
    "claim.complete": _("保险公司已确认材料齐全。"),
    "claim.supplied": _("所需材料已补齐。"),
    "claim.paper": _("收到一份理赔材料。"),
    "claim.reserve": _("未决赔款准备金已调整。"),
    "claim.assess": _("已核定，请被保险人答复。"),
    "claim.agree": _("被保险人同意核定，请在十日内赔付。"),
    "claim.object": _("被保险人对核定提出异议，须重新核定。"),
    "claim.fast": _("快赔：已按报损金额达成协议。"),
    "claim.advance": _("已先予支付。"),
    "claim.pay": _("已登记一笔赔付。"),
    "claim.refuse": _("已拒赔，应在三日内发出通知书。"),
    "claim.serve": _("拒赔通知书已发出。"),
    "claim.withdraw": _("报案已撤回。"),
    "claim.pursue": _("已向第三者提起追偿。"),
    "claim.recover": _("追偿收回一笔款项。"),
    "claim.pursued": _("追偿已终结。"),
    "claim.due_soon": _("理赔的法定期限将到。"),
    "claim.overdue": _("理赔已超过法定期限。"),
}


def rows(verb: str, claim: Claim, at: datetime, *, by: int | None, moved: bool = False) -> list[dict]:
    """The notices of an act of the unit ``by`` (id) on ``claim``; ``moved``: it has reached another state. One
    statement."""
    told = _rows(verb, claim, carriers([claim.policy_id]).get(claim.policy_id, set()), at, by)
    if moved:
        words = {"state": str(claim.state)}
        told += inboxes.rows(STATE, _about(claim), [claim.policy.broker_id], at, besides=[by], words=words)
    return told


def of_clocks(kind: str, claims: Sequence[Claim], at: datetime) -> list[dict]:
    """The notices of a clock of the law that ran out for ``claims``, or is near. One statement."""
    carried = carriers(claim.policy_id for claim in claims)
    return [row for claim in claims for row in _rows(kind, claim, carried.get(claim.policy_id, set()), at, None)]


def _rows(verb: str, claim: Claim, carried: set[int], at: datetime, by: int | None) -> list[dict]:
    policy = claim.policy
    known = {
        LEAD: {policy.insurer_id}, CARRIERS: carried | {policy.insurer_id}, INSURED: {policy.insured_id},
        CLAIMANT: {claim.claimant_id},
    }  # fmt: skip
    # Also where it was the broker who gave notice.
    units = {unit for reader in TOLD[verb] for unit in known[reader]} - {policy.broker_id}
    grade = Grade.YELLOW if verb == "claim.overdue" else Grade.BLUE
    return inboxes.rows(verb, _about(claim), units, at, besides=[by], grade=grade)


def _about(claim: Claim) -> inboxes.About:
    drill = claim.case.drill_id is not None
    return inboxes.About(claim.chain, claim.number, reverse("claim", args=[claim.number]), drill=drill)


def speak() -> None:
    """Have these notices said."""

    def words(notice: Notice, _known: Directory) -> dict:
        return {"state": ClaimState(notice.words["state"]).label}

    inboxes.speak(SAID)
    inboxes.speak({STATE: _("理赔现在的状态：{state}。")}, words)
