"""Amounts: yuan with two places, never a float."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models

FEN = Decimal("0.01")
ZERO = Decimal("0.00")
# 999,999,999,999.99 yuan.
DIGITS, PLACES = 14, 2


def field(label, **more: Any) -> models.DecimalField:
    """A column for an amount in yuan."""
    return models.DecimalField(label, max_digits=DIGITS, decimal_places=PLACES, **more)


def rounded(amount: Decimal) -> Decimal:
    """To the fen, half up."""
    return amount.quantize(FEN, ROUND_HALF_UP)


def capped(amount: Decimal) -> Decimal:
    """To the fen, down: for what may not be exceeded."""
    return amount.quantize(FEN, ROUND_DOWN)
