"""One case all the way round, by three people with their phones."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.cases.conftest import CONTAINED, REPORTED, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AT_THE_MANHOLE = {"latitude": 31.1144, "longitude": 121.2683}
PRESS_BY_HAND = """(address) => fetch(address, {method: "POST", redirect: "manual", body: new URLSearchParams({
    csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value,
})}).then((answer) => answer.status)"""


def pushes(page: Page, label: str, then: str) -> None:
    """Press the one big button of the page; the case is then ``then``."""
    page.locator(".verb.main").get_by_role("button", name=label).click()
    expect(page.get_by_role("status")).to_contain_text("已记录")
    expect(page.locator("#case-head .state").first).to_have_text(then)


def test_an_alert_is_answered_contained_with_a_photo_reported_and_closed_by_a_checker(
    browse, signed_in, open_case, tmp_path
):
    case = open_case(title="泗泾镇污水井硫化氢超限")
    photo = tmp_path / "井口.jpg"
    photo.write_bytes(picture().read())
    field = {"geolocation": AT_THE_MANHOLE, "permissions": ["geolocation"]}

    duty = browse(**field)
    sign_in(duty, "sijing-duty")
    row = duty.locator(f"#c-{case.number}")
    expect(row).to_contain_text("泗泾镇污水井硫化氢超限")
    expect(row.locator(".lamp")).to_have_text("正常")
    expect(row.locator(".countdown")).to_have_text(re.compile(r"^剩 1?\d 分$"))
    row.click()
    pushes(duty, "签收", "已签收")

    handler = signed_in("sijing-handler", **field)
    handler.goto(f"/cases/{case.number}/")
    pushes(handler, "到场", "已到场")
    with handler.expect_file_chooser() as chooser:
        handler.locator("input[name=file-photo]").click()
    chooser.value.set_files(photo)
    handler.get_by_label("说明").first.fill("已强制通风，井口围挡")
    pushes(handler, "受控", "已受控")
    expect(handler.locator("#evidence")).to_contain_text("已强制通风，井口围挡")
    shown = handler.locator("#evidence img")
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 32)
    pushes(handler, "反馈", "待核查")

    checker = signed_in("chengyun-check")
    checker.goto("/")
    checker.locator(f"#c-{case.number}").click()
    pushes(checker, "结案", "已结案")

    duty.reload()
    expect(duty.locator("#case-head .state").first).to_have_text("已结案")
    expect(duty.locator("form.verb")).to_have_count(0)
    place = case.evidence.get()
    assert (place.lat, place.lon) == (31.1144, 121.2683)


def test_who_worked_on_a_case_has_no_button_to_close_it_and_is_refused_when_he_posts_by_hand(
    signed_in, open_case, press, watch
):
    case = press(open_case(), *REPORTED)
    page = signed_in("sijing-duty")
    page.goto(f"/cases/{case.number}/")
    expect(page.locator("#case-head .state").first).to_have_text("待核查")
    expect(page.locator("#do-close")).to_have_count(0)
    expect(page.get_by_role("button", name="结案")).to_have_count(0)
    watch.expected = {403}
    assert page.evaluate(PRESS_BY_HAND, f"/cases/{case.number}/close/") == 403
    case.refresh_from_db()
    assert case.state == "verifying"


def test_another_street_finds_no_such_case_by_page_or_by_api(signed_in, open_case, watch):
    case = open_case()
    watch.expected = {404}
    page = signed_in("jiuting-duty")
    assert page.goto("/").status == 200
    expect(page.locator(f"#c-{case.number}")).to_have_count(0)
    assert page.goto(f"/cases/{case.number}/").status == 404
    expect(page.locator("main")).to_contain_text("没有找到")
    assert page.goto(f"/api/v1/cases/{case.number}/").status == 404


def test_containing_without_a_photo_is_stopped_before_it_is_sent(signed_in, open_case, press):
    case = press(open_case(), *CONTAINED[:2])
    page = signed_in("sijing-handler")
    page.goto(f"/cases/{case.number}/")
    page.locator("#do-contain button").click()
    expect(page.locator("#do-contain input[type=file]:invalid")).to_have_count(1)
    case.refresh_from_db()
    assert case.state == "on_site"


def test_a_double_tap_acts_once(signed_in, open_case):
    case = open_case()
    page = signed_in("sijing-duty")
    page.goto(f"/cases/{case.number}/")
    page.locator("#do-acknowledge button").dblclick()
    expect(page.get_by_role("status")).to_contain_text("已记录")
    assert case.parties.filter(acknowledged_at__isnull=False).count() == 1


def test_the_big_button_leaves_the_thumb_alone_while_another_form_is_filled_in(signed_in, open_case, press):
    case = press(open_case(), *CONTAINED[:1])
    page = signed_in("sijing-handler")
    page.goto(f"/cases/{case.number}/")
    pin = page.locator(".pin")
    expect(pin).to_have_css("position", "fixed")
    page.locator("#ask-extend summary").click()
    expect(pin).to_have_css("position", "static")


def test_after_an_act_the_next_form_stands_before_the_eyes(signed_in, open_case, press):
    case = press(open_case(), *CONTAINED[:1])
    page = signed_in("sijing-handler")
    page.goto(f"/cases/{case.number}/")
    pushes(page, "到场", "已到场")
    expect(page.get_by_role("status")).to_be_in_viewport()
    expect(page.locator("input[name=file-photo]")).to_be_in_viewport(ratio=1)
