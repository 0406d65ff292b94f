"""What the doors tell and let through beside their answers: to strangers, to caches, to other accounts."""

import http.client
import io
import stat
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.middleware.security import SecurityMiddleware
from django.test import Client, RequestFactory, override_settings
from PIL import Image

from cases import api
from cases.models import Evidence
from config import health
from config.embedded import paths
from responsibility import tokens
from tests.browser.serving import serving
from tests.cases import conftest as work

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db
WRONG = {"username": "sijing-duty", "password": "wrong"}


# --- signing in --------------------------------------------------------------------------
def fail(client, times: int, **more) -> int:
    return [client.post("/api/v1/token/", WRONG, "application/json", **more).status_code for _n in range(times)][-1]


@override_settings(AXES_FAILURE_LIMIT=3)
def test_a_program_that_is_locked_out_is_told_so_like_any_other_refusal(client):
    assert fail(client, settings.AXES_FAILURE_LIMIT) == 429
    answer = client.post("/api/v1/token/", WRONG, "application/json", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert answer.json()["errors"][0]["code"] == "locked"
    page = client.post("/accounts/login/", WRONG)
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")


@override_settings(AXES_FAILURE_LIMIT=3, FAILURES_OF_A_NAME=6)
def test_a_name_that_is_tried_from_many_addresses_is_locked_for_all(client):
    for last in range(3):
        assert fail(client, 2, REMOTE_ADDR=f"10.0.0.{last}") == (401 if last < 2 else 429)
    assert fail(client, 1, REMOTE_ADDR="10.0.1.1") == 429
    assert client.post("/api/v1/token/", WRONG | {"username": "jiuting-duty"}, "application/json").status_code == 401


@override_settings(AXES_FAILURE_LIMIT=3)
def test_below_that_another_address_is_not_locked(client):
    fail(client, settings.AXES_FAILURE_LIMIT, REMOTE_ADDR="10.0.0.1")
    assert fail(client, 1, REMOTE_ADDR="10.0.0.2") == 401


@pytest.mark.django_db(transaction=True)
def test_an_address_that_a_stranger_makes_up_opens_no_new_count(django_db_setup):
    with serving() as address:
        parts = urlsplit(address)
        statuses = set()
        for number in range(settings.AXES_FAILURE_LIMIT + 2):
            door = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
            made_up = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": f"10.9.8.{number}"}
            door.request("POST", "/api/v1/token/", "username=sijing-duty&password=wrong", made_up)
            statuses.add(door.getresponse().status)
            door.close()
    assert 429 in statuses


def test_a_new_password_ends_the_tokens_of_the_old_one(client, people):
    user = people["sijing-duty"]
    signed = {"Authorization": f"Token {tokens.issue(user)}"}
    user.full_name = "改名"
    user.save()
    assert client.get("/api/v1/cases/", headers=signed).status_code == 200
    user.set_password("another-password-1")
    user.save()
    assert client.get("/api/v1/cases/", headers=signed).status_code == 401


def test_a_password_given_by_the_administrator_ends_them_too(client, people):
    user = people["sijing-duty"]
    signed = {"Authorization": f"Token {tokens.issue(user)}"}
    client.force_login(people["admin"])
    given = {"password1": "another-password-1", "password2": "another-password-1", "usable_password": "true"}
    answer = client.post(f"/admin/responsibility/user/{user.pk}/password/", given)
    assert answer.status_code == 302
    assert Client().get("/api/v1/cases/", headers=signed).status_code == 401


# --- headers --------------------------------------------------------------------------------
def test_what_is_told_to_a_person_stays_in_no_cache(client, people, open_case):
    number = open_case().number
    client.force_login(people["chengyun-lead"])
    for address in ("/", f"/cases/{number}/", "/ledger/", f"/api/v1/cases/{number}/", "/accounts/login/"):
        assert "no-store" in client.get(address)["Cache-Control"], address


def test_a_file_says_itself_how_long_it_may_be_kept(client, people, open_case, press):
    press(open_case(), *work.CONTAINED)
    client.force_login(people["chengyun-lead"])
    kept = client.get(f"/evidence/{Evidence.objects.get().pk}/")["Cache-Control"]
    assert "private" in kept
    assert "no-store" not in kept


def test_where_https_is_spoken_it_is_to_be_spoken_for_good(client):
    with override_settings(SECURE_HSTS_SECONDS=31_536_000):
        guarded = SecurityMiddleware(lambda request: client.get("/healthz"))
        assert "max-age=31536000" in guarded(RequestFactory().get("/", secure=True))["Strict-Transport-Security"]
        assert "Strict-Transport-Security" not in guarded(RequestFactory().get("/"))


def test_the_page_of_the_interface_runs_no_code_of_others(client):
    answer = client.get("/api/docs/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]
    assert "script-src 'unsafe-inline'" not in policy
    assert b"<script>" not in answer.content
    assert client.get("/api/docs/?script=").status_code == 200


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_figures_are_not_for_those_behind_a_proxy(client, name):
    assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 404


def test_the_health_page_names_no_host(client, monkeypatch):
    def gone() -> str:
        raise OSError("connection to server at 10.1.2.3, port 5432 failed")

    monkeypatch.setitem(health.CHECKS, "database", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failed, the log says why"
    assert "10.1.2.3" not in answer.content.decode()


# --- amounts ------------------------------------------------------------------------------
def test_a_long_story_comes_in_parts(client, people, open_case, send, monkeypatch):
    monkeypatch.setattr(api, "TIMELINE", 4)
    case = open_case()
    send(*[work.alert(external_id=f"more-{n}") for n in range(9)])
    signed = {"headers": {"Authorization": f"Token {tokens.issue(people['auditor'])}"}}
    address, seen = f"/api/v1/cases/{case.number}/timeline/", []
    while address:
        answer = client.get(address, **signed)
        seen += [entry["seq"] for entry in answer.json()]
        assert len(answer.json()) <= 4
        address = answer.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= 10
    for nonsense in ("x", "-1", "1" * 30, "١"):
        assert client.get(f"/api/v1/cases/{case.number}/timeline/", {"after": nonsense}, **signed).status_code == 400


# --- files ------------------------------------------------------------------------------
def test_a_file_whose_name_cannot_be_read_is_refused_with_the_reason(client, people, open_case, press):
    case = press(open_case(), "sijing-duty acknowledge")
    photo = io.BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "JPEG")
    head = 'Content-Disposition: form-data; name="file"; filename="现场.jpg"\r\n\r\n'.encode("gbk")
    body = b"--x\r\n" + head + photo.getvalue() + b"\r\n--x--\r\n"
    signed = {"Authorization": f"Token {tokens.issue(people['sijing-duty'])}"}
    address = f"/api/v1/cases/{case.number}/evidence/"
    answer = client.generic("POST", address, body, content_type="multipart/form-data; boundary=x", headers=signed)
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["errors"][0]["detail"]


def test_what_is_kept_on_disk_is_closed_to_other_accounts(open_case, press, settings):
    press(open_case(), *work.CONTAINED)
    assert stat.S_IMODE(settings.EVIDENCE_ROOT.stat().st_mode) == 0o700
    folder = settings.EVIDENCE_ROOT.parent / "log"
    folder.mkdir(mode=0o755)
    paths.create_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
