"""Three ways into the medium loop and three into the large, each with its own sentence; the street never leaves."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from alerts import intake
from alerts.formats import item
from cases.models import Party
from cases.sweeping import sweep
from responsibility import clock
from tests.cases.conftest import alert

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOWN = "310117102"


def later(hours: float) -> None:
    with clock.as_if(clock.now() + timedelta(hours=hours)):
        sweep()


def ask(page: Page, case, reason: str) -> None:
    """Ask on the page for the next loop."""
    page.goto(f"/cases/{case.number}/")
    form = page.locator("#ask-escalate")
    form.locator("summary").tap()
    form.get_by_label("理由类别").select_option(index=1)
    form.get_by_label("理由", exact=True).fill(reason)
    form.get_by_role("button").tap()
    expect(page.get_by_role("status")).to_contain_text("请示已提交")


def approve(page: Page, reason: str) -> None:
    """Approve on the desk, in two taps."""
    page.goto("/requests/")
    card = page.locator("[id^=decide-]", has_text=reason)
    card.get_by_text("同意", exact=True).tap()
    card.get_by_role("button", name="确认同意").tap()
    expect(page.get_by_role("status")).to_contain_text("已同意")


@pytest.fixture
def shows(signed_in):
    """What the street reads on the page of ``case``: it is still in the case, and why it rose to ``loop``."""

    def check(case, loop: str, *sentences: str) -> None:
        case.refresh_from_db()
        assert case.loop == loop
        assert Party.objects.filter(case=case, unit__code=TOWN, until=None).exists()
        page = signed_in("sijing-duty")
        page.goto(f"/cases/{case.number}/")
        street = page.locator(".track .party", has_text="泗泾镇").first
        expect(street).not_to_contain_text("已退出")
        expect(page.get_by_role("button", name="签收")).to_be_visible()
        for why, sentence in zip(page.locator(".track .why").all(), sentences, strict=True):
            expect(why).to_have_text(re.compile(sentence))

    return check


def test_four_hours_pass_and_the_case_is_in_the_medium_loop(open_case, shows):
    case = open_case()
    later(4.1)
    shows(case, "medium", "^泗泾镇未能在 .* 前（限 4 小时）使险情受控，自动升入中闭环。$")


def test_an_orange_case_is_in_the_medium_loop_at_once(open_case, shows):
    shows(open_case(grade="orange"), "medium", "^案件为橙色，按规定自动升入中闭环。$")


def test_the_street_asks_and_the_manager_approves(open_case, signed_in, shows):
    case = open_case()
    ask(signed_in("sijing-head"), case, "需要排水抢险队")
    approve(signed_in("shuiwu-head"), "需要排水抢险队")
    shows(case, "medium", "^泗泾镇请示提级（需要排水抢险队），.*同意，升入中闭环。$")


def test_a_red_alert_takes_the_case_into_the_large_loop_at_once(open_case, source, shows):
    case = open_case()
    intake.receive(source, [alert(grade="red")], item.read)
    shows(case, "large", "^案件为红色，按规定自动升入大闭环。$")


def test_the_medium_limit_passes_and_the_district_takes_over(open_case, shows):
    case = open_case(grade="orange")
    later(8.1)
    shows(case, "large", "橙色", "^中闭环时限（8 小时）已于 .* 到期而险情未受控，自动升入大闭环。$")


def test_the_lead_asks_and_the_district_approves(open_case, signed_in, shows):
    case = open_case(grade="orange")
    ask(signed_in("shuiwu-head"), case, "需要全区调水")
    approve(signed_in("yingji-office"), "需要全区调水")
    shows(case, "large", "橙色", "^区水务局请示提级（需要全区调水），.*同意，升入大闭环。$")
