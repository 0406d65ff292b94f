"""Nobody is made to answer for work that his list does not give him, at whatever door."""

import pytest

from cases import arbitration, audit, requests
from cases.models import Case, Party, Request
from responsibility import directory, tokens
from responsibility.models import Authority, Unit
from responsibility.refusals import Refused
from tests.cases.conftest import alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]

SIJING, JIUTING = "310117102", "310117107"
POWERLESS = "SJ-WJ"


@pytest.fixture(autouse=True)
def _told_as_it_stands(db):
    yield
    assert list(audit.mismatches()) == []


@pytest.fixture
def returned(open_case, people):
    """The water bureau says that a case of enforcement is not its own."""
    case = open_case(grade="orange")
    return requests.ask(
        case.pk, by=people["shuiwu-head"], kind="return", reason="源头是工厂", code="source_elsewhere"
    )  # fmt: skip


@pytest.fixture
def approve(client, people):
    """The emergency office approves through the API: the answer."""
    signed = {"Authorization": f"Token {tokens.issue(people['yingji-office'])}"}

    def run(request: Request, **data):
        return client.post(f"/api/v1/requests/{request.pk}/approve/", data, "application/json", headers=signed)

    return run


def state(case: Case) -> tuple:
    case = Case.objects.get(pk=case.pk)
    parties = sorted(Party.objects.filter(case=case, until=None).values_list("unit__code", flat=True))
    return case.lead, case.holder, case.hops, case.no_return, case.duties, parties, case.linked.count()


@pytest.mark.parametrize("code", [POWERLESS, SIJING, JIUTING, "SJ-COMMITTEE"])
def test_a_unit_without_the_power_is_not_designated_and_nothing_is_written(returned, approve, code):
    before = state(returned.case)
    answer = approve(returned, designate=code)
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert error["code"] == "no_authority"
    assert "无权行政执法" in error["detail"]
    assert Authority.objects.get(function="enforcement").basis in error["detail"]
    assert state(returned.case) == before
    assert Request.objects.get(pk=returned.pk).state == "pending"


def test_nor_does_it_get_a_linked_case(returned, approve):
    before = state(returned.case)
    answer = approve(returned, designate="SJ-SW", second=POWERLESS)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "no_authority")
    assert state(returned.case) == before


def test_nor_may_it_be_proposed(client, people, open_case):
    case = open_case(grade="orange")
    asked = {"kind": "return", "reason": "源头在他处", "code": "source_elsewhere", "proposed": POWERLESS}
    signed = {"Authorization": f"Token {tokens.issue(people['shuiwu-head'])}"}
    answer = client.post(f"/api/v1/cases/{case.number}/requests/", asked, "application/json", headers=signed)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "no_authority")
    assert not case.requests.exists()


def test_the_page_says_which_row_forbids_it(client, people, returned):
    client.force_login(people["yingji-office"])
    sent = {"decision": "approve", "designate": POWERLESS}
    page = client.post(f"/requests/{returned.pk}/", sent)
    assert page.status_code == 409
    own = Authority.objects.get(kind="department")
    assert "无权行政执法" in page.content.decode()
    assert own.basis in page.content.decode()


def test_the_desk_offers_only_who_has_the_power(client, people, returned):
    client.force_login(people["yingji-office"])
    for address in ("/arbitration/", "/requests/", f"/cases/{returned.case.number}/"):
        page = client.get(address).content.decode()
        assert '<option value="SJ-HJ"' in page, address
        assert f'<option value="{POWERLESS}"' not in page.partition('id="grants"')[0], address


def test_a_power_gained_makes_the_designation_possible(returned, approve):
    unit = Unit.objects.get(code=POWERLESS)
    unit.functions = [*unit.functions, "enforcement"]
    unit.save()
    assert approve(returned, designate=POWERLESS).status_code == 200
    assert Case.objects.get(pk=returned.case_id).lead == unit


def test_another_street_takes_over_the_first_action_though_it_may_not_lead(open_case, people, approve):
    case = open_case()
    asked = requests.ask(
        case.pk, by=people["sijing-head"], kind="return", reason="在九亭", code="other_territory", proposed=JIUTING
    )  # fmt: skip
    known = directory.current()
    offered = {unit.code for unit in arbitration.candidates(known, case, asked.unit_id)}
    assert JIUTING in offered
    assert POWERLESS not in offered
    assert approve(asked, designate=JIUTING).status_code == 200
    moved = Case.objects.get(pk=case.pk)
    assert (moved.holder.code, moved.territory.unit.code, moved.lead.code) == (JIUTING, JIUTING, "SJ-SW")


def test_a_street_without_first_action_takes_nothing_over(open_case, people, approve):
    case = open_case()
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="return", reason="在九亭", code="other_territory")
    for row in Authority.objects.filter(kind__in=["street", "town", "zone"]):
        row.verbs = ["report"]
        row.save()
    before = state(case)
    assert approve(asked, designate=JIUTING).json()["errors"][0]["code"] == "no_authority"
    assert state(case) == before


def test_where_the_work_needs_no_powers_anybody_who_owns_cases_is_designated(open_case, approve):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery")
    assert approve(case.requests.get(), designate=POWERLESS).status_code == 200
    assert Case.objects.get(pk=case.pk).lead.code == POWERLESS


def test_a_re_dispatch_to_a_unit_that_has_lost_its_power_is_refused(open_case, people, approve):
    case = open_case(grade="orange")
    asked = Request.objects.create(
        case=case, kind="redispatch", reason="edition", asked_at=case.opened_at, proposed=Unit.objects.get(code="SJ-HJ")
    )
    unit = asked.proposed
    unit.functions = ["support"]
    unit.save()
    before = state(case)
    assert approve(asked).json()["errors"][0]["code"] == "no_authority"
    assert state(case) == before
    asked.delete()


def test_a_lead_that_lost_its_power_after_publication_leads_no_new_case(send, open_case):
    unit = Unit.objects.get(code="SJ-SW")
    unit.functions = []
    unit.save()
    case = open_case(grade="orange")
    assert (case.lead, case.state) == (None, "dispatched")
    assert (case.requests.get().kind, case.requests.get().reason) == ("determine", "no_authority")
    assert case.parties.filter(unit__code=SIJING, role="territory").exists()
    assert send(alert())[0].outcome == "joined"


def test_asking_for_a_unit_that_is_none_is_still_another_refusal(returned, people):
    with pytest.raises(Refused, match="unknown_code"):
        requests.decide(returned.pk, by=people["yingji-office"], approve=True, designate="X-INS")
