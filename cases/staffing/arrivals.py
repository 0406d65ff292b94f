"""The alerts of a period: those that were really received, as they were told."""

from dataclasses import dataclass, field
from datetime import datetime

from alerts.intake import Draft
from alerts.models import Alert, Outcome, RiskObject
from cases.models import Case, State
from cases.opening import set_aside
from responsibility.directory import Directory

RAISING = (Outcome.OPENED, Outcome.JOINED, Outcome.TRIAGE)


@dataclass(frozen=True)
class Arrival:
    """One alert that raises danger at a known place; ``minute`` counts from the beginning of its period."""

    minute: float
    draft: Draft


@dataclass
class Period:
    """Alerts in order of time. ``observed`` opened nothing, ``unplaced`` never became the case of a street."""

    begins: datetime
    ends: datetime
    arrivals: list[Arrival] = field(default_factory=list)
    observed: int = 0
    unplaced: int = 0

    @property
    def minutes(self) -> float:
        return (self.ends - self.begins).total_seconds() / 60

    def add(self, draft: Draft, at: datetime) -> None:
        """One more alert, received at ``at``; what opens no case is only counted."""
        if set_aside(draft):
            self.observed += 1
        elif not draft.at_home or not draft.grade:
            self.unplaced += 1
        else:
            self.arrivals.append(Arrival((at - self.begins).total_seconds() / 60, draft))


def received(known: Directory, begins: datetime, ends: datetime) -> Period:
    """The alerts received from ``begins`` to before ``ends``, except those of void cases. Four statements.

    What a shift leader filed comes in as filed, at that time; what nobody has filed is counted as unplaced.
    """
    rows = Alert.objects.filter(received_at__gte=begins, received_at__lt=ends, outcome__in=RAISING, drill__isnull=True)
    alerts = list(rows.order_by("received_at", "external_id"))
    numbers = {alert.case_number for alert in alerts if alert.case_number}
    cases = {case.number: case for case in Case.objects.filter(number__in=numbers).defer("duties", "policy")}
    objects = RiskObject.objects.in_bulk({alert.risk_object_id for alert in alerts if alert.risk_object_id})
    read, period = _Reader(known, objects), Period(begins, ends)
    told = []
    for alert in alerts:
        case = cases.get(alert.case_number)
        if case is None or case.state != State.VOID:
            filed = case.filed_at if case and alert.outcome == Outcome.TRIAGE else None
            told.append((filed or alert.received_at, read.draft(alert, case if filed else None)))
    for at, draft in sorted(told, key=lambda pair: pair[0]):
        period.add(draft, at)
    real = Alert.objects.filter(received_at__gte=begins, received_at__lt=ends, drill__isnull=True)
    period.observed += real.exclude(outcome__in=RAISING).count()
    return period


class _Reader:
    """Alerts on disk as the drafts that they were."""

    def __init__(self, known: Directory, objects: dict[int, RiskObject]):
        self.categories = {category.pk: category for category in known.categories.values()}
        self.scenarios = {scenario.pk: scenario for scenario in known.scenarios.values()}
        self.territories = {territory.pk: territory for territory in known.territories.values()}
        self.objects = objects

    def draft(self, alert: Alert, filed: Case | None) -> Draft:
        """``filed``: the case as which a shift leader filed the alert, which knows what the alert did not."""
        known = filed or alert
        return Draft(
            external_id=alert.external_id,
            category_code=known.category_code,
            observed_at=alert.observed_at,
            object_code=alert.object_code,
            grade=(filed.grade if filed else alert.grade),
            value=alert.value,
            lat=alert.lat,
            lon=alert.lon,
            chain=alert.chain,
            category=self.categories.get(known.category_id or 0),
            scenario=self.scenarios.get(known.scenario_id or 0),
            territory=self.territories.get(known.territory_id or 0),
            risk_object=self.objects.get(alert.risk_object_id or 0),
        )
