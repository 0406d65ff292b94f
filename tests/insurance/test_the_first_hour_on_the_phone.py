"""What somebody of a firm or an enterprise finds who has a login and no manual: whose turn it is, and the way on."""

import re
from datetime import timedelta

import pytest

from accountability import beside, casefile, dossier, period
from alerts import intake
from alerts.formats import item
from cases import aside
from cases.models import Case
from cases.sentences import SENTENCES, named
from insurance.findings import duty, selfcontrol, telling
from insurance.findings.models import Finding
from insurance.policies import telling as policies_telling
from insurance.portals import home, waiting
from insurance.service import moving, visiting
from insurance.service import telling as service_telling
from insurance.service.models import OrderState
from notices import addressing
from responsibility import acting, clock, directory
from responsibility.refusals import Invalid
from tests.cases.conftest import alert, picture
from tests.insurance.test_orders import firms, given  # noqa: F401
from tests.insurance.test_self_control import MANHOLE, _folder, check, register  # noqa: F401
from tests.insurance.test_visits import written

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TO_ANSWER, ASKED = "对方提议了上门时间，待答复", "已提议上门时间，等对方答复"
CHECKS, UNMET, LATE = "自查待做", "自查不符合，还没改好", "被保险人的自查逾期或有不符合"
DUTIES = "案件的主体责任，待确认或提出异议"


def waits(people, who: str) -> dict[str, waiting.Waiting]:
    return {each.label: each for each in waiting.of(acting.of(people[who]), clock.now())}


def page(client, people, who: str, address: str) -> str:
    client.force_login(people[who])
    answer = client.get(address)
    assert answer.status_code == 200, (who, address)
    return answer.content.decode()


@pytest.fixture
def own_case(source) -> Case:
    """A case at a manhole of the enterprise."""
    return Case.objects.get(number=intake.receive(source, [alert()], item.read)[0].case)


def test_a_proposed_time_waits_for_the_side_that_did_not_propose_it(given, people):  # noqa: F811
    when = (clock.now() + 2 * DAY).isoformat()
    moving.accept(given.pk, by=people["firm"], propose=when)
    assert waits(people, "firm")[ASKED].news
    assert TO_ANSWER not in waits(people, "firm")
    assert not waits(people, "enterprise")[TO_ANSWER].news
    shown = home.page(acting.of(people["enterprise"]), clock.now())
    assert TO_ANSWER in {each.label for each in shown["waits"]}
    moving.agree(given.pk, when, by=people["enterprise"])
    assert not {ASKED, TO_ANSWER} & (waits(people, "firm").keys() | waits(people, "enterprise").keys())
    assert waits(people, "firm")["已约好，以后上门"].news


def test_an_order_tells_each_what_comes_next_after_what_it_is_about(given, people, client):  # noqa: F811
    address = f"/insurance/orders/{given.number}/"
    text = page(client, people, "firm", address)
    assert "请接受委托" in text
    assert text.index("窨井隐患排查") < text.index("/accept/")
    assert "等待" in page(client, people, "insurer", address)
    moving.accept(given.pk, by=people["firm"])
    assert "请提议上门时间" in page(client, people, "firm", address)
    assert "您也可以先提议" in page(client, people, "enterprise", address)
    client.force_login(people["firm"])
    at = (clock.now() + DAY).strftime("%Y-%m-%dT%H:%M")
    done = client.post(f"{address}propose/", {"at": at}, follow=True)
    assert "已提议上门时间，等待对方确认。" in done.content.decode()
    assert "请确认；不合适的，提议另一个时间" in page(client, people, "enterprise", address)


def test_what_a_visit_found_leads_on_to_how_far_it_is_put_right(given, people, client):  # noqa: F811
    when = (clock.now() + timedelta(hours=1)).isoformat()
    moving.accept(given.pk, by=people["firm"], propose=when)
    moving.agree(given.pk, when, by=people["enterprise"])
    found = [{"severity": "general", "text": "井盖松动", "basis": "", "advice": "", "days": 7}]
    visiting.record(given.pk, written(found=found), by=people["firm"])
    number = Finding.objects.get().number
    for who in ("firm", "enterprise", "insurer"):
        assert f"/insurance/findings/{number}/" in page(client, people, who, f"/insurance/orders/{given.number}/")
    assert "请看过服务记录后签署" in page(client, people, "enterprise", f"/insurance/orders/{given.number}/")


