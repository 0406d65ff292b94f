"""Whom orders name, for parts below that know of them by number or firm only."""

from django.db.models import Q

from insurance.service.models import RUNNING, ServiceOrder


def of_order(number: str) -> tuple[int, ...]:
    """The units (ids) of the order ``number``, the firm's first, then who ordered and the insured; none without."""
    named = ServiceOrder.objects.filter(number=number).values_list("firm_id", "by_unit_id", "insured_id").first()
    return named or ()


def clients(firm: int) -> set[int]:
    """The units (ids) whose orders to the firm (id of its unit) run, or were taken from it and wait to be placed."""
    to_place = Q(to_place=True, moved_to__isnull=True)
    orders = ServiceOrder.objects.filter(Q(state__in=RUNNING) | to_place, firm=firm)
    return set(orders.values_list("by_unit_id", flat=True))
