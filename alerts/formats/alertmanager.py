"""Prometheus Alertmanager's webhook, version 4: one notification in, its alerts out as drafts.

Alertmanager does not send again what is refused with 4xx, so whatever can be understood is taken: an alert that names
no category of ours goes to the shift leader under its ``alertname``. Labels speak: ``category``, ``scenario``,
``object``, ``grade`` (or ``severity``), ``lat``, ``lon``, ``crs``; annotations ``summary``, ``description``, ``value``.
"""

import hashlib
import json
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from alerts import coordinates, grading
from alerts.formats import item
from alerts.intake import Draft, Rejected
from responsibility.directory import Directory
from responsibility.models import Grade
from responsibility.refusals import Invalid

# Red calls the whole district and is never guessed from the habits of a monitoring team: it takes a ``grade`` label.
SEVERITIES = {
    "critical": Grade.ORANGE,
    "error": Grade.ORANGE,
    "high": Grade.ORANGE,
    "warning": Grade.YELLOW,
    "info": Grade.BLUE,
}


def items(body: object, limit: int) -> list:
    """The alerts of a notification, each with its ``groupKey``; ``Invalid`` (400) when it is none or over ``limit``."""
    notification = body if isinstance(body, dict) else {}
    found = notification.get("alerts")
    if not isinstance(found, list) or not found:
        raise Invalid("not_alertmanager", _("应为 Alertmanager 第 4 版通知，含 alerts 数组。"), "alerts")
    if len(found) > limit:
        raise Invalid("too_many_items", _("一次最多 %(limit)d 条，请分批发送。") % {"limit": limit}, "alerts")
    group = str(notification.get("groupKey", ""))
    return [alert | {"groupKey": group} if isinstance(alert, dict) else alert for alert in found]


def read(raw: object, now: datetime, known: Directory) -> Draft | Rejected:
    """A ``Draft``, or a ``Rejected`` with every fault.

    ``resolved`` clears what the same ``fingerprint`` and ``startsAt`` raised; a repeated notification is a duplicate.
    """
    errors = item.Errors()
    if not isinstance(raw, dict):
        errors.add("not_an_object", _("每条预警应为一个 JSON 对象。"))
        return Rejected(None, errors)
    labels, notes = _texts(raw, "labels", errors), _texts(raw, "annotations", errors)
    raised, resolved = _id(raw, labels), raw.get("status") == "resolved"
    at = item.instant({"observed_at": raw.get("endsAt" if resolved else "startsAt")}, now, errors)
    lat, lon, stated = _place(labels | notes)
    payload = {"labels": labels, "annotations": notes, "generatorURL": str(raw.get("generatorURL", ""))}
    draft = Draft(
        external_id=f"{raised}/resolved" if resolved else raised,
        category_code=_cut(labels.get("category") or labels.get("alertname", ""), "category"),
        scenario_code=_cut(labels.get("scenario", ""), "scenario"),
        object_code=_cut(labels.get("object", ""), "object"),
        observed_at=at,
        value=_number(notes.get("value") or labels.get("value")),
        lat=lat,
        lon=lon,
        stated=stated,
        title=_cut(notes.get("summary") or notes.get("description") or labels.get("alertname", ""), "title"),
        payload=item.payload_of({"payload": payload | {"groupKey": raw.get("groupKey", "")}}, errors),
        effect="clear" if resolved else "raise",
        references=[raised] if resolved else [],
    )
    draft.grade = _grade(draft, labels, known)
    if not draft.category_code:
        errors.add("required", _("缺少必填字段。"), "labels.alertname")
    return Rejected(draft.external_id, errors) if errors else draft


def _texts(raw: dict, name: str, errors: item.Errors) -> dict[str, str]:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        errors.add("not_an_object", _("应为 JSON 对象。"), name)
        return {}
    texts = {str(key): str(value).strip() for key, value in found.items()}
    if not all(item.storable(text) for pair in texts.items() for text in pair):
        errors.add("bad_character", _("含有无法保存的字符。"), name)
        return {}
    return texts


def _id(raw: dict, labels: dict) -> str:
    """The alert's own name: its fingerprint, which older versions do not send, and when it began."""
    told = str(raw.get("fingerprint", ""))
    if not told or len(told) > 64 or not item.storable(told):
        told = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
    started = raw.get("startsAt")
    return f"{told}@{started[:64]}" if isinstance(started, str) and item.storable(started) else told


def _place(texts: dict[str, str]) -> tuple[float | None, float | None, dict]:
    """WGS84 degrees and what was said; nothing where nothing usable was."""
    lat, lon, crs = _number(texts.get("lat")), _number(texts.get("lon")), texts.get("crs") or "WGS84"
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None, None, {}
    try:
        return *coordinates.to_wgs84(lat, lon, crs), {"lat": lat, "lon": lon, "crs": crs}
    except coordinates.UnknownCrs:
        return None, None, {}


def _number(text: str | None) -> float | None:
    try:
        return item.number(float(text or ""))
    except ValueError:
        return None


def _grade(draft: Draft, labels: dict[str, str], known: Directory) -> str:
    if labels.get("grade", "").lower() in Grade.values:
        return labels["grade"].lower()
    category = known.categories.get(draft.category_code)
    if category and draft.value is not None and grading.is_measured(category):
        return grading.grade_of(category, draft.value)
    return SEVERITIES.get(labels.get("severity", "").lower(), "")


def _cut(text: str, name: str) -> str:
    return text[: item.LENGTHS[name]]
