"""CAP 1.2 and 1.1: four published messages are judged rightly, hostile ones are refused."""

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.formats.cap import CapError, read

MESSAGES = Path(__file__).parent / "cap"
V12 = "urn:oasis:names:tc:emergency:cap:1.2"
HEAD = {
    "identifier": "SH-2026-1",
    "sender": "sub@songjiang.example",
    "sent": "2026-11-21T09:16:00+08:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
}
INFO = {
    "category": "Safety",
    "event": "硫化氢超限",
    "urgency": "Immediate",
    "severity": "Moderate",
    "certainty": "Observed",
}
AREA = "<area><areaDesc>泗泾镇</areaDesc>{}</area>"


def elements(fields):
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)


def pair(kind, name, value):
    return f"<{kind}><valueName>{name}</valueName><value>{value}</value></{kind}>"


def info(extra="", **fields):
    return f"<info>{elements(INFO | fields)}{extra}</info>"


def message(*infos, namespace=V12, declaration="", extra="", **fields):
    body = elements(HEAD | fields) + extra + "".join(infos)
    return f'{declaration}<alert xmlns="{namespace}">{body}</alert>'.encode()


def example(extra="", references="", **fields):
    return message(info(extra, **fields), references=references)


def refusal_of(body):
    with pytest.raises(CapError) as refusal:
        read(body)
    assert str(refusal.value.detail)
    return refusal.value


def test_the_canadian_update_is_an_all_clear_of_two_earlier_messages():
    item = read((MESSAGES / "canada.cap").read_bytes())
    assert item["external_id"] == "2.49.0.1.124.6bddbc91.2012"
    assert item["effect"] == "clear"
    assert item["references"] == ["2.49.0.1.124.a3f342a4.2012", "2.49.0.1.124.60f31a3a.2012"]
    assert item["observed_at"] == datetime(2012, 5, 2, 23, 20, tzinfo=UTC)
    assert (item["grade"], item["title"]) == ("blue", "severe thunderstorm watch")
    assert item["location"]["lat"] == pytest.approx(42, abs=0.5)
    assert item["location"]["lon"] == pytest.approx(-82.8, abs=0.5)
    assert len(item["payload"]["areas"]) == 2
    assert item["payload"]["msgType"] == "Update"
    assert {"valueName": "SAME", "value": "SVA"} in item["payload"]["eventCodes"]


def test_the_australian_fire_is_raised_at_the_centre_of_its_circle():
    item = read((MESSAGES / "australia.cap").read_bytes())
    assert item["effect"] == "raise"
    assert (item["category"], item["grade"]) == ("Fire", "blue")
    assert item["location"] == {"lat": -35.3888, "lon": 147.0598, "crs": "WGS84"}
    assert item["payload"]["responseType"] == ["Evacuate"]
    assert item["payload"]["parameters"][0] == {"valueName": "FuelType", "value": "Forest"}


def test_the_earthquake_of_1_1_has_no_grade_and_is_not_cleared_by_being_past():
    item = read((MESSAGES / "earthquake.cap").read_bytes())
    assert (item["effect"], item["grade"], item["category"]) == ("raise", None, "Earthquake")
    assert item["observed_at"] == datetime(2010, 8, 31, 5, 9, 25, tzinfo=UTC)
    assert item["payload"]["version"] == "1.1"
    assert item["payload"]["sender"].startswith("http://earthquake.usgs.gov/")


def test_the_flood_watch_has_a_grade_and_no_place():
    item = read((MESSAGES / "weather.cap").read_bytes())
    assert (item["effect"], item["grade"], item["location"]) == ("raise", "orange", None)
    assert item["payload"]["areas"][0]["geocodes"][1] == {"valueName": "UGC", "value": "MTZ014"}
    assert item["payload"]["description"].count("\n") > 5


