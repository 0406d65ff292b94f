"""Amounts: yuan with two places, never a float."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models

FEN = Decimal("0.01")
ZERO = Decimal("0.00")
# 999,999,999,999.99 yuan.
DIGITS, PLACES = 14, 2
# What an input method leaves behind; digits of other scripts, or small ones (5²), are no part of an amount.
FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")
THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def field(label, **more: Any) -> models.DecimalField:
    """A column for an amount in yuan."""
    return models.DecimalField(label, max_digits=DIGITS, decimal_places=PLACES, **more)


def rounded(amount: Decimal) -> Decimal:
    """To the fen, half up."""
    return amount.quantize(FEN, ROUND_HALF_UP)


def capped(amount: Decimal) -> Decimal:
    """To the fen, down: for what may not be exceeded."""
    return amount.quantize(FEN, ROUND_DOWN)


def written(value: str) -> str:
    """What was typed as an amount, as ``Decimal`` reads it: full-width digits as digits, and thousands put together.

    A comma that parts no thousands stays, so that 1,5 is refused and not taken for fifteen.
    """
    said = value.translate(FULL_WIDTH).strip()
    return said.replace(",", "") if THOUSANDS.fullmatch(said) else said
