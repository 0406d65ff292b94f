"""Who may look again, and who may close: never whoever found for his own client, did the work, or owes it.

Facts 3.4: a firm may not check work it did, nor for its own client. Each rule is asked of all posts that a person
holds, so that nobody looks at his own work by a second post.
"""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from insurance.findings import scoping
from insurance.findings.models import Finding
from insurance.service.models import RUNNING, Purpose, ServiceOrder
from insurance.service.ordering import APART
from responsibility import access, clock, directory
from responsibility.acting import Actor
from responsibility.models import LedgerEntry, Post, Role, Unit
from responsibility.models.district import UnitKind
from responsibility.ownership import Question
from responsibility.refusals import Forbidden, Refused

RECTIFIED = "finding.rectify"
# Whose bodies close nothing.
OUTSIDE = (UnitKind.INSURER, UnitKind.BROKER, UnitKind.FIRM, UnitKind.ENTERPRISE)


def may_recheck(actor: Actor, finding: Finding, now: datetime) -> Post:
    """The post in which ``actor`` looks again. ``Forbidden`` for who is not named, ``Refused`` for a conflict."""
    # Whoever found it is named by it, and is told why not.
    named = official(finding, now) | ordered(finding) | {finding.found_by_unit_id}
    post = access.post_for(actor, "finding.recheck", named=named)
    if post is None:
        raise Forbidden("not_concerned", _("由属地单位、行业部门、核查员或受托复查的机构复查。"))
    if conflict := conflicts(actor, finding):
        raise conflict
    return post


def may_close(actor: Actor, finding: Finding, now: datetime) -> Post:
    """The post in which ``actor`` closes it. ``Forbidden`` for all but bodies of the district, ``Refused`` for a
    conflict."""
    post = access.post_for(actor, "finding.close", named=official(finding, now))
    if post is None or post.unit.kind in OUTSIDE:
        raise Forbidden("not_official", _("隐患由属地单位、行业部门或核查员销号，保险公司、机构和企业不得销号。"))
    if conflict := conflicts(actor, finding):
        raise conflict
    return post


def conflicts(actor: Actor, finding: Finding) -> Refused | None:
    """Why ``actor`` may not judge the work on ``finding``; ``None`` when nothing stands against it."""
    if finding.insured_id in actor.unit_ids:
        return Refused("own_case", _("整改单位不得复查、销号自己的隐患。"))
    if _workers(finding) & actor.unit_ids:
        return Refused("own_work", _("做整改的单位不得复查、销号自己的工作。"))
    if actor.user and actor.user.pk == finding.rectified_by_id:
        return Refused("own_work", _("填报整改的人不得复查、销号。"))
    firms = {post.unit_id for post in actor.posts if post.role == Role.FIRM}
    if worked(firms, finding.insured_id, clock.now() - APART):
        return Refused("own_work", _("一年之内在该单位做过整改的机构不得在此复查、销号。"))
    if _firm_of(actor, finding) or serves(actor.unit_ids, finding.insured_id):
        return Refused("own_client", _("为该被保险人服务的机构不得复查、销号。"))
    return None


def serves(units: set[int], insured: int) -> bool:
    """Whether one of ``units`` (ids) serves the client ``insured``, or did within ``APART``, as for orders to look
    again. To look again is no service."""
    orders = ServiceOrder.objects.filter(firm__in=units, insured=insured, purpose=Purpose.SERVICE)
    served = Q(state__in=RUNNING) | Q(visit__left_at__gte=clock.now() - APART)
    return orders.filter(served).exists()


def worked(firms: set[int], insured: int, since: datetime) -> set[int]:
    """Those of ``firms`` (unit ids) that put something right at the unit ``insured`` since then (facts 3.4).

    Also what was sent back and done anew by another: the ledger keeps each, a finding the last one alone.
    """
    if not firms:
        return set()
    codes = {unit.code: unit.pk for unit in directory.current().units.values() if unit.pk in firms}
    chains = Finding.objects.filter(insured=insured).values("chain")
    told = LedgerEntry.objects.filter(chain__in=chains, verb=RECTIFIED, at__gte=since)
    done = told.filter(after__worked_by__in=list(codes)).values_list("after__worked_by", flat=True)
    return {codes[code] for code in done}


def _workers(finding: Finding) -> set[int]:
    """The ids of the units that did work on ``finding``, each time it was done."""
    told = LedgerEntry.objects.filter(chain=finding.chain, verb=RECTIFIED)
    units = directory.current().units_by_code
    found = {units.get(code) for code in told.values_list("after__worked_by", flat=True)}
    return {unit.pk for unit in found if unit} | ({finding.worked_by_id} if finding.worked_by_id else set())


def ordered(finding: Finding) -> set[int]:
    """The firms (ids) that were asked to look again at ``finding`` by an order that runs."""
    orders = ServiceOrder.objects.filter(scoping.recheck_of(finding.insured_id, finding.risk_object_id))
    return set(orders.values_list("firm", flat=True))


def official(finding: Finding, now: datetime) -> set[int]:
    """The ids of the territory's unit and of the lead department of the category by the matrix."""
    territory = finding.territory.unit_id if finding.territory else None
    return {unit for unit in (territory, lead(finding, now)) if unit}


def lead(finding: Finding, now: datetime) -> int | None:
    """The id of the unit that leads on the finding's category at its place; ``None`` where nobody does."""
    return lead_at(finding.category_id, finding.risk_object, finding.territory_id, now)


def lead_at(category_id: int | None, thing, territory_id: int | None, now: datetime) -> int | None:
    """The same for a category (id) at an object and a territory (id)."""
    known = directory.current()
    category = next((one for one in known.categories.values() if one.pk == category_id), None)
    if category is None:
        return None
    wanted = thing.scenario_id if thing else None
    scenario = next((one for one in known.scenarios.values() if one.pk == wanted), None)
    territory = next((one for one in known.territories.values() if one.pk == territory_id), None)
    row = known.book.ask(Question(category, scenario, territory, now)).lead
    return row.unit_id if row else None


def _firm_of(actor: Actor, finding: Finding) -> bool:
    """Whether ``actor`` is of the unit that found it for its client. An enterprise's own check is judged before."""
    return finding.found_by_unit_id in actor.unit_ids or bool(finding.order and finding.order.firm_id in actor.unit_ids)


def is_outside(unit: Unit) -> bool:
    """Whether ``unit`` is none of the district's bodies."""
    return unit.kind in OUTSIDE
