"""The pages and the API of findings and self-control, as each sees them."""

import pytest
from django.db import transaction

from alerts.models import RiskObject
from cases.models import Case
from insurance.findings import raising, selfcontrol, telling, working
from insurance.findings.models import Finding, SelfCheck
from insurance.policies.models import Policy
from responsibility import acting, clock, directory
from tests.cases.conftest import picture
from tests.insurance.conftest import told as order_told
from tests.insurance.conftest import unit
from tests.insurance.portals import covered

pytestmark = pytest.mark.django_db
MANHOLE = "MH-SIJING-0088"
API = "/api/v1/insurance/findings/"
TEXT = "井口无警示标志"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def found(order, policy, people):
    given = order(policy=policy(objects=(MANHOLE,)), risk_object=RiskObject.objects.get(code=MANHOLE))
    line = {"severity": "major", "text": TEXT, "basis": "GB 50014", "advice": "补设"}
    (made,) = telling.tell([line], telling.Wanted(order=given), by=people["firm"])
    return made


def seen(people, name: str) -> int:
    return Finding.objects.visible_to(acting.of(people[name]), directory.current().units).count()


def test_each_of_the_four_kinds_sees_its_own_and_nothing_else(found, people):
    for name in ("firm", "insurer", "broker", "enterprise", "sijing-duty", "shuiwu-head", "chengyun-check", "auditor"):
        assert seen(people, name) == 1, name
    for name in ("firm-b", "insurer-b", "jiuting-duty", "jianguan-head", "gas-crew", "admin"):
        assert seen(people, name) == 0, name


def test_a_firm_asked_to_look_again_sees_it_while_its_order_runs(found, order, people):
    from django.db import transaction

    from responsibility import clock
    from tests.insurance.conftest import told

    given = order(firm=unit("X-TPF-B"), purpose="recheck")
    assert seen(people, "firm-b") == 1
    with transaction.atomic():
        given.state, given.ended_at = "done", clock.now()
        given.save()
        told(given, "order.done", given.number)
    assert seen(people, "firm-b") == 0


def test_an_insurer_sees_it_from_the_start_of_its_policy_to_the_end_of_the_claim_tail(found, people, order):
    from datetime import timedelta

    from insurance.policies.models import Policy
    from responsibility import clock

    Finding.objects.filter(pk=found.pk)
    policy = Policy.objects.get()
    over = policy.ends_at + timedelta(days=policy.tail_days)
    last = over - timedelta(seconds=1)
    # Ordered by the insurer, it would be seen for that alone.
    with clock.as_if(clock.now()):
        (own,) = telling.tell(
            [{"severity": "general", "text": "自查"}], telling.wanted("", MANHOLE), by=people["enterprise"]
        )
    for moment, expected in ((last, True), (over, False)):
        with clock.as_if(moment):
            mine = Finding.objects.visible_to(acting.of(people["insurer"]), directory.current().units)
            assert mine.filter(pk=own.pk).exists() is expected


def test_what_is_told_follows_the_reader(client, found, people):
    working.rectify(found.pk, "已补设", uploads=[picture(1)], by=people["enterprise"])
    working.recheck(found.pk, False, "不牢固，内部意见", by=people["sijing-head"])
    proof, page = found.proofs.get(), f"/insurance/findings/{found.number}/"
    reads = {
        "broker": (False, False, False, False), "insurer": (True, False, False, False),
        "firm": (True, False, False, False), "enterprise": (True, True, True, False),
        "sijing-head": (True, True, True, True),
    }  # fmt: skip
    for name, (words, photos, opinion, names) in reads.items():
        client.force_login(people[name])
        shown = client.get(page).content.decode()
        told = client.get(f"{API}{found.number}/").json()
        assert (TEXT in shown, told["text"] == TEXT) == (words, words), name
        assert ("不牢固" in shown) is opinion, name
        # Everybody's own name stands at the head of his page.
        assert (shown.count(people["firm"].full_name) > (name == "firm")) is names, name
        assert (client.get(f"/insurance/findings/proofs/{proof.pk}/").status_code == 200) is photos, name
        assert told["state"] == "open"


