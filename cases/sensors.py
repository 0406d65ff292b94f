"""What sensors say about a danger: readings, and the values that alerts on the registered object carry."""

from datetime import timedelta
from itertools import takewhile

from alerts import grading
from alerts.models import Alert, Reading
from cases.models import Case

# An object that has sent readings within this time has a sensor that can show that the danger is over.
SPEAKS = timedelta(days=30)


def watched(case: Case) -> int:
    """How many quiet values in a row close ``case``; 0 where its category asks for none or no object is registered."""
    return case.policy.get("clear_readings", 0) if case.risk_object_id and case.category_id else 0


def quiet(case: Case, wanted: int) -> int | None:
    """How many of the last values are below blue, one after the other, ``wanted`` at most; ``None`` without any value.

    Counted are readings taken, and alerts received, since the case was opened; in a drill its own alerts alone, for the
    sensor knows nothing of the danger.
    """
    of = {"risk_object": case.risk_object_id, "category": case.category_id}
    read = Reading.objects.filter(**of, observed_at__gte=case.opened_at).order_by("-observed_at")
    said = Alert.objects.filter(**of, received_at__gte=case.opened_at, value__isnull=False, drill=case.drill_id)
    read, said = read.none() if case.drill_id else read, said.order_by("-observed_at")
    values = [*read.values_list("observed_at", "value")[:wanted], *said.values_list("observed_at", "value")[:wanted]]
    if not values:
        return None
    newest = [value for _at, value in sorted(values, reverse=True)[:wanted]]
    return len(list(takewhile(lambda value: not _dangerous(case, value), newest)))


def _dangerous(case: Case, value: float | None) -> bool:
    return case.category is not None and value is not None and bool(grading.grade_of(case.category, value))


def sends_readings(case: Case) -> bool:
    """Whether the object reports by itself, so that its silence or its readings tell how things stand."""
    if case.drill_id:
        return False
    since = case.opened_at - SPEAKS
    return Reading.objects.filter(
        risk_object=case.risk_object_id, category=case.category_id, observed_at__gte=since
    ).exists()


def must_be_measured(case: Case) -> bool:
    """Whether the last value was dangerous and nothing will ever say otherwise but a person who measures."""
    wanted = watched(case)
    if not wanted or sends_readings(case):
        return False
    found = quiet(case, wanted)
    return found is not None and found < wanted
