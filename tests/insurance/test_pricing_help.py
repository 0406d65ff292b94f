"""An insurer sees the history of what it carries, from its policy's start on, and of its class nothing small."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import DateTimeField

from alerts.models import RiskObject
from cases.models import Case
from insurance.claims import paying
from insurance.findings.models import Finding
from insurance.policies.models import Covered
from insurance.portals import drawing, history
from responsibility import acting, clock
from tests.cases.conftest import CONTAINED, open_case, press, send  # noqa: F401
from tests.insurance.claiming import agreed, cover
from tests.insurance.conftest import told, unit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CODE = "MH-SIJING-0088"
ADDRESS = f"/api/v1/insurance/objects/{CODE}/history/"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path / "evidence", True


def read(client, people, who: str = "insurer", address: str = ADDRESS):
    client.force_login(people[who])
    return client.get(address)


def peers(count: int) -> list[RiskObject]:
    """Other objects of the class of the manhole; there are none else of it."""
    thing = RiskObject.objects.get(code=CODE)
    RiskObject.objects.filter(category=thing.category).exclude(pk=thing.pk).update(category=None)
    return [
        RiskObject.objects.create(
            code=f"PEER-{n}",
            name=f"井 {n}",
            category=thing.category,
            territory=thing.territory,
            lat=31.1144,
            lon=121.2683,
        )
        for n in range(count)
    ]


def test_what_happened_since_the_policy_began_and_what_was_paid(client, people, policy, open_case, press):  # noqa: F811
    made = policy(objects=(CODE,))
    case = press(open_case(), *CONTAINED)
    cover(case, made)
    claim = agreed(case, made, people, "700")
    paying.pay(claim.pk, "700", "V", by=people["insurer"])
    now = clock.now()
    with transaction.atomic():
        instants = {f.name: now for f in Finding._meta.fields if isinstance(f, DateTimeField) and not f.null}
        what = {
            "number": "YH-1", "how": "insurer", "found_by_unit": unit("X-INS"), "found_by": people["insurer"],
            "insured": unit("X-WATER"), "risk_object": case.risk_object, "severity": "general", "text": "缺防坠网",
            "told_at": now - timedelta(days=4), "due_at": now + timedelta(days=1), "state": "rectified",
            "rectified_at": now - timedelta(days=2), "worked_by": unit("X-WATER"),
        }  # fmt: skip
        finding = Finding.objects.create(**instants | what)
        told(finding, "finding.tell", finding.number)
    said = read(client, people).json()
    assert (said["own"]["alerts"], said["own"]["cases"]) == (1, 1)
    assert said["own"]["contained_minutes"] is not None
    assert (said["findings_open"], said["findings_closed"], said["rectified_days"]) == (1, 0, 2.0)
    assert (said["claims_paid"], said["paid"], said["policies"]) == (1, "700.00", [made.number])
    assert sum(month["alerts"]["yellow"] for month in said["months"]) == 1
    assert len(said["months"]) in (4, 5)


def test_what_was_before_the_policy_or_after_it_is_not_told(client, people, policy, open_case):  # noqa: F811
    now = clock.now()
    policy(objects=(CODE,), starts_at=now + timedelta(seconds=60))
    open_case()
    assert read(client, people).status_code == 404
    with clock.as_if(now + timedelta(days=1)):
        said = read(client, people).json()
    assert (said["own"]["alerts"], said["own"]["cases"]) == (0, 0)


def test_after_the_claim_tail_nothing_is_told(client, people, policy):
    now = clock.now()
    policy(objects=(CODE,), ends_at=now - timedelta(days=3), tail_days=2)
    assert read(client, people).status_code == 404
    policy("P-2", objects=(CODE,), ends_at=now - timedelta(days=3), tail_days=4)
    assert read(client, people).status_code == 200


@pytest.mark.parametrize("who", ["broker", "firm", "enterprise", "sijing-head", "anwei-office", "auditor"])
def test_it_is_for_insurers_only(client, people, policy, who):
    policy(objects=(CODE,))
    assert read(client, people, who).status_code == 403
    assert read(client, people, who, f"/insurance/objects/{CODE}/history/").status_code == 403


def test_another_insurer_is_not_told_that_there_is_such_an_object(client, people, policy):
    policy(objects=(CODE,))
    one = read(client, people, "insurer-b")
    other = read(client, people, "insurer-b", ADDRESS.replace("0088", "9999"))
    assert (one.status_code, one.content) == (404, other.content)


@pytest.mark.parametrize(("others", "each", "shown"), [(4, 2, False), (5, 0, False), (5, 1, True)])
def test_small_cells_of_the_class_are_hidden(client, people, policy, open_case, others, each, shown, by_hand):  # noqa: F811
    policy(objects=(CODE,))
    open_case()
    for thing in peers(others):
        for _n in range(each):
            open_case(object=thing.code)
    said = read(client, people).json()["others"]
    assert said["objects"] == (others if others >= history.FEW else None)
    assert (said["alerts"] is not None, said["cases"] is not None) == (shown, shown)
    assert said["contained_minutes"] is None
    assert Case.objects.count() == others * min(each, 1) + 1


def test_the_page_draws_it(client, people, policy, open_case):  # noqa: F811
    policy()
    open_case()
    page = read(client, people, address=f"/insurance/objects/{CODE}/history/")
    assert page.status_code == 200
    said = page.content.decode()
    assert 'class="yellow"' in said
    assert "style=" not in said[said.find("<svg") :]
    found = history.of(acting.of(people["insurer"]), CODE)
    chart = drawing.drawn(found.months)
    assert [bar.grade for bar in chart.bars] == ["yellow"]
    assert all(0 <= bar.y <= chart.height for bar in chart.bars)
    assert json.dumps(drawing.grade_words(), ensure_ascii=False)


def test_it_asks_a_fixed_number_of_statements(client, people, policy, open_case, statements, by_hand):  # noqa: F811
    policy(objects=(CODE,))
    open_case()
    read(client, people)
    few = statements(lambda: client.get(ADDRESS))
    for thing in peers(6):
        open_case(object=thing.code)
    policy("P-2", objects=(CODE,))
    assert statements(lambda: client.get(ADDRESS)) == few


def test_a_gap_between_policies_and_what_was_before_and_after_inclusion_is_not_counted(
    people, policy, open_case, by_hand  # noqa: F811
):  # fmt: skip
    now = clock.now()
    policy("OLD", objects=(CODE,), starts_at=now - 100 * DAY, ends_at=now - 60 * DAY)
    made = policy("NEW", objects=(CODE,), starts_at=now - 40 * DAY, ends_at=now + 300 * DAY)
    Covered.objects.filter(policy=made).update(since=now - 30 * DAY, until=now - 10 * DAY)
    # In the first policy; in the gap; before inclusion; while covered; after exclusion.
    kinds = {80: "LL-CONF-H2S", 50: "LL-CONF-CH4", 35: "LL-CONF-O2", 20: "LL-CONF-NH3", 5: "LL-GAS-LEAK"}
    for back, category in kinds.items():
        at = now - back * DAY
        with clock.as_if(at):
            open_case(category=category, observed_at=at.isoformat())
    found = history.of(acting.of(people["insurer"]), CODE)
    assert (found.own.alerts, found.own.cases) == (2, 2)
    assert sum(month.total for month in found.months) == 2
    assert (found.since, found.until) == (now - 100 * DAY, now - 10 * DAY)


def test_what_an_insurer_counts_itself_is_not_left_of_the_class(people, policy, open_case, by_hand):  # noqa: F811
    things = peers(5)
    policy(objects=(CODE, *(thing.code for thing in things[:4])))
    for thing in things:
        open_case(object=thing.code)
    assert history.of(acting.of(people["insurer"]), CODE).others == history.Figures(None, None, None, None, None)
    for n in range(4):
        more = {"territory": things[0].territory, "category": things[0].category, "lat": 31.1, "lon": 121.2}
        RiskObject.objects.create(code=f"MORE-{n}", name=f"井 {n}", **more)
    assert history.of(acting.of(people["insurer"]), CODE).others.objects == 5
