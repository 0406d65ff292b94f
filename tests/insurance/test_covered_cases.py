"""Covered cases for the systems of insurers: which, what of them, and what has changed."""

from datetime import timedelta

import pytest

from cases import actions
from responsibility import clock
from tests.insurance.conftest import carried_with
from tests.insurance.portals import covered, opened

pytestmark = pytest.mark.django_db
AT = "/api/v1/insurance/cases/"


@pytest.fixture
def asked(client, people):
    def ask(who: str = "insurer", **query) -> list[dict]:
        client.force_login(people[who])
        answer = client.get(AT, query)
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return ask


def test_an_insurer_reads_what_its_policies_cover(asked, policy, source):
    case = opened(source, "covered", object="MH-SIJING-0088")
    opened(source, "uncovered")
    covered(policy(), case)
    (told_,) = asked()
    assert told_ == {
        "number": case.number, "state": "dispatched", "grade": case.grade, "category": case.category_code,
        "opened_at": told_["opened_at"], "contained_at": None, "closed_at": None, "object": "MH-SIJING-0088",
        "policies": [{"number": "P-1", "share": "100.00"}],
    }  # fmt: skip


def test_a_broker_reads_the_state_alone(asked, policy, source):
    case = opened(source, "covered")
    covered(policy(), case)
    (told_,) = asked("broker")
    assert {name for name, value in told_.items() if value is not None} == {"number", "state", "policies"}
    assert told_["policies"] == [{"number": "P-1", "share": None}]


def test_each_insurer_reads_its_own_and_a_joint_one_its_share(asked, policy, source):
    alone, joint = policy(), policy("P-2")
    carried_with(joint, "X-INS-B", 40)
    one, two = opened(source, "one"), opened(source, "two")
    covered(alone, one)
    covered(alone, two)
    covered(joint, two)
    assert [row["number"] for row in asked("insurer-b")] == [two.number]
    assert asked("insurer-b")[0]["policies"] == [{"number": "P-2", "share": "40.00"}]
    assert [row["number"] for row in asked()] == [two.number, one.number]


def test_a_cover_whose_tail_is_over_is_not_told(asked, policy, source):
    past = clock.now() - timedelta(seconds=1)
    covered(policy(), opened(source, "over"), at=past, until=past)
    assert asked() == []


def test_since_gives_what_changed_its_state_or_colour_or_was_covered(asked, policy, source, people):
    first = policy()
    still, moved = opened(source, "still"), opened(source, "moved")
    old = clock.now() - timedelta(hours=1)
    for case in (still, moved):
        covered(first, case, found_at=old)
    since = clock.now()
    actions.perform(moved.pk, "acknowledge", by=people["sijing-duty"])
    fresh = opened(source, "fresh")
    covered(first, fresh)
    assert {row["number"] for row in asked(since=since.isoformat())} == {moved.number, fresh.number}
    assert len(asked(since=old.isoformat())) == 3


def test_a_broker_follows_states_and_does_not_ask_since_when(client, people):
    client.force_login(people["broker"])
    # Asked often enough it would tell the instant of a change.
    answer = client.get(AT, {"since": clock.now().isoformat()})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "wrong_role")


def test_a_further_alert_in_the_same_colour_is_no_change(asked, policy, source):
    case = opened(source, "joined")
    covered(policy(), case, found_at=clock.now() - timedelta(hours=1))
    since = clock.now()
    opened(source, "joined", external_id="portal-joined-2")
    assert asked(since=since.isoformat()) == []


@pytest.mark.parametrize(
    "since", ["x", "2026-13-01", "9999-12-31T23:59:59-14:00", "0001-01-01", "\x00", "２０２６", "NaN"]
)
def test_a_wrong_time_is_a_bad_request(since, client, people):
    client.force_login(people["insurer"])
    assert client.get(AT, {"since": since}).status_code == 400


def test_nobody_but_insurers_and_brokers_asks(client, people):
    for who in ("firm", "enterprise", "sijing-head", "anwei-office", "auditor", "admin"):
        client.force_login(people[who])
        assert client.get(AT).status_code == 403


def test_the_statements_do_not_grow_with_cases(asked, policy, source, client, people, django_assert_max_num_queries):
    first = policy()
    for number in range(8):
        covered(first, opened(source, f"many-{number}"))
    client.force_login(people["insurer"])
    with django_assert_max_num_queries(9):
        assert len(client.get(AT).json()["results"]) == 8
    page = client.get(AT, {"page_size": 3}).json()
    assert len(page["results"]) == 3
    assert client.get(page["next"]).json()["results"]