@pytest.mark.parametrize("name", ["australia", "canada", "earthquake", "weather"])
def test_every_published_message_is_plain_data(name):
    item = read((MESSAGES / f"{name}.cap").read_bytes())
    assert json.loads(json.dumps(item["payload"])) == item["payload"]
    assert item["observed_at"].utcoffset() is not None
    assert (item["scenario"], item["value"], item["unit"]) == (None, None, "")


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
@pytest.mark.parametrize("kind", ["Alert", "Update", "Cancel"])
def test_a_message_that_is_not_actual_is_only_observed(status, kind):
    references = "<references>a@b,X1,2026-11-21T09:00:00+08:00</references>"
    item = read(message(info(), status=status, msgType=kind, extra=references))
    assert item["effect"] == "observe"


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("Alert", "raise"),
        ("Update", "raise"),
        ("Cancel", "cancel"),
        ("Ack", "observe"),
        ("Error", "observe"),
    ],
)
def test_the_message_type_decides_the_effect(kind, effect):
    references = "<references>a@b,X1,2026-11-21T09:00:00+08:00</references>"
    item = read(message(info(), msgType=kind, extra=references))
    assert (item["effect"], item["references"]) == (effect, ["X1"])


def test_a_cancel_needs_no_info_but_says_what_it_cancels():
    references = "<references>a@b,X1,2026-11-21T09:00:00+08:00 a@b,X2,t X3 a@b,X1,t</references>"
    item = read(message(msgType="Cancel", extra=references))
    assert (item["effect"], item["references"]) == ("cancel", ["X1", "X2", "X3"])
    assert (item["category"], item["grade"], item["location"]) == ("", None, None)
    assert item["title"] == HEAD["identifier"]
    assert item["observed_at"] == datetime(2026, 11, 21, 1, 16, tzinfo=UTC)
    refusal = refusal_of(message(msgType="Cancel"))
    assert (refusal.code, refusal.attr) == ("cap_missing", "references")


def test_an_all_clear_in_a_lesser_info_clears_nothing():
    clear = "<responseType>Monitor</responseType><responseType>AllClear</responseType>"
    body = message(info(clear, severity="Minor"), info(severity="Severe"))
    assert read(body)["effect"] == "raise"
    assert read(message(info(clear, severity="Severe"), info()))["effect"] == "clear"


def test_the_most_severe_info_speaks_and_the_first_on_a_tie():
    first = info(severity="Severe", event="一")
    body = message(info(severity="Minor", event="零"), first, info(severity="Severe", event="二"))
    assert read(body)["category"] == "一"
    assert read(message(info(severity="Unknown", event="零"), first))["category"] == "一"


@pytest.mark.parametrize(
    ("severity", "grade"),
    [
        ("Extreme", "red"),
        ("Severe", "orange"),
        ("Moderate", "yellow"),
        ("Minor", "blue"),
        ("Unknown", None),
        ("", None),
        ("Red", "red"),
        ("ORANGE", "orange"),
        ("黄色", "yellow"),
        ("蓝色预警", "blue"),
    ],
)
def test_the_severity_gives_the_grade(severity, grade):
    assert read(example(severity=severity))["grade"] == grade


@pytest.mark.parametrize(
    ("kind", "name", "value", "grade"),
    [
        ("parameter", "ColorCode", "Orange", "orange"),
        ("parameter", "ColorCode", "橙色", "orange"),
        ("parameter", "预警级别", "红色", "red"),
        ("parameter", "awareness_level", "2; yellow; Moderate", "yellow"),
        ("parameter", "信号", "暴雨蓝色预警信号", "blue"),
        ("eventCode", "11B03", "红色", "red"),
        ("parameter", "ColorCode", "", "orange"),
        ("parameter", "ColorCode", "Green", "orange"),
        ("parameter", "烟羽", "黄色", "orange"),
        ("parameter", "Note", "Red Cross on site", "orange"),
    ],
)
def test_a_colour_the_issuer_names_goes_before_the_severity(kind, name, value, grade):
    assert read(example(pair(kind, name, value), severity="Severe"))["grade"] == grade


