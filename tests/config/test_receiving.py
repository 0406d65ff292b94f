"""The way in: a thread is taken only for a request that has arrived whole, and only as much arrives as a door takes."""

import asyncio
import hashlib
import http.client
import json
import socket
import time
import tracemalloc
from urllib.parse import urlsplit

import pytest

from config.bridge import Bridge, largest
from responsibility import tokens
from responsibility.models import LedgerEntry
from tests.browser.serving import serving
from tests.cases import conftest as work

open_case, send = work.open_case, work.send
served_database = pytest.mark.django_db(transaction=True)
JSON = "application/json"


@pytest.fixture(scope="module")
def server(django_db_setup):
    """Host and port of the served application."""
    with serving() as address:
        parts = urlsplit(address)
        yield parts.hostname, parts.port


def exchange(server, method: str, path: str, body=None, headers=None, **how) -> tuple[int, bytes, dict]:
    connection = http.client.HTTPConnection(*server, timeout=20)
    connection.request(method, path, body, headers or {}, **how)
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


# --- whoever is slow holds nobody else up ------------------------------------------
@served_database
def test_half_sent_requests_do_not_stop_the_others(server):
    head = b"POST /api/v1/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nContent-Type: "
    held = [socket.create_connection(server) for _n in range(24)]
    try:
        for each in held:
            each.sendall(head + b"application/json\r\n\r\n{")
        time.sleep(0.5)
        began = time.monotonic()
        assert exchange(server, "GET", "/healthz")[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for each in held:
            each.close()


@served_database
def test_readers_who_do_not_read_do_not_stop_the_others(server):
    large = (
        b"GET /static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    held = []
    try:
        for _n in range(24):
            each = socket.socket()
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            each.connect(server)
            each.sendall(large)
            held.append(each)
        time.sleep(0.5)
        assert exchange(server, "GET", "/healthz")[0] == 200
    finally:
        for each in held:
            each.close()


# --- a body in pieces ---------------------------------------------------------------
@served_database
def test_a_body_in_chunks_is_read_like_any_other(server, open_case, people):
    case = open_case()
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}", "Content-Type": JSON}
    pieces = iter([b'{"answered_by"', b': "voice"}'])
    path = f"/api/v1/cases/{case.number}/acknowledge/"
    status, body, _headers = exchange(server, "POST", path, pieces, signed, encode_chunked=True)
    assert status == 200, body
    assert LedgerEntry.objects.get(verb="case.acknowledge").after["answered_by"] == "voice"


@served_database
def test_an_alert_in_chunks_is_taken(server, key):
    alert = json.dumps(work.alert()).encode()
    signed = {"Authorization": f"Bearer {key}", "Content-Type": JSON}
    pieces = iter([alert[:20], alert[20:]])
    status, body, _headers = exchange(server, "POST", "/api/v1/alerts/", pieces, signed, encode_chunked=True)
    assert (status, json.loads(body)["outcome"]) == (201, "opened")


# --- a body that is too large ---------------------------------------------------------
def zeros(megabytes: int):
    for _n in range(megabytes):
        yield bytes(1 << 20)


@served_database
@pytest.mark.parametrize("chunked", [False, True])
def test_a_form_larger_than_any_form_is_refused_in_words(server, chunked):
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept-Language": "en"}
    headers |= {} if chunked else {"Content-Length": str(60 << 20)}
    status, body, answer = exchange(server, "POST", "/accounts/login/", zeros(60), headers, encode_chunked=chunked)
    assert status == 413
    assert "limit of 1 MB" in body.decode()
    assert answer["connection"] == "close"


@served_database
def test_a_program_is_told_so_in_the_shape_of_all_errors(server):
    status, body, _headers = exchange(server, "POST", "/api/v1/token/", bytes(2 << 20), {"Content-Type": JSON})
    assert status == 413
    assert json.loads(body)["type"] == "client_error"
    assert json.loads(body)["errors"][0]["code"] == "too_large"


def test_each_door_has_a_limit_of_its_own(settings):
    megabyte = 1 << 20
    assert largest("/accounts/login/") == largest("/") == megabyte
    assert largest("/api/v1/alerts/") == largest("/api/v1/readings/") == settings.INTAKE_MAX_BYTES
    assert settings.EVIDENCE_MAX_BYTES < largest("/api/v1/cases/SJ-1/evidence/") < 2 * settings.EVIDENCE_MAX_BYTES
    assert settings.EXCHANGE_MAX_BYTES < largest("/exchange/objects/") < 2 * settings.EXCHANGE_MAX_BYTES
    assert largest("/cases/SJ-1/contain/") > 4 * settings.EVIDENCE_MAX_BYTES
    assert largest("/api/v1/cases/SJ-1/acknowledge/") == megabyte


# --- the bridge by itself ------------------------------------------------------------
def echo(environ, start_response):
    """Answers with what it was given."""
    refused = environ["bihuan.refused"]
    start_response("200 OK", [])
    return [repr((environ.get("CONTENT_LENGTH"), environ["wsgi.input"].read(), refused)).encode()]


async def ask(messages, headers=(), path="/x", pause=0.2):
    """Send ``messages`` one after the other, then nothing; what ``echo`` says, ``None`` when it was not asked."""
    waiting, said = list(messages), []

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def keep(message):
        said.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "http_version": "1.1"}
    await Bridge(echo, pause=pause)(scope | {"headers": list(headers)}, receive, keep)
    return eval(b"".join(said)) if said else None


