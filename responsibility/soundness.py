"""Whether reference data can be worked with: asked where they are edited, where they are loaded, and for health.

Each function gives ``{field: sentence}`` of what is wrong with one row, empty when nothing is. What got past all forms
is worked around (see ``directory``), so that one wrong edit never stops the alerts of everything else.
"""

import math
import re

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from responsibility import geometry

OPERATORS = (">=", "<=", "event", "external_signal")
COLOURS = ("red", "orange", "yellow", "blue")
MINUTES = (
    "acknowledge", "arrive", "contain", "small_loop", "medium", "verify", "call_second", "call_leader", "call_above",
    "arbitrate", "determine", "supervise", "decide_escalate",
    "decide_extend", "decide_suspend", "decide_void", "decide_stand_down", "decide_share", "decide_appeal",
    "long_extend", "long_suspend", "long_suspend_district",
)  # fmt: skip
# What may widen the loop of a case by itself, and to where; null switches it off.
TRIGGERS = ("contain", "medium_limit", "casualties", "red", "orange", "yellow", "blue")
WIDER = ("medium", "large", None)
# What follows when a clock of a kind is missed; null is nothing beyond the fact.
URGINGS = ("urge", "supervision", "circular", None)
LONGEST_MINUTES = 100 * 24 * 60
PREFIX = re.compile(r"[A-Z0-9]{1,8}", re.ASCII)


def usable_minutes(minutes: object) -> dict[str, int]:
    """The limits among ``minutes`` that a clock can keep."""
    given = minutes if isinstance(minutes, dict) else {}
    return {name: value for name, value in given.items() if name in MINUTES and _is_limit(value)}


def usable_rises(details: object) -> dict[str, str | None]:
    """The triggers among ``details["rises"]`` that a case can follow."""
    given = details.get("rises") if isinstance(details, dict) else None
    given = given if isinstance(given, dict) else {}
    return {name: loop for name, loop in given.items() if name in TRIGGERS and loop in WIDER}


def usable_urges(details: object) -> dict[str, str | None]:
    """What ``details["urges"]`` makes of missed clocks, by their kind."""
    given = details.get("urges") if isinstance(details, dict) else None
    given = given if isinstance(given, dict) else {}
    return {kind: urging for kind, urging in given.items() if isinstance(kind, str) and urging in URGINGS}


def _is_limit(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_MINUTES


def of_category(category) -> dict:
    """Of a risk category."""
    faults = of_grading(category)
    minutes = category.minutes
    if not isinstance(minutes, dict) or len(usable_minutes(minutes)) < len(minutes.keys() & set(MINUTES)):
        wanted = format_lazy(_("时限须为 1 至 {longest} 之间的整分钟数。"), longest=LONGEST_MINUTES)
        faults["minutes"] = wanted
    rises = category.details.get("rises", {}) if isinstance(category.details, dict) else {}
    if not isinstance(rises, dict) or len(usable_rises(category.details)) < len(rises):
        known = ", ".join(TRIGGERS)
        faults["details"] = format_lazy(_("rises 应为 {触发: medium、large 或空}，触发为 {known}。"), known=known)
    urges = category.details.get("urges", {}) if isinstance(category.details, dict) else {}
    if not isinstance(urges, dict) or len(usable_urges(category.details)) < len(urges):
        faults["details"] = _("urges 应为 {时限: urge、supervision、circular 或空}。")
    if not _is_list_of(str, category.evidence):
        faults["evidence"] = _("应为凭证类别的列表。")
    return faults


def of_grading(category) -> dict:
    """Of how a category turns values into colours; with such a fault no value can be judged."""
    faults = {}
    if category.operator not in OPERATORS:
        faults["operator"] = format_lazy(_("比较方式应为 {known} 之一。"), known=", ".join(OPERATORS))
    thresholds = category.thresholds
    if not isinstance(thresholds, dict) or not all(map(_is_threshold, thresholds, thresholds.values())):
        faults["thresholds"] = _("应为 {颜色: {value: 数值或空}}，颜色为 red、orange、yellow、blue。")
    return faults


def _is_threshold(colour: object, threshold: object) -> bool:
    if colour not in COLOURS or not isinstance(threshold, dict):
        return False
    value = threshold.get("value")
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))


def of_boundary(territory) -> dict:
    """Of a territory's boundary."""
    try:
        geometry.check(territory.code, territory.boundary)
    except geometry.BoundaryError as error:
        return {"boundary": error.detail}
    return {}


def of_unit(unit) -> dict:
    """Of a unit's standing functions."""
    return {} if _is_list_of(str, unit.functions) else {"functions": _("应为职能名称的列表。")}


def of_district(district) -> dict:
    """Of the prefix that stands in every case number, and so in every address."""
    return {} if PREFIX.fullmatch(district.prefix) else {"prefix": _("前缀应为 1 至 8 个大写字母或数字。")}


def of_place(row) -> dict:
    """Of WGS84 degrees."""
    fault = _("纬度应在 ±90 度、经度应在 ±180 度之内。")
    return {name: fault for name, most in (("lat", 90), ("lon", 180)) if not abs(getattr(row, name) or 0) <= most}


def _is_list_of(kind: type, value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)
