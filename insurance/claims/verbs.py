"""What can be done with a claim, as data: pages, forms and the API are read from it, ``pen`` judges under the lock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from insurance.claims import handling, limits, noticing, paying, pen
from insurance.claims.models import Claim, ClaimState, TermKind
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import User

Do = Callable[[int, Mapping[str, Any], User], object]
AMOUNT, REFERENCE = ("amount", "amount", _("金额（元）")), ("reference", "text", _("凭证号"))
WHEN = ("at", "moment", _("收付时间（留空为现在）"))
REASON = ("reason", "area", _("理由（记入台账）"))


@dataclass(frozen=True)
class Verb:
    """``fields``: name, kind of input and label; ``fits``: whether it is of use now; ``main``: the usual next step."""

    name: str
    label: str | Promise
    act: str
    fields: tuple[tuple[str, str, str | Promise], ...]
    fits: Callable[[Claim], bool]
    do: Do
    main: bool = False
    optional: frozenset[str] = frozenset({"at", "theirs", "reserve"})


def _state(*states: ClaimState) -> Callable[[Claim], bool]:
    return lambda claim: claim.state in states


def _unanswered(claim: Claim) -> bool:
    return any(made.agrees is None for made in claim.assessments.all())


def _answerable(claim: Claim) -> bool:
    """Whether it is still to be said if the documents are complete."""
    return claim.state in noticing.WORKED and any(
        term.kind == TermKind.COMPLETENESS and not term.met_at for term in claim.terms.all()
    )


def _to_assess(claim: Claim) -> bool:
    return claim.state == ClaimState.ASSESSING and not _unanswered(claim)


def _to_supply(claim: Claim) -> bool:
    asked = getattr(claim, "ask", None)
    return claim.state in noticing.WORKED and asked is not None and asked.supplied_at is None


def _fast(claim: Claim) -> bool:
    if claim.estimate is None or claim.claimant_id != claim.policy.insured_id:
        return False
    return _to_assess(claim) and claim.estimate <= limits.fast(claim)


def _to_serve(claim: Claim) -> bool:
    return any(term.kind == TermKind.REFUSAL and not term.met_at for term in claim.terms.all())


def _paid(claim: Claim) -> bool:
    return claim.state in paying.PAID and any(made.kind != "recovery" for made in claim.payments.all())


def _pursued(claim: Claim) -> bool:
    return any(made.ended_at is None for made in claim.pursuits.all())


def _unpaid(claim: Claim) -> bool:
    return claim.state in noticing.WORKED and not claim.payments.all()


HANDLE, AGREE, NOTICE = "claim.handle", "claim.agree", "claim.notice"
VERBS = {
    verb.name: verb
    for verb in (
        Verb("register", _("立案"), HANDLE,
             (("theirs", "text", _("保险公司案号")), ("reserve", "amount", _("未决赔款准备金（元）"))),
             _state(ClaimState.NOTICED),
             lambda pk, g, by: handling.register(pk, by=by, theirs=g.get("theirs", ""), reserve=g.get("reserve")),
             main=True),
        Verb("agree", _("同意核定"), AGREE, (), _unanswered, lambda pk, g, by: handling.agree(pk, by=by), main=True),
        Verb("object", _("提出异议"), AGREE, (REASON,), _unanswered,
             lambda pk, g, by: handling.object_(pk, g.get("reason"), by=by)),
        Verb("supplied", _("材料已补齐"), NOTICE, (), _to_supply,
             lambda pk, g, by: noticing.supplied(pk, by=by), main=True),
        Verb("pay", _("登记赔付"), HANDLE, (AMOUNT, REFERENCE, WHEN), _state(ClaimState.AGREED),
             lambda pk, g, by: paying.pay(pk, g.get("amount"), g.get("reference"), by=by, at=g.get("at")), main=True),
        Verb("serve", _("登记拒赔通知书已发出"), HANDLE, (("reference", "text", _("通知书编号")), WHEN), _to_serve,
             lambda pk, g, by: handling.serve(pk, by=by, reference=g.get("reference"), at=g.get("at")), main=True),
        Verb("complete", _("确认材料齐全"), HANDLE, (), _answerable, lambda pk, g, by: noticing.complete(pk, by=by)),
        Verb("ask", _("一次性通知补充材料"), HANDLE, (("wanted", "area", _("所需全部材料（只能通知一次）")),),
             _answerable, lambda pk, g, by: noticing.ask(pk, g.get("wanted"), by=by)),
        Verb("fast", _("快赔"), HANDLE, (("findings", "area", _("核定意见")),), _fast,
             lambda pk, g, by: handling.fast(pk, by=by, findings=g.get("findings", "")),
             optional=frozenset({"findings"})),
        Verb("assess", _("核定"), HANDLE,
             (("amount", "amount", _("核定损失（元）")), ("findings", "area", _("核定意见"))), _to_assess,
             lambda pk, g, by: handling.assess(pk, g.get("amount"), g.get("findings"), by=by), main=True),
        Verb("advance", _("先予支付"), HANDLE, (AMOUNT, REFERENCE, WHEN), _to_assess,
             lambda pk, g, by: paying.advance(pk, g.get("amount"), g.get("reference"), by=by, at=g.get("at"))),
        Verb("reserve", _("调整准备金"), HANDLE, (AMOUNT, REASON), _state(ClaimState.ASSESSING, ClaimState.AGREED),
             lambda pk, g, by: handling.reserve(pk, g.get("amount"), g.get("reason"), by=by)),
        Verb("refuse", _("拒赔"), HANDLE, (REASON,), _unpaid,
             lambda pk, g, by: handling.refuse(pk, g.get("reason"), by=by)),
        Verb("pursue", _("提起追偿"), HANDLE,
             (("against", "text", _("被追偿人")), ("basis", "area", _("依据")),
              ("sought", "amount", _("追偿金额（元）"))), _paid,
             lambda pk, g, by: paying.pursue(pk, by=by, against=g.get("against"), basis=g.get("basis"),
                                             sought=g.get("sought"))),
        Verb("recover", _("登记追偿收回"), HANDLE,
             (("pursuit", "pursuit", _("追偿")), AMOUNT, REFERENCE, WHEN), _pursued,
             lambda pk, g, by: paying.recover(pk, g.get("amount"), g.get("reference"), by=by,
                                              pursuit=g.get("pursuit"), at=g.get("at"))),
        Verb("give-up", _("终结追偿"), HANDLE,
             (("pursuit", "pursuit", _("追偿")), ("outcome", "area", _("结果"))), _pursued,
             lambda pk, g, by: paying.give_up(pk, g.get("outcome"), by=by, pursuit=g.get("pursuit"))),
        Verb("withdraw", _("撤回报案"), NOTICE, (REASON,), _unpaid,
             lambda pk, g, by: noticing.withdraw(pk, g.get("reason"), by=by)),
    )
}  # fmt: skip


def offered(actor: Actor, claim: Claim) -> list[Verb]:
    """The verbs that ``actor`` may press on ``claim`` now, the usual next step first.

    What a claim has besides should be prefetched (``seeing.RELATED``).
    """
    acts = {act for act in (HANDLE, AGREE, NOTICE) if _may(actor, claim, act)}
    found = [verb for verb in VERBS.values() if verb.act in acts and verb.fits(claim)]
    if not _takes_back(actor, claim):
        found = [verb for verb in found if verb.name != "withdraw"]
    return found


def _may(actor: Actor, claim: Claim, act: str) -> bool:
    return access.post_for(actor, act, named=pen.named(claim.policy, act)) is not None


def _takes_back(actor: Actor, claim: Claim) -> bool:
    return bool(actor.unit_ids & {claim.claimant_id, claim.policy.insured_id})
