"""Pages and lists cost the same number of SQL statements however much there is to show.

The numbers are pinned: one that grows is a decision, and one that shrinks is good news to be written down.
"""

import pytest

from cases import proof
from tests.cases.conftest import CONTAINED, alert, picture

pytestmark = pytest.mark.django_db

MANY = 30
AT_SIJING = {"lat": 31.1144, "lon": 121.2683}
# (who, address): statements
# One of each asks whether it is an auditor who asks.
LISTS = {
    ("sijing-duty", "/"): 15,
    ("chengyun-lead", "/"): 14,
    ("sijing-duty", "/?overdue=false"): 13,
    ("sijing-duty", "/?q=case"): 12,
    ("sijing-duty", "/board/"): 15,
    ("sijing-duty", "/objects/"): 8,
    ("chengyun-lead", "/objects/"): 9,
    ("sijing-duty", "/api/v1/cases/"): 8,
}
CASE = {"/cases/{}/": 26, "/api/v1/cases/{}/": 8, "/api/v1/cases/{}/timeline/": 8}


@pytest.fixture
def cost(client, people, statements):
    """The statements of a second visit, when what is kept between requests is there."""

    def measure(username: str, address: str) -> int:
        client.force_login(people[username])

        def visit():
            assert client.get(address).status_code == 200

        visit()
        return statements(visit)

    return measure


def cases(send, first: int, last: int) -> None:
    send(*(alert(object=f"B-{n}", location=AT_SIJING, title=f"case {n}") for n in range(first, last)))


@pytest.mark.parametrize(("username", "address"), LISTS)
def test_a_list_of_thirty_costs_what_a_list_of_one_costs(send, cost, username, address):
    cases(send, 0, 1)
    one = cost(username, address)
    cases(send, 1, MANY)
    assert (one, cost(username, address)) == (LISTS[username, address],) * 2


@pytest.mark.parametrize("address", CASE)
def test_a_case_with_much_proof_and_a_long_story_costs_what_a_short_one_costs(
    open_case, press, send, people, cost, address
):
    case = press(open_case(), *CONTAINED)
    short = cost("sijing-duty", address.format(case.number))
    for n in range(20):
        proof.add(case.pk, picture(12 * n), by=people["sijing-handler"])
    send(*(alert(external_id=f"again-{n}") for n in range(20)))
    assert case.evidence.count() >= 20
    assert (short, cost("sijing-duty", address.format(case.number))) == (CASE[address],) * 2


def test_a_timeline_of_ordinary_length_comes_whole_and_a_longer_one_in_pages(client, people, open_case, send):
    case = open_case()
    for batch in range(2):
        send(*[alert(external_id=f"again-{batch}-{n}") for n in range(600)])
    client.force_login(people["sijing-duty"])
    address, seen = f"/api/v1/cases/{case.number}/timeline/", []
    while address:
        answer = client.get(address)
        seen.append([entry["seq"] for entry in answer.json()])
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<http://testserver")
    assert [len(page) for page in seen] == [1000, 201]
    assert sum(seen, []) == list(range(1, 1202))


@pytest.mark.parametrize("after", ["-1", "x", "99999999999"])
def test_a_wrong_place_in_a_timeline_is_refused_in_words(client, people, open_case, after):
    client.force_login(people["sijing-duty"])
    answer = client.get(f"/api/v1/cases/{open_case().number}/timeline/?after={after}")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "after")
