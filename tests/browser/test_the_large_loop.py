"""A gas leak: the district sees who is nearest, sends, and the crew reports its arrival from a phone."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cases.models import Dispatch
from resources.models import Resource
from tests.browser.conftest import DESKTOP
from tests.cases.conftest import stand_still
from tests.cases.test_dispatching import GAS, SIJING

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_nearest_gas_station_is_sent_and_its_crew_arrives_with_its_place_in_twenty_minutes(signed_in, open_case):
    case = open_case(title="泗泾镇燃气泄漏", **GAS)
    district = signed_in("yingji-office", **DESKTOP)
    district.goto(f"/cases/{case.number}/")
    opening = district.locator("#do-command")
    opening.get_by_label("目标").fill("二十分钟内到场，关阀止漏")
    opening.get_by_role("button", name="启动指挥部").click()
    expect(district.locator("#command")).to_contain_text("关阀止漏")
    district.locator("#dispatches").get_by_role("link", name="调派资源").click()
    fitters = district.locator("#third-people .needed").first
    nearest = fitters.locator(".sources li").first
    expect(nearest).to_contain_text("燃气泗泾抢修站")
    expect(nearest.locator(".leg")).to_have_text(re.compile(r"^约 \d+ 分（[\d.]+ 公里）$"))
    expect(nearest.locator("input")).to_have_value("1")
    district.get_by_role("button", name="调派所填资源").click()
    expect(district.locator("#dispatches")).to_contain_text("燃气泗泾抢修站")
    sent = Dispatch.objects.get(case=case, station__code="ST-GAS-SIJING")
    assert sent.clock.due_at - sent.sent_at == timedelta(minutes=20)

    here = {"latitude": SIJING[0], "longitude": SIJING[1]}
    crew = signed_in("gas-crew", geolocation=here, permissions=["geolocation"])
    crew.goto(f"/cases/{case.number}/")
    mine = crew.locator(f"#do-dispatch-{sent.pk}")
    expect(mine.locator(".countdown")).to_have_text(re.compile(r"^剩 (20|19) 分$"))
    mine.get_by_role("button", name="资源出动").click()
    expect(crew.locator(f"#dispatch-{sent.pk}")).to_contain_text("途中")
    crew.locator(f"#do-dispatch-{sent.pk}").get_by_role("button", name="报告资源到场").click()
    expect(crew.locator(f"#dispatch-{sent.pk}")).to_contain_text("已到场")
    sent.refresh_from_db()
    assert (sent.lat, sent.lon) == SIJING
    assert sent.clock.stopped_at is None or sent.clock.stopped_at <= sent.clock.due_at


def test_a_kit_without_drivers_stands_in_red_by_name(signed_in, open_case):
    case = open_case(**GAS)
    stand_still(Resource.objects.filter(capabilities__code="driver"))
    page = signed_in("yingji-office")
    page.goto(f"/cases/{case.number}/resources/")
    expect(page.locator("#incomplete")).to_contain_text("配置不完整")
    expect(page.locator("#incomplete")).to_contain_text("无驾驶员")
    expect(page.locator("#third-people")).to_have_class(re.compile("gapped"))


def test_the_lead_orders_the_police_and_cannot_contain_before_it_is_done(signed_in, open_case, press, watch):
    watch.expected = {409}
    case = open_case(grade="orange")
    lead = signed_in("shuiwu-head")
    lead.goto(f"/cases/{case.number}/")
    lead.locator("#order-give summary").click()
    giving = lead.locator("#order-give")
    giving.get_by_label("承办单位").select_option("SJ-GA")
    giving.get_by_role("textbox", name="要求").fill("封控路口")
    giving.get_by_role("button", name="下达派单").click()
    expect(lead.locator("#orders")).to_contain_text("封控路口")
    press(case, "shuiwu-duty acknowledge", "sijing-handler arrive", "shuiwu-duty prove")

    police = signed_in("ga-duty")
    police.goto("/")
    police.locator(".owed a").click()
    police.get_by_role("button", name="签收派单").click()
    expect(police.locator("#orders")).to_contain_text("办理中")
    lead.reload()
    lead.locator("#do-contain button").click()
    expect(lead.locator("#refused")).to_contain_text("封控路口")
    police.get_by_role("button", name="派单办结").click()
    expect(police.locator("#orders")).to_contain_text("已办结")
