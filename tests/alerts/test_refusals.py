"""What cannot be taken is refused with a code and a sentence in the sender's language, and nothing is written."""

import json
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.utils import timezone

from responsibility import rows_told, tokens

pytestmark = pytest.mark.django_db

ENGLISH = Path(settings.BASE_DIR / "config/locale/en/LC_MESSAGES/django.mo").exists()


def chinese(text: str) -> bool:
    return any("一" <= sign <= "鿿" for sign in text)


def errors_of(answer) -> list[dict]:
    body = answer.json()
    return body["errors"] if "errors" in body else [e for result in body["results"] for e in result["errors"]]


@pytest.fixture
def refused(knock, written):
    """The body is refused with ``status`` and ``code`` in both languages, and leaves no row."""

    def check(body, status: int, code: str, attr: str | None = None, **how) -> None:
        before, told = written(), {}
        for language in ("zh-Hans", "en"):
            answer = knock(body, **how, Accept_Language=language)
            assert answer.status_code == status, answer.content[:500]
            found = errors_of(answer)
            match = [error for error in found if error["code"] == code]
            assert match, found
            assert match[0]["attr"] == attr
            told[language] = match[0]["detail"]
        assert chinese(told["zh-Hans"])
        if ENGLISH:
            assert told["en"] != told["zh-Hans"]
            assert not chinese(told["en"])
        assert written() == before

    return check


# --- bodies ---------------------------------------------------------------------
BODIES = {
    "broken UTF-8": (b'{"external_id": "\xff"}', "bad_encoding"),
    "GB18030": ('{"title": "泗泾"}'.encode("gb18030"), "bad_encoding"),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), "bad_encoding"),
    "empty": (b"", "bad_json"),
    "not JSON": (b"hello", "bad_json"),
    "half a JSON": (b'{"external_id": "x"', "bad_json"),
    "two JSONs": (b"{}{}", "bad_json"),
    "single quotes": (b"{'external_id': 'x'}", "bad_json"),
    "NaN": (b'{"value": NaN}', "bad_json"),
    "Infinity": (b'{"value": -Infinity}', "bad_json"),
    "deep arrays": (b"[" * 100_000 + b"]" * 100_000, "bad_json"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "bad_json"),
    "integer of 5000 digits": (b'{"value": ' + b"9" * 5000 + b"}", "bad_json"),
    "no items": (b"[]", "empty"),
    "a number": (b"5", "not_an_object"),
    "a text": (b'"x"', "not_an_object"),
    "null": (b"null", "not_an_object"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_read_is_refused(refused, name):
    body, code = BODIES[name]
    refused(body, 400, code)


def test_more_than_a_thousand_items_are_refused_together(refused, item):
    refused([item() for _n in range(1001)], 400, "too_many_items")


def test_lines_are_counted_before_they_are_read(refused):
    began = time.perf_counter()
    refused(b"{\n" * 1_000_000, 400, "too_many_items", content_type="application/x-ndjson")
    assert time.perf_counter() - began < 2


def test_an_empty_stream_of_lines_is_refused(refused):
    refused(b"\n \n", 400, "empty", content_type="application/x-ndjson")


@pytest.mark.parametrize("door", ["alerts/", "alerts/cap/", "readings/"])
def test_fifty_megabytes_are_refused_as_too_large(refused, door):
    refused(b" " * (50 << 20), 413, "too_large", door=door)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "image/png", "x"],
)
def test_the_media_type_is_hearsay_and_never_a_failure(knock, item, content_type):
    assert knock(json.dumps(item()), content_type=content_type).status_code == 201
    assert knock(b"\x00\xff", content_type=content_type).status_code == 400


# --- who sends --------------------------------------------------------------------
@pytest.mark.parametrize("door", ["alerts/", "alerts/cap/", "readings/", "heartbeat/"])
def test_a_wrong_key_is_refused_before_the_body_is_read(refused, door):
    refused(b"\xff" * 100, 401, "bad_key", door=door, bearer="no-such-key")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "bearer  x", "Basic eDp5", "Bearer \x80\xff", "Token x"])