def test_the_insured_complains_about_an_order_from_its_page(given, people, client):  # noqa: F811
    text = page(client, people, "enterprise", f"/insurance/orders/{given.number}/")
    way = re.search(r'href="(/insurance/firms/\d+/\?about=[^"#]+)#complaints"', text)
    assert way
    assert f'name="about" maxlength="40" value="{given.number}"' in page(client, people, "enterprise", way[1])
    assert "?about=" not in page(client, people, "firm", f"/insurance/orders/{given.number}/")


def test_a_withdrawn_order_waits_for_nobodys_answer(given, people, client):  # noqa: F811
    moving.accept(given.pk, by=people["firm"], propose=(clock.now() + DAY).isoformat())
    moving.withdraw(given.pk, "不再需要", by=people["insurer"])
    given.refresh_from_db()
    assert given.state == OrderState.WITHDRAWN
    text = page(client, people, "enterprise", f"/insurance/orders/{given.number}/")
    assert "等待对方确认" not in text
    assert "无须再办" in text


def test_a_self_check_that_was_missed_or_not_met_stands_on_the_first_pages_of_those_who_look_at_it(
    register, policy, people, client  # noqa: F811
):  # fmt: skip
    kept = register()
    policy(objects=(MANHOLE,))
    assert (waits(people, "enterprise")[CHECKS].count, waits(people, "enterprise")[CHECKS].late) == (1, 0)
    assert LATE not in waits(people, "insurer")
    assert "自查逾期或有不符合" not in page(client, people, "shuiwu-head", "/")
    check(kept, people, 3)
    assert CHECKS not in waits(people, "enterprise")
    assert waits(people, "enterprise")[UNMET].late == 1
    assert waits(people, "insurer")[LATE].late == 1
    assert "/insurance/self-control/?state=late" in page(client, people, "shuiwu-head", "/")
    for who in ("insurer-b", "firm", "broker"):
        assert LATE not in waits(people, who), who
    for who in ("jianguan-head", "sijing-head", "sijing-duty"):
        assert "自查逾期或有不符合" not in page(client, people, who, "/"), who
    found = waiting.of(acting.of(people["enterprise"]), clock.now() + 2 * DAY)
    assert [each.late for each in found if each.label == CHECKS] == [1]


def test_no_page_of_a_case_waits_for_what_fails_above_it(own_case, people, client, monkeypatch):
    def fails(*_asked):
        raise RuntimeError("broken")

    monkeypatch.setattr(aside, "ASIDES", [fails])
    monkeypatch.setattr(aside, "WAYS", [fails])
    monkeypatch.setattr(beside, "VOICES", [fails])
    assert own_case.number in page(client, people, "sijing-duty", "/")
    assert own_case.number in page(client, people, "enterprise", f"/cases/{own_case.number}/")
    assert own_case.number in page(client, people, "auditor", f"/cases/{own_case.number}/accountability/")


def test_the_duty_on_a_case_waits_until_it_is_answered(own_case, people, client):
    assert waits(people, "enterprise")[DUTIES].count == 1
    text = page(client, people, "enterprise", "/insurance/duties/")
    assert text.index("待答复") < text.index(own_case.number)
    opened = page(client, people, "enterprise", f"/insurance/duties/?case={own_case.number}")
    assert (text.count("<details open>"), opened.count("<details open>")) == (0, 1)
    duty.answer(own_case.number, "disputed", "2024年已移交", by=people["enterprise"])
    assert DUTIES not in waits(people, "enterprise")


