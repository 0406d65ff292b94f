"""The measures of a firm that the register itself can take."""

from datetime import datetime

from django.db.models import Count, F, Q
from django.utils.timezone import localdate

from insurance.firms import scoring
from insurance.firms.fitness import in_force
from insurance.firms.models import Complaint, Inspector, Licence
from responsibility import clock


def complaints(units: set[int], since: datetime, until: datetime) -> scoring.Counts:
    """Of the complaints whose answer fell due, those answered before. What is not due yet counts neither way."""
    due = Complaint.objects.filter(firm__unit_id__in=units, due_at__gte=since, due_at__lt=min(until, clock.now()))
    counted = due.values("firm__unit_id").annotate(
        of_all=Count("pk"), in_time=Count("pk", filter=Q(answered_at__lt=F("due_at")))
    )
    return {row["firm__unit_id"]: (row["in_time"], row["of_all"]) for row in counted.order_by()}


def licences(units: set[int], since: datetime, until: datetime) -> scoring.Counts:
    """Of the service items it was ever licensed for, those it is licensed for on the last day of the time."""
    day = localdate(min(until, clock.now()))
    held: dict[int, set[str]] = {unit: set() for unit in units}
    good: dict[int, set[str]] = {unit: set() for unit in units}
    for licence in Licence.objects.filter(firm__unit_id__in=units, since__lte=day).select_related("firm"):
        held[licence.firm.unit_id].update(licence.items)
        if in_force(licence, day):
            good[licence.firm.unit_id].update(licence.items)
    return {unit: (len(good[unit]), len(held[unit])) for unit in units}


def certificates(units: set[int], since: datetime, until: datetime) -> scoring.Counts:
    """Of its people on the last day of the time, those whose certificate is good."""
    last = min(until, clock.now())
    there = Inspector.objects.filter(firm__unit_id__in=units).exclude(left_at__lte=last)
    counted = there.values("firm__unit_id").annotate(
        of_all=Count("pk"), good=Count("pk", filter=Q(until__gte=localdate(last)))
    )
    return {row["firm__unit_id"]: (row["good"], row["of_all"]) for row in counted.order_by()}


def register() -> None:
    """Bring them in."""
    scoring.MEASURES[scoring.COMPLAINTS] = complaints
    scoring.MEASURES[scoring.LICENCES] = licences
    scoring.MEASURES[scoring.CERTIFICATES] = certificates
