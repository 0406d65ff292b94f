"""The page of the ledger: what may be asked, and what is answered to a slip of the pen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.sweeping import sweep
from responsibility import clock
from tests.cases import conftest as work
from tests.cases.conftest import CONTAINED

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client, people):
    """``read(number=...)``: the text of the page as the auditor reads it, wherever it leads."""

    def ask(who: str = "auditor", **wanted) -> str:
        client.force_login(people[who])
        answer = client.get("/ledger/", wanted, follow=True)
        assert answer.status_code == 200, answer.redirect_chain
        return answer.content.decode()

    return ask


def test_a_mistyped_number_finds_nothing_and_keeps_the_form(read, open_case):
    open_case()
    page = read(number="SJ-20200101-000001", verb="case.open")
    assert "没有编号为“SJ-20200101-000001”的案件" in page
    assert 'value="SJ-20200101-000001"' in page
    assert '<option value="case.open" selected>' in page
    assert "没有符合条件的台账" in page


def test_a_number_and_a_verb_narrow_together(read, open_case, press):
    case = press(open_case(), *CONTAINED)
    page = read(number=case.number, verb="case.contain")
    assert page.count('class="raw"') == 1
    assert case.number in page


def test_person_unit_and_days_narrow_it(read, open_case, press):
    press(open_case(), *CONTAINED)
    assert read(person="sijing-handler").count('class="raw"') == 3
    assert read(person="许俊峰", verb="case.contain").count('class="raw"') == 1
    assert read(unit="310117102", person="sijing-duty").count('class="raw"') == 1
    assert read(unit="SJ-SW").count('class="raw"') == 0
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    assert read(since=today, until=today).count('class="raw"') > 3
    assert read(since=tomorrow).count('class="raw"') == 0


@pytest.mark.parametrize("wanted", [{"since": "soon"}, {"person": "x" * 200}])
def test_nonsense_finds_nothing_and_is_said(read, open_case, wanted):
    open_case()
    page = read(**wanted)
    assert 'class="raw"' not in page
    assert 'class="note bad"' in page


def test_what_was_before_and_after_is_written_as_people_write(read, open_case):
    case = open_case()
    with clock.as_if(clock.now() + timedelta(minutes=6)):
        sweep()
    page = read(number=case.number, verb="deadline.missed")
    assert "{&#x27;" not in page
    assert "+00:00" not in page.split('class="raw"')[1]


def test_a_case_leads_to_its_ledger(client, people, open_case):
    case = open_case()
    for name, led in (("auditor", True), ("sijing-duty", False)):
        client.force_login(people[name])
        assert (f"/cases/{case.number}/ledger/" in client.get(f"/cases/{case.number}/").content.decode()) == led


def test_a_stranger_to_the_ledger_is_not_led_there(client, people):
    client.force_login(people["sijing-duty"])
    assert client.get("/cases/SJ-20200101-000001/ledger/").status_code == 404
