"""Whom an order names, for parts below that know of it by its number only."""

from insurance.service.models import ServiceOrder


def of_order(number: str) -> tuple[int, ...]:
    """The units (ids) of the order ``number``, the firm's first, then who ordered and the insured; none without."""
    named = ServiceOrder.objects.filter(number=number).values_list("firm_id", "by_unit_id", "insured_id").first()
    return named or ()
