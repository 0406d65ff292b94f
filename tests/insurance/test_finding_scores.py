"""What a visit tells of, and what findings say of a firm on its scorecard."""

from datetime import timedelta

import pytest
from django.db import transaction

from alerts.models import RiskObject
from insurance.findings import hearing, scoring, telling, working
from insurance.service.models import Visit
from responsibility import acting, clock
from responsibility.refusals import Invalid
from tests.cases.conftest import picture
from tests.insurance.conftest import told, unit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LINE = {"severity": "general", "text": "井盖松动", "basis": "", "advice": "", "days": 3}


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def visit(order, people):
    @transaction.atomic
    def make(code: str = "MH-SIJING-0088", **fields) -> Visit:
        given = order(risk_object=RiskObject.objects.get(code=code) if code else None)
        now = clock.now()
        fields = {"arrived_at": now - DAY, "left_at": now - DAY, "work": "排查", "sent_at": now} | fields
        made = Visit.objects.create(order=given, sent_by=people["firm"], **fields)
        told(given, "visit.send", given.number)
        return made

    return make


def marks(measure: str) -> dict:
    now, firm = clock.now(), unit("X-TPF").pk
    return scoring.MEASURES[measure]([firm], now - 10 * DAY, now + DAY).get(firm)


def test_what_a_visit_found_is_told_with_it(visit, people):
    made = visit()
    one, two = telling.at_visit(made, [LINE, LINE | {"severity": "major"}], acting.of(people["firm"]))
    assert (one.how, one.order, one.insured) == ("visit", made.order, unit("X-WATER"))
    assert one.found_at == made.arrived_at
    assert two.severity == "major"
    (capped,) = telling.at_visit(made, [LINE | {"days": 99}], acting.of(people["firm"]))
    assert capped.due_at - capped.told_at < 32 * DAY
    with pytest.raises(Invalid):
        telling.at_visit(made, [LINE | {"text": ""}], acting.of(people["firm"]))


def test_a_visit_without_an_object_says_where_by_its_own_place(visit, people):
    placed = visit("", lat=31.1144, lon=121.2683)
    (one,) = telling.at_visit(placed, [LINE], acting.of(people["firm"]))
    assert one.territory.unit.code == "310117102"


def test_the_scores_are_facts(visit, people):
    assert [marks(name) for name in scoring.MEASURES] == [None] * 4
    made = visit()
    first, second = telling.at_visit(made, [LINE, LINE], acting.of(people["firm"]))
    for finding, worker in ((first, ""), (second, "X-TPF")):
        working.rectify(finding.pk, "已修", worker, [picture(finding.pk)], by=people["enterprise"])
    working.recheck(first.pk, True, by=people["sijing-head"])
    working.recheck(second.pk, True, genuine=False, by=people["sijing-head"])
    assert marks("confirmed") == (1, 2)
    assert marks("conflicts") == (1, 2)
    assert marks("missed") == (0, 1)
    telling.tell([LINE], telling.wanted("", "MH-SIJING-0088"), by=people["enterprise"])
    assert marks("missed") == (1, 1)


def test_a_look_that_others_overturn_counts_against_the_firm(visit, order, people):
    made = visit()
    (finding,) = telling.at_visit(made, [LINE], acting.of(people["firm"]))
    order(firm=unit("X-TPF-B"), purpose="recheck")
    working.rectify(finding.pk, "已修", uploads=[picture(1)], by=people["enterprise"])
    working.recheck(finding.pk, True, by=people["firm-b"])
    now, firm = clock.now(), unit("X-TPF-B").pk
    assert scoring.failed([firm], now - DAY, now + DAY) == {firm: (0, 1)}
    working.recheck(finding.pk, False, "不牢固", by=people["sijing-head"])
    assert scoring.failed([firm], now - DAY, clock.now() + DAY) == {firm: (1, 1)}


def test_a_year_of_a_policy_says_what_was_put_right(order, policy, people):
    covered = policy()
    given = telling.Wanted(order=order(policy=covered, risk_object=RiskObject.objects.get(code="MH-SIJING-0088")))
    one, _two = telling.tell([LINE, LINE], given, by=people["firm"])
    working.rectify(one.pk, "已修", uploads=[picture(9)], by=people["enterprise"])
    now = clock.now()
    assert hearing.put_right(covered, now - DAY, now + DAY) == {"put_right": 1, "overdue": 0}
    with clock.as_if(one.due_at):
        assert hearing.put_right(covered, now - DAY, now + DAY) == {"put_right": 1, "overdue": 1}
