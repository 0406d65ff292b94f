"""An order is given: by the lead insurer for its policy, or by a body of the district that wants to know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from insurance.firms.fitness import check_order, judge_licences
from insurance.firms.models import Firm
from insurance.policies import assent
from insurance.policies.models import Covered, Policy
from insurance.service import given, telling
from insurance.service.models import (
    RUNNING,
    OrderState,
    Plan,
    PlanLine,
    PlanState,
    Purpose,
    ServiceOrder,
    ServiceRequest,
)
from responsibility import access, acting, chains, clock, directory
from responsibility.models import Category, Post, Role, Unit, User
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden, Invalid, Refused

# For so long after it worked somewhere a firm does not check there.
APART = timedelta(days=365)
LONGEST = timedelta(days=3 * 366)
# Higher parts add who did works at an insured unit since an instant: f(firm units, insured unit, since) -> firm units.
WORKED: list[Callable[[set[int], int, datetime], set[int]]] = []
FOREIGN = _("该监测对象不属于被保险人，也不在承保范围内。")
NUMBER = "SELECT nextval('service_number')"
# Two orders to one firm at one place are given one after the other, so that the later sees the earlier.
TOGETHER = "SELECT pg_advisory_xact_lock(7622, hashtext(%s))"


@dataclass(frozen=True)
class Asked:
    """What is to be ordered. ``policy`` and ``line`` for a service of a policy; a body of the district has neither."""

    firm: Unit
    insured: Unit
    item: str
    text: str
    due_at: datetime
    purpose: str = Purpose.SERVICE
    goal: str = ""
    policy: Policy | None = None
    line: PlanLine | None = None
    case: Case | None = None
    risk_object: RiskObject | None = None

    @property
    def category(self) -> Category | None:
        """What it is about, as far as the object or the case tells."""
        return category_of(self)


def category_of(asked: Asked | ServiceOrder) -> Category | None:
    """What an order is about, as far as its object or its case tells."""
    if asked.risk_object is not None and asked.risk_object.category is not None:
        return asked.risk_object.category
    return directory.current().categories.get(asked.case.category_code) if asked.case else None


def still_fit(order: ServiceOrder, day: date) -> None:
    """``Refused`` where the licences by which ``order`` was given are good no longer on ``day``."""
    if firm := Firm.objects.filter(unit=order.firm_id).first():
        judge_licences(firm.licences.all(), order.item, category_of(order), day)


def read(fields, actor: acting.Actor) -> Asked:
    """What ``fields`` (texts by name) ask for: ``policy`` or ``line`` (ids), ``insured`` and ``firm`` (unit codes),
    ``object`` (code), ``case`` (number), ``item``, ``purpose``, ``text``, ``goal``, ``due_at``. ``Invalid``.

    Policies and cases that ``actor`` may not see are not there.
    """
    policy, line = _policy(fields, actor), None
    if fields.get("line"):
        line = PlanLine.objects.select_related("plan__policy__insured").filter(
            pk=given.row(fields["line"], "line"), plan__policy__insurer__in=actor.unit_ids
        ).first()  # fmt: skip
        if line is None or policy is not None and policy.pk != line.plan.policy_id:
            raise Invalid("unknown_line", _("没有这项方案内容。"), "line")
        policy = line.plan.policy
    if policy is None and not _in_office(actor):
        raise Invalid("required", _("请选择保单。"), "policy")
    if policy is not None:
        # Before anything that is asked of what is the insured's: who is not confirmed learns nothing by it.
        assent.owed(policy)
    purpose = given.choice(fields.get("purpose") or str(Purpose.SERVICE), Purpose, "purpose")
    return Asked(
        firm=_unit(fields.get("firm", ""), "firm"),
        insured=policy.insured if policy else _unit(fields.get("insured", ""), "insured"),
        item=line.item if line else given.item(fields.get("item", "")),
        text=given.text(fields.get("text") or (line.measures if line else ""), "text"),
        goal=given.text(fields.get("goal") or (line.goal if line else ""), "goal", needed=False),
        due_at=given.instant(fields.get("due_at", ""), "due_at"), purpose=purpose, policy=policy, line=line,
        case=_case(fields, actor), risk_object=_object(fields, policy),
    )  # fmt: skip


@transaction.atomic
def give(asked: Asked, *, by: User, moved_from: ServiceOrder | None = None) -> ServiceOrder:
    """Give the order. ``Forbidden``, ``Invalid``; ``Refused`` if the firm is not fit, the policy over, a line used up.

    ``moved_from``: the order, locked by the caller, that was taken from another firm.
    """
    now, actor = clock.now(), acting.of(by)
    post = _post(asked, actor)
    _judge(asked, now)
    check_order(asked.firm, asked.item, asked.category, localdate(now))
    _keep_apart(asked, now)
    order = ServiceOrder.objects.create(
        chain=chains.dated(), number=_number(now), policy=asked.policy, line=asked.line, case=asked.case,
        by_unit=post.unit, firm=asked.firm, insured=asked.insured, risk_object=asked.risk_object, item=asked.item,
        purpose=asked.purpose, text=asked.text, goal=asked.goal, due_at=asked.due_at, ordered_at=now, ordered_by=by,
        moved_from=moved_from,
    )  # fmt: skip
    after = {
        "firm": asked.firm.code, "insured": asked.insured.code, "item": asked.item, "purpose": asked.purpose,
        "policy": asked.policy.number if asked.policy else None, "case": asked.case.number if asked.case else None,
        "object": asked.risk_object.code if asked.risk_object else None, "due_at": asked.due_at.isoformat(),
        "line": asked.line.pk if asked.line else None, "moved_from": moved_from.number if moved_from else None,
    }  # fmt: skip
    told = [asked.firm.pk, asked.insured.pk, *_askers(asked, order)]
    telling.tell(order, "service.order", by=actor, post=post, at=now, to=told,
                 after=after, note=asked.text, new=True)  # fmt: skip
    return order


def _askers(asked: Asked, order: ServiceOrder) -> set[int]:
    """The units (ids) that had asked for such a service on the policy, where this is the first order since."""
    if asked.policy is None:
        return set()
    orders = ServiceOrder.objects.filter(policy=asked.policy, item=asked.item).exclude(pk=order.pk)
    answered = orders.filter(ordered_at__gte=OuterRef("asked_at"))
    requests = ServiceRequest.objects.filter(~Exists(answered), policy=asked.policy, item=asked.item)
    return set(requests.values_list("unit_id", flat=True))


def fit_firms(item: str, category: Category | None, insured: Unit, purpose: str = Purpose.SERVICE) -> list[Unit]:
    """The firms that could be given such an order now, by code. Three statements."""
    now = clock.now()
    fit = []
    for firm in Firm.objects.listed(now).select_related("unit").prefetch_related("licences"):
        try:
            judge_licences(firm.licences.all(), item, category, localdate(now))
        except Refused:
            continue
        fit.append(firm.unit)
    taken = _in_the_way({unit.pk for unit in fit}, insured.pk, purpose, now)
    return [unit for unit in fit if unit.pk not in taken and unit.pk != insured.pk]


def listed() -> list[Unit]:
    """The firms that may be given orders at all now, by code."""
    return [firm.unit for firm in Firm.objects.listed(clock.now()).select_related("unit")]


def enterprises() -> list[Unit]:
    """The units of the public that can be looked after, by code."""
    known = directory.current().units.values()
    return sorted((unit for unit in known if unit.kind == UnitKind.ENTERPRISE), key=lambda unit: unit.code)


def _policy(fields, actor: acting.Actor) -> Policy | None:
    if not fields.get("policy"):
        return None
    policies = Policy.objects.select_related("insured").filter(insurer__in=actor.unit_ids)
    found = policies.filter(pk=given.row(fields["policy"], "policy")).first()
    if found is None:
        raise Invalid("unknown_policy", _("没有这份由您首席承保的保单。"), "policy")
    return found


def _unit(code, name: str) -> Unit:
    found = directory.current().units_by_code.get(given.text(code, name, limit=40))
    if found is None:
        raise Invalid("unknown_unit", _("没有这个单位。"), name)
    return found


def _case(fields, actor: acting.Actor) -> Case | None:
    if not fields.get("case"):
        return None
    number = given.text(fields["case"], "case", limit=40)
    found = Case.objects.visible_to(actor, directory.current().units).filter(number=number).first()
    if found is None:
        raise Invalid("unknown_case", _("没有编号为“%(number)s”的案件。") % {"number": number}, "case")
    return found


def _in_office(actor: acting.Actor) -> bool:
    """Whether ``actor`` may order without carrying a policy."""
    return any(post.role != Role.INSURER for post in actor.posts if access.scope("service.order", post.role))


def _object(fields, policy: Policy | None) -> RiskObject | None:
    if not fields.get("object"):
        return None
    code = given.text(fields["object"], "object", limit=64)
    found = RiskObject.objects.select_related("category").filter(code=code).first()
    if found is None and policy is None:
        raise Invalid("unknown_object", _("监测对象未登记。"), "object")
    # What others have registered is not found out here.
    if found is None or policy is not None and not _is_of(found, policy):
        raise Invalid("foreign_object", FOREIGN, "object")
    return found


def _is_of(thing: RiskObject, policy: Policy) -> bool:
    """Whether ``thing`` is run by the insured of ``policy``, or by nobody and named or surrounded by what it covers."""
    if thing.main_body_id is not None:
        return thing.main_body_id == policy.insured_id
    here = Q(risk_object=thing) | Q(territory=thing.territory_id)
    return Covered.objects.filter(here, policy=policy, confirmed_at__isnull=False).exists()


def _post(asked: Asked, actor: acting.Actor) -> Post:
    """Who carries a policy orders for it; a body of the district has others looked after, by a recheck alone."""
    if asked.policy is not None:
        post = access.post_for(actor, "service.order", named={asked.policy.insurer_id})
    else:
        post = access.post_for(actor, "service.order", named=actor.unit_ids)
        if post is not None and post.role == Role.INSURER:
            raise Invalid("required", _("请选择保单。"), "policy")
    if post is None:
        raise Forbidden("wrong_role", _("只有首席承保人或者有权的行政单位可以委托服务。"))
    if asked.policy is None and asked.purpose != Purpose.RECHECK:
        raise Invalid("recheck_only", _("行政单位只委托复查核验；预防服务由保险公司委托。"), "purpose")
    return post


def _judge(asked: Asked, now: datetime) -> None:
    if not now < asked.due_at <= now + LONGEST:
        raise Invalid("bad_due", _("应完成时间应在三年之内，且晚于现在。"), "due_at")
    if asked.firm.pk == asked.insured.pk:
        raise Refused("own_firm", _("机构不能为本单位服务。"), "firm")
    thing, policy = asked.risk_object, asked.policy
    if policy is not None and not Policy.objects.in_force(now).filter(pk=policy.pk).exists():
        raise Refused("policy_over", _("保单不在保险期间内。"), "policy")
    if policy is not None:
        # Read anew: the row that came with what is asked may be older than the word.
        assent.owed(Policy.objects.get(pk=policy.pk), now)
    if thing is not None and thing.main_body_id != asked.insured.pk and (policy is None or not _is_of(thing, policy)):
        raise Invalid("foreign_object", FOREIGN, "object")
    if asked.line is not None:
        _judge_line(asked.line)


def _judge_line(line: PlanLine) -> None:
    plan = Plan.objects.select_for_update(no_key=True).get(pk=line.plan_id)
    if plan.state != PlanState.AGREED:
        raise Refused("plan_not_agreed", _("服务方案还没有经被保险人确认。"), "line")
    spent = line.orders.filter(state__in=[*RUNNING, OrderState.DONE]).count()
    if spent >= line.times:
        raise Refused("line_used_up", _("方案中这项服务的次数已经用完。"), "line")


def _keep_apart(asked: Asked, now: datetime) -> None:
    """A firm checks neither its own work nor its own client (facts 3.4), nor works where it is about to check."""
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER, [f"{asked.firm.pk}:{asked.insured.pk}"])
    if _in_the_way({asked.firm.pk}, asked.insured.pk, asked.purpose, now):
        if asked.purpose == Purpose.RECHECK:
            raise Refused("own_client", _("该机构一年之内在此提供过服务或施工，不能复查。"), "firm")
        raise Refused("checks_here", _("该机构正在此处复查，不能同时提供服务。"), "firm")


def _in_the_way(firms: set[int], insured: int, purpose: str, now: datetime) -> set[int]:
    orders = ServiceOrder.objects.filter(firm__in=firms, insured=insured)
    if purpose == Purpose.SERVICE:
        return set(orders.running().filter(purpose=Purpose.RECHECK).values_list("firm_id", flat=True))
    worked = Q(state__in=RUNNING) | Q(visit__left_at__gte=now - APART)
    found = set(orders.filter(worked, purpose=Purpose.SERVICE).values_list("firm_id", flat=True))
    return found.union(*(ask(firms, insured, now - APART) for ask in WORKED))


def _number(now: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute(NUMBER)
        return f"FW-{localdate(now):%Y%m%d}-{cursor.fetchone()[0]:06d}"
