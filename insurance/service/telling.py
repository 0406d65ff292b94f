"""An act of service in the ledger, on the chain of its order or policy, and in the inboxes of those concerned."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from insurance.policies.models import Policy
from insurance.policies.telling import carriers
from insurance.service.models import ServiceOrder
from notices import outbox
from notices.models import Audience, Notice
from responsibility import ledger
from responsibility.acting import Actor
from responsibility.models import Grade, Post, Unit

# What whoever is told reads of each act.
SAID = {
    "service.order": gettext_lazy("已委托第三方服务，待机构接受或者婉拒。"),
    "service.request": gettext_lazy("被保险人或其经纪提出了服务需求。"),
    "service.accept": gettext_lazy("机构已接受委托。"),
    "service.decline": gettext_lazy("机构婉拒了委托，请另行委托。"),
    "service.propose": gettext_lazy("对方提议了服务时间，请确认或者改约。"),
    "service.agree": gettext_lazy("服务时间已约定。"),
    "service.visit": gettext_lazy("服务记录已提交，请被保险人确认。"),
    "service.confirm": gettext_lazy("服务记录已由双方确认并归档。"),
    "service.dispute": gettext_lazy("被保险人对服务记录有异议。"),
    "service.withdraw": gettext_lazy("委托已撤回。"),
    "service.stop": gettext_lazy("受托机构已被停止，委托已收回，由委托单位转给其他机构。"),
    "plan.propose": gettext_lazy("服务方案待确认。"),
    "plan.agree": gettext_lazy("服务方案已确认。"),
    "plan.return": gettext_lazy("服务方案被退回。"),
    "account.budget": gettext_lazy("事故预防费预算已编制。"),
    "account.spend": gettext_lazy("登记了一笔事故预防费支出。"),
    "account.counter": gettext_lazy("一笔事故预防费支出已冲销。"),
    "assessment.sign": gettext_lazy("年度评估已签署。"),
}
SHARED = {"account.budget", "account.spend", "account.counter", "assessment.sign"}


def said(notice: Notice, _known) -> str:
    """What has happened, in the reader's language."""
    return _(str(SAID[notice.event])) if notice.event in SAID else notice.event


def act_of(order: ServiceOrder, verb: str, *, before=None, after=None, note: str = "") -> ledger.Act:
    """The entry of an act on ``order``."""
    return ledger.Act(
        order.chain, verb, "serviceorder", str(order.pk), order.number, before or {}, after or {}, note
    )  # fmt: skip


def notice_of(order: ServiceOrder, verb: str, unit_id: int, at: datetime) -> dict:
    """The notice of an act on ``order`` to a unit."""
    return outbox.row(
        verb, unit_id=unit_id, audience=Audience.DUTY, grade=Grade.BLUE, at=at, chain=order.chain,
        subject=order.number, path=reverse("insurance-order", args=[order.number]), words={},
    )  # fmt: skip


def tell(
    order: ServiceOrder, verb: str, *, by: Actor, post: Post | None, at: datetime, to: Iterable[int],
    before: dict | None = None, after: dict | None = None, note: str = "", new: bool = False,
) -> None:  # fmt: skip
    """Write an act on ``order`` down, and tell the units ``to`` of it, but the one that acts. In the present
    transaction."""
    acts = [act_of(order, verb, before=before, after=after, note=note)]
    ledger.record(acts, by=by, post=post, at=at, new_chains=new)
    own = post.unit_id if post else None
    outbox.write([notice_of(order, verb, unit, at) for unit in sorted(set(to) - {own})])


def tell_policy(
    policy: Policy, verb: str, kind: str, row: int, *, by: Actor, post: Post, at: datetime, page: str,
    to: Iterable[Unit], before: dict | None = None, after: dict | None = None, note: str = "",
) -> None:  # fmt: skip
    """Write an act on a row of ``policy`` (its plan, account or assessment) down, and tell the units ``to`` of it;
    of what becomes of the money of prevention also those who carry the policy with its lead."""
    entry = ledger.Act(policy.chain, verb, kind, str(row), policy.number, before or {}, after or {}, note)
    ledger.record([entry], by=by, post=post, at=at)
    units = {unit.pk for unit in to} | (carriers([policy.pk]).get(policy.pk, set()) if verb in SHARED else set())
    outbox.write(
        [
            outbox.row(
                verb, unit_id=unit, audience=Audience.DUTY, grade=Grade.BLUE, at=at, chain=policy.chain,
                subject=policy.number[:40], path=page,
            )
            for unit in sorted(units - {post.unit_id})
        ]
    )  # fmt: skip
