"""A drill from its start to its report, in both languages and without a word of it among real work."""

import re

import pytest
from playwright.sync_api import expect

from alerts.models import Drill
from cases.models import Case
from tests.browser.conftest import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_drill_is_begun_answered_ended_and_read(signed_in, open_case):
    real = open_case(object="REAL-1", location={"lat": 31.1144, "lon": 121.2683})
    office = signed_in("yingji-office", **DESKTOP)
    office.goto("/drills/")
    office.locator("[name=scenario]").select_option("h2s-manhole")
    office.get_by_label("倍速").fill("10")
    office.get_by_role("button", name="开始演练").click()
    expect(office.get_by_role("status")).to_contain_text("演练已开始")
    expect(office.locator("#score")).to_contain_text("目前情况")
    case = Case.objects.get(drill__isnull=False)

    duty = signed_in("sijing-duty")
    duty.goto("/")
    row = duty.locator(f"#drilled #c-{case.number}")
    expect(row).to_contain_text("演练 10×")
    expect(duty.locator(f"#drilled #c-{real.number}")).to_have_count(0)
    row.click()
    expect(duty.locator("#case-head .drill")).to_have_text("演练 10×")
    duty.locator(".verb.main").get_by_role("button", name="签收").click()
    expect(duty.get_by_role("status")).to_contain_text("已记录")

    office.reload()
    office.locator("#end summary").click()
    office.get_by_role("button", name="确认结束演练").click()
    expect(office.locator("#score h2")).to_have_text("评估")
    expect(office.locator("#score")).to_contain_text(re.compile(r"得分\s*\d+ %"))
    told = office.locator(f"[id='{case.number}']")
    expect(told.get_by_role("row").filter(has_text="按时签收").filter(has_text="泗泾")).to_contain_text("达到")
    expect(told.get_by_role("row").filter(has_text="责任单位正确").first).to_contain_text("达到")
    expect(told.get_by_role("row").filter(has_text="凭证齐全")).to_contain_text("未达到")
    duty.goto("/")
    expect(duty.locator("#drilled")).to_have_count(0)
    expect(duty.locator(f"#c-{real.number}")).to_be_visible()


def test_the_report_is_read_in_english_on_a_phone_and_printed(signed_in):
    office = signed_in("anwei-office", locale="en-US")
    office.goto("/drills/")
    office.get_by_label("Scenario").first.select_option("gas-leak")
    office.get_by_label("Speed").fill("60")
    office.get_by_role("button", name="Begin").click()
    expect(office.locator("h1")).to_have_text("Drill: gas leak at Sijing, on site within 20 minutes")
    office.locator("#end summary").click()
    office.get_by_role("button", name="Confirm: end the drill").click()
    expect(office.locator("#score")).to_contain_text("Right owner")
    expect(office.locator("#script")).to_contain_text("Not sent yet")
    assert office.evaluate("document.documentElement.scrollWidth") <= 390
    office.emulate_media(media="print")
    expect(office.locator("#score")).to_be_visible()
    expect(office.locator(".top")).to_be_hidden()


def test_a_wrong_file_is_refused_with_its_places(signed_in, tmp_path, watch):
    watch.expected = {400}
    wrong = tmp_path / "x.json"
    wrong.write_text('{"title": "甲", "alerts": [{"after": -1, "alert": {"category": "LL-CONF-H2S"}}]}')
    office = signed_in("yingji-office")
    office.goto("/drills/")
    office.get_by_label("或上传脚本").set_input_files(wrong)
    with office.expect_response(lambda answer: answer.request.method == "POST") as answered:
        office.get_by_role("button", name="开始演练").click()
    assert answered.value.status == 400
    expect(office.get_by_role("alert")).to_contain_text("alerts.0.after")
    assert not Drill.objects.exists()
