"""Who sees which findings and registers: the table of facts 3.5 as conditions of a query, for pages and API alike."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Least

from alerts.models import RiskObject
from insurance.policies.models import Covered, Policy, Share, later
from insurance.service.models import RUNNING, Purpose, ServiceOrder
from responsibility import access, clock, directory
from responsibility.acting import Actor
from responsibility.acts import Scope
from responsibility.models import Role, Unit
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question

NOTHING = Q(pk__in=[])


def findings(actor: Actor, units: dict[int, Unit]) -> Q:
    """The findings that ``actor`` may read."""
    if access.everywhere(actor, "finding.read"):
        return Q()
    now = clock.now()
    inside = access.units(actor, "finding.read", units)
    seen = NOTHING
    if inside:
        seen |= Q(territory__unit__in=inside) | led_by(inside, now)
    if insured := _named(actor, Role.ENTERPRISE):
        seen |= Q(insured__in=insured)
    if firms := _named(actor, Role.FIRM):
        seen |= Q(found_by_unit__in=firms) | Q(order__firm__in=firms, order__state__in=RUNNING)
        seen |= Q(Exists(rechecking(firms)))
    if insurers := _named(actor, Role.INSURER):
        seen |= Q(found_by_unit__in=insurers) | Q(order__by_unit__in=insurers)
        seen |= Q(Exists(covering(Policy.objects.of_insurers(insurers), now, "found_at")))
    if brokers := _named(actor, Role.BROKER):
        seen |= Q(Exists(covering(Policy.objects.filter(broker__in=brokers), now, "found_at")))
    return seen


def registers(actor: Actor, units: dict[int, Unit]) -> Q:
    """The registers of self-control that ``actor`` may read: insurers only while they cover the object."""
    if access.everywhere(actor, "selfcontrol.read"):
        return Q()
    now = clock.now()
    inside = access.units(actor, "selfcontrol.read", units)
    seen = NOTHING
    if inside:
        seen |= Q(unit__in=inside) | led_by(inside, now, "risk_object__")
    if insurers := _named(actor, Role.INSURER, "selfcontrol.read"):
        seen |= Q(Exists(covering(Policy.objects.of_insurers(insurers), now)))
    return seen


def rechecking(firms):
    """The running orders by which ``firms`` (ids) look again at the finding of the outer query."""
    return ServiceOrder.objects.filter(recheck_of(OuterRef("insured"), OuterRef("risk_object")), firm__in=firms)


def recheck_of(insured, risk_object) -> Q:
    """Running orders to look again at ``insured``, at all of it or at ``risk_object`` (ids or references)."""
    here = Q(risk_object__isnull=True)
    # Compared with nothing, a column would be asked for emptiness twice.
    here |= Q(risk_object=risk_object) if risk_object is not None else Q(pk__in=[])
    return Q(purpose=Purpose.RECHECK, state__in=RUNNING, insured=insured) & here


def led_by(units: set[int], now: datetime, before: str = "") -> Q:
    """What lies in the industries of ``units``: where the matrix names one of them as the lead at ``now``.

    By category, and by scenario and territory where rows speak of them. ``before`` leads to the model that has
    ``category`` and ``territory``. No question to the database but for the directory's revision.
    """
    known = directory.current()
    led = NOTHING
    for category in known.categories.values():
        rows = [row for row in known.book.rows(category) if row.role == DutyRole.LEAD and now in row.span]
        if not any(row.unit_id in units for row in rows):
            continue
        scenarios = {row.scenario_id: row.scenario_id for row in rows} | {None: None}
        territories = {row.territory_id: row.territory_id for row in rows} | {None: None}
        by_id = {scenario.pk: scenario for scenario in known.scenarios.values()}
        places = {territory.pk: territory for territory in known.territories.values()}
        for scenario in scenarios:
            for territory in territories:
                asked = Question(category, by_id.get(scenario or 0), places.get(territory or 0), now)
                lead = known.book.ask(asked).lead
                if lead is not None and lead.unit_id in units:
                    here = Q(**{f"{before}category": category.pk})
                    here &= _at(_scenario_of(before), scenario, scenarios)
                    led |= here & _at(f"{before}territory", territory, territories)
    return led


def _scenario_of(before: str) -> str:
    return f"{before}scenario" if before else "risk_object__scenario"


def _at(column: str, value: int | None, spoken: dict) -> Q:
    """``column`` is ``value``; for ``None`` it is none of those that rows speak of."""
    if value is not None:
        return Q(**{column: value})
    others = [one for one in spoken if one is not None]
    return Q(**{f"{column}__isnull": True}) | ~Q(**{f"{column}__in": others}) if others else Q()


def _named(actor: Actor, role: Role, act: str = "finding.read") -> set[int]:
    """The units of the posts in which ``actor`` is named as ``role``."""
    named = access.scope(act, role) == Scope.NAMED
    return {post.unit_id for post in actor.posts if named and post.role == role}


def covering(policies, now: datetime, moment: str = ""):
    """Of ``policies`` those that concern the row of the outer query.

    For a finding (``moment`` names its instant): begun then, the claim tail not over then nor now, because whoever will
    be asked to pay is concerned by what is found meanwhile. For a register: in force now. Of neither more than the
    insured has confirmed.
    """
    body, place = ("insured", "territory") if moment else ("unit", "risk_object__territory")
    days = 1 if moment else 0
    at: OuterRef | datetime = OuterRef(moment) if moment else now
    at_inside: OuterRef | datetime = OuterRef(OuterRef(moment)) if moment else now
    over = Least("confirmed_until", "ends_at", Coalesce("cancelled_at", "ends_at"))
    running = policies.confirmed().annotate(over=later(over, "confirmed_tail", days))
    running = running.filter(starts_at__lte=at, over__gt=at).filter(over__gt=now)
    # A street may insure what others run there: the cases of it are shown by that, and nothing that those others say.
    whose = Q(risk_object=OuterRef(OuterRef("risk_object"))) | Q(territory=OuterRef(OuterRef(place)))
    whose &= Q(policy__insured=OuterRef(OuterRef(body)))
    covered = Covered.objects.filter(confirmed_at__isnull=False)
    covered = covered.annotate(over=later(F("until"), "policy__confirmed_tail", days))
    covered = covered.filter(whose, policy=OuterRef("pk"), since__lte=at_inside, over__gt=at_inside)
    return running.filter(Q(insured=OuterRef(body), whole=True) | Exists(covered))


def carriers(thing: RiskObject, at: datetime, units: set[int]) -> set[int]:
    """Of the insurers ``units`` (ids) with a policy of its own unit over ``thing``, confirmed, in force at ``at``."""
    covered = Covered.objects.filter(
        Q(risk_object=thing) | Q(territory=thing.territory_id), policy__insured=thing.main_body_id,
        policy=OuterRef("pk"), since__lte=at, until__gt=at, confirmed_at__isnull=False,
    )  # fmt: skip
    running = Policy.objects.assented(at).filter(Q(insured=thing.main_body_id, whole=True) | Exists(covered))
    return {*Share.objects.filter(insurer__in=units, policy__in=running).values_list("insurer", flat=True)}
