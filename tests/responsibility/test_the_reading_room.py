"""The page of the ledger: what may be asked, and what is answered to a slip of the pen."""

import pytest

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


def test_a_stranger_to_the_ledger_is_not_led_there(client, people):
    client.force_login(people["sijing-duty"])
    assert client.get("/cases/SJ-20200101-000001/ledger/").status_code == 404
