"""Hydrogen sulphide in a drain on the last Friday before the Spring Festival, from the alarm to the rework.

The worked example of the domain notes (section 1.9) on a day of the loaded calendar: Friday 13 February 2026. The next
day, a Saturday, is worked instead of one of the nine days off that follow (调休). The view of the insurer and the
ladder of calls to whoever stands behind the one who does not answer are no part of the product yet.
"""

import re

import pytest
from django.conf import settings as installation
from django.core.management import call_command
from playwright.sync_api import Page, expect

from cases import audit
from cases.models import Case
from config.demo import rosters
from responsibility import clock, ledger, loading
from responsibility.models import LedgerEntry
from tests.browser.conftest import DESKTOP
from tests.browser.serving import serving
from tests.browser.test_the_small_loop import pushes
from tests.cases.conftest import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {**DESKTOP, "is_mobile": False}
DRAIN = {"category": "LL-CONF-H2S", "scenario": "drain/sewer", "object": "MH-SIJING-0088", "unit": "mg/m3"}
NO_RETURN = "本案已由区里指定责任单位，不得再退回。"


@pytest.fixture
def demo(settings, tmp_path, watch):
    """The address of a demo of its own, whose clock can be set without moving anybody else's."""
    settings.DEMO_CLOCK, settings.EVIDENCE_ROOT = tmp_path / "clock", tmp_path / "evidence"
    own = {"VAR_DIR": str(tmp_path), "REDIS_URL": settings.REDIS_URL, "SECRET_KEY": settings.SECRET_KEY}
    with serving(**own) as address:
        watch.address = address
        yield address


@pytest.fixture
def at(demo, capsys):
    """``at("2026-02-13T17:31")``: what ``sweep --at … --stay`` prints; the whole demo goes on from there."""

    def move(when: str) -> str:
        call_command("sweep", at=when, stay=True)
        return capsys.readouterr().out

    return move


@pytest.fixture
def desk_of(demo, signed_in):
    """``desk_of("shuiwu-duty")``: that person's browser at the demo."""
    return lambda name: signed_in(name, base_url=demo, **DESK)


@pytest.fixture
def say(desk_of, key):
    """What a sub-platform sends to the demo: ``say("alerts", value=24.0)``; the answer."""
    page = desk_of("auditor")

    def send(what: str, **fields) -> dict:
        sent = DRAIN | {"observed_at": clock.now().isoformat()} | fields
        answer = page.request.post(f"/api/v1/{what}/", data=sent, headers={"Authorization": f"Bearer {key}"})
        assert answer.ok, answer.text()
        return answer.json()

    return send


def test_from_the_alarm_on_friday_evening_to_the_rework_three_days_later(at, say, desk_of, watch, tmp_path):
    at("2026-02-13T17:20")
    rosters.load(loading.read(installation.DISTRICT_FILE), clock.now())
    case = _an_orange_alert_is_owned_at_once(say, desk_of)
    _the_street_answers_and_the_lead_does_not(at, desk_of, case)
    _the_lead_answers_late_by_its_deputy(at, desk_of, case)
    _the_street_stands_there_and_stops_entry(at, desk_of, case, tmp_path)
    late = _the_lead_says_the_source_is_a_factory(at, desk_of, case)
    second = _the_district_designates_both(at, desk_of, case)
    _nobody_returns_it_again(late, case, watch)
    _three_quiet_readings_end_the_danger(at, say, desk_of, case)
    _it_is_repaired_and_checked_by_somebody_else(at, desk_of, case)
    _three_days_later_it_is_work_again(at, say, desk_of, case)
    _the_record_is_whole(desk_of, case, second)


def _clocks(page: Page, kind: str, unit: str):
    return page.locator(".clocks li").filter(has=page.get_by_text(kind, exact=True)).filter(has_text=unit)


def _answers(page: Page, how: str) -> None:
    page.get_by_text(how, exact=True).click()
    pushes(page, "签收", "已签收")


