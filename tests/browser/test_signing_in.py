"""Signing in, staying signed in, and choosing the language."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_wrong_password_is_told_and_the_name_is_kept(browse):
    page = browse()
    page.goto("/accounts/login/")
    page.get_by_label("用户名").fill("sijing-duty")
    page.get_by_label("密码").fill("not-the-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对，请再试一次。")
    expect(page.get_by_label("用户名")).to_have_value("sijing-duty")
    expect(page.get_by_label("密码")).to_have_value("")


def test_a_link_to_a_case_leads_there_after_signing_in(browse, open_case):
    case = open_case()
    page = browse()
    page.goto(f"/cases/{case.number}/")
    expect(page).to_have_url(f"{page.url.split('/accounts')[0]}/accounts/login/?next=/cases/{case.number}/")
    # By a tap on a demo person, too, the way is not forgotten.
    page.get_by_role("link", name="sijing-duty").click()
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#case-head .number")).to_have_text(case.number)


def test_the_session_outlives_the_page_and_ends_with_signing_out(browse):
    page = browse()
    sign_in(page, "sijing-duty")
    other = page.context.new_page()
    other.goto("/requests/")
    expect(other.get_by_role("heading", name="请示", exact=True)).to_be_visible()
    other.locator("#me summary").click()
    other.get_by_role("button", name="退出登录").click()
    expect(other).to_have_url(f"{other.url.split('/accounts')[0]}/accounts/login/")
    page.goto("/")
    expect(page.get_by_role("button", name="登录")).to_be_visible()


def test_the_language_is_switched_on_the_spot_and_remembered(signed_in, open_case):
    case = open_case()
    page = signed_in("sijing-duty")
    page.goto(f"/cases/{case.number}/")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#do-acknowledge button")).to_have_text("Acknowledge")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#case-head .holder span")).to_have_text("Sijing Town")
    page.goto("/")
    expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="案件", exact=True)).to_be_visible()
