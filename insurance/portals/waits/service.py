"""Orders: to accept, to appoint, to visit today, to confirm, and those that are late."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _

from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from insurance.service import requesting
from insurance.service.models import RUNNING, OrderState, Plan, PlanState, ServiceOrder, ServiceRequest
from responsibility.acting import Actor
from responsibility.models import Role


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the firm what it has to do next, for the insured what it has to confirm, for the insurer what is late."""
    found: list[Waiting] = []
    orders, url = mine.orders(actor).select_related("insured", "firm"), places.at("insurance-orders")
    late, (since, until) = Q(due_at__lt=now), _today(now)
    if firm := mine.units(actor, Role.FIRM):
        given = orders.filter(firm__in=firm)
        for label, state in ((_("新委托待接受"), OrderState.ORDERED), (_("待约定上门时间"), OrderState.ACCEPTED)):
            found += told(label, given.filter(state=state), "due_at", _to_firm, url=url, late=late)
        agreed = given.filter(state=OrderState.AGREED)
        today = agreed.filter(appointed_at__gte=since, appointed_at__lt=until)
        found += told(_("今天上门"), today, "appointed_at", _visit, url=url)
        missed = agreed.filter(appointed_at__lt=since)
        found += told(
            _("约定时间已过，服务记录未提交"), missed, "appointed_at", _visit, url=url, late=Q(pk__isnull=False)
        )
        disputed = given.filter(state=OrderState.DISPUTED)
        found += told(_("服务记录被提出异议"), disputed, "due_at", _to_firm, url=url, late=late)
    if insured := mine.units(actor, Role.ENTERPRISE):
        here = orders.filter(insured__in=insured)
        found += told(_("服务记录待确认"), here.filter(state=OrderState.VISITED), "due_at", _by_firm, url=url)
        today = here.filter(state=OrderState.AGREED, appointed_at__gte=since, appointed_at__lt=until)
        found += told(_("今天有机构上门"), today, "appointed_at", _by_firm, url=url)
        laid = Plan.objects.filter(policy__insured__in=insured, state=PlanState.PROPOSED).select_related("policy")
        found += told(_("服务方案待确认"), laid, "proposed_at", _plan, url=places.at("service-home"))
    if insurer := mine.units(actor, Role.INSURER):
        home = places.at("service-home")
        asked = requesting.visible_to(actor).filter(Q(policy__insurer__in=insurer, ordered=False))
        found += told(_("服务需求待安排"), asked, "asked_at", _asked, url=home)
        back = Plan.objects.filter(policy__insurer__in=insurer, state=PlanState.RETURNED).select_related("policy")
        found += told(_("服务方案被退回，待修改"), back, "answered_at", _plan, url=home)
        over = orders.filter(Q(by_unit__in=insurer) | Q(policy__insurer__in=insurer), state__in=RUNNING).filter(late)
        found += told(_("服务委托超过期限"), over, "due_at", _to_firm, url=url, late=late)
    return found


def _today(now: datetime) -> tuple[datetime, datetime]:
    start = make_aware(datetime.combine(localtime(now).date(), time.min))
    return start, start + timedelta(days=1)


def _asked(request: ServiceRequest) -> One:
    text = f"{request.unit} · {request.get_item_display()}"
    return One(request.policy.number, text, places.at("service-home"), request.asked_at)


def _plan(plan: Plan) -> One:
    page = places.at("service-plan", plan.policy_id, plan.year)
    return One(f"{plan.policy.number} · {plan.year}", plan.remark, page, plan.answered_at or plan.proposed_at)


def _to_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.due_at)


def _visit(order: ServiceOrder) -> One:
    return _one(order, str(order.insured), order.appointed_at)


def _by_firm(order: ServiceOrder) -> One:
    return _one(order, str(order.firm), order.appointed_at)


def _one(order: ServiceOrder, who: str, at: datetime | None) -> One:
    text = f"{who} · {order.get_item_display()}"
    return One(order.number, text, places.at("insurance-order", order.number), at)