def test_a_header_that_is_no_key_is_refused(client, item, written, header):
    before = written()
    headers = {"Authorization": header} if header else {}
    assert client.post("/api/v1/alerts/", json.dumps(item()), "application/json", headers=headers).status_code == 401
    assert written() == before


def test_a_key_that_was_stopped_is_refused(refused, source):
    source.active = False
    with rows_told.told():
        source.save()
    refused({}, 401, "bad_key")


def test_a_key_that_was_issued_anew_ends_the_former_one(knock, source, item, key):
    from alerts.keys import issue

    fresh = issue(source)
    assert knock(item(), bearer=key).status_code == 401
    assert knock(item(), bearer=fresh).status_code == 201


def test_a_persons_token_opens_no_door_of_sources(client, people, item, written):
    before, token = written(), tokens.issue(people["chengyun-lead"])
    answer = client.post("/api/v1/alerts/", item(), "application/json", headers={"Authorization": f"Token {token}"})
    assert answer.status_code in (401, 403)
    assert written() == before


# --- fields -----------------------------------------------------------------------
def in_days(days: float) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


HOME = {"lat": 31.1144, "lon": 121.2683}
FIELDS = [
    ({"external_id": None}, "required", "external_id"),
    ({"external_id": "  "}, "required", "external_id"),
    ({"external_id": 7}, "not_text", "external_id"),
    ({"external_id": "x" * 201}, "too_long", "external_id"),
    ({"external_id": "a\x00b"}, "bad_character", "external_id"),
    ({"external_id": "a\ud800b"}, "bad_character", "external_id"),
    ({"category": None}, "required", "category"),
    ({"category": ["LL-CONF-H2S"]}, "not_text", "category"),
    ({"category": "x" * 201}, "too_long", "category"),
    ({"category": "\udfff"}, "bad_character", "category"),
    ({"object": "x" * 65}, "too_long", "object"),
    ({"object": {}}, "not_text", "object"),
    ({"scenario": "x" * 65}, "too_long", "scenario"),
    ({"title": "漏" * 301}, "too_long", "title"),
    ({"title": "\x00"}, "bad_character", "title"),
    ({"unit": "x" * 41}, "too_long", "unit"),
    ({"observed_at": None}, "required", "observed_at"),
    ({"observed_at": ""}, "required", "observed_at"),
    ({"observed_at": "yesterday"}, "bad_time", "observed_at"),
    ({"observed_at": 1_700_000_000}, "bad_time", "observed_at"),
    ({"observed_at": True}, "bad_time", "observed_at"),
    ({"observed_at": "2026-01-01"}, "bad_time", "observed_at"),
    ({"observed_at": "2026-01-01T08:00:00"}, "bad_time", "observed_at"),
    ({"observed_at": "2026-02-30T08:00:00+08:00"}, "bad_time", "observed_at"),
    ({"observed_at": "2026-01-01T08:00:00+25:00"}, "bad_time", "observed_at"),
    ({"observed_at": "0001-01-01T00:00:00+08:00"}, "bad_time", "observed_at"),
    ({"observed_at": in_days(1)}, "future_time", "observed_at"),
    ({"observed_at": "9999-12-31T23:59:59-08:00"}, "bad_time", "observed_at"),
    ({"object": None}, "required", "location"),
    ({"location": "泗泾"}, "bad_location", "location"),
    ({"location": [31.1, 121.2]}, "bad_location", "location"),
    ({"location": {"lat": 31.1}}, "bad_location", "location"),
    ({"location": {"lat": 91, "lon": 121.2}}, "bad_location", "location"),
    ({"location": {"lat": 31.1, "lon": -180.1}}, "bad_location", "location"),
    ({"location": {"lat": True, "lon": 121.2}}, "bad_location", "location"),
    ({"location": {"lat": "31.1", "lon": "121.2"}}, "bad_location", "location"),
    ({"location": {"lat": 10**400, "lon": 121.2}}, "bad_location", "location"),
    ({"location": HOME | {"crs": "EPSG:4326"}}, "unknown_crs", "location.crs"),
    ({"location": HOME | {"crs": None}}, "unknown_crs", "location.crs"),
    ({"location": HOME | {"crs": ["WGS84"]}}, "unknown_crs", "location.crs"),
    ({"grade": None}, "required", "grade"),
    ({"grade": "crimson"}, "bad_grade", "grade"),
    ({"grade": ["red"]}, "bad_grade", "grade"),
    ({"grade": 1}, "bad_grade", "grade"),
    ({"grade": None, "value": "16"}, "bad_number", "value"),
    ({"value": True}, "bad_number", "value"),
    ({"value": 10**400}, "bad_number", "value"),
    ({"value": {}}, "bad_number", "value"),
    ({"grade": None, "value": 16, "unit": "ppm"}, "wrong_unit", "unit"),
    ({"grade": None, "value": 1, "category": "PS-EBIKE"}, "required", "grade"),
    ({"payload": "x"}, "bad_payload", "payload"),
    ({"payload": [1]}, "bad_payload", "payload"),
    ({"payload": {"a": "\x00"}}, "bad_character", "payload"),
    ({"payload": {"\x00": 1}}, "bad_character", "payload"),
    ({"payload": {"a": ["\ud800"]}}, "bad_character", "payload"),
    ({"payload": {"a": "漏" * 6000}}, "too_long", "payload"),
]


