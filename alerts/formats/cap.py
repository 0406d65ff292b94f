"""Common Alerting Protocol 1.2 and 1.1 (OASIS): one message in, one plain alert item out.

The reader is lenient where published messages are (``Z`` as an offset, empty elements, bare
references) and strict where a mistake would send people to the wrong place or hide an attack.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import shapely
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from alerts.formats.cap_refusals import CapError

VERSIONS = {
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
}
REQUIRED = ("identifier", "sender", "sent", "status", "msgType", "scope")
ALERT_TEXTS = (*REQUIRED[1:], "source", "note", "references", "incidents")
INFO_TEXTS = (
    *("language", "event", "urgency", "severity", "certainty", "audience"),
    *("effective", "onset", "expires", "senderName", "headline", "description"),
    *("instruction", "web", "contact"),
)
STATUSES = {"Actual", "Exercise", "System", "Test", "Draft"}
MESSAGE_TYPES = {"Alert", "Update", "Cancel", "Ack", "Error"}
RANKS = {None: 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}
SEVERITIES = {"extreme": "red", "severe": "orange", "moderate": "yellow", "minor": "blue"}
COLOURS = {
    "red": "red",
    "红": "red",
    "红色": "red",
    "orange": "orange",
    "橙": "orange",
    "橙色": "orange",
    "yellow": "yellow",
    "黄": "yellow",
    "黄色": "yellow",
    "blue": "blue",
    "蓝": "blue",
    "蓝色": "blue",
}
MAX_DEPTH = 50
MAX_ELEMENTS = 20_000
MAX_NAME = 200
MAX_REFERENCES = 1000
MAX_CORNERS = 5000  # of all polygons together; a coast at full detail has fewer
MAX_NUMBER = 40  # characters

DECLARATION = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
UNFIT_IN_NAME = re.compile(r"[\s,<&]")
COLOUR_NAME = re.compile(r"(colou?r([ _-]?code)?|level|grade|颜色|级别|等级)$", re.IGNORECASE)
COLOUR_PHRASE = re.compile("([红橙黄蓝]色)预警")
EXPAT_UNDEFINED_ENTITY = 11


class _Part:
    """An element whose children are asked for by their local CAP name; absent text is ""."""

    def __init__(self, element: Element):
        self._element = element
        self._namespace = element.tag.rpartition("}")[0] + "}"

    def all(self, name: str) -> list["_Part"]:
        return [_Part(child) for child in self._element.findall(self._namespace + name)]

    def texts(self, name: str) -> list[str]:
        found = self._element.findall(self._namespace + name)
        return [text for child in found if (text := (child.text or "").strip())]

    def text(self, name: str) -> str:
        return next(iter(self.texts(name)), "")

    def required(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise CapError("cap_missing", name)
        return text

    def pairs(self, name: str) -> list[dict[str, str]]:
        """The valueName/value pairs of every ``name``, in order; names may repeat."""
        return [{"valueName": part.text("valueName"), "value": part.text("value")} for part in self.all(name)]


def read(body: bytes) -> dict[str, Any]:
    """One CAP message as a plain alert item.

    The caller bounds the size of ``body``. The item's ``effect`` is ``raise``, ``clear``,
    ``cancel`` or ``observe``; ``category`` is whatever the message names, known or not;
    ``observed_at`` is in UTC; ``location`` is WGS84 degrees, as CAP prescribes. Where a message
    has several info blocks the most severe one speaks, the first on a tie. Raises ``CapError``.
    """
    root = _parse(body)
    alert = _Part(root)
    head = _head(alert)
    infos = alert.all("info")
    if not infos and head["msgType"] in {"Alert", "Update"}:
        raise CapError("cap_missing", "info")
    # A Cancel or Ack may carry no info; the alert itself then answers "" to every info field.
    info = max(infos, key=lambda part: RANKS[_grade(part)], default=alert)
    return {
        "external_id": head["identifier"],
        "category": _category(info, needed=bool(infos)),
        "scenario": None,
        "object": _named(info, "object") or None,
        "observed_at": _observed_at(alert, info),
        "grade": _grade(info),
        "value": None,
        "unit": "",
        "location": _location(info),
        "title": info.text("headline") or info.text("event") or head["identifier"],
        "effect": _effect(head, info),
        "references": _references(alert, head["msgType"]),
        "payload": _payload(VERSIONS[root.tag[1:].partition("}")[0]], alert, info),
    }


class _BoundedTree(TreeBuilder):
    """Builds the tree and gives up while it is still small."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise CapError("cap_size")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _parse(body: bytes) -> Element:
    # The parser is told the encoding, so that it never guesses one from the first bytes.
    parser = DefusedXMLParser(target=_BoundedTree(), encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(_utf8(body))
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise CapError("cap_entity") from error
    except ParseError as error:
        undefined = error.code == EXPAT_UNDEFINED_ENTITY
        raise CapError("cap_entity" if undefined else "cap_xml") from error
    namespace, _brace, name = root.tag[1:].partition("}")
    if namespace not in VERSIONS or name != "alert":
        raise CapError("cap_namespace")
    return root


def _utf8(body: bytes) -> bytes:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CapError("cap_encoding") from error
    declared = DECLARATION.match(text)
    if declared and declared[1].lower() not in {"utf-8", "utf8"}:
        raise CapError("cap_encoding")
    if "\0" in text:  # UTF-16 without a mark decodes as UTF-8 full of NULs
        raise CapError("cap_encoding")
    return text.encode()


def _head(alert: _Part) -> dict[str, str]:
    head = {name: alert.required(name) for name in REQUIRED}
    for name in ("identifier", "sender"):
        if len(head[name]) > MAX_NAME or UNFIT_IN_NAME.search(head[name]):
            raise CapError("cap_identifier", name)
    if head["status"] not in STATUSES:
        raise CapError("cap_value", "status")
    if head["msgType"] not in MESSAGE_TYPES:
        raise CapError("cap_value", "msgType")
    return head


def _effect(head: dict[str, str], info: _Part) -> str:
    if head["status"] != "Actual" or head["msgType"] in {"Ack", "Error"}:
        return "observe"
    if head["msgType"] == "Cancel":
        return "cancel"
    return "clear" if "AllClear" in info.texts("responseType") else "raise"


def _references(alert: _Part, message_type: str) -> list[str]:
    """Identifiers of the earlier messages, out of ``sender,identifier,sent`` triples."""
    groups = [group for text in alert.texts("references") for group in text.split()]
    if len(groups) > MAX_REFERENCES:
        raise CapError("cap_long", "references")
    triples = [group.split(",", 2) for group in groups]
    found = [triple[0] if len(triple) == 1 else triple[1] for triple in triples]
    if any(len(identifier) > MAX_NAME for identifier in found):
        raise CapError("cap_long", "references")
    if message_type == "Cancel" and not any(found):
        raise CapError("cap_missing", "references")
    return [identifier for identifier in dict.fromkeys(found) if identifier]


def _observed_at(alert: _Part, info: _Part) -> datetime:
    times = {"sent": _time(alert, "sent")}
    times |= {name: _time(info, name) for name in ("onset", "effective", "expires")}
    found = times["onset"] or times["effective"] or times["sent"]
    assert found  # _head has required sent
    return found


def _time(part: _Part, name: str) -> datetime | None:
    text = part.text(name)
    if not text:
        return None
    try:
        if not TIME.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CapError("cap_time", name) from error


def _grade(info: _Part) -> str | None:
    """The issuer's own colour where it names one (the Chinese profile), else from severity."""
    values = [pair["value"] for pair in info.pairs("eventCode")]
    values += [
        pair["value"]
        for pair in info.pairs("parameter")
        if COLOUR_NAME.search(pair["valueName"]) or COLOUR_PHRASE.search(pair["value"])
    ]
    severity = info.text("severity")
    colours = [colour for value in [*values, severity] for colour in _colours(value)]
    if colours:
        return max(colours, key=lambda colour: RANKS[colour])
    return SEVERITIES.get(severity.lower())


def _colours(value: str) -> Iterator[str]:
    """Colours that are whole words of ``value``: 橙色, Red, "2; yellow; Moderate", 暴雨橙色预警."""
    phrase = COLOUR_PHRASE.search(value)
    for word in [phrase[1]] if phrase else re.split(r"[\s;,/|]+", value.lower()):
        if word in COLOURS:
            yield COLOURS[word]


def _category(info: _Part, *, needed: bool) -> str:
    category = _named(info, "category") or info.text("event")
    if needed and not category:
        raise CapError("cap_missing", "event")
    return category


def _named(info: _Part, name: str) -> str:
    """The value whose valueName ends in ``name``; one that says ``bihuan:name`` goes first."""
    pairs = info.pairs("eventCode") + info.pairs("parameter")
    for ending in (f"bihuan:{name}", name):
        for pair in pairs:
            if pair["valueName"].lower().endswith(ending) and pair["value"]:
                return pair["value"]
    return ""


def _location(info: _Part) -> dict[str, Any] | None:
    """A point to go to: the first circle's centre, else a point inside the first valid polygon."""
    areas = info.all("area")
    circles = [_circle(text) for area in areas for text in area.texts("circle")]
    rings = [text.split() for area in areas for text in area.texts("polygon")]
    if sum(map(len, rings)) > MAX_CORNERS:
        raise CapError("cap_long", "polygon")
    polygons = [_polygon(ring) for ring in rings]
    points = [*circles, *(point for point in polygons if point)]
    if not points:
        return None
    lat, lon = points[0]
    return {"lat": lat, "lon": lon, "crs": "WGS84"}


def _circle(text: str) -> tuple[float, float]:
    centre, *radius = text.split()
    if len(radius) != 1 or not _is_number(radius[0]) or float(radius[0]) < 0:
        raise CapError("cap_geometry", "circle")
    return _pair(centre, "circle")


def _polygon(ring: list[str]) -> tuple[float, float] | None:
    corners = [_pair(pair, "polygon") for pair in ring]
    if len(set(corners)) < 3:
        return None
    shape = shapely.Polygon([(lon, lat) for lat, lon in corners])
    if not shape.is_valid:
        return None
    inside = shape.representative_point()
    return inside.y, inside.x


def _is_number(text: str) -> bool:
    return len(text) <= MAX_NUMBER and NUMBER.fullmatch(text) is not None


def _pair(text: str, name: str) -> tuple[float, float]:
    lat, _comma, lon = text.partition(",")
    if not (_is_number(lat) and _is_number(lon) and abs(float(lat)) <= 90 and abs(float(lon)) <= 180):
        raise CapError("cap_geometry", name)
    return float(lat), float(lon)


def _payload(version: str, alert: _Part, info: _Part) -> dict[str, Any]:
    """What else is worth keeping: strings as sent, and lists of them, ready for JSON."""
    return {
        "version": version,
        **{name: alert.text(name) for name in ALERT_TEXTS},
        **{name: info.text(name) for name in INFO_TEXTS},
        "codes": alert.texts("code"),
        "categories": info.texts("category"),
        "responseType": info.texts("responseType"),
        "eventCodes": info.pairs("eventCode"),
        "parameters": info.pairs("parameter"),
        "areas": [_area(area) for area in info.all("area")],
    }


def _area(area: _Part) -> dict[str, Any]:
    return {
        "areaDesc": area.text("areaDesc"),
        "circle": area.texts("circle"),
        "polygon": area.texts("polygon"),
        "altitude": area.text("altitude"),
        "ceiling": area.text("ceiling"),
        "geocodes": area.pairs("geocode"),
    }
