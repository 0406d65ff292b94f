"""What people and programs type into the acts on a policy, each field checked in one place.

Numbers and times come as JSON or as texts of a form; full-width digits, which an input method leaves behind, count.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance import money
from responsibility import clock
from responsibility.refusals import Invalid

# The most that fits into a column of yuan.
MOST = Decimal(10) ** (money.DIGITS - money.PLACES) - money.FEN
LONGEST_NUMBER = 40
CODE = 64
# Codes in one list.
MOST_CODES = 10_000


def text(given: Mapping, name: str, *, limit: int = CODE, needed: bool = True) -> str:
    """The text of the field ``name``; ``Invalid``."""
    value = given.get(name)
    return typed.text("" if value is None else value, name, limit=limit, needed=needed)


def decimal(value: object, name: str, *, least: Decimal, most: Decimal, places: int = money.PLACES) -> Decimal:
    """``value`` (text, whole number or fraction) from ``least`` to ``most`` with at most ``places``; ``Invalid``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Invalid("bad_number", _("应为数字。"), name)
    written = money.written(str(value))
    try:
        if not 0 < len(written) <= LONGEST_NUMBER:
            raise ValueError(written)
        found = Decimal(written)
        if not found.is_finite():
            raise ValueError(written)
    except (InvalidOperation, ValueError):
        raise Invalid("bad_number", _("应为数字。"), name) from None
    # Compared before anything is worked out: an exponent of nine digits is quickly written.
    if not least <= found <= most:
        told = {"least": f"{least:f}", "most": f"{most:f}"}
        raise Invalid("out_of_range", _("应在 %(least)s 至 %(most)s 之间。") % told, name)
    if found != found.quantize(Decimal(1).scaleb(-places)):
        raise Invalid("too_fine", _("最多 %(places)d 位小数。") % {"places": places}, name)
    return found.quantize(Decimal(1).scaleb(-places))


def amount(given: Mapping, name: str, *, least: Decimal = money.ZERO, default: Decimal | None = None) -> Decimal:
    """The yuan of the field ``name``; ``default`` where it is left out, and ``Invalid`` where that is ``None``."""
    value = given.get(name)
    if value is None or value == "":
        if default is None:
            raise Invalid("required", _("缺少必填字段。"), name)
        return default
    return decimal(value, name, least=least, most=MOST)


def days(given: Mapping, name: str, *, most: int, default: int) -> int:
    """The whole days of the field ``name``; ``default`` where it is left out. ``Invalid``."""
    value = given.get(name)
    if value is None or value == "":
        return default
    return int(decimal(value, name, least=Decimal(0), most=Decimal(most), places=0))


def instant(given: Mapping, name: str, *, needed: bool = True, local: bool = False) -> datetime | None:
    """The instant of the field ``name``, with its offset; ``local``: a text without one is the district's time.

    ``Invalid`` for what is no time, or lies beyond the years in which policies can be.
    """
    value = given.get(name)
    if value is None or value == "":
        if needed:
            raise Invalid("required", _("缺少必填字段。"), name)
        return None
    found = value if isinstance(value, datetime) else _parsed(value)
    if found is not None and found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(settings.TIME_ZONE)) if local else None
    try:
        if found is not None and clock.FIRST <= found.astimezone(UTC) <= clock.LAST:
            return found.astimezone(UTC)
    except OverflowError:
        pass
    if local:
        raise Invalid("bad_time", _("请填写日期和时间，例如 2026-11-21 09:16。"), name)
    raise Invalid("bad_time", _("应为带时区的时间，例如 2026-11-21T09:16:00+08:00。"), name)


def _parsed(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return None
    try:
        return parse_datetime(unicodedata.normalize("NFKC", value).strip())
    except ValueError:
        return None


def codes(given: Mapping, name: str) -> tuple[str, ...]:
    """The codes of the list ``name``, or of a text with blanks or commas between; each once, in order. ``Invalid``."""
    value: Any = given.get(name)
    if isinstance(value, str):
        value = typed.text(value, name, limit=CODE * MOST_CODES, needed=False)
        value = unicodedata.normalize("NFKC", value).replace(",", " ").replace("、", " ").replace(";", " ").split()
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MOST_CODES:
        raise Invalid("bad_list", _("应为代码的列表，最多 %(most)d 个。") % {"most": MOST_CODES}, name)
    return tuple(dict.fromkeys(typed.text(code, name, limit=CODE) for code in value))


def flag(given: Mapping, name: str) -> bool:
    """Whether the field ``name`` is true; ``Invalid`` for what is neither."""
    value = given.get(name)
    if value in (None, "", False, "false", "no"):
        return False
    if value in (True, "true", "yes", "on"):
        return True
    raise Invalid("bad_choice", _("应为 true 或 false。"), name)
