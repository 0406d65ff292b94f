"""What of the insurance side of one case a reader may see (facts 3.5): one answer for the chain page and the bundle.

Insurers and brokers see the covers of their policies, once the insured has confirmed them, until the claim tail ends, a
firm its orders while they run, the insured what is its own; those in office what their acts let them read. Nobody else
learns that there is such a case.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from cases.models import Case
from insurance.claims import seeing
from insurance.claims.models import Claim
from insurance.claims.seeing import Level
from insurance.findings.models import Finding
from insurance.policies.models import Cover, Policy
from insurance.service.models import RUNNING, ServiceOrder
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Role


@dataclass(frozen=True)
class Reach:
    """``inside``: reads the case by office; ``granted``: is shown it; ``working``: is told its colour and its times,
    ``titled``: and what it is about. Whoever is neither, a broker, is told its state."""

    case: Case
    inside: bool
    granted: bool
    working: bool
    titled: bool
    covers: list[Cover] = field(default_factory=list)
    orders: list[ServiceOrder] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    claims: list[tuple[Claim, Level]] = field(default_factory=list)


def of(actor: Actor, case: Case, known: Directory) -> Reach | None:
    """What ``actor`` may see beside ``case``; ``None`` for who sees nothing of it. The system sees everything."""
    now, seen = clock.now(), Case.objects.filter(pk=case.pk)
    inside = actor.is_system or seen.inside_for(actor, known.units).exists()
    granted = inside or seen.visible_to(actor, known.units).exists()
    covers = list(_covers(actor, case, now).select_related("policy__insurer", "policy__insured").order_by("pk"))
    orders = list(_orders(actor, case, covers).select_related("by_unit", "firm", "insured").order_by("pk"))
    owner = case.risk_object is not None and case.risk_object.main_body_id in _own(actor, known)
    if not (granted or covers or orders or owner):
        return None
    carried = any(seeing.titled(actor, cover.policy) for cover in covers)
    findings = list(_findings(actor, case, orders, inside=inside).select_related("insured", "found_by_unit"))
    titled = granted or carried or owner
    working = titled or any(order.firm_id in _units(actor, Role.FIRM) for order in orders)
    return Reach(case, inside, granted, working, titled, covers, orders, findings, _claims(actor, case))


def _units(actor: Actor, *roles: Role) -> set[int]:
    return {post.unit_id for post in actor.posts if post.role in roles}


def _own(actor: Actor, known: Directory) -> set[int]:
    """One's own units and those below them, as ``cases/outside.py`` opens the cases at their objects."""
    own = tuple(post for post in actor.posts if post.role == Role.ENTERPRISE)
    return access.units_below(Actor(actor.user, own), known.units) if own else set()


def _all(actor: Actor, act: str) -> bool:
    return actor.is_system or access.everywhere(actor, act)


def _covers(actor: Actor, case: Case, now: datetime) -> QuerySet[Cover]:
    found = Cover.objects.filter(case=case)
    return found if actor.is_system else found.visible_to(actor, now)


def _orders(actor: Actor, case: Case, covers: list[Cover]) -> QuerySet[ServiceOrder]:
    """An insurer's only while it is shown the case by a cover: an order does not outlive the claim tail."""
    found = ServiceOrder.objects.filter(case=case)
    if _all(actor, "service.read"):
        return found
    by = {post.unit_id for post in actor.posts if access.scope("service.read", post.role)}
    # A broker is told states of cases and claims, and no order (facts 3.5).
    by -= _units(actor, Role.BROKER)
    insurers = _units(actor, Role.INSURER)
    if not covers:
        by, insurers = by - insurers, set()
    carried = Policy.objects.of_insurers(insurers).confirmed()
    return found.filter(
        Q(by_unit__in=by)
        | Q(firm__in=_units(actor, Role.FIRM), state__in=RUNNING)
        | Q(insured__in=_units(actor, Role.ENTERPRISE))
        | Q(policy__in=carried.values("pk"))
    )


def _findings(actor: Actor, case: Case, orders: list[ServiceOrder], *, inside: bool) -> QuerySet[Finding]:
    found = Finding.objects.filter(case_number=case.number).order_by("pk")
    if inside or _all(actor, "finding.read"):
        return found
    finders = _units(actor, Role.INSURER)
    carried = Policy.objects.of_insurers(finders).confirmed()
    return found.filter(
        Q(found_by_unit__in=finders)
        | Q(insured__in=_units(actor, Role.ENTERPRISE))
        | Q(order__in=orders)
        | Q(order__policy__in=carried.values("pk"))
    )


def _claims(actor: Actor, case: Case) -> list[tuple[Claim, Level]]:
    found = Claim.objects.filter(case=case)
    found = found if actor.is_system else found.visible_to(actor)
    claims = (
        found.select_related("policy__insurer", "policy__insured").prefetch_related("policy__shares").order_by("pk")
    )
    if actor.is_system:
        return [(claim, Level.WHOLE) for claim in claims]
    return [(claim, seeing.level(actor, claim.policy) or Level.STATE) for claim in claims]
