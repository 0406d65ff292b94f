"""Readings of sensors: what shows that a danger is over, and that a sensor is alive."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alerts import codes, grading
from alerts.formats import item
from alerts.intake import CODE_LENGTH
from alerts.models import Source
from responsibility import clock, directory

INSERT = (
    "INSERT INTO alerts_reading (source_id, risk_object_id, category_id, value, grade, observed_at, received_at)"
    " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::text[], %s::timestamptz[],"
    " %s::timestamptz[]) ON CONFLICT DO NOTHING RETURNING risk_object_id, category_id, observed_at"
)


@dataclass
class Stored:
    """The answer to one reading. ``outcome``: ``stored``, ``duplicate`` or ``rejected``."""

    object: str | None
    outcome: str
    errors: list[dict]


def heard(source: Source) -> datetime:
    """Note that ``source`` is alive; when that was. One statement."""
    now = clock.now()
    Source.objects.filter(pk=source.pk).update(heartbeat_at=now)
    return now


def receive(source: Source, raws: list) -> list[Stored]:
    """Keep a batch of ``{"object", "category"?, "value", "unit"?, "observed_at"}``; two statements and one question.

    The category of the object stands in for one that is not sent. A reading is known by object, category, source
    and time; the same again is a duplicate.
    """
    now, known = clock.now(), directory.current()
    objects = codes.registered({name for raw in raws if (name := _name(raw))})
    rows, answers = [], []
    for raw in raws:
        row, errors = _read(raw, objects, known, now)
        answers.append(Stored(_name(raw), "rejected", errors))
        rows.append(row)
    fresh = [row for row in rows if row]
    columns = list(zip(*fresh, strict=True)) if fresh else [()] * 5
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, [source.pk, *map(list, columns), [now] * len(fresh)])
        written = set(cursor.fetchall())
    for row, answer in zip(rows, answers, strict=True):
        if row:
            key = (row[0], row[1], row[4])
            answer.outcome = "stored" if key in written else "duplicate"
            written.discard(key)
    return answers


def _name(raw: object) -> str | None:
    """The object that ``raw`` names, plainly, as far as it can be looked up and told back."""
    code = raw.get("object") if isinstance(raw, dict) else None
    return codes.plain(code, CODE_LENGTH) if isinstance(code, str) and item.storable(code) else None


def _read(raw: object, objects: dict, known: directory.Directory, now: datetime):
    errors = item.Errors()
    if not isinstance(raw, dict):
        errors.add("not_an_object", _("每条预警应为一个 JSON 对象。"))
        return None, errors
    found = objects.get(_name(raw) or "")
    if found is None:
        errors.add("unknown_object", _("监测对象未登记。"), "object")
    code = raw.get("category")
    category = known.categories.get(code) if isinstance(code, str) else None
    if found and not code:
        category = next((c for c in known.categories.values() if c.pk == found.category_id), None)
    if category is None or not grading.is_measured(category):
        errors.add("unknown_category", _("没有这个按数值分级的风险类别。"), "category")
    value = item.number(raw.get("value"))
    if value is None:
        errors.add("bad_number", _("数值应为有限的数字。"), "value")
    unit = raw.get("unit")
    if unit and category and not (isinstance(unit, str) and grading.same_unit(unit, category.unit)):
        errors.add("wrong_unit", _("该类别的计量单位为 %(unit)s。") % {"unit": category.unit}, "unit")
    observed_at = item.instant(raw, now, errors)
    if errors or found is None or category is None or value is None:
        return None, errors
    return (found.pk, category.pk, value, grading.grade_of(category, value), observed_at), errors
