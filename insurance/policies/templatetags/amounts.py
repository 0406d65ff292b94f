"""Amounts and shares as a reader has them."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def yuan(amount: Decimal | str) -> str:
    """Yuan with two places, thousands apart, in every language alike; from a number, or a text that is one."""
    return f"{Decimal(amount):,.2f}"


@register.filter
def percent(share: Decimal) -> str:
    """A share without zeros at its end: 70 %, 33.34 %."""
    return f"{share:.2f}".rstrip("0").rstrip(".") + "\u00a0%"
