"""What becomes of an order before the visit: accepted or declined, a time agreed, withdrawn, placed elsewhere."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from insurance.service import given, ordering, telling
from insurance.service.models import OrderState, ServiceOrder
from notices import outbox
from responsibility import access, acting, clock, ledger
from responsibility.acting import Actor
from responsibility.models import Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

ORDERED, ACCEPTED, AGREED = OrderState.ORDERED, OrderState.ACCEPTED, OrderState.AGREED
FARTHEST = timedelta(days=366)
BOTH = ("firm", "insured")
STOPPED = "受托机构被停止"
NO_FIRM = _("没有这家第三方机构。")


@dataclass(frozen=True)
class Hand:
    """An order under its lock, who acts on it, in which post, and when."""

    order: ServiceOrder
    by: User
    actor: Actor
    post: Post
    now: datetime

    def move(self, verb: str, to: Collection[int], *, note: str = "", **changes: Any) -> ServiceOrder:
        """Write ``changes`` and tell of them, also the units ``to``."""
        order = self.order
        before = {name: _plain(getattr(order, name)) for name in changes}
        for name, value in changes.items():
            setattr(order, name, value)
        order.save(update_fields=list(changes))
        after = {name: _plain(value) for name, value in changes.items()}
        telling.tell(order, verb, by=self.actor, post=self.post, at=self.now, to=to, before=before, after=after,
                     note=note)  # fmt: skip
        return order


def take(
    pk: int, by: User, act: str, sides: tuple[str, ...], states: Collection[str] | Callable[[], Collection[str]]
) -> Hand:
    """Lock the order and ask whether ``by`` may do ``act`` on one of its ``sides``: ``firm``, ``insured``, ``by_unit``.

    ``Forbidden`` for another's order, ``Refused`` unless it is in one of ``states``, which may be asked under the lock.
    """
    orders = ServiceOrder.objects.select_related("policy", "firm", "insured", "by_unit", "risk_object__category")
    order = orders.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    actor = acting.of(by)
    post = access.post_for(actor, act, named={getattr(order, f"{side}_id") for side in sides})
    if post is None:
        raise Forbidden("not_yours", _("这不是由您办理的委托。"))
    if order.state not in (states() if callable(states) else states):
        said = _("委托现在的状态是“%(state)s”，不能这样办理。") % {"state": order.get_state_display()}
        raise Refused("wrong_state", said)
    return Hand(order, by, actor, post, clock.now())


@transaction.atomic
def accept(pk: int, *, by: User, propose: Any = None) -> ServiceOrder:
    """The firm takes the order, and may name a time (``propose``) at once. ``Forbidden``, ``Invalid``, ``Refused``."""
    hand = take(pk, by, "service.work", ("firm",), [ORDERED])
    ordering.still_fit(hand.order, localdate(hand.now))
    sides = [hand.order.by_unit_id, hand.order.insured_id]
    hand.move("service.accept", sides, state=ACCEPTED)
    if propose:
        _propose(hand, propose)
    return hand.order


@transaction.atomic
def decline(pk: int, reason: Any, *, by: User) -> ServiceOrder:
    """The firm does not take it, or gives it back before the visit. ``Forbidden``, ``Invalid``, ``Refused``."""
    hand = take(pk, by, "service.work", ("firm",), [ORDERED, ACCEPTED, AGREED])
    said = given.text(reason, "reason")
    return hand.move("service.decline", [hand.order.by_unit_id, hand.order.insured_id], note=said,
                     state=OrderState.DECLINED, ended_at=hand.now, reason=said)  # fmt: skip


@transaction.atomic
def propose(pk: int, at: Any, *, by: User) -> ServiceOrder:
    """The firm or the insured names a time, also another one than was agreed; it holds when the other side agrees."""
    return _propose(take(pk, by, "service.appoint", BOTH, [ACCEPTED, AGREED]), at)


@transaction.atomic
def agree(pk: int, proposed_at: Any, *, by: User) -> ServiceOrder:
    """The side that did not name the time agrees to ``proposed_at``, which it read. ``Forbidden``, ``Invalid``;
    ``Refused`` without one, for one's own, and for another one than was read."""
    hand = take(pk, by, "service.appoint", BOTH, [ACCEPTED, AGREED])
    order = hand.order
    if order.proposed_at is None:
        raise Refused("nothing_proposed", _("还没有提议服务时间。"))
    if order.proposed_by_id == hand.post.unit_id:
        raise Refused("own_proposal", _("须由对方确认时间。"))
    given.same(proposed_at, order.proposed_at)
    if order.proposed_at < hand.now:
        raise Refused("time_passed", _("提议的时间已经过去，请改约。"))
    told = [order.by_unit_id, order.firm_id, order.insured_id]
    return hand.move("service.agree", told, state=AGREED, appointed_at=order.proposed_at, proposed_at=None,
                     proposed_by=None)  # fmt: skip


