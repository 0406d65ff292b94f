"""Findings: to put right, to look at again, late."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from insurance.findings.models import Finding, FindingState
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from insurance.service.models import RUNNING, Purpose, ServiceOrder
from responsibility.acting import Actor
from responsibility.models import Role

# So many characters of what was found, on the first page.
SHORT = 30


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the insured what it has to put right, for the firm what it is asked to look at again, for the insurer what
    of its insured is late."""
    found: list[Waiting] = []
    seen = mine.findings(actor).select_related("insured", "risk_object")
    url, late = places.at("findings"), Q(due_at__lt=now)
    if insured := mine.units(actor, Role.ENTERPRISE):
        here = seen.filter(insured__in=insured)
        found += told(_("隐患待整改"), here.filter(state=FindingState.OPEN), "due_at", _here, url=url, late=late)
        done = here.filter(state=FindingState.RECTIFIED)
        found += told(_("已整改，等待复查"), done, "rectified_at", _done, url=url, news=True)
    if firm := mine.units(actor, Role.FIRM):
        again = mine.orders(actor).filter(firm__in=firm, purpose=Purpose.RECHECK, state__in=RUNNING)
        url_orders = places.at("insurance-orders")
        found += told(_("待复查的整改"), again.select_related("insured"), "due_at", _recheck, url=url_orders, late=late)
    if mine.units(actor, Role.INSURER):
        over = seen.filter(state=FindingState.OPEN).filter(late)
        found += told(_("被保险人的隐患逾期未整改"), over, "due_at", _there, url=f"{url}?state=overdue", late=late)
    return found


def _here(finding: Finding) -> One:
    return _one(finding, _what(finding))


def _done(finding: Finding) -> One:
    return replace(_here(finding), at=finding.rectified_at)


def _what(finding: Finding) -> str:
    """How grave, where and what, on one line."""
    where = f"{finding.risk_object.label} · " if finding.risk_object else ""
    return f"{finding.get_severity_display()} · {where}{Truncator(finding.text).chars(SHORT)}"


def _there(finding: Finding) -> One:
    return _one(finding, f"{finding.insured} · {_what(finding)}")


def _one(finding: Finding, text: str) -> One:
    return One(finding.number, text, places.at("finding", finding.number), finding.due_at)


def _recheck(order: ServiceOrder) -> One:
    return One(order.number, str(order.insured), places.at("insurance-order", order.number), order.due_at)
