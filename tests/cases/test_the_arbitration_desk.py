"""The arbitration desk as its people see it: what waits, how long it may, and what came of the rest."""

import re
from datetime import timedelta

import pytest

from cases import requests
from responsibility import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, people):
    """``desk("yingji-office")``: the text of the desk as that person reads it."""

    def read(name: str) -> str:
        client.force_login(people[name])
        answer = client.get("/arbitration/")
        assert answer.status_code == 200
        return answer.text

    return read


@pytest.fixture
def returned(open_case, people):
    case = open_case(grade="orange")
    requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="源头是工厂", code="source_elsewhere")
    return case


def test_a_dispute_stands_there_with_what_is_left_of_its_clock(desk, returned):
    text = desk("yingji-office")
    assert returned.number in text
    assert re.search(r"剩 1[45] 分", text)
    assert "确认同意" in text
    with clock.as_if(clock.now() + timedelta(minutes=20)):
        assert re.search(r"超时 [45] 分", desk("yingji-office"))


def test_who_may_read_it_and_not_decide_sees_no_button(desk, returned):
    text = desk("auditor")
    assert returned.number in text
    assert "确认同意" not in text


def test_a_danger_that_nobody_owns_waits_with_the_clock_of_its_determination(desk, open_case):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery")
    text = desk("anwei-office")
    assert case.number in text
    assert re.search(r"剩 (1 小时 59 分|2 小时)", text)


def test_of_two_disputes_each_shows_its_own_clock(desk, open_case, people):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery")
    requests.ask(case.pk, by=people["sijing-head"], kind="return", reason="不在本镇", code="other_territory")
    text = desk("yingji-office")
    assert re.search(r"剩 1[45] 分", text)
    assert re.search(r"剩 (1 小时 59 分|2 小时)", text)


def test_the_desk_takes_no_more_statements_however_much_waits(desk, open_case, statements):
    def open_unowned(count: int, tag: str) -> None:
        for n in range(count):
            open_case(category="NEW-DRONE", object=f"{tag}-{n}", scenario=None, location={"lat": 31.11, "lon": 121.27})

    open_unowned(2, "A")
    desk("yingji-office")
    before = statements(lambda: desk("yingji-office"))
    open_unowned(6, "B")
    assert statements(lambda: desk("yingji-office")) == before
