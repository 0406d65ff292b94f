"""An alert from a business that nobody is named for: its street acts, the district names a lead, the list follows."""

import re

import pytest
from playwright.sync_api import expect

from cases.models import Case
from tests.browser.conftest import DESKTOP
from tests.cases.conftest import alert

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {**DESKTOP, "is_mobile": False}
DRONE = {"category": "NEW-DRONE", "scenario": "low-altitude delivery", "object": None, "title": "无人机在小区上空失控"}
AT_SIJING = {"lat": 31.1144, "lon": 121.2683}


def test_what_nobody_owns_is_held_by_its_street_until_the_district_has_named_a_lead(signed_in, server, key):
    page = signed_in("sijing-duty", **DESK)
    sent = alert(location=AT_SIJING, **DRONE)
    answer = page.request.post("/api/v1/alerts/", data=sent, headers={"Authorization": f"Bearer {key}"}).json()
    assert answer["outcome"] == "opened"
    case = Case.objects.get(number=answer["case"])
    _the_street_has_the_first_action(page, case)
    _the_district_names_a_lead_under_its_clock(signed_in("anwei-office", **DESK), case)
    _the_lead_has_joined_and_the_street_goes_on(page, case)
    _the_answer_becomes_a_row_of_the_next_list(signed_in("anwei-office", **DESK), case)


def _the_street_has_the_first_action(page, case: Case) -> None:
    page.goto(f"/cases/{case.number}/")
    expect(page.locator("#case-head .holder")).to_contain_text("泗泾镇")
    expect(page.locator(".duties > div", has_text="行业责任")).to_contain_text("空缺")
    expect(page.locator(".asked")).to_contain_text("指定")
    running = page.locator(".clocks li", has_text="指定牵头")
    expect(running).to_contain_text("区安委办")
    expect(running).to_contain_text("共 2 小时")
    page.locator(".verb.main").get_by_role("button", name="签收").click()
    expect(page.locator("#case-head .state").first).to_have_text("已签收")


def _the_district_names_a_lead_under_its_clock(page, case: Case) -> None:
    page.goto("/")
    page.get_by_role("link", name="裁定").click()
    task = page.locator("#to-decide .panel", has_text=case.number)
    expect(task).to_contain_text(re.compile("剩 (1 小时 5[89] 分|2 小时)"))
    expect(task).to_contain_text("责任清单中没有牵头单位")
    gap = page.locator("tr.gap", has_text="NEW-DRONE")
    expect(gap.locator("td").nth(2)).to_have_text("1")
    expect(gap.locator("td").nth(3)).to_have_text("1")
    task.locator("summary.yes").click()
    task.get_by_label("指定牵头单位").select_option("SJ-JTW")
    task.get_by_label("意见").fill("业务相近：交通运输")
    task.get_by_role("button", name="确认同意").click()
    expect(page.get_by_role("status")).to_contain_text("已同意")
    expect(page.locator("#to-decide .panel")).to_have_count(0)


def _the_lead_has_joined_and_the_street_goes_on(page, case: Case) -> None:
    page.goto(f"/cases/{case.number}/")
    expect(page.locator(".duties > div", has_text="行业责任")).to_contain_text("区交通委")
    expect(page.locator(".duties > div", has_text="行业责任")).to_contain_text("区指定")
    expect(page.locator(".track .party", has_text="区交通委")).to_contain_text("尚未签收")
    expect(page.locator(".track .party", has_text="泗泾镇")).not_to_contain_text("已退出")
    expect(page.locator("#case-head .holder")).to_contain_text("泗泾镇")
    expect(page.locator("#case-body")).to_contain_text("区里已指定，不得再退回")


def _the_answer_becomes_a_row_of_the_next_list(page, case: Case) -> None:
    page.goto("/arbitration/")
    page.get_by_role("button", name="列入清单草案").click()
    expect(page.get_by_role("status")).to_contain_text("已列入第 2 版草案")
    page.goto("/matrix/editions/2/")
    row = page.locator("#k-NEW-DRONE .lines > li").filter(has_text="区交通委")
    page.locator("#k-NEW-DRONE > summary").click()
    expect(row).to_contain_text("《安全生产法》第十条")
    expect(row).to_contain_text(case.number)
    # The row that declared nobody for this venue is gone; of any other venue nothing has been said.
    expect(page.locator("#k-NEW-DRONE .lines > li")).to_have_count(1)
    page.goto("/matrix/editions/2/compare/")
    expect(page.locator(".compare")).to_contain_text("区交通委")
    page.goto("/matrix/")
    expect(page.locator("#k-NEW-DRONE .gapped").first).to_be_visible()
