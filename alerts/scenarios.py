"""演练脚本: what a drill pretends, read from a JSON file and judged before anything begins.

``{"title", "title_en"?, "minutes"?, "alerts": [{"after", "alert", "expect"?}]}``: ``after`` minutes from the start
comes ``alert``, which is one of the contract without ``external_id`` and ``observed_at``. ``expect`` says what should
become of it: ``lead`` and ``street`` (unit codes), ``answer`` (minutes; else the clock of the case), ``kit`` (the whole
kit of the category is to be sent). The drill ends by itself after ``minutes``. All minutes are those of the exercise.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from alerts import codes
from alerts.formats import item
from alerts.intake import Draft, Rejected, size_of
from responsibility.directory import Directory
from responsibility.district_file import Code, Number, Text, Whole, row_of
from responsibility.refusals import Invalid

FOLDER = Path(settings.BASE_DIR) / "data" / "drills"
MOST_BYTES = 64_000
# Each may open a case, and each case is scored on every look at a drill that runs.
MOST_ALERTS = 30
# A day of the exercise; a drill that nobody ends does not stay in people's lists for ever.
A_DAY = 24 * 60
FAULTS_TOLD = 5
# The other two are given by the drill itself.
OF_ALERT = (item.LENGTHS.keys() - {"external_id"}) | {"grade", "value", "location", "payload"}


class Title(Text):
    """A text on one line: it goes into subjects of messages and headings."""

    default_error_messages = {"one_line": _("只能是一行，不能含换行和控制字符。")}

    def to_internal_value(self, data):
        """The text, without blanks around it."""
        text = super().to_internal_value(data)
        if not text.isprintable():
            self.fail("one_line")
        return text


Expect = row_of(
    "Expect",
    lead=Code("units", required=False),
    street=Code("units", required=False),
    answer=Number(required=False, min_value=0.1, max_value=A_DAY),
    kit=serializers.BooleanField(required=False),
)
Step = row_of(
    "Step",
    after=Number(min_value=0, max_value=A_DAY),
    alert=serializers.DictField(allow_empty=False),
    expect=Expect(required=False),
)
Scenario = row_of(
    "Scenario",
    title=Title(max_length=200),
    title_en=Title(max_length=200, required=False, allow_blank=True),
    minutes=Whole(required=False, min_value=1, max_value=A_DAY),
    alerts=serializers.ListField(child=Step(), allow_empty=False, max_length=MOST_ALERTS),
)


def shipped() -> dict[str, dict]:
    """The scenarios that come with the product, by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def of_file(file: IO[bytes]) -> object:
    """What the bytes of a scenario file say; ``Invalid`` when they are too many or no JSON."""
    body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _too_large()
    try:
        # Without NaN and its like, which the serializers refuse.
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid("bad_json", _("不是有效的 JSON。"), "scenario") from None


def judge(raw: object, known: Directory, now: datetime) -> dict:
    """``raw`` as a scenario; ``Invalid`` with the first faults, each by its place, in the reader's language."""
    if not isinstance(raw, dict):
        raise Invalid("not_an_object", _("演练脚本应为一个 JSON 对象。"), "scenario")
    try:
        fits = size_of(raw) <= MOST_BYTES
    except (ValueError, RecursionError):
        raise Invalid("bad_character", _("含有无法保存的字符。"), "scenario") from None
    if not fits:
        raise _too_large()
    given = Scenario(data=raw, context={"codes": {"units": set(known.units_by_code)}})
    faults = [] if given.is_valid() else list(_flat(given.errors))
    faults += [(name, str(_("没有这一项。"))) for name in _unknown(raw)]
    if not faults:
        faults = list(_of_alerts(raw["alerts"], known, now))
    if faults:
        told = "；".join(f"{place}：{detail}" for place, detail in faults[:FAULTS_TOLD])
        raise Invalid("bad_scenario", _("演练脚本有误。%(faults)s") % {"faults": told}, "scenario")
    return given.validated_data


def body_of(step: dict, external_id: str, now: datetime) -> dict:
    """The alert of ``step`` as the contract wants it."""
    return step["alert"] | {"external_id": external_id, "observed_at": now.isoformat()}


def streets(scenario: dict, known: Directory, now: datetime) -> set[int | None]:
    """The units of the territories in which the alerts of ``scenario`` lie; ``None`` among them for a place in none."""
    drafts = [item.read(body_of(step, "x", now), now, known) for step in scenario["alerts"]]
    found = [draft for draft in drafts if isinstance(draft, Draft)]
    objects = codes.registered({draft.object_code for draft in found if draft.object_code})
    units: set[int | None] = set()
    for draft in found:
        there = objects.get(draft.object_code)
        lat, lon = (there.lat, there.lon) if there else (draft.lat, draft.lon)
        territory = known.territories_of([(lat, lon)])[0] if lat is not None and lon is not None else None
        units.add(territory.unit_id if territory else None)
    return units


def _flat(errors: object, place: str = "") -> Iterator[tuple[str, str]]:
    """The faults that the serializers found, each with its place."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from _flat(inner, place if name == "non_field_errors" else f"{place}.{name}".lstrip("."))
    elif isinstance(errors, list) and any(isinstance(inner, dict) for inner in errors):
        for number, inner in enumerate(errors):
            yield from _flat(inner, f"{place}.{number}")
    elif isinstance(errors, list):
        yield place, "".join(map(str, errors))


def _of_alerts(steps: list[dict], known: Directory, now: datetime) -> Iterator[tuple[str, str]]:
    """What the intake would refuse, before the first of it is sent."""
    for number, step in enumerate(steps):
        read = item.read(body_of(step, "x", now), now, known)
        for error in read.errors if isinstance(read, Rejected) else ():
            yield f"alerts.{number}.alert.{error['attr'] or ''}".rstrip("."), error["detail"]


def _unknown(raw: dict) -> Iterator[str]:
    """What is written and means nothing: a slip of the pen would else be passed over in silence."""
    yield from _beyond(raw, Scenario().fields, "")
    steps = raw.get("alerts")
    for number, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict):
            continue
        place = f"alerts.{number}."
        yield from _beyond(step, Step().fields, place)
        for name, fields in (("expect", Expect().fields), ("alert", OF_ALERT)):
            if isinstance(step.get(name), dict):
                yield from _beyond(step[name], fields, f"{place}{name}.")


def _beyond(given: dict, fields: Iterable[str], place: str) -> Iterator[str]:
    return (f"{place}{str(name)[:40]}" for name in given if name not in fields)


def _too_large() -> Invalid:
    return Invalid("too_large", _("演练脚本超过 %(limit)d kB。") % {"limit": MOST_BYTES // 1000}, "scenario")