@transaction.atomic
def withdraw(pk: int, reason: Any, *, by: User) -> ServiceOrder:
    """Who ordered takes it back, also after a dispute. ``Forbidden``, ``Invalid``, ``Refused`` after both signed."""
    hand = take(pk, by, "service.order", ("by_unit",), [ORDERED, ACCEPTED, AGREED, OrderState.DISPUTED])
    said = given.text(reason, "reason")
    return hand.move("service.withdraw", [hand.order.firm_id, hand.order.insured_id], note=said,
                     state=OrderState.WITHDRAWN, ended_at=hand.now, reason=said)  # fmt: skip


@transaction.atomic
def place(pk: int, firm: Unit, *, by: User, due_at: Any = None) -> ServiceOrder:
    """Give what was taken from a stopped firm to ``firm``; once. ``Forbidden``, ``Refused`` as ``ordering.give``.

    Without ``due_at`` the time of the old order holds, or as much time anew where that has passed.
    """
    hand = take(pk, by, "service.order", ("by_unit",), [OrderState.WITHDRAWN])
    order = hand.order
    if not order.to_place or ServiceOrder.objects.filter(moved_from=order).exists():
        raise Refused("not_to_place", _("这项委托不需要转派，或者已经转派。"))
    due = given.instant(due_at, "due_at") if due_at else order.due_at
    if not due_at and due <= hand.now:
        due = hand.now + (order.due_at - order.ordered_at)
    asked = ordering.Asked(
        firm=firm, insured=order.insured, item=order.item, text=order.text, goal=order.goal, due_at=due,
        purpose=order.purpose, policy=order.policy, line=order.line, case=order.case, risk_object=order.risk_object,
    )  # fmt: skip
    return ordering.give(asked, by=by, moved_from=order)


def firm_stopped(sender, *, firm, at: datetime, by: Actor, post: Post | None = None, **_more: Any) -> None:
    """Take its running orders from a firm that was stopped, in the transaction of the measure; four statements.

    Who ordered finds them to be placed anew (``ServiceOrder.objects.to_be_placed``) and is told.
    """
    running = ServiceOrder.objects.running().filter(firm=firm.unit_id)
    orders = list(running.select_for_update(no_key=True).order_by("pk"))
    if not orders:
        return
    ServiceOrder.objects.filter(pk__in=[order.pk for order in orders]).update(
        state=OrderState.WITHDRAWN, ended_at=at, reason=STOPPED, to_place=True
    )
    after = {"state": str(OrderState.WITHDRAWN), "to_place": True}
    acts = [
        telling.act_of(order, "service.stop", before={"state": str(order.state)}, after=after, note=STOPPED)
        for order in orders
    ]
    ledger.record(acts, by=by, post=post, at=at)
    told = [(order, unit) for order in orders for unit in (order.by_unit_id, order.firm_id, order.insured_id)]
    outbox.write([telling.notice_of(order, "service.stop", unit, at) for order, unit in told])


def _propose(hand: Hand, at: Any) -> ServiceOrder:
    when = given.instant(at, "at")
    if not hand.now < when <= hand.now + FARTHEST:
        raise Invalid("bad_time", _("服务时间应在一年之内，且晚于现在。"), "at")
    firm, insured = hand.order.firm_id, hand.order.insured_id
    other = insured if hand.post.unit_id == firm else firm
    return hand.move("service.propose", [other], proposed_at=when, proposed_by=hand.post.unit)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    return value.code if isinstance(value, Unit) else value