def test_category_and_object_come_from_the_named_values():
    named = pair("parameter", "StormCategory", "3")
    named += pair("parameter", "urn:bihuan:category", "LL-CONF-H2S")
    named += pair("eventCode", "bihuan:object", "MH-SIJING-0088")
    item = read(example(named))
    assert (item["category"], item["object"]) == ("LL-CONF-H2S", "MH-SIJING-0088")
    assert read(example(pair("eventCode", "x-category", "GAS")))["category"] == "GAS"
    plain = read(example())
    assert (plain["category"], plain["object"]) == ("硫化氢超限", None)


def test_an_info_with_neither_event_nor_category_is_refused():
    refusal = refusal_of(example(event=""))
    assert (refusal.code, refusal.attr) == ("cap_missing", "event")
    assert read(example(pair("parameter", "category", "GAS"), event=""))["category"] == "GAS"


@pytest.mark.parametrize(
    ("times", "observed"),
    [
        ({"onset": "2026-11-21T08:00:00+08:00", "effective": "2026-11-21T07:00:00+08:00"}, 0),
        ({"effective": "2026-11-21T09:00:00+08:00"}, 1),
        ({"onset": "2026-11-21T02:00:00Z"}, 2),
        ({"onset": "2026-11-21T03:00:00.250-00:00"}, 3),
        ({"onset": "", "effective": ""}, 1),
    ],
)
def test_the_time_is_the_onset_else_effective_else_sent(times, observed):
    when = read(example(**times))["observed_at"]
    assert (when.tzinfo, when.hour) == (UTC, observed)


@pytest.mark.parametrize("name", ["sent", "onset", "effective", "expires"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T09:16:00",
        "2026-11-21 09:16:00+08:00",
        "2026-11-21",
        "2026-02-30T09:16:00+08:00",
        "2026-11-21T09:16:00+24:00",
        "0001-01-01T00:00:00+08:00",
        "٢٠٢٦-11-21T09:16:00+08:00",
        "now",
    ],
)
def test_a_time_without_an_offset_or_sense_is_refused(name, text):
    body = message(info(), sent=text) if name == "sent" else example(**{name: text})
    refusal = refusal_of(body)
    assert (refusal.code, refusal.attr) == ("cap_time", name)
    assert name in str(refusal.detail)


