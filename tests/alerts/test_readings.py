"""Readings and heartbeats: kept once, and what lets a case be closed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.models import Reading
from cases.models import Case
from responsibility.refusals import Refused
from tests.cases import conftest as work
from tests.cases.conftest import REPORTED

press, evidence_folder = work.press, work._evidence_folder
pytestmark = pytest.mark.django_db


def reading(value: float, minutes: float = 0, **fields) -> dict:
    """A reading of the manhole, ``minutes`` from now back."""
    at = timezone.now() - timedelta(minutes=minutes)
    return {"object": "MH-SIJING-0088", "value": value, "observed_at": at.isoformat()} | fields


@pytest.fixture
def measure(knock):
    """Post readings; their outcomes."""

    def send(*readings) -> list[str]:
        answer = knock(list(readings), door="readings/")
        assert answer.status_code == 200, answer.content
        return [result["outcome"] for result in answer.json()["results"]]

    return send


def test_a_reading_is_graded_and_kept_once(measure):
    first = reading(16.0, category="LL-CONF-H2S", unit="mg/m³")
    assert measure(first, first, reading(1.0, 5)) == ["stored", "duplicate", "stored"]
    assert measure(first) == ["duplicate"]
    assert sorted(Reading.objects.values_list("value", "grade")) == [(1.0, ""), (16.0, "yellow")]


def test_a_single_object_and_lines_are_taken_too(knock):
    import json

    assert knock(reading(1.0), door="readings/").json()["results"][0]["outcome"] == "stored"
    lines = "\n".join(json.dumps(reading(1.0, minutes)) for minutes in (1, 2))
    answer = knock(lines, door="readings/", content_type="application/x-ndjson")
    assert [r["outcome"] for r in answer.json()["results"]] == ["stored", "stored"]


def test_a_bad_reading_never_sinks_its_neighbours(measure):
    assert measure(reading(1.0), {"object": "NOBODY"}, 5, reading(2.0, 1)) == [
        "stored",
        "rejected",
        "rejected",
        "stored",
    ]


def test_the_category_of_the_object_stands_in_for_one_not_sent(measure):
    measure(reading(1.0))
    assert Reading.objects.get().category.code == "LL-CONF-H2S"


def test_statements_do_not_grow_with_readings(measure, statements):
    one = statements(lambda: measure(reading(1.0, 999)))
    assert statements(lambda: measure(*[reading(1.0, n) for n in range(500)])) == one


def test_a_reading_opens_nothing(measure):
    measure(reading(99.0))
    assert not Case.objects.exists()


@pytest.fixture
def reported(knock, item, press):
    """A case of the manhole that waits for its check."""
    return press(Case.objects.get(number=knock(item()).json()["case"]), *REPORTED)


@pytest.mark.parametrize(
    ("values", "closes"),
    [
        ([], True),
        ([1.0], False),
        ([1.0, 1.0], False),
        ([1.0, 1.0, 1.0], True),
        ([16.0, 1.0, 1.0, 1.0], True),
        ([1.0, 1.0, 16.0, 1.0], False),
        ([1.0, 1.0, 1.0, 5.0], False),
    ],
)
def test_a_case_of_an_object_with_a_sensor_closes_when_the_sensor_is_quiet(reported, press, measure, values, closes):
    Case.objects.filter(pk=reported.pk)
    for n, value in enumerate(values):
        measure(reading(value, minutes=-n * 0.01))
    if closes:
        assert press(reported, "chengyun-check close").state == "closed"
        return
    with pytest.raises(Refused) as refused:
        press(reported, "chengyun-check close")
    assert refused.value.code == "sensor_not_clear"
    assert "3" in str(refused.value.detail)


def test_readings_from_before_the_case_do_not_count(reported, press, measure):
    measure(*[reading(99.0, minutes) for minutes in (60, 61, 62)])
    assert press(reported, "chengyun-check close").state == "closed"


MEASURED = {"value": 16.0, "unit": "mg/m3"}


@pytest.fixture
def measured(knock, item, press):
    """The same, of an alert that carried its value."""
    return press(Case.objects.get(number=knock(item(**MEASURED)).json()["case"]), *REPORTED)


def refusal(press, case, **data) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        press(case, "chengyun-check close", **data)
    return refused.value.code, refused.value.attr


def test_a_dangerous_value_of_an_alert_holds_the_case_until_the_sensor_is_quiet(measured, press, measure):
    measure(reading(1.0), reading(1.0, -0.01))
    assert refusal(press, measured, note="电话确认") == ("sensor_not_clear", None)
    measure(reading(1.0, -0.02))
    assert press(measured, "chengyun-check close").state == "closed"


def test_a_dangerous_value_after_quiet_readings_holds_it_again(reported, press, measure, knock, item):
    measure(*[reading(1.0, 0.3 - n / 10) for n in range(3)])
    at = (timezone.now() + timedelta(seconds=20)).isoformat()
    assert knock(item(**MEASURED, observed_at=at)).json()["outcome"] == "joined"
    assert refusal(press, reported) == ("sensor_not_clear", None)


def test_where_no_sensor_reports_the_checker_is_asked_what_was_measured(measured, press, client, people):
    client.force_login(people["chengyun-check"])
    assert "复测结果" in client.get(f"/cases/{measured.number}/").content.decode()
    assert press(measured, "chengyun-check close", note="手持仪复测 2 mg/m³").state == "closed"


def test_an_alert_below_every_threshold_is_a_quiet_value(measured, press, knock, item):
    for second in range(3):
        at = (timezone.now() + timedelta(seconds=second)).isoformat()
        below = item(value=1.0, unit="mg/m3", grade=None, observed_at=at)
        assert knock(below).json()["outcome"] == "observed"
    assert press(measured, "chengyun-check close").state == "closed"


def test_a_heartbeat_is_noted(knock, source):
    answer = knock(b"", door="heartbeat/")
    source.refresh_from_db()
    assert answer.json()["source"] == source.code
    assert timezone.now() - source.heartbeat_at < timedelta(minutes=1)
