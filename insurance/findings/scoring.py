"""What findings say of a firm: four measures out of facts, for its scorecard (facts 3.4).

Each is a function of the ids of firm units and a span (``since`` ≤ instant < ``until``) that gives ``{unit id: (part,
of)}`` for those of whom there is something to say: one statement for however many firms. Of ``confirmed`` more is
better, of the others less.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from insurance.findings.models import Finding, FoundBy, Recheck
from insurance.service.models import Visit

Marks = dict[int, tuple[int, int]]
MISSED_WITHIN = timedelta(days=30)


def confirmed(units: Collection[int], since: datetime, until: datetime) -> Marks:
    """Of its findings that somebody else looked at again: those that were as it had told them."""
    seen = Recheck.objects.filter(finding=OuterRef("pk"))
    found = Finding.objects.filter(found_by_unit__in=units, found_at__gte=since, found_at__lt=until, how=FoundBy.VISIT)
    rows = found.filter(Exists(seen)).annotate(part=~Exists(seen.filter(genuine=False)))
    return _counted(rows.values_list("found_by_unit", "part"))


def missed(units: Collection[int], since: datetime, until: datetime) -> Marks:
    """Of its visits: those after which somebody else found something at the same object within 30 days."""
    visits = Visit.objects.filter(order__firm__in=units, left_at__gte=since, left_at__lt=until)
    others = Finding.objects.filter(
        risk_object=OuterRef("order__risk_object"), found_at__gt=OuterRef("left_at"),
        found_at__lte=OuterRef("left_at") + MISSED_WITHIN,
    ).exclude(found_by_unit=OuterRef("order__firm"))  # fmt: skip
    rows = visits.filter(order__risk_object__isnull=False).annotate(part=Exists(others))
    return _counted(rows.values_list("order__firm", "part"))


def failed(units: Collection[int], since: datetime, until: datetime) -> Marks:
    """Of the works that it passed at a re-inspection: those that others sent back afterwards."""
    passed = Recheck.objects.filter(unit__in=units, at__gte=since, at__lt=until, passed=True)
    later = Recheck.objects.filter(finding=OuterRef("finding"), pk__gt=OuterRef("pk"), passed=False)
    return _counted(passed.annotate(part=Exists(later)).values_list("unit", "part"))


def conflicts(units: Collection[int], since: datetime, until: datetime) -> Marks:
    """Of its findings that were put right: those that it put right itself, having found them for its client."""
    found = Finding.objects.filter(
        found_by_unit__in=units, rectified_at__gte=since, rectified_at__lt=until, how=FoundBy.VISIT
    )
    return _counted(found.annotate(part=Q(worked_by=F("found_by_unit"))).values_list("found_by_unit", "part"))


def _counted(rows) -> Marks:
    part, of = Counter[int](), Counter[int]()
    for unit, counts in rows:
        of[unit] += 1
        part[unit] += bool(counts)
    return {unit: (part[unit], of[unit]) for unit in of}


# By the names that ``insurance.firms.scoring`` gives them.
MEASURES: dict[str, Callable[[Collection[int], datetime, datetime], Marks]] = {
    "confirmed": confirmed,
    "missed": missed,
    "failed": failed,
    "conflicts": conflicts,
}
