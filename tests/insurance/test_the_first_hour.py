"""What somebody meets who was given a login and no manual: the ways, the words beside what waits, the forms."""

import ast
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from insurance import money
from insurance.claims import handling
from insurance.policies.models import Policy
from insurance.portals import home, waiting, waits
from insurance.service import plans, requesting
from insurance.service.models import Plan
from responsibility import acting, clock
from responsibility.refusals import Invalid
from tests.insurance.claiming import noticed
from tests.insurance.conftest import carried_with
from tests.insurance.given import MANHOLE, policy_of
from tests.insurance.portals import covered, opened
from tests.insurance.test_pushed_data import claim_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NEW = "/insurance/policies/new/"
LINE = {"item": "inspection", "measures": "窨井有限空间排查", "times": 2}


@pytest.fixture
def as_(client, people):
    def sign(name: str):
        client.force_login(people[name])
        return client

    return sign


def nav(text: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)"', text[text.index('<nav class="nav"') : text.index("</nav>")])


def typed(**fields) -> dict:
    """A policy as a clerk types it: local times without a zone, amounts with thousands."""
    given = {name: value for name, value in policy_of().items() if name not in ("objects", "starts_at", "ends_at")}
    now = clock.now()
    given |= {
        "objects": MANHOLE, "limit_total": "5,000,000.00", "starts_at": f"{now - 9 * DAY:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + 300 * DAY:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    return given | fields


# --- the ways -------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["insurer", "broker", "enterprise"])
def test_policies_are_one_click_from_every_page(as_, who):
    for page in ("/insurance/", "/inbox/", "/handbooks/"):
        assert "/insurance/policies/" in nav(as_(who).get(page).text)


def test_the_navigation_of_an_outsider_leads_to_its_own_objects_and_not_to_an_empty_register(as_):
    found = nav(as_("insurer").get("/insurance/").text)
    assert "/insurance/objects/" in found
    assert "/objects/" not in found
    assert "/objects/" in nav(as_("sijing-duty").get("/").text)


def test_own_objects_are_found_by_code_and_lead_to_the_pricing_help(as_, policy):
    policy(objects=(MANHOLE,))
    page = as_("insurer").get("/insurance/objects/", {"q": MANHOLE[:8].lower()}).text
    assert f"/insurance/objects/{MANHOLE}/history/" in page
    assert "/history/" not in as_("broker").get("/insurance/objects/").text
    assert MANHOLE in as_("broker").get("/insurance/objects/").text
    assert MANHOLE not in as_("insurer").get("/insurance/objects/", {"q": "没有的"}).text
    for stranger in ("insurer-b", "firm-b"):
        assert MANHOLE not in as_(stranger).get("/insurance/objects/").text
    assert as_("sijing-duty").get("/insurance/objects/").status_code == 403
    assert as_("insurer").get("/insurance/objects/", {"q": "x" * 101}).status_code == 400


def test_the_cases_of_a_policy_can_be_opened_by_who_sees_them(as_, policy, source):
    mine, case = policy(), opened(source, "link")
    covered(mine, case)
    for who in ("insurer", "broker"):
        assert f'href="/cases/{case.number}/"' in as_(who).get(f"/insurance/policies/{mine.pk}/").text


def test_a_policy_leads_to_its_plan_its_account_and_its_claims_as_far_as_one_reads_them(as_, policy):
    mine = policy()
    year = mine.starts_at.astimezone().year
    page = as_("insurer").get(f"/insurance/policies/{mine.pk}/").text
    assert f"/insurance/service/{mine.pk}/account/" in page
    assert re.search(rf"/insurance/service/{mine.pk}/({year}|{year + 1})/plan/", page)
    assert "/insurance/claims/?q=P-1" in page
    page = as_("broker").get(f"/insurance/policies/{mine.pk}/").text
    assert "/account/" not in page
    assert "/plan/" not in page
    assert "/insurance/claims/?q=P-1" in page


def test_a_case_leads_to_its_whole_chain_and_back(as_, policy, source):
    case = opened(source, "chain")
    covered(policy(), case)
    for who in ("insurer", "broker"):
        assert f"/insurance/cases/{case.number}/chain/" in as_(who).get(f"/cases/{case.number}/").text
        assert f'href="/cases/{case.number}/"' in as_(who).get(f"/insurance/cases/{case.number}/chain/").text


# --- what waits -----------------------------------------------------------------------------
def test_what_only_tells_something_does_not_stand_among_what_is_to_be_done(policy, source, people):
    covered(policy(), opened(source, "news"))
    shown = home.page(acting.of(people["insurer"]), clock.now())
    assert [each.label for each in shown["news"]] == ["三天内有了承保的案件"]
    assert "三天内有了承保的案件" not in {each.label for each in shown["waits"] + shown["late"]}


def test_the_few_that_are_shown_are_those_that_are_late_and_due_first(policy, order, people):
    mine, now = policy(), clock.now()
    late = [order(mine, due_at=now - days * DAY).number for days in (9, 1)]
    for _each in range(4):
        order(mine)
    found = {each.label: each for each in waiting.of(acting.of(people["firm"]), now)}["新委托待接受"]
    assert [one.name for one in found.few][:2] == late
    assert str(found.word) == "期限"


def test_every_time_that_waits_is_told_with_what_it_means():
    rooms = sorted(Path(waits.__file__).parent.glob("*.py"))
    calls = [node for room in rooms for node in ast.walk(ast.parse(room.read_text())) if isinstance(node, ast.Call)]
    told = [call for call in calls if getattr(call.func, "id", "") == "told"]
    assert len(told) > 20
    assert {call.args[2].value for call in told} - set(waiting.WORDS) == set()


def test_what_is_asked_of_the_insurer_waits_for_it_until_it_is_ordered(policy, order, people):
    mine = policy()
    requesting.ask(mine.pk, "training", "请来讲一课", by=people["broker"])

    def waiting_for():
        return {each.label for each in waiting.of(acting.of(people["insurer"]), clock.now())}

    assert "服务需求待安排" in waiting_for()
    order(mine, item="training", ordered_at=clock.now())
    assert "服务需求待安排" not in waiting_for()


def test_a_plan_waits_for_the_insured_and_once_sent_back_for_the_insurer(policy, people):
    mine = policy()
    year = clock.now().astimezone().year
    made = plans.propose(mine.pk, year, [LINE], "", by=people["insurer"])

    def waiting_for(who: str) -> set[str]:
        return {each.label for each in waiting.of(acting.of(people[who]), clock.now())}

    assert "服务方案待确认" in waiting_for("enterprise")
    plans.answer(mine.pk, year, False, "次数太少", made.proposed_at.isoformat(), by=people["enterprise"])
    assert "服务方案被退回，待修改" in waiting_for("insurer")
    assert "服务方案待确认" not in waiting_for("enterprise")


def test_policies_that_end_soon_are_one_filter_and_an_insured_is_found_by_its_name(as_, policy):
    policy("P-SOON", ends_at=clock.now() + 20 * DAY)
    policy("P-LONG")
    page = as_("insurer").get("/insurance/policies/", {"state": "ending"}).text
    assert "P-SOON" in page
    assert "P-LONG" not in page
    assert "P-LONG" in as_("insurer").get("/insurance/policies/", {"q": "供排水"}).text


def test_claims_are_found_by_the_number_of_their_policy_by_who_sees_them(as_, policy, source, people):
    claim = claim_of(policy(), opened(source, "claim"), people)
    assert claim.number in as_("insurer").get("/insurance/claims/", {"q": "p-1"}).text
    assert claim.number not in as_("insurer").get("/insurance/claims/", {"q": "P-2"}).text
    assert claim.number not in as_("insurer-b").get("/insurance/claims/", {"q": "P-1"}).text
    assert as_("insurer").get("/insurance/claims/", {"q": "x" * 65}).status_code == 400


def test_cases_are_found_by_number_object_and_colour_by_who_is_shown_these(as_, policy, source):
    yellow = opened(source, "a", object=MANHOLE, grade="yellow", value=None)
    blue = opened(source, "b", grade="blue", value=None)
    mine = policy()
    covered(mine, yellow)
    covered(mine, blue)

    def found(who: str, **asked) -> set[str]:
        page = as_(who).get("/insurance/cases/", asked).text
        return {case.number for case in (yellow, blue) if case.number in page}

    assert found("insurer") == found("broker") == {yellow.number, blue.number}
    assert found("insurer", q=MANHOLE[:9].lower()) == {yellow.number}
    assert found("insurer", grade="blue") == {blue.number}
    assert found("insurer", q=blue.number) == found("broker", q=blue.number) == {blue.number}
    # A broker is shown neither, and finds nothing by them.
    assert found("broker", q=MANHOLE) == found("broker", grade="blue") == set()
    assert found("insurer-b", q=MANHOLE) == set()
    assert as_("insurer").get("/insurance/cases/", {"grade": "pink"}).status_code == 400


def test_a_claim_says_whose_turn_it_is(as_, policy, source, people):
    mine, case = policy(), opened(source, "turn")
    covered(mine, case)
    claim = noticed(case, mine, people)
    handling.register(claim.pk, by=people["insurer"])
    handling.assess(claim.pk, "8000", "属实", by=people["insurer"])
    said = "核定已送被保险人，等待答复"
    assert said in as_("insurer").get(f"/insurance/claims/{claim.number}/").text
    assert said not in as_("broker").get(f"/insurance/claims/{claim.number}/").text


def test_who_carries_a_share_is_told_who_does_what(as_, policy, source, people):
    mine, case = policy(), opened(source, "share")
    covered(mine, case)
    carried_with(mine, "X-INS-B", 40)
    claim = noticed(case, mine, people)
    for page in (f"/insurance/policies/{mine.pk}/", f"/insurance/claims/{claim.number}/"):
        assert "本公司是共保人" in as_("insurer-b").get(page).text
        assert "本公司是共保人" not in as_("insurer").get(page).text


# --- forms ----------------------------------------------------------------------------------
def test_a_clerk_registers_one_policy_on_a_page(as_):
    answer = as_("insurer").post(NEW, typed(), follow=True)
    made = Policy.objects.get()
    assert answer.redirect_chain[-1][0] == f"/insurance/policies/{made.pk}/"
    assert "保单 PN-1 已登记，等待被保险人确认。" in answer.text
    assert (made.insurer.code, made.limit_total, made.whole) == ("X-INS", Decimal(5_000_000), False)
    assert as_("insurer").post(NEW, typed(), follow=True).status_code == 200
    assert Policy.objects.count() == 1


def test_each_fault_of_the_form_stands_beside_its_field_and_what_was_typed_stays(as_):
    answer = as_("insurer").post(NEW, typed(number="PN-7", premium="很多", ends_at="", objects=""))
    assert answer.status_code == 400
    assert Policy.objects.count() == 0
    page = answer.text
    assert re.search(r'name="premium" value="很多".*?aria-invalid="true">\s*<small class="gap">应为数字。', page, re.S)
    assert re.search(r'name="ends_at" value="".*?<small class="gap">缺少必填字段。', page, re.S)
    assert 'value="PN-7"' in page
    answer = as_("insurer").post(NEW, typed(objects="MH-NOT-THERE"))
    assert "不是该被保险人的监测对象" in answer.text


def test_a_time_that_is_none_is_asked_for_as_a_person_writes_it(as_):
    page = as_("insurer").post(NEW, typed(starts_at="昨天")).text
    assert "请填写日期和时间" in page
    assert "时区" not in page


def test_only_insurers_find_the_form(as_):
    for who in ("broker", "firm", "enterprise", "anwei-office", "auditor"):
        assert as_(who).get(NEW).status_code == 403
        assert as_(who).post(NEW, typed()).status_code == 403
    assert "/insurance/policies/new/" not in as_("broker").get("/insurance/policies/").text


def test_the_form_names_no_enterprise_that_the_company_does_not_insure(as_, policy):
    assert "X-WATER" not in as_("insurer").get(NEW).text
    policy()
    assert "X-WATER" in as_("insurer").get(NEW).text
    assert "X-WATER" not in as_("insurer-b").get(NEW).text


def test_a_minus_does_not_turn_premium_that_came_in_into_one_that_went_back(as_, policy):
    mine = policy()
    given = {"amount": "5", "returned": "no", "received_at": "2026-11-20T10:00", "reference": "R-1"}
    send = lambda **more: as_("insurer").post(f"/insurance/policies/{mine.pk}/premium/", given | more, follow=True)  # noqa: E731
    for returned in ("no", "yes"):
        refused = send(amount="-5", returned=returned)
        assert refused.status_code == 400
        assert "金额不带负号" in refused.text
    at = f"{clock.now() - DAY:%Y-%m-%dT%H:%M}"
    assert "保费已登记。" in send(received_at=at).text
    assert "没有重复记账" in send(received_at=at).text
    assert [each.amount for each in mine.premiums.all()] == [Decimal(5)]


@pytest.mark.parametrize(
    ("said", "read"), [("53,200.00", "53200.00"), ("１２，３００", "12300"), (" 5 ", "5"), ("1,5", "1,5"), ("5²", "5²")]
)
def test_amounts_are_read_as_they_are_shown_and_never_ten_times_too_large(said, read):
    assert money.written(said) == read


def test_a_fault_in_a_plan_names_its_line(policy, people):
    mine = policy()
    with pytest.raises(Invalid) as wrong:
        plans.propose(mine.pk, clock.now().astimezone().year, [LINE, LINE | {"times": 0}], "", by=people["insurer"])
    assert str(wrong.value.detail).startswith("第 2 项：")
    assert wrong.value.attr == "times"


def test_a_plan_of_many_lines_loses_none_when_it_is_mended_on_the_page(as_, policy, people):
    mine, year = policy(), clock.now().astimezone().year
    plans.propose(mine.pk, year, [LINE | {"measures": f"措施 {n}"} for n in range(12)], "", by=people["insurer"])
    page = as_("insurer").get(f"/insurance/service/{mine.pk}/{year}/plan/").text
    assert 'name="measures_12" maxlength="500" value="措施 11"' in page
    sent = {f"{name}_{n}": value for n in range(1, 13) for name, value in (LINE | {"measures": f"改 {n}"}).items()}
    assert as_("insurer").post(f"/insurance/service/{mine.pk}/{year}/plan/", sent).status_code == 303
    assert Plan.objects.get().lines.count() == 12


def test_a_choice_that_was_not_made_is_asked_for_in_words_of_the_form(as_, policy):
    policy()
    answer = as_("insurer").post("/insurance/orders/new/", {"policy": "zz", "item": "inspection"})
    assert "9223372036854775807" not in answer.text
    assert "请从列表中选择。" in answer.text


def test_what_was_done_is_said_on_the_next_page(as_, policy, people):
    mine, year = policy(), clock.now().astimezone().year
    sent = {"item_1": "inspection", "measures_1": "排查", "times_1": "2"}
    page = as_("insurer").post(f"/insurance/service/{mine.pk}/{year}/plan/", sent, follow=True).text
    assert "方案已提交，等待被保险人确认。" in page
    asked = {"policy": mine.pk, "item": "training", "text": "请来讲一课"}
    assert "需求已提出" in as_("broker").post("/insurance/service/requests/", asked, follow=True).text


def test_a_refusal_names_its_field_to_the_page(as_, policy):
    mine = policy()
    answer = as_("insurer").post(f"/insurance/policies/{mine.pk}/premium/", {"amount": "x"})
    assert 'data-field="amount"' in answer.text