def test_the_whole_way_by_pages(client, found, people):
    raising.sweep()
    base = f"/insurance/findings/{found.number}/"
    client.force_login(people["enterprise"])
    page = client.get(base).content.decode()
    assert "请在" in page
    assert 'name="file"' in page
    refused = client.post(f"{base}rectify/", {"note": "已补设"})
    assert refused.status_code == 409
    assert "已补设" in refused.content.decode()
    done = client.post(f"{base}rectify/", {"note": "已补设", "file": picture(2)})
    assert done.status_code == 303
    assert client.post(f"{base}close/").status_code == 403
    client.force_login(people["firm"])
    assert client.post(f"{base}recheck/", {"passed": "yes"}).status_code == 409
    client.force_login(people["sijing-head"])
    assert client.post(f"{base}recheck/", {"passed": "yes"}).status_code == 303
    page = client.get(base).content.decode()
    found.refresh_from_db()
    assert found.case_number in page
    assert client.post(f"{base}close/").status_code == 409
    assert client.post(f"{base}nonsense/").status_code == 404


def test_the_self_check_by_page_and_by_api(client, people):
    client.force_login(people["enterprise"])
    base = f"/insurance/self-control/{MANHOLE}/"
    assert client.get(base).status_code == 200
    assert client.post(f"{base}keep/", {"period": "weekly", "own": "井盖完好"}).status_code == 303
    assert 'name="met-3"' in client.get(base).content.decode()
    short = client.post(f"{base}check/", {"met-0": "no", "note-0": "警戒带缺失"})
    assert short.status_code == 400
    assert "警戒带缺失" in short.content.decode()
    met = {f"met-{place}": "yes" for place in range(3)}
    sent = client.post(f"{base}check/", met | {"met-3": "no", "note-3": "松动", "file": picture(3)})
    assert sent.status_code == 303
    assert Finding.objects.get().text == "井盖完好：松动"
    assert client.get("/insurance/self-control/?state=late").content.decode().count("项不符合未整改") == 1
    entered = {"name": "证", "number": "1", "until": "2030-01-01"}
    assert client.post(f"{base}person/", {"name": "李安全", "task": "巡查"}).status_code == 303
    assert client.post(f"{base}certificate/", entered).status_code == 303
    assert "李安全" in client.get(base).content.decode()
    photo = SelfCheck.objects.get().photos.get()
    assert client.get(f"/insurance/self-control/photos/{photo.pk}/thumb/").status_code == 200
    selfcontrol.keep("MH-SIJING-0009", "daily", "", by=people["enterprise"])
    body = {"object": "MH-SIJING-0009", "results": [{"met": True}, {"met": True}, {"met": False, "note": "坏"}]}
    told = client.post("/api/v1/insurance/self-checks/", body, "application/json")
    assert told.status_code == 201
    assert told.json()["unmet"] == 1
    listed = client.get("/api/v1/insurance/self-checks/").json()["results"]
    assert {row["object"]: row["done"] for row in listed} == {MANHOLE: True, "MH-SIJING-0009": True}


def test_an_insurer_is_told_neither_names_nor_photos_of_self_checks(client, people, policy):
    from insurance.findings import charge

    register = selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])
    charge.put_person(register.pk, "李安全", "巡查", "13800000000", by=people["enterprise"])
    results = [selfcontrol.Result(True)] * 3
    made, _found = selfcontrol.check(register.pk, results, uploads=[picture(4)], by=people["enterprise"])
    policy(objects=(MANHOLE,))
    client.force_login(people["insurer"])
    page = client.get(f"/insurance/self-control/{MANHOLE}/").content.decode()
    assert "李安全" not in page
    assert "13800000000" not in page
    assert made.person not in page
    assert client.get(f"/insurance/self-control/photos/{made.photos.get().pk}/").status_code == 404


def test_the_api_tells_rechecks_and_closes(client, people, policy):
    policy()
    client.force_login(people["insurer"])
    body = {"object": MANHOLE, "lines": [{"severity": "general", "text": TEXT, "days": 5}]}
    (made,) = client.post(API, body, "application/json").json()
    at = f"{API}{made['number']}/"
    client.force_login(people["enterprise"])
    assert client.post(f"{at}proof/", {"file": picture(5)}).status_code == 201
    assert client.post(f"{at}rectify/", {"note": "好了"}, "application/json").json()["state"] == "rectified"
    client.force_login(people["sijing-head"])
    assert client.post(f"{at}recheck/", {"passed": True}, "application/json").json()["passed"] is True
    assert client.post(f"{at}close/", {}, "application/json").json()["state"] == "closed"
    assert [row["number"] for row in client.get(f"{API}?state=closed&object={MANHOLE}").json()["results"]] == [
        made["number"]
    ]
    client.force_login(people["insurer-b"])
    assert client.get(at).status_code == 404
    assert client.get(API).json()["results"] == []