def _an_orange_alert_is_owned_at_once(say, desk_of) -> Case:
    answer = say("alerts", external_id="h2s-1", value=24.0, title="泗泾镇污水井硫化氢超限")
    assert answer["outcome"] == "opened"
    case = Case.objects.get(number=answer["case"])
    assert case.number.startswith("SJ-20260213-")
    page = desk_of("sijing-duty")
    page.goto(f"/cases/{case.number}/")
    for chip in ("橙色", "中闭环", "已派遣"):
        expect(page.locator("#case-head .chips")).to_contain_text(chip)
    for role, unit in (("行业责任", "区水务局"), ("属地责任", "泗泾镇"), ("主体责任", "示例供排水公司")):
        line = page.locator(".duties > div").filter(has=page.locator("dt", has_text=role)).first
        expect(line.locator("dd b")).to_have_text(unit)
    # The street goes on with first action though the department commands.
    for unit in ("泗泾镇", "区水务局"):
        expect(page.locator(".track .party", has_text=unit)).to_contain_text("尚未签收")
    expect(_clocks(page, "受控", "泗泾镇")).to_contain_text("共 4 小时")
    return case


def _the_street_answers_and_the_lead_does_not(at, desk_of, case) -> None:
    assert "missed 0" in at("2026-02-13T17:22")
    street = desk_of("sijing-duty")
    street.goto(f"/cases/{case.number}/")
    _answers(street, "电话叫应")
    expect(street.locator(".track .party", has_text="泗泾镇")).to_contain_text("喻秋雯 02-13 17:22 电话叫应")

    assert "missed 1" in at("2026-02-13T17:31")
    lead = desk_of("shuiwu-duty")
    lead.goto("/")
    expect(lead.locator(f"#c-{case.number}")).to_contain_text(re.compile(r"超时 [56] 分"))
    lead.goto(f"/cases/{case.number}/")
    expect(_clocks(lead, "签收", "区水务局").locator(".lamp")).to_have_text("超时")
    expect(_clocks(lead, "签收", "泗泾镇").locator(".lamp")).to_have_text("按时完成")
    # Whom the roster would call next is told; that he is called is another matter.
    expect(lead.locator(".track .party", has_text="区水务局").locator(".watch")).to_contain_text("张静怡")


def _the_lead_answers_late_by_its_deputy(at, desk_of, case) -> None:
    at("2026-02-13T17:35")
    deputy = desk_of("shuiwu-head")
    deputy.goto(f"/cases/{case.number}/")
    _answers(deputy, "系统签收")
    expect(deputy.locator(".track .party", has_text="区水务局")).to_contain_text("张静怡 02-13 17:35")
    expect(_clocks(deputy, "签收", "区水务局").locator(".lamp")).to_have_text("超时完成")


def _the_street_stands_there_and_stops_entry(at, desk_of, case, tmp_path) -> None:
    at("2026-02-13T17:39")
    handler = desk_of("sijing-handler")
    handler.goto(f"/cases/{case.number}/")
    expect(handler.locator("main")).to_contain_text("停止进入作业")
    handler.locator("#do-arrive textarea").fill("井口已围挡，停止下井作业")
    pushes(handler, "到场", "已到场")
    expect(_clocks(handler, "到场", "泗泾镇").locator(".lamp")).to_have_text("按时完成")
    photo = tmp_path / "井口.jpg"
    photo.write_bytes(picture().read())
    handler.locator("#more-evidence summary").click()
    form = handler.locator("#more-evidence")
    form.get_by_label("文件").set_input_files(photo)
    form.get_by_label("说明").fill("井口围挡")
    form.get_by_role("button", name="上传").click()
    expect(handler.locator("#evidence")).to_contain_text("井口围挡")
    expect(handler.locator(".story")).to_contain_text("停止下井作业")