def piece(body: bytes, more: bool = True) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


CHUNKED = (b"transfer-encoding", b"chunked")


async def test_a_length_is_given_to_what_came_without():
    assert await ask([piece(b"ab"), piece(b"c", more=False)], [CHUNKED]) == ("3", b"abc", None)


async def test_a_body_beyond_memory_is_whole_too():
    whole = bytes(range(256)) * 4000 * 3
    pieces = [piece(whole[at : at + 65536]) for at in range(0, len(whole), 65536)]
    answer = await ask([*pieces, piece(b"", more=False)], [CHUNKED], path="/api/v1/alerts/")
    assert answer == (str(len(whole)), whole, None)


async def test_a_body_that_stops_coming_is_refused():
    length, body, refused = await ask([piece(b"a")], [(b"content-length", b"9")])
    assert (length, body, refused[0]) == ("0", b"", "too_slow")


async def test_a_body_that_was_never_finished_reaches_nobody():
    assert await ask([piece(b"a"), {"type": "http.disconnect"}], [(b"content-length", b"9")]) is None


async def test_whoever_asks_first_is_answered_before_sending_too_much():
    headers = [(b"content-length", b"9999999"), (b"expect", b"100-continue")]
    assert (await ask([], headers))[2][0] == "too_large"


async def test_a_request_without_a_body_waits_for_none():
    assert await ask([]) == (None, b"", None)


async def test_whoever_does_not_read_is_left_after_a_while():
    async def never(message):
        await asyncio.sleep(60)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1", "headers": []}
    began = time.monotonic()
    await Bridge(echo, pause=0.2)(scope, None, never)
    assert time.monotonic() - began < 5


async def test_a_long_answer_to_a_slow_reader_is_whole_and_takes_no_memory():
    pieces, reading, heard = 1000, asyncio.Event(), hashlib.sha256()

    def talker(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (number.to_bytes(4, "big") * 16_384 for number in range(pieces))

    async def slowly(message) -> None:
        await reading.wait()
        heard.update(message.get("body", b""))

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    tracemalloc.start()
    answering = asyncio.ensure_future(Bridge(talker, pause=20)(scope, None, slowly))
    await asyncio.sleep(1)
    reading.set()
    await answering
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = b"".join(number.to_bytes(4, "big") * 16_384 for number in range(pieces))
    assert heard.digest() == hashlib.sha256(whole).digest()
    assert peak < 8 << 20
