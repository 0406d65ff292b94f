"""A real browser before the real server: the system's Chromium, uvicorn, the test database.

Every page that a test opens is watched: a script error, a failed request or an address elsewhere fails the test.
"""

import shutil

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.serving import serving
from tests.browser.watching import Watch
from tests.cases import conftest as work

open_case, press, send = work.open_case, work.press, work.send

PATIENCE = 15_000  # milliseconds; only a failure waits so long
expect.set_options(timeout=PATIENCE)
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


def sign_in(page: Page, username: str) -> None:
    """As a person would, through the form."""
    page.goto("/accounts/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill("bihuan-demo")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="案件", exact=True)).to_be_visible()


@pytest.fixture(scope="package")
def chromium():
    """The browser, closed with this package: its event loop must not outlive it."""
    program = shutil.which("chromium")
    assert program, "缺少 Chromium / Chromium is missing: `sh bootstrap browser`, or BROWSER=0 to leave these tests out"
    with sync_playwright() as playwright:
        # The sandbox needs rights that root and containers do not give; only our own pages are opened.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(django_db_setup):
    """The address of the served application."""
    with serving() as address:
        yield address


@pytest.fixture
def watch(server):
    """What went wrong behind the pages; anything at all fails the test."""
    watch = Watch(server)
    yield watch
    assert watch.faults == []


@pytest.fixture
def browse(chromium, server, watch, transactional_db):
    """A browser of its own: ``browse(viewport=..., locale=..., java_script_enabled=...)``; its first page."""
    contexts = []

    def start(**options) -> Page:
        context = chromium.new_context(
            **{"base_url": server, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"} | PHONE | options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.on("page", watch.over)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def become(server, people):
    """``become(page, "sijing-duty")``: from now on the page's browser is signed in as that person."""

    def change(page: Page, username: str) -> None:
        client = Client()
        client.force_login(people[username], backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server}])

    return change


@pytest.fixture
def signed_in(browse, become):
    """The page of somebody who has signed in: ``signed_in("sijing-duty", **options of the browser)``."""

    def start(username: str, **options) -> Page:
        page = browse(**options)
        become(page, username)
        return page

    return start