def _return_form(page: Page, case: Case):
    page.goto(f"/cases/{case.number}/")
    form = page.locator("#ask-return")
    form.locator("summary").click()
    form.get_by_label("退回理由").select_option(label="源头在他处")
    form.get_by_label("理由", exact=True).fill("源头是上游工厂偷排")
    return form


def _the_lead_says_the_source_is_a_factory(at, desk_of, case) -> Page:
    """The page of a colleague, who has the same typed in and not sent."""
    at("2026-02-13T18:05")
    late = desk_of("shuiwu-duty")
    _return_form(late, case)
    lead = desk_of("shuiwu-head")
    form = _return_form(lead, case)
    form.get_by_label("建议的责任单位").select_option(label="区生态环境局")
    form.get_by_role("button", name="提交请示").click()
    expect(lead.get_by_role("status")).to_contain_text("请示已提交，由区城运应急办审批")
    running = _clocks(lead, "裁定", "区城运应急委")
    expect(running).to_contain_text(re.compile(r"剩 1[45] 分"))
    expect(running).to_contain_text("共 15 分")
    expect(running).to_contain_text("02-13 18:20 到期")
    expect(lead.locator("#case-head .holder")).to_contain_text("区水务局")
    return late


def _the_district_designates_both(at, desk_of, case) -> Case:
    assert "missed 0" in at("2026-02-13T18:15")
    district = desk_of("yingji-office")
    district.goto("/arbitration/")
    dispute = district.locator("#to-decide .panel", has_text=case.number)
    expect(dispute).to_contain_text(re.compile(r"剩 [45] 分"))
    dispute.get_by_text("同意", exact=True).click()
    dispute.get_by_label("指定牵头单位").select_option(label="区水务局")
    dispute.get_by_label("另立关联案件给").select_option(label="区生态环境局")
    dispute.get_by_label("意见").fill("水务先行控制，生态环境查源头")
    dispute.get_by_role("button", name="确认同意").click()
    expect(district.get_by_role("status")).to_contain_text("已同意")
    second = case.linked.get()
    district.goto(f"/cases/{case.number}/")
    expect(district.locator("#case-body")).to_contain_text("区里已指定，不得再退回")
    district.get_by_role("link", name=second.number).click()
    expect(district.locator(".duties > div", has_text="行业责任").locator("dd b")).to_have_text("区生态环境局")
    district.get_by_role("link", name=case.number).click()
    expect(district.locator("#case-head .number")).to_have_text(case.number)
    expect(district.locator("#case-head .holder")).to_contain_text("区水务局")
    return second


def _nobody_returns_it_again(late: Page, case: Case, watch) -> None:
    """The colleague sends what he typed before the decision; who opens the page now is not offered it."""
    watch.expected = {409}
    with late.expect_response(lambda answer: answer.request.method == "POST") as sent:
        late.locator("#ask-return").get_by_role("button", name="提交请示").click()
    assert sent.value.status == 409
    expect(late.locator("#refused b")).to_have_text(NO_RETURN)
    expect(late.locator("#ask-return")).to_have_count(0)
    watch.expected = set()
    assert case.requests.filter(kind="return").count() == 1


def _three_quiet_readings_end_the_danger(at, say, desk_of, case) -> None:
    for minute, value in (("30", 4.6), ("40", 3.8), ("50", 2.9)):
        at(f"2026-02-13T18:{minute}:30")
        assert [told["outcome"] for told in say("readings", value=value)["results"]] == ["stored"]
    lead = desk_of("shuiwu-duty")
    lead.goto(f"/cases/{case.number}/")
    lead.locator("#do-contain textarea").fill("强制通风后连续三次复测正常")
    pushes(lead, "受控", "已受控")
    contained = _clocks(lead, "受控", "泗泾镇")
    expect(contained).to_contain_text("用时 1 小时 30 分，时限 4 小时")
    expect(contained.locator(".lamp")).to_have_text("按时完成")
    # Day 0 is not counted, Saturday the 14th is worked, the 15th to the 23rd are not.
    repair = _clocks(lead, "整改", "区水务局")
    expect(repair).to_contain_text("共 5 个工作日")
    expect(repair).to_contain_text("02-27 24:00 到期")


