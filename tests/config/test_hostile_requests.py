"""Requests that no browser sends: answered with a reason, never with a failure."""

import base64
import io
from urllib.parse import quote, urlencode

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client, RequestFactory
from django.test.client import ClientHandler

from cases import board, requests
from config.refusing import legible
from responsibility import tokens
from responsibility.refusals import Invalid
from tests.cases import conftest as work

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def auditor(people):
    return {"Authorization": f"Token {tokens.issue(people['auditor'])}"}


# --- nonsense in the head of a request ------------------------------------------------
@pytest.mark.parametrize("key", ["\000aaaaaaaaaaa", "x" * 5000, "%00aaaaaaaa"])
def test_a_session_key_that_is_none_is_no_session(client, key):
    client.cookies["sessionid"] = key
    for page in ("/", "/cases/SJ-1/", "/admin/"):
        assert client.get(page).status_code == 302
    assert client.get("/accounts/login/").status_code == 200


def through_wsgi(address: str, body: bytes, content_type: str) -> tuple[int, str]:
    """Status and media type of a POST, as a server would hand it on."""
    path, _mark, query = address.partition("?")
    given = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "POST", "CONTENT_TYPE": content_type}
    given |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    inner = ClientHandler(enforce_csrf_checks=True)
    answer = legible(lambda environ, _start: inner(environ))(RequestFactory()._base_environ(**given), None)
    return answer.status_code, answer["Content-Type"]


CHARSETS = ["zlib", "undefined", "idna", "rot13", "utf-16", "base64"]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("address", ["/accounts/login/", "/api/v1/token/", "/api/v1/alerts/?x=%E4", "/"])
def test_a_character_set_that_is_none_is_refused(client, address, charset):
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        status, answered = through_wsgi(address, b"username=x", f"{kind}; charset={charset}")
        assert status == 415
        assert ("json" in answered) == address.startswith("/api/")


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 403), ("no-such-charset", 403), ("GBK", 403)])
def test_a_form_in_a_character_set_of_forms_is_looked_at(charset, status):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    # Without its cookie a form goes no further than the guard against forged ones: it was read.
    assert through_wsgi("/accounts/login/?x=%E4", b"username=%BD%AA", kind)[0] == status


@pytest.mark.parametrize(
    "address",
    [
        "/admin/cases/case/?state__exact=%00",
        "/?state=%00",
        "/objects/?q=%00",
        "/api/v1/cases/?q=%00",
        "/ledger/?verb=%00",
    ],
)
def test_an_address_with_a_nul_is_refused(client, people, address):
    client.force_login(people["admin"])
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("position", ["abc", "", "0001-01-01", "2026-13-01 00:00:00+00:00", "1" * 30, "x" * 3000])
@pytest.mark.parametrize("door", ["cases", "ledger"])
def test_a_cursor_of_nobodys_is_not_found(client, auditor, open_case, door, position):
    open_case()
    cursor = base64.b64encode(urlencode({"p": position}).encode()).decode()
    for also in ("", "&r=1"):
        token = base64.b64encode(f"p={quote(position)}{also}".encode()).decode()
        answer = client.get(f"/api/v1/{door}/", {"cursor": token}, headers=auditor)
        assert answer.status_code == 404, answer.content
    assert client.get(f"/api/v1/{door}/", {"cursor": cursor}, headers=auditor).status_code == 404


def test_a_cursor_of_ours_turns_the_page(client, auditor, open_case):
    for number in range(3):
        open_case(object=f"C-{number}", location={"lat": 31.1144, "lon": 121.2683})
    for door in ("cases", "ledger"):
        first = client.get(f"/api/v1/{door}/", {"page_size": 2}, headers=auditor).json()
        second = client.get(first["next"], headers=auditor).json()
        assert second["results"]
        assert client.get(second["previous"], headers=auditor).json()["results"] == first["results"]


# --- nonsense in fields ---------------------------------------------------------------
@pytest.mark.parametrize("given", [{"username": "x" * 300}, {"username": "x" * 100_000}, {"password": "x" * 5000}])
def test_a_name_or_password_longer_than_any_is_refused(client, given):
    answer = client.post("/api/v1/token/", {"username": "a", "password": "b"} | given, "application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "max_length"


@pytest.mark.parametrize("answer", ["\x00", "同意\x00"])
@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_a_decision_that_cannot_be_kept_is_refused(client, people, open_case, press, answer, decision):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    client.force_login(people["chengyun-lead"])
    told = client.post(f"/requests/{asked.pk}/", {"decision": decision, "answer": answer})
    assert told.status_code == 400
    asked.refresh_from_db()
    assert asked.state == "pending"


def test_a_decision_of_any_length_is_refused_by_the_action(people, open_case, press):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    for answer in ("x" * 2001, "\ud800", "\x00"):
        with pytest.raises(Invalid):
            requests.decide(asked.pk, by=people["chengyun-lead"], approve=True, answer=answer)


# --- sockets ------------------------------------------------------------------------
class Screen(ApplicationCommunicator):
    """A socket of ``/ws/board/`` with a session cookie."""

    def __init__(self, cookie: str, query: bytes = b""):
        from config.asgi import application

        headers = [(b"cookie", b"sessionid=" + cookie.encode()), (b"host", b"localhost")]
        scope = {"type": "websocket", "path": "/ws/board/", "query_string": query, "subprotocols": []}
        super().__init__(application, scope | {"headers": [*headers, (b"origin", b"http://localhost")]})

    async def opened(self) -> dict:
        """What is answered to the knock."""
        await self.send_input({"type": "websocket.connect"})
        return await self.receive_output(timeout=5)

    async def says(self, **frame) -> None:
        """One frame from the screen."""
        await self.send_input({"type": "websocket.receive", **frame})

    async def leave(self) -> None:
        """The screen is shut."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)


CHANGED = '{"changed": true}'
STRANGERS = [("\000aaaaaaaaaaa", b""), ("aaaaaaaaaaaa", b"case=\xff"), ("x" * 5000, b"case=%00")]


def signed_in(client, user) -> str:
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("cookie", "query"), STRANGERS)
async def test_a_socket_of_a_stranger_is_closed_in_order(cookie, query):
    closed = await Screen(cookie, query).opened()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


@pytest.mark.django_db(transaction=True)
async def test_what_a_screen_says_is_passed_over(client, people):
    screen = Screen(await sync_to_async(signed_in)(client, people["chengyun-lead"]))
    assert (await screen.opened())["type"] == "websocket.accept"
    for said in ("{", "[" * 100_000, "", '{"a": 1}'):
        await screen.says(text=said)
    await screen.says(bytes=b"\xff\x00")
    board.nudge({board.DISTRICT})
    heard = await screen.receive_output(timeout=5)
    assert heard["text"] == CHANGED
    await screen.leave()


@pytest.mark.django_db(transaction=True)
async def test_a_screen_hears_nothing_after_its_reader_has_left(client, people):
    screen = Screen(await sync_to_async(signed_in)(client, people["chengyun-lead"]))
    other = Screen(await sync_to_async(signed_in)(Client(), people["chengyun-lead"]))
    for each in (screen, other):
        assert (await each.opened())["type"] == "websocket.accept"
    await sync_to_async(client.post)("/accounts/logout/")
    assert (await screen.receive_output(timeout=5))["type"] == "websocket.close"
    board.nudge({board.DISTRICT})
    heard = await other.receive_output(timeout=5)
    assert heard["text"] == CHANGED
    await other.leave()
