"""The enterprise says its part on cases at its own objects, and is told nothing of what concerns others."""

import pytest

from accountability import stating
from accountability.models import Statement
from cases import checklist
from cases.models import Case
from responsibility import directory, ledger
from responsibility.refusals import Forbidden

pytestmark = pytest.mark.django_db
DOOR = "/accountability/own/"


@pytest.fixture
def own(open_case) -> Case:
    """A case at a manhole of the enterprise."""
    case = open_case()
    assert case.risk_object.main_body.code == "X-WATER"
    return case


def test_it_finds_its_cases_and_its_statement_stands_beside_the_finding(own, open_case, people, client):
    other = open_case(object="WALK", location={"lat": 31.1144, "lon": 121.2683})
    stating.state(own.pk, by=people["sijing-head"], about="main_body", text="属地的话")
    client.force_login(people["enterprise"])
    page = client.get(DOOR).content.decode()
    assert own.number in page
    assert other.number not in page
    given = {"about": "main_body", "text": "当日已停产检修"}
    assert client.post(f"{DOOR}{own.number}/", given).status_code == 303
    assert client.post(f"{DOOR}{own.number}/", given | {"text": ""}).status_code == 400
    assert ledger.story(own.chain).last().verb == "statement.make"
    page = client.get(f"{DOOR}{own.number}/").content.decode()
    assert "当日已停产检修" in page
    assert "属地的话" not in page
    client.force_login(people["auditor"])
    assert "当日已停产检修" in client.get(f"/cases/{own.number}/accountability/").content.decode()


def test_cases_of_others_are_not_there_for_it_nor_the_page_for_others(own, open_case, people, client):
    other = open_case(object="WALK", location={"lat": 31.1144, "lon": 121.2683})
    client.force_login(people["enterprise"])
    assert client.get(f"{DOOR}{other.number}/").status_code == 404
    assert client.get(f"/cases/{own.number}/accountability/").status_code == 404
    with pytest.raises(Forbidden):
        stating.state(other.pk, by=people["enterprise"], about="main_body", text="与我无关")
    for name in ("insurer", "sijing-head", "anwei-office"):
        client.force_login(people[name])
        assert client.get(DOOR).status_code == 403, name
        assert client.get(f"{DOOR}{own.number}/").status_code == 403, name
    assert not Statement.objects.exists()


def test_it_is_told_which_steps_of_the_handbook_are_its_own_and_which_are_not_done(own, people, client):
    lines = checklist.lines(own, directory.current())
    mine = [line.step for line in lines if "X-WATER" in [unit.code for unit in line.units]]
    others = [line.step for line in lines if line.step not in mine]
    assert mine
    assert others
    client.force_login(people["enterprise"])
    page = client.get(f"{DOOR}{own.number}/").content.decode()
    assert all(step.label in page for step in mine)
    assert not any(step.label in page for step in others)
    assert "本案中没有向其提出有时限的要求" not in page
    assert "未完成" in page


def test_a_street_s_head_finds_the_way_to_what_concerns_his_unit(people, client):
    client.force_login(people["sijing-head"])
    assert 'href="/accountability/consequences/"' in client.get("/").content.decode()
    page = client.get("/accountability/consequences/")
    assert (page.status_code, "我的尽职材料" in page.content.decode()) == (200, True)
    client.force_login(people["insurer"])
    assert 'href="/accountability/consequences/"' not in client.get("/", follow=True).content.decode()
