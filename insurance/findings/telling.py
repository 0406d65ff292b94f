"""书面告知: whoever found something tells the insured in writing, and the term to put it right begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases import typed
from insurance.findings import notifying, scoping, terms
from insurance.findings.models import Finding, FindingState, FoundBy, Severity
from insurance.service.models import RUNNING, ServiceOrder
from notices import outbox
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Category, Post, Territory, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

PREFIX = "YH"
LONG = 2000
BASIS = 300
# More on one visit is no list of dangers any more.
MOST = 100


@dataclass(frozen=True)
class Occasion:
    """How, by whom, at whom and where something was found. Without an object the ``territory`` says where."""

    how: FoundBy
    unit: Unit
    insured: Unit
    found_at: datetime
    risk_object: RiskObject | None = None
    territory: Territory | None = None
    order: ServiceOrder | None = None

    @property
    def category(self) -> Category | None:
        return self.risk_object.category if self.risk_object else None


@dataclass(frozen=True)
class Line:
    """One danger as it is told: ``days`` to put it right, the most that is allowed where nobody said."""

    severity: str
    text: str
    basis: str = ""
    advice: str = ""
    days: int | None = None
    category: Category | None = field(default=None)


def read(given: Mapping, known: directory.Directory | None = None) -> Line:
    """A line of ``{"severity", "text", "basis", "advice", "days", "category"}``. ``Invalid`` with the field.

    ``known`` saves a question to the database for each line that names a category.
    """
    severity = given.get("severity")
    if severity not in Severity.values:
        raise Invalid("bad_choice", _("隐患等级应为 general 或 major。"), "severity")
    code = typed.text(given.get("category") or "", "category", limit=64, needed=False)
    category = (known or directory.current()).categories.get(code) if code else None
    if code and category is None:
        raise Invalid("unknown_category", _("没有这个风险类别。"), "category")
    return Line(
        severity,
        typed.text(given.get("text", ""), "text", limit=LONG),
        typed.text(given.get("basis") or "", "basis", limit=BASIS, needed=False),
        typed.text(given.get("advice") or "", "advice", limit=LONG, needed=False),
        terms.days(given.get("days"), severity),
        category,
    )


def write(lines: Sequence[Line], on: Occasion, *, by: acting.Actor, post: Post | None, now: datetime) -> list[Finding]:
    """The findings of one occasion with their entries, in the present transaction; five statements for however many.

    No permission is asked here. ``Invalid`` for too many.
    """
    if len(lines) > MOST:
        raise Invalid("too_many", _("一次最多告知 %(most)d 条隐患。") % {"most": MOST}, "lines")
    if not lines or by.user is None:
        return []
    known, user = directory.current(), by.user
    made = [
        _finding(line, on, number, user, now, known)
        for line, number in zip(lines, _numbers(len(lines), now), strict=True)
    ]
    Finding.objects.bulk_create(made)
    ledger.record([_act(finding) for finding in made], by=by, post=post, at=now, new_chains=True)
    outbox.write(notifying.rows("finding.tell", made, now, by=on.unit.pk))
    return made


def at_visit(visit, lines: Sequence[Mapping], actor: acting.Actor) -> list[Finding]:
    """What a firm found at the visit of an order, told in the transaction of the visit (the hook of the service part).

    ``lines`` as ``read`` takes them, but for longer terms, which become the most that is allowed: a record that comes
    late from a phone is not refused for that. ``Invalid`` with the field.
    """
    order, known = visit.order, directory.current()
    territory = order.risk_object.territory if order.risk_object else None
    if territory is None and visit.lat is not None and visit.lon is not None:
        (territory,) = known.territories_of([(visit.lat, visit.lon)])
    on = Occasion(FoundBy.VISIT, order.firm, order.insured, visit.arrived_at, order.risk_object, territory, order)
    post = access.post_for(actor, "finding.tell", named={order.firm_id})
    return write([read(terms.capped(line), known) for line in lines], on, by=actor, post=post, now=clock.now())


@dataclass(frozen=True)
class Wanted:
    """Where somebody tells of: a running ``order`` of a firm, or a registered ``risk_object``."""

    order: ServiceOrder | None = None
    risk_object: RiskObject | None = None


@transaction.atomic
def tell(given: Sequence[Mapping], wanted: Wanted, *, by: User, found_at: datetime | None = None) -> list[Finding]:
    """Tell what was found beside a visit: by the firm of a running order, an insurer at an object that it covered then
    and covers now, or the enterprise at an object of its own. ``given`` as ``read`` takes each.

    ``Forbidden``, ``Refused`` (``order_over``, ``no_body``), ``Invalid`` (no lines, a time that cannot be).
    """
    actor, now = acting.of(by), clock.now()
    found_at = found_at or now
    if not terms.SINCE <= found_at <= now:
        raise Invalid("bad_time", _("发现时间应在 2000 年之后，且不晚于现在。"), "found_at")
    post, on = _occasion(actor, wanted, found_at)
    if not given:
        raise Invalid("required", _("缺少必填字段。"), "lines")
    known = directory.current()
    return write([read(line, known) for line in given[: MOST + 1]], on, by=actor, post=post, now=now)


def wanted(order: str, thing: str) -> Wanted:
    """Where to tell of, by the number of an order or the code of an object; what is not there is empty. ``Invalid``."""
    order = typed.text(order, "order", limit=40, needed=False)
    code = typed.text(thing, "object", limit=64, needed=False)
    if not order and not code:
        raise Invalid("required", _("请填写委托编号或监测对象。"), "object")
    orders = ServiceOrder.objects.select_related("firm", "insured", "risk_object__territory", "risk_object__category")
    things = RiskObject.objects.select_related("territory", "category", "main_body")
    return Wanted(
        orders.filter(number=order).first() if order else None,
        things.filter(code=code).first() if code and not order else None,
    )


def _occasion(actor: acting.Actor, wanted: Wanted, found_at: datetime) -> tuple[Post, Occasion]:
    """Whoever is not concerned learns no more of what is not there than of what is."""
    order, thing = wanted.order, wanted.risk_object
    if order is not None and (post := access.post_for(actor, "finding.tell", named={order.firm_id})):
        return post, _by_order(order, found_at)
    if thing is not None:
        # When it was found is what the teller says: he must carry the risk today as well.
        then = scoping.carriers(thing, found_at, actor.unit_ids)
        named = scoping.carriers(thing, clock.now(), then) | {thing.main_body_id or 0}
        if post := access.post_for(actor, "finding.tell", named=named):
            return post, _by_object(thing, post, found_at)
    raise Forbidden("not_concerned", _("只有承保的保险公司、受托机构和企业自己可以书面告知。"))


def _by_order(order: ServiceOrder, found_at: datetime) -> Occasion:
    if order.state not in RUNNING:
        raise Refused("order_over", _("委托已经结束，不能再据以告知。"))
    thing = order.risk_object
    place = thing.territory if thing else None
    return Occasion(FoundBy.VISIT, order.firm, order.insured, found_at, thing, place, order)


def _by_object(thing: RiskObject, post: Post, found_at: datetime) -> Occasion:
    if thing.main_body is None:
        raise Refused("no_body", _("该监测对象没有登记主体责任单位，无从书面告知。"))
    how = FoundBy.SELF if post.unit_id == thing.main_body_id else FoundBy.INSURER
    return Occasion(how, post.unit, thing.main_body, found_at, thing, thing.territory)


def _finding(line: Line, on: Occasion, number: str, user: User, now: datetime, known: directory.Directory) -> Finding:
    category = line.category or on.category
    return Finding(
        number=number, order=on.order, how=on.how, found_by_unit=on.unit, found_by=user, insured=on.insured,
        risk_object=on.risk_object, territory=on.territory, category=category, severity=line.severity, text=line.text,
        basis=line.basis, advice=line.advice, state=FindingState.OPEN, found_at=on.found_at, told_at=now,
        due_at=terms.due_at(now, line.days, line.severity, category, known), proof_since=now,
    )  # fmt: skip


def _act(finding: Finding) -> ledger.Act:
    after = {
        "state": str(finding.state), "severity": str(finding.severity), "how": str(finding.how),
        "insured": finding.insured.code, "unit": finding.found_by_unit.code,
        "object": finding.risk_object.code if finding.risk_object else None,
        "category": finding.category.code if finding.category else None,
        "order": finding.order.number if finding.order else None, "due_at": finding.due_at.isoformat(),
    }  # fmt: skip
    return ledger.Act(
        finding.chain, "finding.tell", "finding", finding.number, finding.number, after=after, note=finding.text
    )


def _numbers(count: int, now: datetime) -> list[str]:
    """``YH-YYYYMMDD-NNNNNN``; one statement, gaps are fine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('findings_number') FROM generate_series(1, %s)", [count])
        return [f"{PREFIX}-{localdate(now):%Y%m%d}-{number:06d}" for (number,) in cursor.fetchall()]
