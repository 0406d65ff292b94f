"""The contract's own alert: one JSON object."""

import math
from datetime import UTC, datetime, timedelta

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from alerts import coordinates, grading
from alerts.intake import Draft, Rejected, size_of
from responsibility.directory import Directory
from responsibility.models import Category, Grade

# A sub-platform's clock may run ahead by this much.
CLOCK_SKEW = timedelta(minutes=5)
PAYLOAD_BYTES = 16_000
# A message in several languages with its polygons; 16 kB would cut those that are published every day.
CAP_PAYLOAD_BYTES = 64_000
CUT_TEXT = 600  # characters: all texts of a message together stay below the limit
# Far more than anybody sends, far less than a writer further down the stack can follow.
PAYLOAD_DEPTH = 50
LENGTHS = {"external_id": 200, "category": 200, "scenario": 64, "object": 64, "title": 300, "unit": 40}
WRITTEN = {"external_id": "external_id", "category": "category_code"}


class Errors(list):
    """Faults of one item, in the shared shape."""

    def add(self, code: str, detail, attr: str | None = None) -> None:
        self.append({"code": code, "detail": str(detail), "attr": attr})


def read(raw: object, now: datetime, known: Directory) -> Draft | Rejected:
    """A ``Draft``, or a ``Rejected`` that lists every fault at once in the reader's language.

    Needed: ``external_id``, ``category``, ``observed_at`` (with offset), ``object`` or ``location``, ``grade`` or
    ``value``. Coordinates in degrees; ``value`` in the category's unit.
    """
    errors = Errors()
    if not isinstance(raw, dict):
        errors.add("not_an_object", _("每条预警应为一个 JSON 对象。"))
        return Rejected(None, errors)
    texts = {name: _text(raw, name, errors) for name in LENGTHS}
    draft = Draft(
        external_id=texts["external_id"],
        category_code=texts["category"],
        scenario_code=texts["scenario"],
        object_code=texts["object"],
        title=texts["title"],
        unit=texts["unit"],
        observed_at=instant(raw, now, errors),
        payload=payload_of(raw, errors),
    )
    for name in WRITTEN:
        if not getattr(draft, WRITTEN[name]) and not any(error["attr"] == name for error in errors):
            errors.add("required", _("缺少必填字段。"), name)
    _locate(draft, raw, errors)
    _measure(draft, raw, known, errors)
    if errors:
        return Rejected(texts["external_id"] or None, errors)
    return draft