def test_the_accountability_of_a_case_shows_what_the_enterprise_says_of_its_duty(own_case, people, client):
    address = f"/cases/{own_case.number}/accountability/"
    assert "2024年已移交" not in page(client, people, "anwei-office", address)
    duty.answer(own_case.number, "disputed", "2024年已移交", by=people["enterprise"])
    duty.answer(own_case.number, "confirmed", "", by=people["enterprise"])
    voices = casefile.about(own_case, acting.of(people["auditor"]), directory.current())["voices"]
    assert [(voice.unit.code, voice.disputes, voice.text) for voice in voices] == [
        ("X-WATER", True, "2024年已移交"), ("X-WATER", False, ""),
    ]  # fmt: skip
    for who in ("anwei-office", "auditor", "sijing-head"):
        assert "2024年已移交" in page(client, people, who, address), who


def test_from_a_case_an_outsider_goes_on_to_everything_that_concerns_him(own_case, policy, people, client):
    policy(objects=(MANHOLE,))
    text = page(client, people, "enterprise", f"/cases/{own_case.number}/")
    part = text[text.index("与本单位有关的事") :]
    ways = re.findall(r'<li><a href="([^"]+)"', part[: part.index("</section>")])
    assert any("/insurance/duties/" in way for way in ways)
    for way in ways:
        assert client.get(way.replace("&amp;", "&").partition("#")[0]).status_code == 200, way


def test_a_refusal_says_what_is_missing(register, own_case, people):  # noqa: F811
    with pytest.raises(Invalid) as told:
        duty.answer(own_case.number, "disputed", "  ", by=people["enterprise"])
    assert "理由" in str(told.value.detail)
    with pytest.raises(Invalid) as told:
        selfcontrol.read_results([{"met": False, "note": " "}])
    assert "哪里不符合" in str(told.value.detail)


def test_forms_ask_for_orders_and_firms_by_their_names(given, people, client):  # noqa: F811
    moving.accept(given.pk, by=people["firm"])
    assert f'<option value="{given.number}"' in page(client, people, "firm", "/insurance/findings/tell/")
    assert f'<option value="{MANHOLE}"' in page(client, people, "enterprise", "/insurance/findings/tell/")
    line = {"severity": "general", "text": "未通风"}
    (found,) = telling.tell([line], telling.wanted("", MANHOLE), by=people["enterprise"])
    address = f"/insurance/findings/{found.number}/"
    assert '<option value="X-TPF"' in page(client, people, "enterprise", address)
    unknown = {"note": "已改", "other_worker": "X-NOBODY", "worked_by": "X-TPF", "file": picture(5)}
    assert client.post(f"{address}rectify/", unknown).status_code == 400
    assert (
        client.post(f"{address}rectify/", {"note": "已改", "worked_by": "X-TPF", "file": picture(5)}).status_code == 303
    )
    found.refresh_from_db()
    assert found.worked_by.code == "X-TPF"


def test_every_act_of_the_insurance_side_is_said_in_words():
    # What only asks somebody for his word is no act.
    asked = {"policy.ask", "policy.widen"}
    acts = {*service_telling.SAID, *policies_telling.SAID, "finding.tell", "finding.proof", "selfcontrol.duty"} - asked
    assert {verb for verb in acts if verb not in SENTENCES or named(verb) == verb} == set()


def test_the_dossier_of_an_outsider_is_in_words_and_leads_to_pages_that_open(given, people, client):  # noqa: F811
    moving.accept(given.pk, by=people["firm"])
    addressing.address()
    since, until = (clock.now() - DAY).date().isoformat(), (clock.now() + DAY).date().isoformat()
    items = dossier.of(people["firm"], directory.current(), period.Period(since, until))
    assert any(one.what.startswith("机构接受委托") for one in items)
    assert not [one.what for one in items if one.what.startswith(("service.", "finding."))]
    text = page(client, people, "firm", "/accountability/officers/firm/")
    assert f'href="/cases/{given.number}/"' not in text
    told = [one for one in items if one.number == given.number]
    assert told
    for one in told:
        assert client.get(one.page).status_code == 200, one.page
