"""What must be insured by law and is not: a live list, by industry, with counts that agree with it."""

import io

import openpyxl
import pytest

from alerts.models import RiskObject
from insurance.policies import changing, gaps, registering, sectors
from insurance.policies.models import Policy
from responsibility import acting, clock, directory
from responsibility.models import Category, Territory, Unit
from tests.insurance.given import DAY, policy_of

pytestmark = pytest.mark.django_db
SITE, TANK = "GAP-CRANE-1", "GAP-TANK-1"


@pytest.fixture
def sites(by_hand):
    """A crane of X-CON and a tank that nobody is registered for."""
    place = {"territory": Territory.objects.get(code="310117102"), "lat": 31.1144, "lon": 121.2683}
    of = {code: Category.objects.get(code=code) for code in ("WS-CRANE", "WS-HAZCHEM")}
    contractor = Unit.objects.get(code="X-CON")
    RiskObject.objects.create(code=SITE, name="塔吊", category=of["WS-CRANE"], main_body=contractor, **place)
    RiskObject.objects.create(code=TANK, name="储罐", category=of["WS-HAZCHEM"], **place)


def missing(people, who: str = "anwei-office") -> set[str]:
    now = clock.now()
    must = gaps.must(acting.of(people[who]), directory.current(), now)
    found = gaps.missing(must, now)
    listed = set(found.values_list("code", flat=True))
    counts = gaps.counts(must, now)
    assert sum(each.missing for each in counts) == len(listed)
    assert sum(each.must for each in counts) == must.count()
    return listed


def insure(people, **fields) -> Policy:
    given = {"line": "safety", "insured": "X-CON", "objects": [SITE]} | fields
    (answer,) = registering.register([policy_of(**given)], by=people["insurer"])
    assert answer.outcome == "registered", answer.errors
    return Policy.objects.get(pk=answer.policy)


def test_the_eight_sectors_of_the_law_stand_and_no_object_is_in_two():
    assert len(sectors.SECTORS) == 8
    codes = [code for sector in sectors.SECTORS for code in (*sector.categories, *sector.scenarios)]
    assert len(codes) == len(set(codes))
    assert {code for sector in sectors.SECTORS for code in sector.categories} <= set(directory.current().categories)
    assert {code for sector in sectors.SECTORS for code in sector.scenarios} <= set(directory.current().scenarios)


def test_what_has_no_safety_policy_in_force_is_listed_with_its_enterprise(people, sites):
    assert {SITE, TANK} <= missing(people)
    insure(people, line="public", number="OTHER-LINE")
    insure(people, number="LATER", starts_at=(clock.now() + DAY).isoformat())
    assert SITE in missing(people)
    policy = insure(people)
    assert SITE not in missing(people)
    assert TANK in missing(people)
    changing.cancel(policy.pk, clock.now(), "试", by=people["insurer"])
    assert SITE in missing(people)


def test_a_policy_of_the_whole_enterprise_and_an_ended_object_are_told_apart(people, sites):
    policy = insure(people, objects=None, whole=True)
    assert SITE not in missing(people)
    changing.cancel(policy.pk, clock.now(), "试", by=people["insurer"])
    listed = insure(people, number="PN-2")
    wish = {"number": "PD-1", "effective_at": clock.now().isoformat(), "end_objects": [SITE]}
    changing.endorse(listed.pk, changing.read(wish), by=people["insurer"])
    assert SITE in missing(people)


def test_a_policy_that_the_town_took_out_does_not_stand_for_the_enterprise(people, sites):
    insure(people, insured="310117102", objects=[SITE, TANK])
    assert {SITE, TANK} <= missing(people)


def test_a_department_sees_its_own_industry(people, sites):
    seen = missing(people, "jianguan-head")
    assert SITE in seen
    assert TANK not in seen
    assert missing(people, "shuiwu-head") == set()


def test_the_page_and_the_workbook_say_the_same(people, sites, client):
    client.force_login(people["anwei-office"])
    page = client.get("/insurance/gaps/?sector=construction").content.decode()
    assert SITE in page
    assert TANK not in page
    answer = client.get("/insurance/gaps/export.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = list(book.active.iter_rows(values_only=True))[1:]
    assert {row[0] for row in rows} == missing(people)
    crane = next(row for row in rows if row[0] == SITE)
    assert crane[2:7] == ("建筑施工", "塔式起重机超力矩", "泗泾镇", "X-CON", "示例施工总包")


@pytest.mark.parametrize("who", ["insurer", "enterprise", "broker", "firm", "sijing-head"])
def test_nobody_else_reads_the_list(people, client, who):
    client.force_login(people[who])
    assert client.get("/insurance/gaps/").status_code == 403
    assert client.get("/insurance/gaps/export.xlsx").status_code == 403


@pytest.mark.parametrize("query", ["sector=x", "sector=%00", "after=" + "9" * 99])
def test_hostile_questions_are_bad_requests(people, client, query):
    client.force_login(people["anwei-office"])
    assert client.get(f"/insurance/gaps/?{query}").status_code == 400