@pytest.mark.parametrize(("fields", "code", "attr"), FIELDS)
def test_a_field_that_cannot_be_used_is_named(refused, item, fields, code, attr):
    refused(item(**fields), 400, code, attr)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1E+99999"])
def test_a_number_beyond_all_numbers_is_refused(refused, item, number):
    body = json.dumps(item(grade=None, value=-1)).replace('"value": -1', f'"value": {number}')
    refused(body, 400, "bad_number", "value")
    body = json.dumps(item(payload={"a": -1})).replace('"a": -1', f'"a": {number}')
    refused(body, 400, "bad_character", "payload")


@pytest.mark.parametrize("depth", [51, 200, 500, *range(880, 1000, 8), 20_000])
def test_a_payload_nested_too_deep_is_refused_whatever_its_depth(knock, item, written, depth):
    before = written()
    body = json.dumps(item(payload={"a": "HERE"})).replace('"HERE"', "[" * depth + "]" * depth)
    answer = knock(body)
    assert answer.status_code == 400
    assert errors_of(answer)[0]["code"] in {"too_deep", "bad_json", "bad_character", "too_long"}
    assert written() == before


def test_a_payload_of_ordinary_depth_is_kept(knock, item):
    from alerts.models import Alert

    payload = {"a": [[[{"b": [1, 2.5, None, True, "漏"]}]]], "大": "\\u0041", "n": 10**30}
    assert knock(item(payload=payload)).status_code == 201
    assert Alert.objects.get().payload == payload


def test_every_fault_of_an_item_is_told_at_once(knock):
    found = errors_of(knock({"value": "x", "title": 5}))
    assert {error["attr"] for error in found} >= {
        "external_id",
        "category",
        "observed_at",
        "location",
        "value",
        "title",
    }


def test_bad_items_stand_between_good_ones_in_order(knock, item):
    bad = [item(grade="mauve"), 5, None, [], item(external_id="\ud800"), item(observed_at=in_days(2))]
    body = [item(), *bad, item()]
    results = knock(body).json()["results"]
    assert [r["outcome"] for r in results] == ["opened", *["rejected"] * len(bad), "joined"]
    assert all(r["errors"] for r in results[1:-1])
    assert [r["external_id"] for r in results[:2]] == [body[0]["external_id"], body[1]["external_id"]]


