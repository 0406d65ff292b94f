"""Several sub-platforms speak of the same things at once."""

import random
from collections import Counter

import pytest

from alerts import keys
from alerts.models import Alert, Source
from cases.models import Case
from responsibility import rows_told
from responsibility.models import Grade, LedgerEntry, Unit
from tests.cases.conftest import alert

pytestmark = pytest.mark.race

OBJECTS, BATCHES, SIZE = 24, 6, 40
CATEGORIES = ("LL-CONF-H2S", "LL-GAS-LEAK")
HERE = {"lat": 31.1144, "lon": 121.2683}


@pytest.fixture(scope="module")
def second_key(django_db_setup, django_db_blocker):
    """The key of another source. Sources stay between tests, so it goes when the last of these is over."""
    with django_db_blocker.unblock(), rows_told.told():
        unit = Unit.objects.get(code="SJ-SW")
        other = Source.objects.create(code="race-sensors", name="另一平台", name_en="Another platform", unit=unit)
        key = keys.issue(other)
    yield key
    with django_db_blocker.unblock(), rows_told.told():
        other.delete()


def batches(seed: int) -> list[list[dict]]:
    """What one source has to tell, cut into batches: every alert about one of few objects, some of them twice."""
    chance = random.Random(seed)
    whole = [
        alert(
            external_id=f"b-{n}",
            object=f"B-{n % OBJECTS}",
            category=CATEGORIES[n // OBJECTS % 2],
            location=HERE,
            grade=chance.choice(["blue", "yellow", "orange"]),
        )
        for n in range(BATCHES * SIZE * 3 // 4)
    ]
    whole += chance.sample(whole, BATCHES * SIZE - len(whole))
    chance.shuffle(whole)
    return [whole[start : start + SIZE] for start in range(0, len(whole), SIZE)]


def test_four_processes_of_two_sources_about_the_same_objects_open_one_case_each(key, second_key, at_once):
    jobs = []
    for bearer in (key, second_key):
        told = batches(7)
        # Two processes of one source send the same alerts, in another order.
        for several in (told, told[::-1]):
            path = {"path": "/api/v1/alerts/", "auth": f"Bearer {bearer}"}
            jobs.append(("requests", {"several": [path | {"body": batch} for batch in several]}))
    answers = [answer for process in at_once(*jobs) for answer in process]
    assert [answer["body"] for answer in answers if answer["status"] != 200] == []
    results = [result for answer in answers for result in answer["body"]["results"]]
    assert_nothing_lost(results)


def assert_nothing_lost(results: list[dict]) -> None:
    """One case for each object and category, every alert stored once, and counted in the case it was answered with."""
    stored = {str(row.pk): row for row in Alert.objects.all()}
    assert len(stored) == 2 * BATCHES * SIZE * 3 // 4
    for result in results:
        assert result["outcome"] in ("opened", "joined", "duplicate"), result
        assert stored[result["alert"]].external_id == result["external_id"]
        assert stored[result["alert"]].case_number == result["case"]
    cases = list(Case.objects.all())
    assert len({(case.object_code, case.category_code) for case in cases}) == len(cases) == OBJECTS * len(CATEGORIES)
    assert Counter(result["outcome"] for result in results)["opened"] == len(cases)
    counted = Counter(row.case_number for row in stored.values())
    assert counted == {case.number: case.alert_count for case in cases}
    verbs = Counter(LedgerEntry.objects.values_list("verb", flat=True))
    assert verbs["case.open"] + verbs["alert.joined"] == len(stored)
    worst: dict[str, int] = {}
    for row in stored.values():
        worst[row.case_number] = min(worst.get(row.case_number, 4), Grade(row.grade).rank)
    assert worst == {case.number: case.grade_rank for case in cases}


def test_the_same_batch_in_two_processes_is_taken_once(posting, at_once):
    for turn in range(8):
        batch = [alert(external_id=f"s-{turn}-{n}", object=f"S-{turn}-{n}", location=HERE) for n in range(20)]
        first, second = at_once(posting(*batch), posting(*batch[::-1]))
        assert (first["status"], second["status"]) == (200, 200)
        by_id = {result["external_id"]: result for result in first["body"]["results"]}
        for result in second["body"]["results"]:
            same = by_id[result["external_id"]]
            assert (result["alert"], result["case"]) == (same["alert"], same["case"])
            assert sorted((result["outcome"], same["outcome"])) == ["duplicate", "opened"]
