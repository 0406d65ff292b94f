"""A manager decides from the phone in two taps; what he lets lapse is told with his name."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from cases import requests
from cases.models import Request
from cases.sweeping import sweep
from responsibility import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Every touch of the page that lands on something, counted by the page itself.
COUNT = """() => { window.taps = 0; document.addEventListener("click", () => { window.taps += 1 }, true) }"""


@pytest.fixture
def asked(open_case, people):
    case = open_case()
    return requests.ask(
        case.pk, by=people["sijing-head"], kind="escalate", reason="需燃气公司配合", code="second_department"
    )


def desk(page: Page, asked: Request):
    page.goto("/requests/")
    assert page.viewport_size["width"] == 390
    card = page.locator(f"#decide-{asked.pk}")
    expect(card).to_contain_text("需燃气公司配合")
    return card


def test_a_manager_approves_in_two_taps_and_sees_the_clock(signed_in, asked):
    page = signed_in("shuiwu-head")
    card = desk(page, asked)
    expect(card.locator(".countdown")).to_contain_text("剩 ")
    expect(card).to_contain_text("逾期未批视为同意")
    page.evaluate(COUNT)
    card.get_by_text("同意", exact=True).tap()
    button = card.get_by_role("button", name="确认同意")
    assert page.evaluate("window.taps") == 1
    button.tap()
    expect(page.get_by_role("status")).to_contain_text("已同意")
    expect(page.locator(f"#decide-{asked.pk}")).to_have_count(0)
    expect(page.locator("#decided")).to_contain_text("需燃气公司配合")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_how) == ("approved", "person")
    page.goto(f"/cases/{asked.case.number}/")
    expect(page.locator(".track .why")).to_contain_text("同意，升入中闭环")


def test_the_page_of_the_desk_is_no_wider_than_the_phone(signed_in, asked):
    page = signed_in("shuiwu-head")
    desk(page, asked)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_lapse_is_told_on_the_case_with_the_post_and_in_english_too(signed_in, asked, people):
    with clock.as_if(clock.now() + timedelta(minutes=31)):
        sweep()
    head = people["shuiwu-head"]
    page = signed_in("sijing-head")
    page.goto(f"/cases/{asked.case.number}/")
    expect(page.locator(".track .why")).to_contain_text(f"{head}在 30 分 内未审批，视为同意")
    english = signed_in("sijing-head", locale="en-GB")
    english.goto(f"/cases/{asked.case.number}/")
    expect(english.locator(".track .why")).to_contain_text("did not decide within 30 min")


def test_a_refusal_is_appealed_from_the_case_once(signed_in, asked, people):
    requests.decide(asked.pk, by=people["shuiwu-head"], approve=False, answer="街镇可自行处置")
    page = signed_in("sijing-head")
    page.goto(f"/cases/{asked.case.number}/")
    form = page.locator(f"#appeal-{asked.pk}")
    form.locator("summary").tap()
    form.get_by_label("理由").fill("险情扩大")
    form.get_by_role("button", name="提交申诉").tap()
    expect(page.get_by_role("status")).to_contain_text("由区城运应急办裁定")
    expect(page.locator(f"#appeal-{asked.pk}")).to_have_count(0)
    office = signed_in("yingji-office")
    office.goto("/requests/")
    expect(office.locator("#to-decide")).to_contain_text("街镇可自行处置")
