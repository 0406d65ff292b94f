"""An edition with four faults in it: none can be published, each is named and leads to its cell, and all are mended."""

import pytest
from playwright.sync_api import Page, expect

from responsibility import editions
from responsibility.editions import Row
from responsibility.models import Duty, Edition
from tests.browser.conftest import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {**DESKTOP, "is_mobile": False}
BASIS = "《安全生产法》第三条"
PLANTED = [
    Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-YJ", basis=BASIS),
    Row("lead", "LL-BRIDGE", scenario="bridge", unit="SJ-JGW", basis=BASIS),
    Row("lead", "LL-BRIDGE", territory="310117102", unit="SJ-SW", basis=BASIS),
    Row("supervision", "LL-CONF-H2S", scenario="residential estate", unit="SJ-FG", basis=BASIS),
    Row("support", "LL-CONF-H2S", unit="SJ-JGW"),
]
# What each of the four is called, and the unit in whose cell it is mended.
OVERLAP = ("同一类别、场景、属地、阶段在同一时段有两个牵头单位", "区应急管理局")
TIE = ("两行牵头同样具体", "区水务局")
SELF = ("牵头单位不得同时是自己的综合监管单位，应上移至区安委办", "综合监管")
NO_BASIS = ("没有法律依据", "区建设管理委")
# The two that the district knows of and has left open.
KNOWN_GAPS = ["电动自行车违规停放充电 · 外卖配送骑手（平台企业）", "低空无人机配送（新业态）"]


@pytest.fixture
def planted(people) -> Edition:
    drafted = editions.draft(by=people["anwei-office"], title="松江区安全生产责任清单（第二版）")
    editions.put(drafted.pk, PLANTED, by=people["anwei-office"])
    return drafted


def test_an_edition_with_four_faults_is_refused_mended_and_published(planted, signed_in, become, watch):
    page = signed_in("anwei-office", **DESK)
    _goes_out_and_is_approved(page, become)
    _is_refused_with_four_names(page, watch, planted)
    page.get_by_role("button", name="退回修改").click()
    expect(page.locator(".casehead .state").first).to_have_text("起草")
    _removes(page, *OVERLAP)
    _removes(page, *TIE)
    form = _opens(page, *SELF)
    form.get_by_label("责任单位").select_option("SJ-ANWEI")
    _saves(page, form)
    form = _opens(page, *NO_BASIS)
    form.get_by_label("法律依据", exact=True).fill("《安全生产法》第十条")
    _saves(page, form)
    expect(page.locator("#checks")).to_contain_text("没有重叠、并列、自我监管、撤销单位或缺依据的行")
    _goes_out_and_is_approved(page, become)
    _is_published_with_the_two_known_gaps(page)
    assert not Duty.objects.filter(live=True, edition=planted, basis="").exists()


def _goes_out_and_is_approved(page: Page, become) -> None:
    page.goto("/matrix/editions/2/")
    page.get_by_role("button", name="发出征求意见").click()
    expect(page.locator(".casehead .state").first).to_have_text("征求意见")
    become(page, "yingji-office")
    page.reload()
    page.get_by_role("button", name="核准").click()
    expect(page.locator(".casehead .state").first).to_have_text("已核准")
    become(page, "anwei-office")
    page.reload()


def _is_refused_with_four_names(page: Page, watch, planted: Edition) -> None:
    for box in page.locator("input[name=gap]").all():
        box.check()
    watch.expected = {409}
    page.get_by_role("button", name="发布").click()
    expect(page.locator("#refused")).to_contain_text("清单还有差错，不能发布")
    watch.expected = set()
    findings = page.locator("#checks .findings").first.locator("> li")
    expect(findings).to_have_count(4)
    for name, _unit in (OVERLAP, TIE, SELF, NO_BASIS):
        finding = findings.filter(has_text=name)
        expect(finding).to_have_count(1)
        # Every cell it speaks of is a link that leads to the row.
        for link in finding.locator("a").all():
            assert page.locator(f".lines > li{link.get_attribute('href')}").count() == 1
    planted.refresh_from_db()
    assert planted.state == "approved"


def _opens(page: Page, name: str, cell: str):
    """The form of the row that the fault's link leads to."""
    page.locator("#checks .findings > li", has_text=name).locator("a", has_text=cell).last.click()
    wrong = page.locator(".lines > li:target")
    expect(wrong).to_be_in_viewport()
    expect(wrong).to_contain_text(name)
    wrong.get_by_role("link", name="改").click()
    return wrong.locator("#row-form")


def _removes(page: Page, name: str, cell: str) -> None:
    _opens(page, name, cell).get_by_role("button", name="删去这一行").click()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("#checks .findings > li", has_text=name)).to_have_count(0)


def _saves(page: Page, form) -> None:
    form.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")


def _is_published_with_the_two_known_gaps(page: Page) -> None:
    boxes = page.locator("#acts .ticks label")
    expect(boxes).to_have_count(2)
    for gap in KNOWN_GAPS:
        boxes.filter(has_text=gap).get_by_role("checkbox").check()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".casehead .state").first).to_have_text("已发布")
    for gap in KNOWN_GAPS:
        listed = page.locator("#checks .findings > li", has_text=gap.partition(" · ")[0])
        expect(listed).to_contain_text("发布时已确认保留")
    page.goto("/matrix/")
    for gap in KNOWN_GAPS:
        expect(page.locator("main")).to_contain_text(gap.partition(" · ")[0])
