"""The first page of each outsider: what waits for it, its own figures, objects and nothing of anybody else's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import RiskObject
from insurance.findings.models import Finding
from insurance.firms.models import Complaint, Firm, Licence, Measure
from insurance.portals import home, waiting
from insurance.service import requesting
from insurance.service.models import ServiceOrder
from responsibility import acting, clock
from tests.insurance.conftest import told, unit
from tests.insurance.portals import covered, opened
from tests.insurance.test_pushed_data import claim_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OUTSIDERS = ["insurer", "broker", "firm", "enterprise"]
OTHERS = ["insurer-b", "firm-b"]


def waits(people, who: str) -> dict[str, tuple[int, int]]:
    return {each.label: (each.count, each.late) for each in waiting.of(acting.of(people[who]), clock.now())}


def finding(order, people, number: str, **fields) -> Finding:
    now = clock.now()
    made = Finding.objects.create(
        **{
            "number": number, "order": order, "how": "visit", "found_by_unit": order.firm, "found_by": people["firm"],
            "insured": order.insured, "severity": "general", "text": "未通风", "found_at": now - 9 * DAY,
            "told_at": now - 9 * DAY, "due_at": now + DAY, "proof_since": now - 9 * DAY,
        } | fields
    )  # fmt: skip
    told(made, "finding.tell", number)
    return made


@pytest.fixture
def business(policy, order, source, people):
    """A policy that ends soon, orders in every state, findings open and late, a claim: all of X-INS, X-TPF, X-WATER."""
    now = clock.now()
    mine = policy(ends_at=now + 10 * DAY, objects=("MH-SIJING-0088",))
    order(mine)
    order(mine, state="accepted", due_at=now - DAY)
    order(mine, state="agreed", appointed_at=now)
    visited = order(mine, state="visited", risk_object=RiskObject.objects.get(code="MH-SIJING-0088"))
    finding(visited, people, "YH-1")
    finding(visited, people, "YH-2", due_at=now - DAY)
    case = opened(source, "business")
    covered(mine, case)
    claim = claim_of(mine, case, people)
    return mine, case, claim


def test_each_finds_what_waits_for_it(business, people):
    assert waits(people, "firm") == {"新委托待接受": (1, 0), "待约定上门时间": (1, 1), "今天上门": (1, 0)}
    assert waits(people, "enterprise") == {
        "保单将在 60 天内到期": (1, 1), "服务记录待确认": (1, 0), "今天有机构上门": (1, 0), "隐患待整改": (2, 1),
        "理赔办理中": (1, 0),
    }  # fmt: skip
    assert waits(people, "broker") == {"保单将在 60 天内到期": (1, 1), "理赔办理中": (1, 0)}
    assert waits(people, "insurer") == {
        "保单将在 60 天内到期": (1, 1), "三天内有了承保的案件": (1, 0), "服务委托超过期限": (1, 1),
        "被保险人的隐患逾期未整改": (1, 1), "理赔等我办理": (1, 0),
    }  # fmt: skip


def test_what_is_late_comes_first_and_then_what_is_oldest(business, people):
    found = waiting.of(acting.of(people["enterprise"]), clock.now())
    assert [bool(each.late) for each in found] == sorted((bool(each.late) for each in found), reverse=True)


def test_a_firm_is_warned_of_its_licences(people):
    firm = Firm.objects.create(unit=unit("X-TPF"), credit_code="91310117MA1J00000X", registered_at=clock.now())
    today = clock.now().date()
    for number, days in (("A", 30), ("B", -2), ("C", 300)):
        Licence.objects.create(
            firm=firm, number=number, name="有限空间检测", issued_by="区应急局", since=today - 400 * DAY,
            until=today + days * DAY,
        )  # fmt: skip
    told(firm, "firm.register", "X-TPF")
    assert waits(people, "firm") == {"资质将到期或已过期": (2, 1)}
    assert waits(people, "firm-b") == {}


def test_a_firm_is_told_of_what_it_has_to_answer(people):
    now = clock.now()
    firm = Firm.objects.create(unit=unit("X-TPF"), credit_code="91310117MA1J00000X", registered_at=now)
    Measure.objects.create(
        firm=firm, kind="suspend", reason="poor", text="迟到", noticed_at=now, noticed_by=people["anwei-office"],
        answer_until=now + 5 * DAY,
    )  # fmt: skip
    for days in (-1, 3):
        Complaint.objects.create(
            firm=firm, by_unit=unit("X-WATER"), made_by=people["enterprise"], made_at=now - 20 * DAY, text="未到",
            due_at=now + days * DAY,
        )  # fmt: skip
    told(firm, "firm.register", "X-TPF")
    assert waits(people, "firm") == {
        "对本机构的处理，待陈述或要求听证": (1, 0), "投诉待答复（10 个工作日）": (2, 1),
    }  # fmt: skip
    assert waits(people, "firm-b") == {}


@pytest.mark.parametrize("who", OTHERS)
def test_a_neighbour_of_the_same_kind_sees_nothing_not_even_a_count(business, client, people, who):
    mine, case, claim = business
    client.force_login(people[who])
    text = client.get("/insurance/").text
    for secret in (mine.number, case.number, claim.number, "MH-SIJING-0088", "YH-", "FW-TEST"):
        assert secret not in text
    shown = home.page(acting.of(people[who]), clock.now())
    assert (shown["waits"], shown["late"], shown["objects"]) == ([], [], [])
    assert {figure.count for figure in shown["figures"]} == {0}


def test_another_enterprise_sees_its_own_objects_only(business, people):
    own = home.page(acting.of(people["enterprise"]), clock.now())
    assert own["objects"]
    assert {thing.main_body.code for thing in own["objects"]} == {"X-WATER"}


def test_the_map_of_an_insurer_shows_what_a_policy_in_force_names(business, people, client):
    mine, _case, _claim = business
    shown = home.page(acting.of(people["insurer"]), clock.now())
    assert [thing.code for thing in shown["objects"]] == ["MH-SIJING-0088"]
    client.force_login(people["insurer"])
    assert "MH-SIJING-0088" in client.get("/insurance/").text
    type(mine).objects.filter(pk=mine.pk).update(cancelled_at=clock.now())
    told(mine, "policy.cancel", mine.number)
    assert home.page(acting.of(people["insurer"]), clock.now())["objects"] == []


def test_the_map_of_a_firm_shows_where_its_orders_run(business, people):
    shown = home.page(acting.of(people["firm"]), clock.now())
    assert [thing.code for thing in shown["objects"]] == ["MH-SIJING-0088"]
    now = clock.now()
    for order in ServiceOrder.objects.all():
        ServiceOrder.objects.filter(pk=order.pk).update(state="done", ended_at=now)
        told(order, "order.done", order.number)
    assert home.page(acting.of(people["firm"]), clock.now())["objects"] == []


@pytest.mark.parametrize("who", OUTSIDERS)
def test_an_outsider_begins_on_its_own_page(client, people, who):
    client.force_login(people[who])
    page = client.get("/", follow=True)
    assert page.redirect_chain == [("/insurance/", 302)]
    assert client.get("/insurance/cases/").status_code == 200
    assert 'aria-current="page"' in page.text


def test_whoever_was_shown_a_case_finds_it_there(client, people, source):
    from cases import sharing

    case = opened(source, "shown")
    sharing.share(case.pk, by=people["anwei-office"], until=clock.now() + DAY, reason="理赔", unit="X-INS-B")
    client.force_login(people["insurer-b"])
    assert case.number in client.get("/insurance/").text


def test_officials_keep_their_worklist_and_read_an_overview_as_far_as_they_may(business, client, people):
    client.force_login(people["sijing-head"])
    assert client.get("/").status_code == 200
    labels = {}
    for who in ("anwei-office", "auditor", "sijing-duty", "sijing-head", "admin"):
        client.force_login(people[who])
        page = client.get("/insurance/")
        assert page.status_code == 200
        assert "X-WATER" not in page.text
        labels[who] = {figure.label for figure in page.context["figures"]}
    assert "有效保单" in labels["anwei-office"]
    assert "未结理赔" in labels["auditor"] - labels["anwei-office"]
    assert labels["sijing-duty"] == labels["admin"] == set()
    assert labels["sijing-head"] == {"清单内的机构", "暂停或淘汰的机构"}


def test_the_statements_do_not_grow_with_what_there_is(business, order, people, source, client):
    mine, _case, _claim = business
    counted = []
    for _round in range(2):
        for who in OUTSIDERS:
            client.force_login(people[who])
            with CaptureQueriesContext(
                connection,
            ) as asked:
                client.get("/insurance/")
            counted.append(len(asked))
        for number in range(4):
            visited = order(mine, state="visited")
            finding(visited, people, f"YH-MORE-{number}-{_round}", due_at=clock.now() - DAY)
            covered(mine, opened(source, f"more-{number}-{_round}"))
    assert counted[:4] == counted[4:]
    assert max(counted) < 60, counted


def test_the_list_of_cases_shows_of_each_what_the_table_of_outsiders_lets_through(business, client, people, source):
    _mine, case, _claim = business
    opened(source, "not-ours")
    shown = {}
    for who in (*OUTSIDERS, *OTHERS):
        client.force_login(people[who])
        shown[who] = client.get("/insurance/cases/").context["rows"]
    assert [row.number for row in shown["insurer"]] == [row.number for row in shown["broker"]] == [case.number]
    assert (shown["insurer"][0].grade, shown["broker"][0].grade) == (case.grade, "")
    assert (shown["broker"][0].title, shown["broker"][0].opened_at) == ("", None)
    assert [row.number for who in ("firm", *OTHERS) for row in shown[who]] == []
    assert client.get("/insurance/cases/?before=x").status_code == 400
    assert client.get("/insurance/cases/?all&before=9").status_code == 200
    client.force_login(people["sijing-head"])
    assert client.get("/insurance/cases/").status_code == 403


def test_an_insurers_map_shows_no_secret_object_and_that_of_who_runs_it_does(business, client, people):
    RiskObject.objects.filter(code="MH-SIJING-0088").update(attributes={"secret": True})
    for who, seen in {"insurer": False, "broker": False, "firm": True, "enterprise": True}.items():
        client.force_login(people[who])
        assert ("MH-SIJING-0088" in client.get("/insurance/").text) == seen, who


def test_what_was_taken_from_a_stopped_firm_waits_late_and_what_was_asked_for_waits(policy, order, people):
    mine = policy()
    order(mine, state="withdrawn", ended_at=clock.now(), to_place=True, reason="受托机构被停止")
    requesting.ask(mine.pk, "training", "培训班组长", by=people["enterprise"])
    found = waits(people, "insurer")
    assert found["机构被停止，委托待转派"] == (1, 1)
    assert found["服务需求待安排"] == (1, 0)
    assert "服务需求待安排" not in waits(people, "insurer-b")
