"""一案一链: a case from its first signal to the settlement of its loss, as one line of time for one reader."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alerts.models import Alert
from cases.bundle import reader
from cases.models import Case
from cases.templatetags.telling import sentence
from insurance.claims import told
from insurance.claims.models import Claim
from insurance.claims.seeing import INNER, Level
from insurance.claims.templatetags.claimed import yuan
from insurance.portals.reach import Reach
from responsibility import ledger
from responsibility.directory import Directory
from responsibility.models import Grade, LedgerEntry

# Alerts that are told one by one; a stubborn sensor gives thousands.
ALERTS = 20
# What of the way of a case those in office are told here; everything stands on its own page.
WAY = frozenset({
    "case.acknowledge", "case.arrive", "case.contain", "case.rectify", "case.report", "case.rework", "case.close",
    "case.reopen", "case.escalate", "case.stand_down", "case.suspend", "case.resume", "case.void", "case.annul",
})  # fmt: skip
# The amount that an entry of a claim tells, and what it is.
AMOUNTS = ("amount", "payable", "agreed", "reserve", "sought", "recovered")


@dataclass(frozen=True)
class Step:
    """One moment; ``at`` is ``None`` for who is told no times.

    ``kind`` of what it belongs to, ``what`` in words, ``who``, ``detail``, and where more stands.
    """

    at: datetime | None
    kind: str
    what: str
    who: str = ""
    detail: str = ""
    url: str = ""
    late: bool = False


def steps(found: Reach, known: Directory) -> list[Step]:
    """The whole line, oldest first."""
    case = found.case
    made = [*_covers(found), *_orders(found), *_findings(found), *_claims(found, known)]
    if found.working:
        made += [*_alerts(found), *(_way(found, known) if found.inside else _states(case))]
    made.sort(key=lambda step: step.at or case.opened_at)
    return made if found.working else [_untimed(step) for step in made]


def _untimed(step: Step) -> Step:
    """A broker follows states (facts 3.5): when a case was found to be covered, or a claim moved, says when it
    happened."""
    return replace(step, at=None) if step.kind in ("cover", "claim") else step


def _alerts(found: Reach) -> Iterator[Step]:
    """Those in office see each of the first and its source; others that there was one, and its colour."""
    alerts = Alert.objects.filter(chain=found.case.chain).exclude(grade="").order_by("received_at")
    for alert in alerts.select_related("source")[: ALERTS if found.inside else 1]:
        detail = f"{alert.value:g} {alert.unit}" if found.inside and alert.value is not None else ""
        title = alert.title if found.inside else ""
        grade = str(Grade(alert.grade).label)
        what = _("预警：%(grade)s") % {"grade": grade} + (f" · {title}" if title else "")
        yield Step(alert.received_at, "alert", what, str(alert.source.label) if found.inside else "", detail)
    more = found.case.alert_count - ALERTS
    if found.inside and more > 0:
        what = _("其后又有 %(count)d 次预警") % {"count": more}
        yield Step(found.case.last_alert_at, "alert", what)


def _way(found: Reach, known: Directory) -> Iterator[Step]:
    case, to = found.case, reader.whole()
    yield Step(case.opened_at, "case", _("发现，转入闭环"), url=reverse("case", args=[case.number]))
    for entry in to.told(ledger.story(case.chain).filter(verb__in=WAY)):
        yield Step(entry.at, "case", sentence(entry, known), _who(entry, known))


def _states(case: Case) -> Iterator[Step]:
    """What everybody outside who sees the case is told of it: when it was found, contained and closed."""
    yield Step(case.opened_at, "case", _("发现，转入闭环"))
    if case.contained_at:
        yield Step(case.contained_at, "case", _("险情受控"))
    if case.closed_at:
        yield Step(case.closed_at, "case", str(case.get_state_display()))


def _who(entry: LedgerEntry, known: Directory) -> str:
    """The unit that acted, as it was written down; in English by what now bears its name."""
    said = entry.unit_label or (_("系统") if entry.actor_id is None else "")
    if not (get_language() or "").startswith("en"):
        return said
    return next((unit.name_en for unit in known.units.values() if unit.name == said and unit.name_en), said)


def _covers(found: Reach) -> Iterator[Step]:
    for cover in found.covers:
        policy = cover.policy
        what = _("由保单 %(number)s 承保") % {"number": policy.number}
        who = f"{policy.insurer.label} · {policy.insured.label}"
        yield Step(cover.found_at, "cover", what, who, str(policy.get_line_display()))


def _orders(found: Reach) -> Iterator[Step]:
    for order in found.orders:
        what = _("委托第三方：%(item)s") % {"item": order.get_item_display()}
        who = f"{order.by_unit.label} → {order.firm.label}"
        yield Step(order.ordered_at, "order", what, who, f"{order.number} · {order.get_state_display()}")
        if order.ended_at:
            what = _("委托结束：%(state)s") % {"state": order.get_state_display()}
            yield Step(order.ended_at, "order", what, order.firm.label, order.number)


def _findings(found: Reach) -> Iterator[Step]:
    for finding in found.findings:
        what = _("书面告知%(severity)s") % {"severity": finding.get_severity_display()}
        who = f"{finding.found_by_unit.label} → {finding.insured.label}"
        yield Step(finding.told_at, "finding", what, who, finding.number)
        if finding.rectified_at:
            late = finding.rectified_at > finding.due_at
            yield Step(
                finding.rectified_at, "finding", _("隐患整改完成"), finding.insured.label, finding.number, late=late
            )
        if finding.closed_at:
            yield Step(finding.closed_at, "finding", _("隐患销号"), detail=finding.number)


def _claims(found: Reach, known: Directory) -> Iterator[Step]:
    for claim, level in found.claims:
        url = reverse("claim", args=[claim.number])
        if level == Level.STATE:
            yield Step(claim.noticed_at, "claim", _("报案"), detail=claim.number, url=url)
            if claim.ended_at:
                yield Step(claim.ended_at, "claim", str(claim.get_state_display()), detail=claim.number, url=url)
            continue
        for entry in ledger.story(claim.chain):
            if level == Level.WHOLE or entry.verb not in INNER:
                yield _acted(claim, entry, url, known)


def _acted(claim: Claim, entry: LedgerEntry, url: str, known: Directory) -> Step:
    told_of = [yuan(Decimal(entry.after[name])) for name in AMOUNTS if entry.after.get(name)]
    detail = " · ".join([claim.number, *told_of[-1:]])
    return Step(entry.at, "claim", str(told.SENTENCES.get(entry.verb, entry.verb)), _who(entry, known), detail, url)