@pytest.mark.parametrize(
    "address",
    [
        "/insurance/findings/?before=x", "/insurance/findings/?before=９", "/insurance/findings/?state=x",
        "/insurance/findings/?before=99999999999999999999", "/insurance/self-control/?state=x",
    ],
)  # fmt: skip
def test_absurd_addresses_are_bad_requests(client, people, address):
    client.force_login(people["auditor"])
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    "lines",
    [None, "x", [], [{}], [{"severity": "general", "text": "x", "days": 10**30}], [{"severity": 1, "text": []}]],
)
def test_absurd_bodies_are_refused(client, people, lines):
    client.force_login(people["enterprise"])
    answer = client.post(API, {"object": MANHOLE, "lines": lines}, "application/json")
    assert answer.status_code == 400


def test_a_page_of_findings_costs_the_same_for_one_as_for_forty(client, people, policy, statements):
    where = telling.wanted("", MANHOLE)
    telling.tell([{"severity": "general", "text": TEXT}], where, by=people["enterprise"])
    client.force_login(people["enterprise"])
    one = statements(lambda: client.get("/insurance/findings/"))
    telling.tell([{"severity": "general", "text": TEXT}] * 39, where, by=people["enterprise"])
    assert statements(lambda: client.get("/insurance/findings/")) == one


def test_pages_are_there_in_english_too(client, people, found):
    selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])
    client.force_login(people["enterprise"])
    for address in (
        "/insurance/findings/", f"/insurance/findings/{found.number}/", "/insurance/findings/tell/",
        "/insurance/self-control/", f"/insurance/self-control/{MANHOLE}/", "/insurance/duties/",
    ):  # fmt: skip
        assert client.get(address, headers={"Accept-Language": "en"}).status_code == 200


def test_a_broker_is_told_the_state_and_can_ask_for_no_more(client, found, people):
    raising.sweep()
    client.force_login(people["broker"])
    told = client.get(f"{API}{found.number}/").json()
    assert {name for name, value in told.items() if value is not None} == {"number", "state", "insured", "next"}
    base, page = "/insurance/findings/", client.get(f"/insurance/findings/{found.number}/").content.decode()
    for hidden in ("<time", "整改期限", MANHOLE, found.risk_object.label, found.category.label, "重大隐患", "年"):
        assert hidden not in page.split("<main", 1)[1], hidden
    listed = client.get(base).content.decode().split("<main", 1)[1]
    assert found.number in listed
    assert "<time" not in listed
    for asked in ("severity=major", f"object={MANHOLE}", "overdue=false"):
        assert client.get(f"{API}?{asked}").json()["results"] == [], asked
    assert len(client.get(f"{API}?state=open").json()["results"]) == 1
    with clock.as_if(found.due_at):
        assert found.number not in client.get(f"{base}?state=overdue").content.decode()
    assert found.number not in client.get(f"{base}?q={MANHOLE}").content.decode()
    assert found.number in client.get(f"{base}?q={found.number}").content.decode()


def test_of_the_case_that_came_of_it_each_is_told_what_concerns_him_now(client, found, people, order):
    raising.sweep()
    found.refresh_from_db()
    case = Case.objects.get(number=found.case_number)

    def told(name: str):
        client.force_login(people[name])
        page = client.get(f"/insurance/findings/{found.number}/").content.decode()
        given = client.get(f"{API}{found.number}/").json()["case"]
        assert (case.number in page) is (given is not None), name
        return given

    assert told("sijing-head")["number"] == told("enterprise")["number"] == case.number
    for name in ("firm", "insurer", "broker"):
        assert told(name) is None, name
    with transaction.atomic():
        covered(Policy.objects.get(), case)
    assert told("insurer")["closed_at"] is None
    assert told("broker") == {"number": case.number, "state": case.state, "closed_at": None}
    given = order(case=case)
    assert told("firm")["state"] == case.state
    with transaction.atomic():
        given.state, given.ended_at = "done", clock.now()
        given.save()
        order_told(given, "order.done", given.number)
    assert told("firm") is None


def test_ten_findings_with_cases_are_listed_in_no_more_statements_than_one(client, found, people, statements):
    raising.sweep()
    given = telling.Wanted(order=found.order)
    listed = lambda: client.get(API)  # noqa: E731
    for name in ("insurer", "broker", "firm"):
        client.force_login(people[name])
        one = statements(listed)
        telling.tell([{"severity": "major", "text": TEXT}] * 9, given, by=people["firm"])
        raising.sweep()
        assert statements(listed) <= one, name
