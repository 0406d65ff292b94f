"""What people and programs type into a claim, read in one place."""

import re
from datetime import datetime
from decimal import Decimal

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance import money
from responsibility.refusals import Invalid

LONG = 4000
# ASCII digits only: Decimal takes those of every script.
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)


def amount(value: object, name: str, *, zero: bool = False) -> Decimal:
    """``value`` as yuan with two places, more than nothing unless ``zero``; ``Invalid`` for the field ``name``."""
    said = money.written(str(value)) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    if not AMOUNT.fullmatch(said) or not zero and Decimal(said) == 0:
        raise Invalid("bad_amount", _("请填写金额，单位元，最多两位小数。"), name)
    return Decimal(said).quantize(money.FEN)


def some(value: object, name: str) -> Decimal | None:
    """As ``amount``; ``None`` where nothing was given."""
    return None if value in ("", None) else amount(value, name)


def moment(value: object, name: str, now: datetime, earliest: datetime) -> datetime:
    """``value`` as an instant (local time where it names no zone) from ``earliest`` to ``now``; now where empty."""
    said = typed.text("" if value is None else value, name, limit=40, needed=False)
    if not said:
        return now
    try:
        read = parse_datetime(said)
        read = make_aware(read) if read and is_naive(read) else read
        # A minute is the finest that people type.
        if read is None or not earliest.replace(second=0, microsecond=0) <= read <= now:
            raise ValueError
    except (ValueError, OverflowError):
        raise Invalid("bad_time", _("时间应在报案之后，且不晚于现在。"), name) from None
    return read


def words(value: object, name: str, *, limit: int = typed.TEXT, needed: bool = True) -> str:
    """``value`` as text; ``Invalid`` for the field ``name``."""
    return typed.text("" if value is None else value, name, limit=limit, needed=needed)
