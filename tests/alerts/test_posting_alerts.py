"""The intake door of the contract."""

import json

import pytest

from alerts.models import Alert
from cases.models import Case
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db

EXAMPLE = {
    "external_id": "h2s-88-20261121T0916",
    "category": "LL-CONF-H2S",
    "scenario": "drain/sewer",
    "object": "MH-SIJING-0088",
    "observed_at": "2026-11-21T09:16:00+08:00",
    "grade": "yellow",
    "value": 16.0,
    "unit": "mg/m3",
    "location": {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"},
    "title": "泗泾镇污水井硫化氢超限",
    "payload": {},
}


@pytest.fixture
def post(client, key):
    def send(body, *, url="/api/v1/alerts/", content_type="application/json", bearer=None, **headers):
        if not isinstance(body, bytes | str):
            body = json.dumps(body)
        return client.post(
            url, body, content_type=content_type, headers={"Authorization": f"Bearer {bearer or key}", **headers}
        )

    return send


def test_the_contracts_example_opens_a_case_held_by_the_street(post):
    answer = post(EXAMPLE)
    assert answer.status_code == 201, answer.content
    assert answer.json()["outcome"] == "opened"
    case = Case.objects.get(number=answer.json()["case"])
    assert case.holder.name == "泗泾镇"
    assert case.lead.code == "SJ-SW"
    assert (case.state, case.loop, case.grade) == ("dispatched", "small", "yellow")


def test_the_same_again_is_answered_from_what_was_written(post):
    first = post(EXAMPLE).json()
    entries = LedgerEntry.objects.count()
    again = post(EXAMPLE)
    assert again.status_code == 200
    assert again.json() == {**first, "outcome": "duplicate"}
    assert (Alert.objects.count(), LedgerEntry.objects.count()) == (1, entries)


def test_another_alert_for_the_manhole_joins_its_case(post):
    first = post(EXAMPLE).json()
    joined = post({**EXAMPLE, "external_id": "another"}).json()
    assert (joined["outcome"], joined["case"]) == ("joined", first["case"])
    assert Case.objects.get().alert_count == 2


def test_a_thousand_lines_with_ten_bad_ones_give_990_cases_and_ten_errors_in_order(post):
    lines = []
    for n in range(1000):
        item = {**EXAMPLE, "external_id": f"n-{n}", "object": f"NEW-{n}"}
        if n % 100 == 7:
            del item["category"]
        lines.append(json.dumps(item))
    answer = post("\n".join(lines), content_type="application/x-ndjson")
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [r["outcome"] for r in results].count("opened") == 990
    assert [n for n, r in enumerate(results) if r["outcome"] == "rejected"] == list(range(7, 1000, 100))
    assert results[7]["errors"][0]["attr"] == "category"
    assert Case.objects.count() == 990


def test_statements_do_not_grow_with_the_batch(post, statements):
    small = statements(lambda: post([{**EXAMPLE, "external_id": f"a{n}", "object": f"A{n}"} for n in range(2)]))
    large = statements(lambda: post([{**EXAMPLE, "external_id": f"b{n}", "object": f"B{n}"} for n in range(400)]))
    assert large == small
