"""Orders: to accept, to appoint, to agree to, to visit, to confirm, and those that are late."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _

from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from insurance.service import requesting
from insurance.service.models import RUNNING, OrderState, Plan, PlanState, ServiceOrder, ServiceRequest
from responsibility import clock
from responsibility.acting import Actor
from responsibility.models import Role


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the firm what it has to do next, for the insured what it has to confirm, for the insurer what is late."""
    found: list[Waiting] = []
    orders, url = mine.orders(actor).select_related("insured", "firm"), places.at("insurance-orders")
    late, (since, until) = Q(due_at__lt=now), _today(now)
    if firm := mine.units(actor, Role.FIRM):
        given = orders.filter(firm__in=firm)
        found += told(_("新委托待接受"), given.filter(state=OrderState.ORDERED), "due_at", _to_firm, url=url, late=late)
        unset = given.filter(state=OrderState.ACCEPTED, proposed_at=None)
        found += told(_("待约定上门时间"), unset, "due_at", _to_firm, url=url, late=late)
        found += _proposed(given, firm, url, _proposed_to_firm, late)
        agreed = given.filter(state=OrderState.AGREED)
        today = agreed.filter(appointed_at__gte=since, appointed_at__lt=until)
        found += told(_("今天上门"), today, "appointed_at", _visit, url=url)
        coming = agreed.filter(appointed_at__gte=until)
        found += told(_("已约好，以后上门"), coming, "appointed_at", _visit, url=url, news=True)
        missed = agreed.filter(appointed_at__lt=since)
        found += told(
            _("约定时间已过，服务记录未提交"), missed, "appointed_at", _visit, url=url, late=Q(pk__isnull=False)
        )
        disputed = given.filter(state=OrderState.DISPUTED)
        found += told(_("服务记录被提出异议"), disputed, "due_at", _to_firm, url=url, late=late)
    if insured := mine.units(actor, Role.ENTERPRISE):
        here = orders.filter(insured__in=insured)
        found += _proposed(here, insured, url, _proposed_by_firm, late)
        found += told(_("服务记录待确认"), here.filter(state=OrderState.VISITED), "appointed_at", _by_firm, url=url)
        agreed = here.filter(state=OrderState.AGREED)
        today = agreed.filter(appointed_at__gte=since, appointed_at__lt=until)
        found += told(_("今天有机构上门"), today, "appointed_at", _by_firm, url=url)
        coming = agreed.filter(appointed_at__gte=until)
        found += told(_("已约好机构上门"), coming, "appointed_at", _by_firm, url=url, news=True)
        laid = Plan.objects.filter(policy__insured__in=insured, state=PlanState.PROPOSED).select_related("policy")
        found += told(_("服务方案待确认"), laid, "proposed_at", _plan, url=places.at("service-home"))
    if insurer := mine.units(actor, Role.INSURER):
        home = places.at("service-home")
        back = Plan.objects.filter(policy__insurer__in=insurer, state=PlanState.RETURNED).select_related("policy")
        found += told(_("服务方案被退回，待修改"), back, "answered_at", _plan, url=home)
        over = orders.filter(Q(by_unit__in=insurer) | Q(policy__insurer__in=insurer), state__in=RUNNING).filter(late)
        found += told(_("服务委托超过期限"), over, "due_at", _to_firm, url=url, late=late)
        taken = orders.filter(by_unit__in=insurer).to_be_placed()  # type: ignore[attr-defined]
        found += told(_("机构被停止，委托待转派"), taken, "ended_at", _taken, url=url, late=Q(pk__isnull=False))
        found += _asked(actor, insurer)
    return found


def _asked(actor: Actor, insurer: set[int]) -> list[Waiting]:
    """What the insured or the broker asked for and nothing was ordered since."""
    asked = requesting.unanswered(requesting.visible_to(mine.outside(actor, Role.INSURER)))
    asked = asked.filter(policy__insurer__in=insurer)
    return told(_("服务需求待安排"), asked.filter(policy__ends_at__gt=clock.now()), "asked_at", _request,
                url=places.at("service-home"))  # fmt: skip


def _proposed(orders: QuerySet, own: set[int], url: str, show: Callable[..., One], late: Q) -> list[Waiting]:
    """Times that the other side proposed and ``own`` units have to answer, and those that own units proposed."""
    open_ = orders.filter(state__in=[OrderState.ACCEPTED, OrderState.AGREED], proposed_at__isnull=False)
    ours = Q(proposed_by__in=own)
    return [
        *told(
            _("对方提议了上门时间，待答复"), open_.exclude(ours), "proposed_at", show, url=url, late=late, means="visit"
        ),
        *told(
            _("已提议上门时间，等对方答复"), open_.filter(ours), "proposed_at", show, url=url, news=True, means="visit"
        ),
    ]


def _proposed_to_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.proposed_at)


def _proposed_by_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.firm), order.proposed_at)


def _today(now: datetime) -> tuple[datetime, datetime]:
    start = make_aware(datetime.combine(localtime(now).date(), time.min))
    return start, start + timedelta(days=1)


def _plan(plan: Plan) -> One:
    page = places.at("service-plan", plan.policy_id, plan.year)
    return One(f"{plan.policy.number} · {plan.year}", plan.remark, page, plan.answered_at or plan.proposed_at)


def _to_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.due_at)


def _taken(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.ended_at)


def _request(request: ServiceRequest) -> One:
    text = f"{request.unit} · {request.get_item_display()}"
    return One(request.policy.number, text, places.at("service-home"), request.asked_at)


def _visit(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.appointed_at)


def _by_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.firm), order.appointed_at)


def _one(order: ServiceOrder, who: str, at: datetime | None) -> One:
    text = f"{who} · {order.get_item_display()}"
    return One(order.number, text, places.at("insurance-order", order.number), at)