def test_the_circle_goes_before_the_polygon():
    polygon = "<polygon>31,121 31,122 32,122 31,121</polygon>"
    areas = AREA.format(polygon) + AREA.format("<circle>31.1144,121.2683 0.5</circle>")
    assert read(example(areas))["location"] == {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"}


def test_the_point_of_a_polygon_lies_inside_it():
    horseshoe = "0,0 0,10 1,10 1,1 9,1 9,10 10,10 10,0 0,0"
    place = read(example(AREA.format(f"<polygon>{horseshoe}</polygon>")))["location"]
    assert 0 < place["lat"] < 10
    assert 0 < place["lon"] < 1 or place["lat"] < 1 or place["lat"] > 9


def test_a_polygon_that_crosses_itself_yields_to_the_next():
    bow_tie = "<polygon>0,0 1,1 1,0 0,1 0,0</polygon>"
    line = "<polygon>0,0 1,1 0,0</polygon>"
    sound = "<polygon>31,121 31,122 32,122 32,121</polygon>"
    assert read(example(AREA.format(bow_tie + line)))["location"] is None
    place = read(example(AREA.format(bow_tie + line + sound)))["location"]
    assert (31 < place["lat"] < 32, 121 < place["lon"] < 122) == (True, True)


@pytest.mark.parametrize(
    "geometry",
    [
        "<circle>91,121 1</circle>",
        "<circle>31,181 1</circle>",
        "<circle>nan,121 1</circle>",
        "<circle>31,inf 1</circle>",
        "<circle>1e99,121 1</circle>",
        "<circle>31,121 -1</circle>",
        "<circle>31,121</circle>",
        "<circle>31 121 1</circle>",
        "<circle>here</circle>",
        "<circle>3_1,121 1</circle>",
        "<polygon>121,31 121,32 122,32 121,31</polygon>",
        "<polygon>31,121 31,122 32</polygon>",
        "<polygon>31,121 31,122 32,x 31,121</polygon>",
    ],
)
def test_a_geometry_off_the_globe_is_refused(geometry):
    refusal = refusal_of(example(AREA.format(geometry)))
    assert (refusal.code, refusal.attr in {"circle", "polygon"}) == ("cap_geometry", True)


@pytest.mark.parametrize("name", list(HEAD))
@pytest.mark.parametrize("value", ["", "   "])
def test_a_missing_required_element_is_refused_by_name(name, value):
    refusal = refusal_of(message(info(), **{name: value}))
    assert (refusal.code, refusal.attr) == ("cap_missing", name)
    assert name in str(refusal.detail)


@pytest.mark.parametrize("kind", ["Alert", "Update"])
def test_an_alert_without_info_is_refused(kind):
    refusal = refusal_of(message(msgType=kind))
    assert (refusal.code, refusal.attr) == ("cap_missing", "info")


@pytest.mark.parametrize(("name", "value"), [("status", "actual"), ("msgType", "Alarm")])
def test_a_status_or_type_outside_the_standard_is_refused(name, value):
    refusal = refusal_of(message(info(), **{name: value}))
    assert (refusal.code, refusal.attr) == ("cap_value", name)


@pytest.mark.parametrize("name", ["identifier", "sender"])
@pytest.mark.parametrize("value", ["a b", "a,b", "a&lt;b", "a&amp;b", "a\nb", "x" * 201])
def test_an_identifier_or_sender_that_would_break_references_is_refused(name, value):
    refusal = refusal_of(message(info(), **{name: value}))
    assert (refusal.code, refusal.attr) == ("cap_identifier", name)


def test_space_around_a_value_is_not_part_of_it():
    assert read(message(info(), identifier="\n  X-1\n "))["external_id"] == "X-1"
    assert read(message(info(), identifier="x" * 200))["external_id"] == "x" * 200


def test_a_long_description_is_kept_whole():
    text = "漏" * 100_000
    assert read(example(description=text))["payload"]["description"] == text


def test_elements_of_other_namespaces_are_passed_over():
    foreign = '<s:Signature xmlns:s="urn:x"><s:identifier>other</s:identifier></s:Signature>'
    assert read(message(info(), extra=foreign))["external_id"] == HEAD["identifier"]


@pytest.mark.parametrize(
    "body",
    [
        message(info(), namespace="urn:oasis:names:tc:emergency:cap:1.3"),
        message(info(), namespace="http://www.incident.com/cap/1.0"),
        b"<alert><identifier>1</identifier></alert>",
        f'<feed xmlns="{V12}"/>'.encode(),
    ],
)
def test_another_namespace_or_root_is_refused(body):
    assert refusal_of(body).code == "cap_namespace"


BOMB = '<!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "declaration",
    [
        BOMB,
        "<!DOCTYPE alert>",
        '<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/cap.dtd">',
        '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE alert [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
    ],
)
def test_a_message_with_an_entity_is_refused(declaration):
    body = message(info(event="&b;" if declaration == BOMB else "x"), declaration=declaration)
    assert refusal_of(body).code == "cap_entity"


def test_a_message_with_an_undeclared_entity_is_refused():
    assert refusal_of(example(event="&nbsp;x")).code == "cap_entity"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{}",
        b"<alert",
        example()[:-3],
        example() + b"<more/>",
        example(event="a\x01b"),
        example(event="&#0;"),
        b'<alert xmlns:a="' + V12.encode() + b'"><b:x/></alert>',
    ],
)
def test_what_is_not_xml_is_refused(body):
    assert refusal_of(body).code == "cap_xml"