def storable(text: str) -> bool:
    """Whether the database can hold ``text``: no NUL, no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _text(raw: dict, name: str, errors: Errors) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        errors.add("not_text", _("应为文本。"), name)
    elif not storable(value):
        errors.add("bad_character", _("含有无法保存的字符。"), name)
    elif len(value.strip()) > LENGTHS[name]:
        errors.add("too_long", _("超过 %(limit)d 个字符。") % {"limit": LENGTHS[name]}, name)
    else:
        return value.strip()
    return ""


def instant(raw: dict, now: datetime, errors: Errors) -> datetime:
    """``raw["observed_at"]``, aware and not in the future; ``now`` when it cannot be used, with the fault noted."""
    value = raw.get("observed_at")
    if value in (None, ""):
        errors.add("required", _("缺少必填字段。"), "observed_at")
        return now
    try:
        parsed = parse_datetime(value) if isinstance(value, str) else None
        # An hour before year one has an offset and is still no instant.
        usable = parsed is not None and parsed.utcoffset() is not None and bool(parsed.astimezone(UTC))
    except (ValueError, OverflowError):
        parsed, usable = None, False
    if parsed is None or not usable:
        errors.add("bad_time", _("应为带时区的时间，例如 2026-11-21T09:16:00+08:00。"), "observed_at")
        return now
    if parsed > now + CLOCK_SKEW:
        errors.add("future_time", _("监测时间在未来，请检查发送方时钟。"), "observed_at")
    return parsed


def number(value: object) -> float | None:
    """``value`` as a finite number, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _locate(draft: Draft, raw: dict, errors: Errors) -> None:
    location = raw.get("location")
    if location is None:
        if not draft.object_code:
            errors.add("required", _("需要监测对象（object）或位置（location）。"), "location")
        return
    if not isinstance(location, dict):
        errors.add("bad_location", _("位置应为 {lat, lon, crs}。"), "location")
        return
    lat, lon = number(location.get("lat")), number(location.get("lon"))
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        errors.add("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "location")
        return
    crs = location.get("crs", "WGS84")
    try:
        draft.lat, draft.lon = coordinates.to_wgs84(lat, lon, crs)
    except coordinates.UnknownCrs:
        errors.add("unknown_crs", _("坐标系应为 WGS84、GCJ02 或 BD09。"), "location.crs")
        return
    draft.stated = {"lat": lat, "lon": lon, "crs": crs}


def _measure(draft: Draft, raw: dict, known: Directory, errors: Errors) -> None:
    if _colour_and_value(draft, raw, errors):
        _grade_by_value(draft, known.categories.get(draft.category_code), errors)


def _colour_and_value(draft: Draft, raw: dict, errors: Errors) -> bool:
    grade, value = raw.get("grade"), raw.get("value")
    if value is not None:
        draft.value = number(value)
        if draft.value is None:
            errors.add("bad_number", _("数值应为有限的数字。"), "value")
            return False
    if grade is not None:
        if grade not in Grade.values:
            errors.add("bad_grade", _("颜色应为 red、orange、yellow 或 blue。"), "grade")
            return False
        draft.grade = grade
    elif value is None:
        errors.add("required", _("需要颜色（grade）或数值（value）。"), "grade")
        return False
    return True


def _grade_by_value(draft: Draft, category: Category | None, errors: Errors) -> None:
    if category is None:
        return
    if draft.value is not None and draft.unit and not _comparable(draft.unit, category):
        errors.add("wrong_unit", _("该类别的计量单位为 %(unit)s。") % {"unit": category.unit}, "unit")
        return
    if not draft.grade and draft.value is not None:
        if not grading.is_measured(category):
            errors.add("required", _("该类别不按数值分级，需要颜色（grade）。"), "grade")
            return
        draft.grade = grading.grade_of(category, draft.value)


def _comparable(unit: str, category: Category) -> bool:
    return not grading.is_measured(category) or grading.same_unit(unit, category.unit)


def payload_of(raw: dict, errors: Errors) -> dict:
    """``raw["payload"]``, of bounded size and depth; ``{}`` when it cannot be kept, with the fault noted."""
    payload = raw.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        errors.add("bad_payload", _("payload 应为 JSON 对象。"), "payload")
        return {}
    try:
        if size_of(payload) > PAYLOAD_BYTES:
            errors.add("too_long", _("payload 超过 16 kB。"), "payload")
            return {}
        if _too_deep(payload):
            errors.add("too_deep", _("payload 嵌套超过 %(limit)d 层。") % {"limit": PAYLOAD_DEPTH}, "payload")
            return {}
    except (ValueError, RecursionError):
        errors.add("bad_character", _("含有无法保存的字符。"), "payload")
        return {}
    return payload


def _too_deep(payload: dict) -> bool:
    level: list = [payload]
    for _depth in range(PAYLOAD_DEPTH + 1):
        if not level:
            return False
        boxes = [value.values() if isinstance(value, dict) else value for value in level]
        level = [inner for box in boxes for inner in box if isinstance(inner, dict | list)]
    return bool(level)


def _cap_payload(payload: dict) -> dict:
    """``payload`` as it is kept: a warning is never refused for its length, but what is kept of it is bounded.

    Beyond ``CAP_PAYLOAD_BYTES`` only the texts stay, long ones cut with an ellipsis, and ``cut`` says so.
    """
    if size_of(payload) <= CAP_PAYLOAD_BYTES:
        return payload
    texts = {name: text for name, text in payload.items() if isinstance(text, str)}
    return {n: t if len(t) <= CUT_TEXT else t[:CUT_TEXT] + "…" for n, t in texts.items()} | {"cut": True}


def read_cap(message: dict, now: datetime, known: Directory) -> Draft | Rejected:
    """The alert of one CAP message as ``alerts.formats.cap.read`` tells it.

    What is observed is what was said at the instant it was sent: a warning may speak of tomorrow, a message may not
    come from it. An unknown event or place is for the shift leader, not an error.
    """
    errors = Errors()
    sent = instant({"observed_at": message["payload"]["sent"]}, now, errors)
    if errors:
        errors[0]["attr"] = "sent"
        return Rejected(message["external_id"], errors)
    place = message["location"] or {}
    return Draft(
        external_id=message["external_id"],
        category_code=message["category"][: LENGTHS["category"]],
        object_code=(message["object"] or "")[: LENGTHS["object"]],
        observed_at=sent,
        grade=message["grade"] or "",
        lat=place.get("lat"),
        lon=place.get("lon"),
        stated=place,
        title=message["title"][: LENGTHS["title"]],
        payload=_cap_payload(message["payload"]),
        effect=message["effect"],
        references=message["references"],
    )
