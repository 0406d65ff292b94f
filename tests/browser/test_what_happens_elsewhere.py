"""A change made elsewhere shows without a reload, and never takes away what somebody is typing."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.cases.conftest import CONTAINED

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MARK = "window.notReloaded = true"


def listening(page: Page, address: str) -> Page:
    """Open ``address`` and wait until its socket is; a reload would wipe the mark out."""
    page.goto(address)
    page.wait_for_function("() => socket.readyState === WebSocket.OPEN")
    page.evaluate(MARK)
    return page


def test_an_answer_given_by_one_shows_on_the_page_and_the_list_of_others(signed_in, open_case):
    case = open_case()
    handler = listening(signed_in("sijing-handler"), f"/cases/{case.number}/")
    leader = listening(signed_in("chengyun-lead"), "/")
    duty = signed_in("sijing-duty")
    duty.goto(f"/cases/{case.number}/")
    duty.locator("#do-acknowledge button").click()
    expect(handler.locator("#case-head .state").first).to_have_text("已签收")
    expect(handler.locator("#do-arrive button")).to_be_visible()
    expect(handler.locator("#case-body .story li")).to_have_count(2)
    expect(leader.locator(f"#c-{case.number} .state")).to_have_text("已签收")
    assert handler.evaluate("notReloaded")
    assert leader.evaluate("notReloaded")


def test_a_new_alert_appears_on_the_list(signed_in, open_case):
    page = listening(signed_in("sijing-duty"), "/")
    expect(page.locator(".case")).to_have_count(0)
    case = open_case()
    expect(page.locator(f"#c-{case.number}")).to_be_visible()
    assert page.evaluate("notReloaded")


def test_what_somebody_types_is_kept_when_the_case_moves_on_under_it(signed_in, open_case, press):
    case = press(open_case(), *CONTAINED[:2])
    page = listening(signed_in("sijing-handler"), f"/cases/{case.number}/")
    note = page.locator("#do-contain textarea")
    note.fill("已强制通风，正在复测")
    page.locator("#case-head h1").click()
    press(case, *CONTAINED[2:])
    expect(page.locator("#case-head .state").first).to_have_text("已受控")
    expect(page.locator("#stale")).to_be_visible()
    expect(note).to_have_value("已强制通风，正在复测")
    assert page.evaluate("notReloaded")
    page.locator("#stale a").click()
    expect(page.locator("#do-report button")).to_be_visible()


def test_an_open_form_is_kept_open_while_the_head_of_the_page_follows(signed_in, open_case, press):
    case = open_case()
    page = listening(signed_in("sijing-head"), f"/cases/{case.number}/")
    page.locator("#ask-escalate summary").click()
    reason = page.locator("#ask-escalate [name=reason]")
    reason.press_sequentially("需要排水公司")
    press(case, "sijing-duty acknowledge")
    expect(page.locator("#case-head .state").first).to_have_text("已签收")
    reason.press_sequentially("协同")
    expect(reason).to_have_value("需要排水公司协同")


def test_the_countdown_runs_by_itself(signed_in, open_case):
    open_case()
    page = signed_in("sijing-duty")
    page.clock.install()
    page.goto("/")
    shown = page.locator(".countdown").first
    minutes = int(re.search(r"\d+", shown.inner_text())[0])
    page.clock.run_for(3 * 60 * 1000)
    expect(shown).to_have_text(f"剩 {minutes - 3} 分")
