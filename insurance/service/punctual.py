"""On-time arrival, a fact of every visit, as firms are scored by it."""

from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from insurance.service.models import Visit

# Later than this after the agreed time is late.
GRACE = timedelta(minutes=30)


def on_time(units: set[int], since: datetime, until: datetime) -> dict[int, tuple[int, int]]:
    """Of the visits of each firm (unit ids) that arrived in ``[since, until)``: how many in time, of how many."""
    visits = Visit.objects.filter(order__firm__in=units, arrived_at__gte=since, arrived_at__lt=until)
    in_time = Q(arrived_at__lte=F("order__appointed_at") + GRACE)
    rows = visits.order_by().values("order__firm").annotate(good=Count("pk", filter=in_time), of=Count("pk"))
    return {firm: (good, of) for firm, good, of in rows.values_list("order__firm", "good", "of")}
