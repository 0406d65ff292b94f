"""What a phone wrote of a visit, read and judged by itself: as JSON, or as the fields of a plain form."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from insurance.service import given
from responsibility.refusals import Invalid

LONG, SHORT = 4000, 100
MOST = 60
DAYS = 90
# The lines of readings and findings in the plain form.
FORM_LINES = 6


class Severity(models.TextChoices):
    """隐患分级: Work Safety Law art. 41. The words of ``findings``, which stands above."""

    GENERAL = "general", _("一般隐患")
    MAJOR = "major", _("重大隐患")


@dataclass(frozen=True)
class Written:
    """A record as it was written. ``people``: ids; ``photos``: note by SHA-256; ``digest``: of all of it."""

    sent_as: UUID
    arrived_at: datetime
    left_at: datetime
    place: tuple[float, float] | None
    people: list[int]
    work: str
    readings: list[dict]
    follow_up: str
    found: list[dict]
    photos: dict[str, str]
    digest: str


def read(raw: Any) -> Written:
    """From JSON: ``{"sent_as", "arrived_at", "left_at", "lat", "lon", "people": [id], "work", "readings": [{"what",
    "value", "unit"}], "follow_up", "found": [{"severity", "text", "basis", "advice", "days"}], "photos": [{"sha256",
    "note"}]}``. ``Invalid`` with the field.
    """
    if not isinstance(raw, Mapping):
        raise Invalid("bad_shape", _("记录应为一个 JSON 对象。"))
    people = [given.row(one, "people") for one in _list(raw, "people")]
    if not people:
        raise Invalid("required", _("请选择到场的服务人员。"), "people")
    read: dict[str, Any] = {
        "arrived_at": given.instant(raw.get("arrived_at", ""), "arrived_at"),
        "left_at": given.instant(raw.get("left_at", ""), "left_at"),
        "place": given.place(raw.get("lat"), raw.get("lon")), "people": people,
        "work": given.text(raw.get("work", ""), "work", limit=LONG),
        "readings": [_reading(one) for one in _list(raw, "readings")],
        "follow_up": given.text(raw.get("follow_up", ""), "follow_up", limit=LONG, needed=False),
        "found": [_found(one) for one in _list(raw, "found")],
        "photos": dict(_photo(one) for one in _list(raw, "photos")),
    }  # fmt: skip
    written = json.dumps(read, ensure_ascii=False, sort_keys=True, default=str).encode()
    return Written(given.name_of(raw.get("sent_as", "")), digest=hashlib.sha256(written).hexdigest(), **read)


def read_form(posted: QueryDict) -> Written:
    """The same from a plain form: readings as ``what_1``, ``value_1``, ``unit_1``, findings as ``found_1`` and so on,
    photos that have been sent as ``photo_sha256`` and ``photo_note``."""
    raw = {name: posted.get(name, "") for name in ("sent_as", "arrived_at", "left_at", "lat", "lon", "work")}
    raw["follow_up"] = posted.get("follow_up", "")
    lines = [str(number) for number in range(1, FORM_LINES + 1)]
    parts = {"readings": ("what", "value", "unit"), "found": ("text", "severity", "basis", "advice", "days")}
    whole: dict[str, Any] = dict(raw)
    for name, columns in parts.items():
        rows = [{column: posted.get(f"{column}_{n}", "") for column in columns} for n in lines]
        whole[name] = [row for row in rows if row[columns[0]].strip()]
    notes = posted.getlist("photo_note")
    photos = [
        {"sha256": sha256, "note": notes[place] if place < len(notes) else ""}
        for place, sha256 in enumerate(posted.getlist("photo_sha256"))
    ]
    return read(whole | {"people": posted.getlist("people"), "photos": photos})


def _list(raw: Mapping, name: str) -> list:
    value = raw.get(name) or []
    if not isinstance(value, list) or len(value) > MOST:
        raise Invalid("bad_list", _("应为不超过 %(most)d 项的列表。") % {"most": MOST}, name)
    return value


def _row(one: Any, name: str) -> Mapping:
    if not isinstance(one, Mapping):
        raise Invalid("bad_shape", _("每一项应为一个 JSON 对象。"), name)
    return one


def _reading(one: Any) -> dict:
    line = _row(one, "readings")
    return {
        "what": given.text(line.get("what", ""), "readings", limit=SHORT),
        "value": given.text(str(line.get("value", "")), "readings", limit=40),
        "unit": given.text(line.get("unit", ""), "readings", limit=40, needed=False),
    }


def _found(one: Any) -> dict:
    line = _row(one, "found")
    return {
        "severity": given.choice(line.get("severity") or str(Severity.GENERAL), Severity, "found"),
        "text": given.text(line.get("text", ""), "found", limit=2000),
        "basis": given.text(line.get("basis", ""), "found", limit=300, needed=False),
        "advice": given.text(line.get("advice", ""), "found", limit=2000, needed=False),
        "days": given.whole(7 if line.get("days") in (None, "") else line["days"], "found", 1, DAYS),
    }


def _photo(one: Any) -> tuple[str, str]:
    line = _row(one, "photos")
    sha256 = given.text(line.get("sha256", ""), "photos", limit=64)
    return sha256, given.text(line.get("note", ""), "photos", needed=False)
