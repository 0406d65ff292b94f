"""What people and their phones type into service, plans and the account, checked in one place."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance import money
from insurance.firms.models import Item
from responsibility.refusals import Invalid, Refused

BEYOND = 2**63 - 1
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
WHOLE = re.compile(r"\d{1,18}", re.ASCII)
CHOOSE = _("请从列表中选择。")
SHAPE = _("内容的形式不对，应为 JSON 对象。")
text = typed.text


def mapping(value: Any) -> Mapping:
    """A JSON object, or the fields of a form. ``Invalid``."""
    if not isinstance(value, Mapping) and not hasattr(value, "getlist"):
        raise Invalid("bad_shape", SHAPE)
    return value


def same(read: Any, stands: datetime | None) -> None:
    """Whoever assents has read what stands: the proposal of the instant ``read``. ``Invalid``, ``Refused``."""
    if instant(read, "proposed_at") != stands:
        raise Refused("changed_since", _("对方在您打开之后又改过，请重新看过再答复。"), "proposed_at")


def instant(value: Any, name: str) -> datetime:
    """An instant of the years 2000 to 2199, in ISO 8601; local time where it carries no offset. ``Invalid``."""
    if isinstance(value, datetime):
        found: datetime | None = value
    else:
        try:
            found = parse_datetime(text(value, name, limit=40))
        except ValueError:
            found = None
    try:
        if found is None or not 2000 <= found.year < 2200:
            raise ValueError
        return make_aware(found) if is_naive(found) else found
    except (ValueError, OverflowError):
        raise Invalid("bad_time", _("时间应为 2026-11-22T10:00 的形式。"), name) from None


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, as a number or in ASCII digits. ``Invalid``."""
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid("bad_number", _("请填写 %(low)d 至 %(high)d 之间的整数。") % {"low": low, "high": high}, name)
    return value


def row(value: Any, name: str) -> int:
    """The id of a row. ``Invalid``."""
    try:
        return whole(value, name, 1, BEYOND)
    except Invalid:
        raise Invalid("bad_choice", CHOOSE, name) from None


def amount(value: Any, name: str) -> Decimal:
    """An amount in yuan that is not negative, with two places at most. ``Invalid``."""
    plain = isinstance(value, (str, int, Decimal)) and not isinstance(value, bool)
    written = money.written(str(value)) if plain else ""
    if not AMOUNT.fullmatch(written):
        raise Invalid("bad_amount", _("金额应为不超过两位小数的正数，单位为元。"), name)
    return Decimal(written)


def choice(value: Any, choices: Any, name: str) -> str:
    """One of a ``TextChoices``. ``Invalid``."""
    if not isinstance(value, str) or value not in choices.values:
        raise Invalid("bad_choice", CHOOSE, name)
    return value


def item(value: Any) -> str:
    """One of the seven items of service. ``Invalid``."""
    return choice(value, Item, "item")


def name_of(value: Any) -> UUID:
    """The phone's own name for a record. ``Invalid``."""
    try:
        return UUID(text(value, "sent_as", limit=45))
    except ValueError:
        raise Invalid("bad_uuid", _("终端编号应为 UUID。"), "sent_as") from None


def place(lat: Any, lon: Any) -> tuple[float, float] | None:
    """WGS84 degrees, or nothing where neither is given. ``Invalid``."""
    if lat in ("", None) and lon in ("", None):
        return None
    try:
        found = float(lat), float(lon)
    except (TypeError, ValueError, OverflowError):
        found = (math.inf, math.inf)
    if not (abs(found[0]) <= 90 and abs(found[1]) <= 180):
        raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "location")
    return found


def told_place(lat: float | None, lon: float | None) -> str | None:
    """A place as the ledger tells it: WGS84 degrees, latitude first."""
    return None if lat is None or lon is None else f"{lat!r} {lon!r}"
