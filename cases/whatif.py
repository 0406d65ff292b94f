"""What a draft of the responsibility list would change, asked of real cases; and what its gaps have cost so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from alerts.models import Alert
from cases.models import Case, Request, RequestKind
from cases.models.work import RequestState
from responsibility import checks
from responsibility.directory import Directory
from responsibility.models import Category, Duty, Scenario, Territory, Unit
from responsibility.ownership import Book, Question

QUARTER = timedelta(days=92)


@dataclass
class Moved:
    """``count`` cases of one kind at one sort of place that ``was`` led and the draft would give to ``to``."""

    category: Category
    scenario: Scenario | None
    territory: Territory
    was: Unit | None
    to: Unit | None
    count: int


@dataclass
class OpenGap:
    """A gap with the alerts that fell into it in the last quarter and the determinations that wait."""

    gap: checks.Gap
    alerts: int
    waiting: int


def would_move(rows: list[Duty], known: Directory, now: datetime, since: timedelta = QUARTER) -> list[Moved]:
    """Of the cases filed in the time before ``now``, those that ``rows`` would have given to another lead.

    One statement: cases are counted by what the list can tell apart.
    """
    book, found = Book(rows), []
    kinds = (
        Case.objects.real()
        .filter(filed_at__gte=now - since)
        .order_by()
        .values_list("category__code", "scenario__code", "territory__code", "lead")
        .annotate(count=Count("pk"))
    )
    for category, scenario, territory, lead, count in kinds:
        question = Question(
            known.categories[category], known.scenarios.get(scenario), known.territories[territory], now
        )
        row = book.ask(question).lead
        to = row.unit_id if row else None
        if to != lead:
            found.append(
                Moved(
                    question.category, question.scenario, known.territories[territory], known.units.get(lead),
                    known.units.get(to or 0), count,
                )
            )  # fmt: skip
    return sorted(found, key=lambda moved: -moved.count)


def open_gaps(rows: list[Duty], known: Directory, now: datetime) -> list[OpenGap]:
    """The standing list of gaps, the costliest first. Two statements."""
    gaps = checks.gaps(rows, known, now)
    since = now - QUARTER
    alerts = (
        Alert.objects.filter(drill__isnull=True, received_at__gte=since, category__in={gap.category.pk for gap in gaps})
        .order_by()
        .values_list("category", "scenario", "territory")
        .annotate(count=Count("pk"))
    )
    tasks = (
        Request.objects.filter(kind=RequestKind.DETERMINE, state=RequestState.PENDING, case__drill__isnull=True)
        .order_by()
        .values_list("case__category", "case__scenario", "case__territory")
        .annotate(count=Count("pk"))
    )
    found = [OpenGap(gap, _within(gap, alerts), _within(gap, tasks)) for gap in gaps]
    return sorted(found, key=lambda gap: (-gap.waiting, -gap.alerts))


def _within(gap: checks.Gap, counted) -> int:
    def fits(wanted, given) -> bool:
        return wanted is None or wanted.pk == given

    return sum(
        count
        for category, scenario, territory, count in counted
        if category == gap.category.pk and fits(gap.scenario, scenario) and fits(gap.territory, territory)
    )


def returns(since: datetime) -> list[Any]:
    """Returns by unit, never by person: ``{"unit", "asked", "upheld", "refused", "pending"}``, most refused first."""
    asked = Request.objects.filter(kind=RequestKind.RETURN, asked_at__gte=since, case__drill__isnull=True)
    rows = asked.order_by().values("unit")
    counted = rows.annotate(
        asked=Count("pk"),
        upheld=Count("pk", filter=Q(state=RequestState.APPROVED)),
        refused=Count("pk", filter=Q(state=RequestState.REFUSED)),
        pending=Count("pk", filter=Q(state=RequestState.PENDING)),
    )
    return list(counted.order_by("-refused", "-asked"))
