"""What stands first in a worklist: red that nobody has answered, then the nearest clock; drills apart."""

import pytest
from django.db import connection

from alerts import scenarios
from cases import drills, worklist
from cases.filters import CaseFilter
from cases.models import Case
from responsibility import acting, clock, directory
from tests.cases.conftest import alert

pytestmark = pytest.mark.django_db
PLACE = {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"}
GAS = scenarios.shipped()["gas-leak"]


@pytest.fixture
def listed(people):
    """The numbers on a page of somebody's worklist, and the cursor of the next."""

    def read(name: str, after: str = "", **wanted: str):
        narrowing = CaseFilter(wanted, Case.objects.all())
        cursor, apart = worklist.Cursor.read(after), worklist.open_drills()
        rows, more = worklist.of(acting.of(people[name]), directory.current(), narrowing, cursor, apart)
        return [row.case.number for row in rows], more

    return read


@pytest.fixture
def yellow(open_case, later):
    """Four yellow cases whose clocks have run out, the oldest first."""
    cases = [open_case(object=f"MH-OLD-{number}", location=PLACE) for number in range(4)]
    later(30)
    return [case.number for case in cases]


@pytest.fixture
def later():
    """Sweep when so many minutes have passed."""
    from datetime import timedelta

    from cases.sweeping import sweep

    def wait(minutes: float) -> None:
        with clock.as_if(clock.now() + timedelta(minutes=minutes)):
            sweep()

    return wait


@pytest.fixture
def red(open_case):
    return open_case(object="MH-RED", location=PLACE, grade="red")


@pytest.mark.parametrize("name", ["sijing-duty", "shuiwu-duty", "chengyun-lead", "yingji-office"])
def test_red_that_is_not_answered_stands_before_older_yellow(yellow, red, listed, name):
    numbers, _more = listed(name)
    assert numbers[0] == red.number
    assert len(numbers) == len(set(numbers))


def test_once_a_unit_has_answered_its_list_goes_by_the_clock_again(yellow, red, listed, press):
    press(red, "sijing-duty acknowledge")
    assert listed("sijing-duty")[0][0] != red.number
    assert listed("yingji-office")[0][0] != red.number
    # The department has not answered for itself.
    assert listed("shuiwu-duty")[0][0] == red.number


def test_pages_follow_without_gap_or_repeat_whatever_stands_first(yellow, red, open_case, listed, monkeypatch):
    monkeypatch.setattr(worklist, "PAGE", 3)
    second = open_case(object="MH-RED-2", location=PLACE, grade="red")
    whole, after = listed("sijing-duty")
    assert whole[:2] == [red.number, second.number]
    while after:
        page, after = listed("sijing-duty", after)
        whole += page
    assert sorted(whole) == sorted([*yellow, red.number, second.number])


def test_more_red_than_a_page_holds_is_cut_like_any_other(open_case, listed, monkeypatch):
    monkeypatch.setattr(worklist, "PAGE", 2)
    cases = [open_case(object=f"MH-RED-{n}", location=PLACE, grade="red").number for n in range(5)]
    whole, after = listed("sijing-duty")
    while after:
        page, after = listed("sijing-duty", after)
        whole += page
    assert sorted(whole) == sorted(cases)


def test_a_filter_narrows_what_stands_first_too(yellow, red, listed):
    assert red.number not in listed("sijing-duty", grade="yellow")[0]
    assert listed("sijing-duty", grade="red")[0] == [red.number]


def test_a_red_drill_never_stands_among_the_real(yellow, people, listed):
    scenario = GAS | {"alerts": [GAS["alerts"][0] | {"alert": GAS["alerts"][0]["alert"] | {"grade": "red"}}]}
    drill = drills.start(scenario, by=people["yingji-office"])
    [case] = Case.objects.filter(drill=drill)
    assert case.grade == "red"
    assert case.number not in listed("sijing-duty")[0]
    assert listed("sijing-duty", drill="true")[0] == [case.number]


def test_the_first_statement_reads_the_index_of_the_red_alone(people, open_case):
    open_case(object="MH-RED", location=PLACE, grade="red")
    known = directory.current()
    narrowing = CaseFilter({}, Case.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for name in ("sijing-duty", "yingji-office"):
        plan = worklist.pressing(acting.of(people[name]), known, narrowing, {}).explain()
        assert "case_red_raw" in plan, plan


def test_the_list_takes_as_many_statements_with_red_as_without(people, open_case, client, statements):
    client.force_login(people["sijing-duty"])
    open_case(object="MH-A", location=PLACE)
    client.get("/")
    few = statements(lambda: client.get("/"))
    for number in range(3):
        open_case(object=f"MH-RED-{number}", location=PLACE, grade="red")
    assert statements(lambda: client.get("/")) == few


def test_running_drill_cases_are_announced_above_the_list_and_never_counted_as_real(people, client, send):
    client.force_login(people["sijing-duty"])
    send(alert(object="MH-A", location=PLACE))
    assert 'id="drilling"' not in client.get("/").content.decode()
    drills.start(GAS, by=people["yingji-office"])
    page = client.get("/").content.decode()
    assert "演练进行中：1 件。" in page
    assert page.index('id="drilling"') < page.index('class="cases"') < page.index('id="drilled"')
