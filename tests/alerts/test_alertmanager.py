"""A Prometheus Alertmanager speaks, and nothing that can be understood is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.models import Alert
from cases.models import Case

pytestmark = pytest.mark.django_db
LABELS = {"alertname": "SewerGas", "category": "LL-CONF-H2S", "scenario": "drain/sewer", "object": "MH-SIJING-0088"}


def firing(labels=LABELS, **fields) -> dict:
    whole = {
        "status": "firing",
        "labels": {"severity": "warning"} | labels,
        "annotations": {"summary": "污水井硫化氢超限"},
        "startsAt": (timezone.now() - timedelta(minutes=2)).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "1a30ba71cca2921f",
    }
    return {name: value for name, value in (whole | fields).items() if value is not None}


@pytest.fixture
def notify(knock):
    """Send a notification of these alerts; the answers."""

    def send(*alerts) -> list[dict]:
        body = {"version": "4", "groupKey": "{}:{alertname=1}", "status": "firing", "alerts": list(alerts)}
        answer = knock(body, door="alerts/alertmanager/")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return send


def test_a_firing_alert_opens_a_case_and_a_repeated_notification_changes_nothing(notify):
    raised = firing()
    (first,) = notify(raised)
    (again,) = notify(raised)
    assert (first["outcome"], again["outcome"]) == ("opened", "duplicate")
    assert first["case"] == again["case"]
    case = Case.objects.get(number=first["case"])
    assert (case.territory.name, case.grade, case.title) == ("泗泾镇", "yellow", "污水井硫化氢超限")
    kept = Alert.objects.get(pk=first["alert"])
    assert kept.payload["labels"]["alertname"] == "SewerGas"
    assert kept.payload["groupKey"] == "{}:{alertname=1}"


def test_a_resolved_alert_speaks_of_the_same_chain_and_closes_nothing(notify):
    raised = firing()
    (first,) = notify(raised)
    (after,) = notify(raised | {"status": "resolved", "endsAt": timezone.now().isoformat()})
    assert after["outcome"] == "cleared"
    chains = set(Alert.objects.values_list("chain", flat=True))
    assert chains == {Case.objects.get(number=first["case"]).chain}
    assert Case.objects.get(number=first["case"]).state == "dispatched"


def test_the_same_alert_firing_again_later_joins(notify):
    notify(firing())
    (later,) = notify(firing(startsAt=timezone.now().isoformat()))
    assert later["outcome"] == "joined"


@pytest.mark.parametrize(
    ("labels", "grade"),
    [({"severity": "critical"}, "orange"), ({"severity": "Warning"}, "yellow"), ({"severity": "info"}, "blue"),
     ({"severity": "critical", "grade": "red"}, "red"), ({"grade": "Blue"}, "blue")],
)  # fmt: skip
def test_the_colour_is_that_of_the_grade_and_else_of_the_severity(notify, labels, grade):
    (answer,) = notify(firing(LABELS | labels))
    assert Case.objects.get(number=answer["case"]).grade == grade


def test_a_measured_value_is_graded_by_the_thresholds_of_the_category(notify):
    (answer,) = notify(firing(annotations={"value": "1e9"}))
    alert = Alert.objects.get(pk=answer["alert"])
    assert (alert.value, alert.grade) == (1e9, "red")


def test_places_are_converted_and_nonsense_goes_to_the_shift_leader(notify):
    here = {"alertname": "x", "category": "LL-CONF-H2S", "lat": "31.1144", "lon": "121.2683"}
    at_home, converted, far, unplaced, unknown = notify(
        firing(here, fingerprint="a"),
        firing(here | {"crs": "GCJ02"}, fingerprint="b"),
        firing(here | {"lat": "95"}, fingerprint="c"),
        firing({"alertname": "x", "category": "LL-CONF-H2S"}, fingerprint="d"),
        firing({"alertname": "NodeDown"}, fingerprint="e"),
    )
    assert at_home["outcome"] == converted["outcome"] == "opened"
    moved = Alert.objects.get(pk=converted["alert"])
    assert moved.lat != 31.1144
    assert abs(moved.lat - 31.1144) < 0.01
    assert [answer["outcome"] for answer in (far, unplaced, unknown)] == ["triage"] * 3


def test_without_a_fingerprint_the_labels_tell_alerts_apart(notify):
    at = timezone.now().isoformat()
    one, other, same = notify(
        firing(fingerprint=None, startsAt=at),
        firing(LABELS | {"instance": "2"}, fingerprint=None, startsAt=at),
        firing(fingerprint=None, startsAt=at),
    )
    assert (one["outcome"], other["outcome"], same["outcome"]) == ("opened", "joined", "duplicate")


def test_a_bad_alert_does_not_sink_its_neighbours(notify):
    answers = notify(
        firing(startsAt=None),
        "nonsense",
        firing({"category": "", "severity": "x"}, fingerprint="q"),
        firing(labels={"a": "\x00"}, fingerprint="z"),
        firing(annotations=[1], fingerprint="y"),
        firing(startsAt=(timezone.now() + timedelta(hours=1)).isoformat()),
        firing(startsAt="yesterday"),
        firing(annotations={"summary": "长" * 20_000}, fingerprint="l"),
        firing(fingerprint="good"),
    )
    assert [answer["outcome"] for answer in answers] == ["rejected"] * 8 + ["opened"]
    assert all(answer["errors"] for answer in answers[:8])
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"alerts": []}', b'{"alerts": 1}', b"\xff", b"null", b'"x"'])
def test_what_is_no_notification_is_refused(knock, written, body):
    before = written()
    answer = knock(body, door="alerts/alertmanager/")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"]
    assert written() == before


def test_an_overlong_notification_is_refused_whole(knock, written, settings):
    settings.INTAKE_MAX_ITEMS = 2
    before = written()
    assert knock({"alerts": [firing()] * 3}, door="alerts/alertmanager/").status_code == 400
    assert written() == before