def test_lines_are_divided_at_line_feeds_only(knock, item):
    """U+2028, U+0085 and their like may stand inside a JSON text."""
    lines = [item(title=f"井{sign}盖") for sign in "\u2028\u2029\x85\x0b\x0c\x1c"]
    texts = [json.dumps(line, ensure_ascii=False) for line in lines]
    plain = [text for text in texts if json.loads(text, strict=False) and "\x0b" not in text]
    body = "\r\n".join([*plain, "", "{not json", json.dumps(item())])
    results = knock(body.encode(), content_type="application/x-ndjson").json()["results"]
    assert [r["outcome"] for r in results[-2:]] == ["rejected", "joined"]
    assert "rejected" not in [r["outcome"] for r in results[:3]]


# --- readings ----------------------------------------------------------------------
READING = {"object": "MH-SIJING-0088", "value": 3.2, "observed_at": "2026-01-01T08:00:00+08:00"}
READINGS = [
    (5, "not_an_object", None),
    (READING | {"object": "NOBODY-KNOWS"}, "unknown_object", "object"),
    (READING | {"object": None}, "unknown_object", "object"),
    (READING | {"object": {"a": 1}}, "unknown_object", "object"),
    (READING | {"object": "\ud800"}, "unknown_object", "object"),
    (READING | {"object": "a\x00"}, "unknown_object", "object"),
    (READING | {"category": "NOTHING"}, "unknown_category", "category"),
    (READING | {"category": ["x"]}, "unknown_category", "category"),
    (READING | {"category": "PS-EBIKE"}, "unknown_category", "category"),
    (READING | {"value": None}, "bad_number", "value"),
    (READING | {"value": True}, "bad_number", "value"),
    (READING | {"unit": "ppm"}, "wrong_unit", "unit"),
    (READING | {"unit": 5}, "wrong_unit", "unit"),
    (READING | {"observed_at": None}, "required", "observed_at"),
    (READING | {"observed_at": "0001-01-01T00:00:00+08:00"}, "bad_time", "observed_at"),
    (READING | {"observed_at": in_days(1)}, "future_time", "observed_at"),
]


@pytest.mark.parametrize(("reading", "code", "attr"), READINGS)
def test_a_reading_that_cannot_be_used_is_named(refused, reading, code, attr):
    refused([reading], 200, code, attr, door="readings/")


# --- the doors of people --------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"{",
        b"[" * 100_000,
        b"[]",
        b"5",
        b'"x"',
        b'{"note": 5}',
        b'{"note": "\\u0000"}',
        b'{"note": "\\ud800"}',
        b'{"note": NaN}',
        b'{"note": ["x"]}',
        json.dumps({"note": "x" * 2001}).encode(),
        b'{"answered_by": "telepathy"}',
        b'{"answered_by": ["screen"]}',
    ],
)
def test_a_verb_with_a_bad_body_is_refused_and_changes_nothing(client, knock, item, people, written, body):
    number = knock(item()).json()["case"]
    before = written()
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}"}
    answer = client.post(f"/api/v1/cases/{number}/acknowledge/", body, "application/json", headers=signed)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["detail"]
    assert written() == before


@pytest.mark.parametrize("category", ["NOTHING", "\ud800", "a\x00", 5, ["x"], {"a": 1}, "x" * 5000])
def test_filing_under_a_code_that_is_none_is_refused(client, knock, item, people, category):
    number = knock(item(category="NOBODY-KNOWS")).json()["case"]
    signed = {"Authorization": f"Token {tokens.issue(people['chengyun-lead'])}"}
    answer = client.post(f"/api/v1/cases/{number}/file/", {"category": category}, "application/json", headers=signed)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "category")


