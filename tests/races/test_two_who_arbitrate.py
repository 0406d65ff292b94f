"""Two desks, two processes, one dispute: one decision stands, and the other desk is told so in words."""

import pytest
from django.db import connection

from cases import requests
from cases.models import Case, Request
from responsibility import checks, clock, directory, editions, posts
from responsibility.editions import Row
from responsibility.models import LedgerEntry, Role, Unit, User
from tests.cases.conftest import hold
from tests.races.conftest import told

pytestmark = pytest.mark.race
HERE = {"lat": 31.1144, "lon": 121.2683}
# What the two say of one dispute: one unit and another, a unit and no, twice the same, twice no.
SAID = [("SJ-HJ", "SJ-YJ"), ("SJ-HJ", None), ("SJ-HJ", "SJ-HJ"), (None, None)]


@pytest.fixture
def colleague(people):
    """A second person of the district emergency office, whom no later test meets."""
    person = User.objects.create(username="yingji-second", full_name="第二值班")
    hold(person, Unit.objects.get(code="SJ-COMMITTEE"), Role.EMERGENCY_OFFICE)
    people[person.username] = person
    yield person
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM responsibility_ledgerentry WHERE chain = %s", [posts.chain_of(person.pk)])
        cursor.execute("DELETE FROM responsibility_post WHERE user_id = %s", [person.pk])
        cursor.execute("DELETE FROM responsibility_user WHERE id = %s", [person.pk])
        cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def deciding(as_person):
    """The job of deciding ``asked`` as ``name``: for the unit ``code``, or that nothing changes; more for the body."""

    def job(asked: Request, name: str, code: str | None, **more) -> tuple[str, dict]:
        verb, body = ("approve", {"designate": code}) if code else ("refuse", {"answer": "维持原责任单位"})
        return "request", {"path": f"/api/v1/requests/{asked.pk}/{verb}/", "auth": as_person(name), "body": body | more}

    return job


def one_decision(asked: Request, answers: list[dict], said: tuple) -> Case:
    """Of two answers one holds and is told once, the other is refused in words; the case as the winner left it."""
    assert sorted(answer["status"] for answer in answers) == [200, 409], answers
    winner = next(place for place, answer in enumerate(answers) if answer["status"] == 200)
    [error] = answers[1 - winner]["body"]["errors"]
    assert error["code"] == "already_decided"
    assert "已经审批" in error["detail"]
    asked.refresh_from_db()
    case = Case.objects.get(pk=asked.case_id)
    entries = told(case, "request.approve") + told(case, "request.refuse")
    [entry] = [entry for entry in entries if entry.after["request"] == asked.pk]
    assert entry.actor == asked.decided_by
    if said[winner]:
        assert (asked.state, asked.designated.code) == ("approved", said[winner])
        assert case.lead.code == said[winner]
    else:
        assert asked.state == "refused"
    assert len(told(case, "case.designate")) == (1 if said[winner] else 0)
    assert case.parties.filter(role="lead", until=None).count() == (1 if case.lead else 0)
    assert not case.deadlines.running().filter(kind__in=["arbitrate", "determine"]).exists()
    return case


@pytest.mark.parametrize("said", SAID)
def test_of_two_who_arbitrate_one_return_one_decides(open_case, people, colleague, deciding, at_once, said):
    case = open_case(grade="orange")
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="源头是工厂", code="source_elsewhere")
    answers = at_once(deciding(asked, "yingji-office", said[0]), deciding(asked, colleague.username, said[1]))
    case = one_decision(asked, answers, said)
    assert case.no_return
    assert case.hops == (0 if asked.state == "refused" else 1)


def test_of_two_who_each_open_a_linked_case_only_the_winner_does(open_case, people, colleague, deciding, at_once):
    case = open_case(grade="orange")
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="源头是工厂", code="source_elsewhere")
    answers = at_once(
        deciding(asked, "yingji-office", None, second="SJ-HJ"),
        deciding(asked, colleague.username, None, second="SJ-YJ"),
    )
    one_decision(asked, answers, (None, None))
    assert Case.objects.filter(linked_to=case).count() == len(told(case, "case.link")) == 1


# Nobody may leave it without a lead, so that both name one.
@pytest.mark.parametrize("said", [said for said in SAID if None not in said])
def test_of_two_who_name_a_lead_for_what_nobody_owns_one_does(open_case, deciding, at_once, said):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery")
    asked = case.requests.get()
    answers = at_once(deciding(asked, "yingji-office", said[0]), deciding(asked, "anwei-office", said[1]))
    case = one_decision(asked, answers, said)
    assert case.holder.code == "310117102"


@pytest.mark.parametrize("said", SAID[:3])
def test_of_two_who_redispatch_after_a_new_edition_one_does(open_case, people, colleague, deciding, at_once, said):
    case = open_case(grade="orange")
    anwei = people["anwei-office"]
    draft = editions.draft(by=anwei, title="新版")
    row = draft.duties.get(category__code="LL-CONF-H2S", scenario__code="drain/sewer", role="lead")
    new = Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-JGW", basis="《新规》第一条")
    editions.put(draft.pk, [new], by=anwei, instead_of=[row.pk])
    editions.send(draft.pk, by=anwei)
    editions.approve(draft.pk, by=people["yingji-office"])
    gaps = [gap.key for gap in checks.gaps(draft.duties.all(), directory.current(), clock.now())]
    editions.publish(draft.pk, by=anwei, accepted_gaps=gaps)
    asked = case.requests.get(kind="redispatch")
    answers = at_once(deciding(asked, "yingji-office", said[0]), deciding(asked, colleague.username, said[1]))
    case = one_decision(asked, answers, said)
    assert case.hops == (0 if asked.state == "refused" else 1)


def test_who_returns_while_the_district_decides_finds_it_decided(open_case, people, deciding, as_person, at_once):
    """A colleague of the returning unit asks for the same at the instant of the decision."""
    case = open_case(grade="orange")
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="源头是工厂", code="source_elsewhere")
    again = {"kind": "return", "reason": "不是我们", "code": "other_industry"}
    path = f"/api/v1/cases/{case.number}/requests/"
    decided, second = at_once(
        deciding(asked, "yingji-office", "SJ-SW"),
        ("request", {"path": path, "auth": as_person("shuiwu-duty"), "body": again}),
    )
    assert (decided["status"], second["status"]) == (200, 409), (decided, second)
    assert second["body"]["errors"][0]["code"] in ("already_asked", "no_return")
    assert case.requests.filter(kind="return").count() == 1
    assert LedgerEntry.objects.filter(verb="request.return").count() == 1
