"""What is over, and what is searched for: newest first, a page at a time, each case once."""

import pytest

from cases import worklist
from cases.filters import CaseFilter
from cases.models import Case, Party
from responsibility import acting, directory
from tests.cases.conftest import CLOSED

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(people):
    """The numbers on one page of somebody's closed cases, and the cursor of the next."""

    def read(name: str, after: str = "", **wanted: str):
        narrowing = CaseFilter(wanted or {"state": "closed"}, Case.objects.all())
        cursor = worklist.Cursor.read(after)
        rows, more = worklist.of(acting.of(people[name]), directory.current(), narrowing, cursor, [])
        return [row.case.number for row in rows], more

    return read


@pytest.fixture
def closed(open_case, press):
    """Closed cases of different colours, so that the department has joined some and only leads others."""
    grades = ["yellow", "orange", "blue", "orange"]
    objects = [f"MH-TEST-{i}" for i in range(len(grades))]
    place = {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"}
    cases = [open_case(object=code, location=place, grade=g) for code, g in zip(objects, grades, strict=True)]
    for case in cases:
        # In the medium loop the department goes and contains.
        lead = [step.replace("sijing-handler", "shuiwu-duty") for step in CLOSED]
        press(case, *(CLOSED if case.loop == "small" else ["shuiwu-duty acknowledge", *lead]))
    return [case.number for case in reversed(cases)]


@pytest.mark.parametrize("name", ["sijing-duty", "shuiwu-duty", "chengyun-lead"])
def test_street_department_and_centre_see_each_once_newest_first(closed, archive, name):
    assert archive(name) == (closed, "")


def test_another_street_sees_none(closed, archive):
    assert archive("jiuting-duty") == ([], "")


@pytest.mark.parametrize("name", ["sijing-duty", "shuiwu-duty", "chengyun-lead"])
def test_pages_follow_without_gap_or_repeat(closed, archive, name, monkeypatch):
    monkeypatch.setattr(worklist, "PAGE", 3)
    first, after = archive(name)
    second, end = archive(name, after)
    assert (first, second, end) == (closed[:3], closed[3:], "")


def test_what_a_unit_was_once_engaged_in_stays_in_its_archive(closed, archive):
    assert Party.objects.filter(unit__code="STR-SIJING", live=True).count() == 0
    assert archive("sijing-duty", q="MH-TEST-1")[0] == [closed[2]]


def test_the_archive_is_one_statement(closed, people, statements):
    actor, known = acting.of(people["shuiwu-duty"]), directory.current()
    narrowing = CaseFilter({"state": "closed"}, Case.objects.all())
    assert statements(lambda: worklist.of(actor, known, narrowing, None, [])) == 4
