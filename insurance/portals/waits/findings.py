"""Findings: to put right, to look at again, late."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from insurance.findings.models import Finding, FindingState
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from insurance.service.models import RUNNING, Purpose, ServiceOrder
from responsibility.acting import Actor
from responsibility.models import Role


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the insured what it has to put right, for the firm what it is asked to look at again, for the insurer what
    of its insured is late."""
    found: list[Waiting] = []
    seen, url, late = mine.findings(actor).select_related("insured"), places.at("findings"), Q(due_at__lt=now)
    if insured := mine.units(actor, Role.ENTERPRISE):
        here = seen.filter(insured__in=insured)
        found += told(_("隐患待整改"), here.filter(state=FindingState.OPEN), "due_at", _here, url=url, late=late)
        found += told(_("已整改，等待复查"), here.filter(state=FindingState.RECTIFIED), "rectified_at", _here, url=url)
    if firm := mine.units(actor, Role.FIRM):
        again = mine.orders(actor).filter(firm__in=firm, purpose=Purpose.RECHECK, state__in=RUNNING)
        url_orders = places.at("insurance-orders")
        found += told(_("待复查的整改"), again.select_related("insured"), "due_at", _recheck, url=url_orders, late=late)
    if mine.units(actor, Role.INSURER):
        over = seen.filter(state=FindingState.OPEN).filter(late)
        found += told(_("被保险人的隐患逾期未整改"), over, "due_at", _there, url=f"{url}?state=overdue", late=late)
    return found


def _here(finding: Finding) -> One:
    return _one(finding, finding.get_severity_display())


def _there(finding: Finding) -> One:
    return _one(finding, f"{finding.insured} · {finding.get_severity_display()}")


def _one(finding: Finding, text: str) -> One:
    return One(finding.number, text, places.at("finding", finding.number), finding.due_at)


def _recheck(order: ServiceOrder) -> One:
    return One(order.number, str(order.insured), places.at("insurance-order", order.number), order.due_at)
