"""Two commanders, two processes, and not enough for both."""

import pytest

from cases import audit
from cases.models import Dispatch, DispatchLine
from resources.models import Resource
from tests.cases.test_dispatching import GAS

pytestmark = pytest.mark.race

ROUNDS = 10


@pytest.fixture
def sending(as_person):
    """The job of sending ``wanted`` to ``case`` as the district's emergency office."""

    def job(case, wanted: dict[str, int]) -> tuple[str, dict]:
        path = f"/api/v1/cases/{case.number}/dispatches/"
        return "request", {"path": path, "auth": as_person("yingji-office"), "body": {"resources": wanted}}

    return job


@pytest.fixture
def two_cases(open_case):
    return [open_case(**GAS | {"object": f"PUMP-{n}"}) for n in range(2)]


def free(capability: str, station: str) -> list[str]:
    found = Resource.objects.free().filter(capabilities__code=capability, station__code=station)
    return list(found.order_by("code").values_list("code", flat=True))


def only_one_got(answers) -> None:
    won, lost = sorted(answers, key=lambda answer: answer["status"])
    assert (won["status"], lost["status"]) == (201, 409), answers
    error = lost["body"]["errors"][0]
    assert error["code"] == "not_free"
    assert error["detail"]
    assert list(audit.mismatches()) == []


def test_of_two_who_want_the_last_two_pumps_one_gets_both_and_the_other_is_told(two_cases, sending, at_once):
    pumps = free("pump", "ST-DRAIN-NORTH")
    assert len(pumps) == 2
    wanted = dict.fromkeys(pumps, 1)
    only_one_got(at_once(*(sending(case, wanted) for case in two_cases)))
    assert DispatchLine.objects.filter(ended_at=None).count() == 2
    assert Dispatch.objects.out().values("case").distinct().count() == 1


def test_two_who_want_them_in_another_order_do_not_block_each_other(two_cases, sending, at_once):
    one, two = free("pump", "ST-DRAIN-NORTH")
    far = free("pump", "ST-DRAIN-CENTRE")[0]
    first, second = {one: 1, far: 1, two: 1}, {two: 1, far: 1, one: 1}
    only_one_got(at_once(sending(two_cases[0], first), sending(two_cases[1], second)))


def test_a_heap_is_shared_to_the_last_bag_and_never_beyond(two_cases, sending, at_once):
    (heap,) = free("sandbag", "ST-DRAIN-NORTH")
    stock = Resource.objects.get(code=heap).stock
    part = stock // 4
    taken = 0
    for _round in range(ROUNDS):
        answers = at_once(*(sending(case, {heap: part}) for case in two_cases))
        taken += sum(answer["status"] == 201 for answer in answers)
        assert {answer["status"] for answer in answers} <= {201, 409}
    kept = Resource.objects.get(code=heap)
    assert (kept.reserved, taken) == (4 * part, 4)
    assert list(audit.mismatches()) == []