@pytest.mark.parametrize(
    "body",
    [
        example(event="\udcff".encode("utf-8", "surrogateescape").decode("latin-1")).replace("ÿ".encode(), b"\xff"),
        example().decode().encode("gb18030"),
        example().decode().encode("utf-16"),
        example().decode().encode("utf-16-be"),
        message(info(), declaration='<?xml version="1.0" encoding="GB2312"?>'),
        message(info(), declaration="<?xml version='1.0' encoding='iso-8859-1'?>"),
    ],
)
def test_another_encoding_or_broken_utf_8_is_refused(body):
    assert refusal_of(body).code == "cap_encoding"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["UTF-8", "utf-8"])
def test_utf_8_is_taken_with_or_without_a_mark(mark, name):
    declaration = f'<?xml version="1.0" encoding="{name}" standalone="yes"?>\n'
    assert read(mark + message(info(), declaration=declaration))["category"] == "硫化氢超限"


def test_a_message_nested_too_deep_or_too_wide_is_refused():
    deep = "<x>" * 60 + "</x>" * 60
    assert refusal_of(message(info(), extra=deep)).code == "cap_size"
    assert refusal_of(message(info(), extra="<x/>" * 20_001)).code == "cap_size"
    assert read(message(info(), extra="<x/>" * 19_000))["effect"] == "raise"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_never_crash(noise):
    body = example()
    for attempt in (noise, body[:120] + noise + body[120:], body.replace(b"Moderate", noise)):
        try:
            read(attempt)
        except CapError as refusal:
            assert str(refusal.detail)


@given(
    st.dictionaries(st.sampled_from([*HEAD, "references"]), st.text(st.characters(codec="utf-8"), max_size=40)),
    st.text(st.characters(codec="utf-8"), max_size=60),
)
def test_any_text_in_any_element_is_read_or_refused(fields, geometry):
    escaped = {name: text.replace("&", "&amp;").replace("<", "&lt;") for name, text in fields.items()}
    place = geometry.replace("&", "&amp;").replace("<", "&lt;")
    try:
        read(message(info(AREA.format(f"<circle>{place}</circle>")), **escaped))
    except CapError as refusal:
        assert refusal.code.startswith("cap_")


# --- what would keep the machine busy ------------------------------------------------
BRIEF = 1.0  # seconds; each of these took several before there was a limit


@pytest.mark.parametrize("geometry", ["{},1 1", "1,{} 1", "1,1 {}"])
def test_a_number_of_many_digits_is_refused_at_once(geometry):
    began = time.perf_counter()
    circle = geometry.format("9" * 200_000 + "x")
    assert refusal_of(example(AREA.format(f"<circle>{circle}</circle>"))).code == "cap_geometry"
    assert time.perf_counter() - began < BRIEF


def test_a_polygon_has_no_more_corners_than_a_coast():
    def ring(corners: int) -> str:
        turns = [6.283 * n / corners for n in range(corners)]
        pairs = [f"{31 + math.sin(turn) / 10:.6f},{121 + math.cos(turn) / 10:.6f}" for turn in turns]
        return AREA.format(f"<polygon>{' '.join([*pairs, pairs[0]])}</polygon>")

    began = time.perf_counter()
    assert read(example(ring(4_000)))["location"]
    refusal = refusal_of(example(ring(100_000)))
    assert (refusal.code, refusal.attr) == ("cap_long", "polygon")
    assert refusal_of(example(ring(3_000) * 2)).code == "cap_long"
    assert time.perf_counter() - began < BRIEF


def test_a_message_refers_to_no_more_than_a_thousand_others():
    triple = "sub@songjiang.example,X-{},2026-11-21T09:16:00+08:00"
    assert len(read(example(references=" ".join(triple.format(n) for n in range(1_000))))["references"]) == 1_000
    refusal = refusal_of(example(references=" ".join(triple.format(n) for n in range(1_001))))
    assert (refusal.code, refusal.attr) == ("cap_long", "references")
    assert refusal_of(example(references=f"a,{'x' * 201},b")).code == "cap_long"
