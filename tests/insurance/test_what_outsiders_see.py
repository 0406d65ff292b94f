"""A case as an insurer, a broker, a firm and an enterprise see it: field by field, at every door, and no longer."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import transaction

from cases import outside
from cases.models import Case
from cases.outside import Standing
from insurance.policies.models import Cover
from insurance.service.models import ServiceOrder
from notary import checkpoints
from responsibility import access, acting, clock, directory
from responsibility.acts import ACTS
from tests.insurance.conftest import told

pytestmark = pytest.mark.django_db
OBJECT = "MH-SIJING-0088"
SECRET_WORDS = "来电人王五 13800001234 称井口冒烟"
WHO = {Standing.INSURER: "insurer", Standing.BROKER: "broker", Standing.FIRM: "firm", Standing.ENTERPRISE: "enterprise"}
STRANGERS = ("insurer-b", "firm-b")
JSON = {"content_type": "application/json"}
EMPTY = (None, [], {})


@transaction.atomic
def cover(case: Case, policy, until=None) -> Cover:
    end = until or clock.now() + timedelta(days=9)
    found = Cover.objects.create(
        case=case, policy=policy, at=case.opened_at, found_at=clock.now(), until=end, shown_until=end
    )
    told(policy, "cover.found", case.number)
    return found


@pytest.fixture
def case(open_case, policy, order) -> Case:
    """A worked case at the enterprise's manhole: covered, with an order, reported in somebody's own words."""
    made = open_case(object=OBJECT, title=SECRET_WORDS)
    cover(made, policy())
    order(case=made)
    return made


@pytest.fixture
def reads(client, people):
    def get(name: str, address: str):
        client.force_login(people[name])
        return client.get(address)

    return get


@pytest.mark.parametrize("standing", Standing)
def test_each_field_is_shown_as_the_table_says_and_no_other(reads, case, standing):
    told_of = reads(WHO[standing], f"/api/v1/cases/{case.number}/").json()
    shown = {name for name, value in told_of.items() if value not in EMPTY}
    assert shown <= {name for name, by in outside.TABLE.items() if standing in by}
    filled = {"number", "state", "grade", "category", "title", "object", "location", "opened_at", "lead", "holder"}
    assert {name for name in filled if standing in outside.TABLE[name]} <= shown


@pytest.mark.parametrize("name", WHO.values())
def test_the_words_of_whoever_reported_it_are_told_to_nobody_outside(reads, case, name):
    doors = ("", "timeline/", "bundle/")
    pages = [reads(name, f"/cases/{case.number}/"), reads(name, "/"), reads(name, "/api/v1/cases/")]
    for answer in [reads(name, f"/api/v1/cases/{case.number}/{door}") for door in doors] + pages:
        if "zip" in answer.get("Content-Type", ""):
            files = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
            said = b" ".join(files.read(part) for part in files.namelist() if part != "report.pdf")
        else:
            said = answer.content
        assert not any(word.encode() in said for word in ("13800001234", "王五", "u738b"))


@pytest.mark.parametrize("name", STRANGERS)
def test_whom_it_does_not_concern_is_told_that_it_is_not_there(reads, case, name):
    for door in ("", "timeline/", "bundle/"):
        assert reads(name, f"/api/v1/cases/{case.number}/{door}").status_code == 404
    assert reads(name, f"/cases/{case.number}/").status_code == 404
    assert reads(name, "/api/v1/cases/").json()["results"] == []


@pytest.mark.parametrize("name", WHO.values())
def test_the_list_holds_it_and_nothing_that_concerns_others(reads, open_case, case, name):
    open_case(external_id="other", object="OTHER-1", location={"lat": 31.1144, "lon": 121.2683})
    assert [row["number"] for row in reads(name, "/api/v1/cases/").json()["results"]] == [case.number]


@pytest.mark.parametrize("name", WHO.values())
def test_no_filter_tells_what_is_not_shown(reads, case, name):
    unit = Case.objects.get().holder.code
    asked = {
        f"grade={case.grade}": "grade", f"category={case.category_code}": "category", "loop=small": "loop",
        "q=王五": "title", f"unit={unit}": "parties", "overdue=false": "due_at", "vacant=leader": "duties",
    }  # fmt: skip
    standing = next(standing for standing, who in WHO.items() if who == name)
    for filters, field in asked.items():
        found = reads(name, f"/api/v1/cases/?{filters}").json()["results"]
        assert bool(found) is (field != "title" and standing in outside.TABLE.get(field, ())), filters


@pytest.mark.parametrize("name", WHO.values())
def test_no_other_door_of_the_case_opens(client, people, case, name):
    client.force_login(people[name])
    for door in ("checklist/", "kit/"):
        assert client.get(f"/api/v1/cases/{case.number}/{door}").status_code == 404
    for verb in ("close", "void", "contain", "rework", "reopen"):
        assert client.post(f"/api/v1/cases/{case.number}/{verb}/", {"reason": "x"}, **JSON).status_code == 404
        assert client.post(f"/cases/{case.number}/{verb}/", {"reason": "x"}).status_code == 404
    assert (
        client.post(f"/api/v1/cases/{case.number}/requests/", {"kind": "void", "reason": "x"}, **JSON).status_code
        == 404
    )
    assert client.post(f"/api/v1/cases/{case.number}/evidence/").status_code in (400, 404)


def test_a_cover_ends_to_the_second_and_with_it_the_sight(reads, case):
    until = Cover.objects.get().until
    with clock.as_if(until - timedelta(seconds=1)):
        assert reads("insurer", f"/api/v1/cases/{case.number}/").status_code == 200
    with clock.as_if(until):
        assert reads("insurer", f"/api/v1/cases/{case.number}/").status_code == 404
        assert reads("broker", f"/cases/{case.number}/").status_code == 404


def test_the_firm_sees_it_while_its_order_runs(reads, case):
    assert reads("firm", f"/cases/{case.number}/").status_code == 200
    with transaction.atomic():
        ordered = ServiceOrder.objects.get()
        ServiceOrder.objects.update(state="declined", ended_at=clock.now())
        told(ordered, "order.decline", ordered.number)
    assert reads("firm", f"/cases/{case.number}/").status_code == 404


def test_a_place_that_is_secret_is_not_told_to_insurers(reads, case, by_hand):
    thing = case.risk_object
    thing.attributes |= {"secret": True}
    thing.save()
    assert reads("insurer", f"/api/v1/cases/{case.number}/").json()["location"] is None
    assert reads("enterprise", f"/api/v1/cases/{case.number}/").json()["location"]


def test_what_an_insurer_carries_away_holds_without_what_is_kept_back(reads, case):
    checkpoints.make()
    answer = reads("insurer", f"/api/v1/cases/{case.number}/bundle/")
    files = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    lines = [json.loads(line) for line in files.read("entries.jsonl").splitlines()]
    assert all("digest" in line and "proof" in line for line in lines)
    assert not any(name.startswith("evidence/") for name in files.namelist())
    for line in lines:
        if "body" in line:
            said = json.loads(line["body"])
            assert said["verb"] in outside.STORY


@pytest.mark.parametrize("name", ["broker", "firm"])
def test_who_may_carry_nothing_away_is_told_so(client, people, case, name):
    client.force_login(people[name])
    assert client.get(f"/api/v1/cases/{case.number}/bundle/").status_code == 403
    assert client.post(f"/cases/{case.number}/bundle/").status_code == 403


def test_a_drill_concerns_nobody_outside(people):
    from alerts import scenarios
    from cases import drills

    drills.start(scenarios.shipped()["h2s-manhole"], by=people["yingji-office"], speed=60)
    actor = acting.of(people["enterprise"])
    assert not Case.objects.drills().filter(outside.concerning(actor)).exists()


def test_whoever_works_in_office_reads_as_before(people, case):
    for name in ("sijing-duty", "auditor", "chengyun-lead"):
        actor = acting.of(people[name])
        assert outside.standings(actor, [case.pk]) == {}
        units = directory.current().units
        assert Case.objects.read_by(actor, units).get() == Case.objects.visible_to(actor, units).get()


def test_the_roles_that_read_from_outside_are_those_of_the_permission_table():
    assert {str(role) for role in access.roles("case.read_outside")} == {str(standing) for standing in Standing}


def test_no_official_role_has_a_cell_in_what_insurers_decide():
    for act in ("policy.register", "account.spend", "claim.handle", "service.plan"):
        assert {str(role) for role in ACTS[act].cells} == {"insurer"}
