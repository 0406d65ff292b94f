"""Several workers feed one drill, and real alerts come on the same objects at the same instant."""

from datetime import timedelta

import pytest

from alerts import scenarios
from alerts.models import Alert
from cases import drills
from cases.models import Case
from responsibility import clock
from tests.cases.conftest import alert

pytestmark = pytest.mark.race

ROUNDS, OBJECTS = 4, 12
HERE = {"lat": 31.1144, "lon": 121.2683}


def later(drill, **more) -> str:
    return (drill.started_at + timedelta(**more)).isoformat()


def scenario() -> dict:
    """An alert for each of some objects, all due at the same minute."""
    fields = ("category", "scenario", "grade")
    steps = [
        {"after": 1, "alert": {name: alert()[name] for name in fields} | {"object": f"R-{n}", "location": HERE}}
        for n in range(OBJECTS)
    ]
    return {"title": "甲", "alerts": steps}


def test_each_alert_is_fed_once_by_however_many_workers(people, at_once):
    for _round in range(ROUNDS):
        drill = drills.start(scenarios.shipped()["h2s-manhole"], by=people["yingji-office"], speed=60)
        at_once(*[("drill", {"when": later(drill, seconds=100)})] * 3)
        assert Alert.objects.filter(drill=drill).count() == 5
        assert not drill.script.filter(fed_at=None).exists()
        drills.end(drill.pk, by=people["yingji-office"])


def test_real_alerts_on_the_same_objects_open_cases_of_their_own(people, at_once, posting):
    drill = drills.start(scenario(), by=people["yingji-office"])
    real = [alert(external_id=f"r-{n}", object=f"R-{n}", location=HERE) for n in range(OBJECTS)]
    jobs = [("drill", {"when": later(drill, minutes=1)})] * 2
    _fed, _again, answer = at_once(*jobs, posting(*real))
    assert {one["outcome"] for one in answer["body"]["results"]} == {"opened"}
    for cases in (Case.objects.drills(), Case.objects.real()):
        assert sorted(cases.values_list("object_code", flat=True)) == sorted(f"R-{n}" for n in range(OBJECTS))
    assert set(Case.objects.values_list("alert_count", flat=True)) == {1}
    assert clock.now() >= drill.started_at


def test_a_drill_that_ends_while_it_is_fed_leaves_nothing_open(people, at_once, as_person):
    for _round in range(ROUNDS):
        drill = drills.start(scenario(), by=people["yingji-office"])
        end = {"path": f"/api/v1/drills/{drill.pk}/end/", "auth": as_person("yingji-office")}
        _fed, ended = at_once(("drill", {"when": later(drill, minutes=1)}), ("request", end))
        assert ended["status"] == 200, ended
        drills.tick()
        assert not Case.objects.filter(drill=drill).open().exists()
