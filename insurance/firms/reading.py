"""What people type into the register, checked in one place."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.firms.models import Item
from responsibility import directory
from responsibility.refusals import Invalid

EARLIEST, LATEST = 1949, 2199
NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
# So many categories nobody types into one field.
MOST = 200


def day(given: object, name: str) -> date:
    """A day as ``2026-11-01``; ``Invalid`` for the field ``name``."""
    text = typed.text(given, name, limit=20)
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not EARLIEST < found.year < LATEST:
        raise Invalid("bad_date", _("日期应为 2026-11-01 的形式。"), name)
    return found


def instant(given: object, name: str) -> datetime:
    """A local time as ``2026-11-01T09:30``; ``Invalid`` for the field ``name``."""
    text = typed.text(given, name, limit=40)
    try:
        found = parse_datetime(text)
        if found is None or not EARLIEST < found.year < LATEST:
            raise ValueError
        return make_aware(found) if is_naive(found) else found
    except (ValueError, OverflowError):
        raise Invalid("bad_date", _("时间应为 2026-11-01 09:30 的形式。"), name) from None


def count(given: object, name: str, most: int) -> int:
    """A whole number of days, 1 to ``most``; ``Invalid`` for the field ``name``."""
    text = typed.text(given, name, limit=20)
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= most:
        raise Invalid("bad_number", _("请填写 1 至 %(most)d 之间的天数。") % {"most": most}, name)
    return int(text)


def yes(given: object, name: str) -> bool:
    """A choice between two, ``True`` or ``yes`` against ``False`` or ``no``; ``Invalid`` where none was made."""
    if given in (True, "yes") or given in (False, "no"):
        return given in (True, "yes")
    raise Invalid("bad_choice", _("请作出选择。"), name)


def items(given: Iterable[str]) -> list[str]:
    """Service items in the order of the standard, at least one; ``Invalid``."""
    chosen = set(given)
    if not chosen or not chosen <= set(Item.values):
        raise Invalid("bad_items", _("请选择服务事项。"), "items")
    return [item for item in Item.values if item in chosen]


def categories(given: Iterable[str]) -> list[str]:
    """Codes of risk categories that there are, sorted; none for all. ``Invalid``."""
    chosen = {code.strip() for code in given} - {""}
    if len(chosen) > MOST or not chosen <= directory.current().categories.keys():
        raise Invalid("unknown_category", _("没有这一风险类别。"), "categories")
    return sorted(chosen)