@pytest.mark.parametrize(
    "place", [5, "x", {"lat": 31}, {"lat": "x", "lon": 1}, {"lat": 91, "lon": 0}, {"lat": 10**400, "lon": 0}]
)
def test_arriving_at_no_place_is_refused(client, knock, item, people, place):
    number = knock(item()).json()["case"]
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}"}
    press = f"/api/v1/cases/{number}/"
    assert client.post(f"{press}acknowledge/", {}, "application/json", headers=signed).status_code == 200
    answer = client.post(f"{press}arrive/", {"location": place}, "application/json", headers=signed)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_location")


ADDRESSES = [
    "cases/%00/",
    "cases/x%00/timeline/",
    "cases/?q=%00",
    "cases/?unit=%00",
    "cases/?state=nothing",
    "cases/?overdue=perhaps",
    "cases/?cursor=!!!",
    "cases/?page_size=0",
    "cases/?page_size=99999999999999999999",
    "cases/?q=" + "x" * 5000,
    "ledger/?chain=x",
    "ledger/?verb=%00",
    "ledger/?cursor=cj0x",
    "requests/99999999999999999999/approve/",
    "matrix/owner/",
    "matrix/owner/?category=LL-CONF-H2S",
    "matrix/owner/?category=LL-CONF-H2S&lat=nan&lon=1",
    "matrix/owner/?category=LL-CONF-H2S&lat=31.1144&lon=121.2683&at=0001-01-01T00:00:00%2B08:00",
    "matrix/owner/?category=LL-CONF-H2S&lat=31.1144&lon=121.2683&at=x",
    "matrix/owner/?category=%00&lat=1&lon=1",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_makes_the_server_fail(client, people, address):
    client.raise_request_exception = False
    signed = {"Authorization": f"Token {tokens.issue(people['auditor'])}"}
    for answer in (
        client.get(f"/api/v1/{address}", headers=signed),
        client.post(f"/api/v1/{address}", {}, "application/json", headers=signed),
    ):
        assert answer.status_code < 500, answer.content


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff", b"[]", b'{"username": "\\u0000", "password": "x"}', b'{"username": []}']
)
def test_signing_in_with_nonsense_is_refused(client, body):
    client.raise_request_exception = False
    assert client.post("/api/v1/token/", body, "application/json").status_code == 400


def test_people_sign_in_as_json_or_as_a_form(client, db):
    given = {"username": "sijing-duty", "password": "bihuan-demo"}
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        body = json.dumps(given) if "json" in content_type else urlencode(given)
        answer = client.post("/api/v1/token/", body, content_type)
        assert answer.status_code == 200, content_type
        told = client.get("/api/v1/cases/", headers={"Authorization": f"Token {answer.json()['token']}"})
        assert told.status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "escalate"},
        {"kind": "fly", "reason": "x"},
        {"kind": "extend", "reason": "x"},
        {"kind": "extend", "reason": "x", "minutes": 0},
        {"kind": "extend", "reason": "x", "minutes": 1441},
        {"kind": "extend", "reason": "x", "minutes": "many"},
        {"kind": "suspend", "reason": "x", "minutes": 10**30},
        {"kind": "void", "reason": "\x00"},
        {"kind": "void", "reason": "\ud800"},
        {"kind": "void", "reason": "x" * 201},
        {"kind": "void", "reason": "x", "note": "x" * 2001},
        [],
    ],
)
def test_a_request_that_cannot_be_used_is_refused(client, knock, item, people, data):
    number = knock(item()).json()["case"]
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}"}
    answer = client.post(f"/api/v1/cases/{number}/requests/", data, "application/json", headers=signed)
    assert answer.status_code == 400, answer.content


def test_minutes_that_a_request_does_not_take_are_passed_over(client, knock, item, people):
    number = knock(item()).json()["case"]
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}"}
    data = {"kind": "void", "reason": "误报", "minutes": 10**30}
    answer = client.post(f"/api/v1/cases/{number}/requests/", data, "application/json", headers=signed)
    assert (answer.status_code, answer.json()["minutes"]) == (201, None)
