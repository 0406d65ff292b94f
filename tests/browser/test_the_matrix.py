"""Who owns it: asked by somebody who has never seen the matrix, and changed from draft to publication."""

import re

import pytest
from playwright.sync_api import expect

from responsibility.models import Edition
from tests.browser.conftest import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {**DESKTOP, "is_mobile": False}


def test_a_first_time_user_finds_the_owner_of_an_h2s_alarm_in_a_factory(signed_in):
    page = signed_in("jiuting-duty")
    page.goto("/")
    page.get_by_text("更多", exact=True).click()
    page.get_by_role("link", name="责任清单").click()
    page.get_by_label("出了什么事").select_option(label="有限空间/窨井硫化氢")
    page.get_by_role("button", name="查责任单位").click()
    # Whoever left the venue open is told that it matters, and taps it.
    expect(page.locator(".leads")).to_contain_text("区水务局")
    page.locator(".venues").get_by_role("link", name="工业企业").click()
    expect(page.locator(".leads")).to_contain_text("区应急管理局")
    page.locator("#why summary").click()
    expect(page.locator(".trace .won").first).to_contain_text("采用")


def test_the_answer_follows_what_is_chosen_and_tapped(signed_in):
    page = signed_in("sijing-duty", **DESK)
    page.goto("/matrix/owner/")
    page.get_by_label("出了什么事").select_option("LL-CONF-H2S")
    expect(page.locator(".leads")).to_contain_text("区水务局")
    page.get_by_label("在什么场所").select_option("refuse station")
    expect(page.locator(".leads")).to_contain_text("区绿化市容局")
    expect(page.locator("#answer .duties")).to_contain_text("按地点确定")
    page.locator(".map").click()
    expect(page.locator("#answer .duties")).not_to_contain_text("按地点确定")
    assert re.fullmatch(r"3[01]\.\d{6}", page.get_by_label("纬度").input_value())
    # The address is the question: it can be sent to somebody.
    expect(page).to_have_url(re.compile(r"scenario=refuse"))
    page.reload()
    expect(page.locator(".leads")).to_contain_text("区绿化市容局")


def test_a_cell_opens_beside_the_grid_and_closes_again(signed_in):
    page = signed_in("sijing-duty")
    page.goto("/matrix/")
    page.locator("#k-LL-CONF-H2S td a").first.click()
    expect(page.locator("dialog")).to_contain_text("《安全生产法》第三条、第十条")
    expect(page.locator("dialog")).to_contain_text("历次版本")
    page.get_by_role("button", name="关闭").click()
    expect(page.locator("dialog")).to_be_hidden()
    page.locator("#k-PS-EBIKE .gapped a").click()
    expect(page.locator("dialog")).to_contain_text("牵头单位未明确")


def test_an_edition_goes_from_draft_to_publication(signed_in, become):
    page = signed_in("anwei-office", **DESK)
    page.goto("/matrix/")
    page.get_by_role("link", name="各版清单").click()
    page.get_by_label("名称").fill("松江区安全生产责任清单（第二版）")
    page.get_by_role("button", name="起草").click()
    _move_the_refuse_stations(page)
    _plant_an_overlap_and_mend_it(page)
    page.get_by_role("button", name="发出征求意见").click()
    expect(page.locator(".casehead .state").first).to_have_text("征求意见")

    become(page, "shuiwu-head")
    page.goto("/matrix/")
    page.get_by_role("link", name="去表态").click()
    page.get_by_role("button", name=re.compile("全部同意")).click()
    expect(page.get_by_role("status")).to_contain_text("已对 13 行表态")

    become(page, "yingji-office")
    page.goto("/matrix/editions/2/")
    expect(page.locator("#voices")).to_contain_text("同意 1 家")
    page.get_by_role("button", name="核准").click()
    expect(page.locator(".casehead .state").first).to_have_text("已核准")
    expect(page.get_by_role("button", name="发布")).to_have_count(0)

    become(page, "anwei-office")
    page.reload()
    for box in page.locator("input[name=gap]").all():
        box.check()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".casehead .state").first).to_have_text("已发布")
    expect(page.locator(".story li")).to_have_count(8)
    page.goto("/matrix/?scenario=refuse+station")
    expect(page.locator("#k-LL-CONF-H2S td").first).to_contain_text("区生态环境局")
    assert Edition.objects.get(number=1).valid.upper is not None


def _move_the_refuse_stations(page):
    row = page.locator("#k-LL-CONF-H2S .lines > li", has_text="区绿化市容局")
    page.locator("#k-LL-CONF-H2S > summary").click()
    row.get_by_role("link", name="改").click()
    row.get_by_label("责任单位").select_option("SJ-HJ")
    row.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    page.get_by_role("link", name="与第 1 版比较").click()
    expect(page.locator(".compare .gone")).to_contain_text("区绿化市容局")
    expect(page.locator(".compare .come")).to_contain_text("区生态环境局")
    page.go_back()


def _plant_an_overlap_and_mend_it(page):
    page.get_by_role("link", name="添一行", exact=True).click()
    page.get_by_label("风险类别").select_option("LL-CONF-H2S")
    page.get_by_label("责任单位").select_option("SJ-YJ")
    page.get_by_label("场景").select_option("drain/sewer")
    page.get_by_label("法律依据", exact=True).fill("《安全生产法》第三条")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#checks")).to_contain_text("同一类别、场景、属地、阶段在同一时段有两个牵头单位")
    page.locator("#checks a", has_text="区应急管理局").click()
    wrong = page.locator(".lines > li:target")
    expect(wrong).to_be_in_viewport()
    expect(wrong).to_contain_text("两个牵头单位")
    wrong.get_by_role("link", name="改").click()
    wrong.get_by_role("button", name="删去这一行").click()
    expect(page.locator("#checks .ok").first).to_contain_text("没有重叠")