def _it_is_repaired_and_checked_by_somebody_else(at, desk_of, case) -> None:
    at("2026-02-14T10:00")
    lead = desk_of("shuiwu-duty")
    lead.goto(f"/cases/{case.number}/")
    pushes(lead, "反馈", "待核查")
    expect(_clocks(lead, "整改", "区水务局")).to_contain_text("直接反馈")
    expect(lead.get_by_role("button", name="结案")).to_have_count(0)
    at("2026-02-14T11:00")
    checker = desk_of("chengyun-check")
    checker.goto("/")
    checker.locator(f"#c-{case.number}").click()
    pushes(checker, "结案", "已结案")


def _three_days_later_it_is_work_again(at, say, desk_of, case) -> None:
    at("2026-02-16T17:30")
    answer = say("alerts", external_id="h2s-2", value=12.0, title="泗泾镇污水井硫化氢再次超限")
    assert (answer["outcome"], answer["case"]) == ("joined", case.number)
    street = desk_of("sijing-duty")
    street.goto("/")
    street.locator(f"#c-{case.number}").click()
    for chip in ("整改中", "返工 1 次"):
        expect(street.locator("#case-head .chips")).to_contain_text(chip)
    for unit in ("泗泾镇", "区水务局"):
        expect(street.locator(".track .party", has_text=unit)).to_contain_text("尚未签收")
    expect(street.locator("#evidence")).to_contain_text("返工前")
    # Somebody else's day 0: now the Saturday after the festival is one of the five.
    again = _clocks(street, "整改", "区水务局").filter(has_text="正常")
    expect(again).to_contain_text("02-28 24:00 到期")
    pushes_again = street.locator(".verb.main").get_by_role("button", name="签收")
    pushes_again.click()
    expect(street.locator(".track .party", has_text="泗泾镇")).to_contain_text("喻秋雯 02-16 17:30")


STORY = [
    ("case.open", "13 17:20", "system"), ("case.escalate", "13 17:20", "system"),
    ("case.acknowledge", "13 17:22", "喻秋雯"), ("deadline.missed", "13 17:31", "system"),
    ("case.acknowledge", "13 17:35", "张静怡"), ("case.arrive", "13 17:39", "许俊峰"),
    ("evidence.add", "13 17:39", "许俊峰"), ("request.return", "13 18:05", "张静怡"),
    ("case.link", "13 18:15", "褚雪莲"), ("request.approve", "13 18:15", "褚雪莲"),
    ("case.contain", "13 18:50", "吴慧敏"), ("case.report", "14 10:00", "吴慧敏"),
    ("case.close", "14 11:00", "卫嘉宁"), ("alert.joined", "16 17:30", "system"),
    ("case.acknowledge", "16 17:30", "喻秋雯"),
]  # fmt: skip


def _the_record_is_whole(desk_of, case, second) -> None:
    told = list(ledger.story(case.chain))
    zone = clock.timezone.get_default_timezone()
    assert [(e.verb, f"{e.at.astimezone(zone):%d %H:%M}", e.actor_label) for e in told] == STORY
    assert ledger.story(second.chain).first().after["linked_to"] == case.number
    # Each entry also says when it was really written, so that a set clock deceives nobody.
    assert all(entry.recorded_at > entry.at for entry in told)
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert list(audit.mismatches()) == []
    call_command("verify_ledger")
    auditor = desk_of("auditor")
    auditor.goto(f"/cases/{case.number}/ledger/")
    expect(auditor.locator("main")).to_contain_text("2026-02-13 17:22")
    expect(auditor.locator("main")).to_contain_text("泗泾镇")
