"""Hundreds of cases, policies and orders: each outsider finds at every door what a statement of the rule of its own
gives, and nothing else.

The statement (``Rule``) reads only what the test itself brought in, and asks no table. ``SCOPE_SEED`` plays another
draw, ``SCOPE_TIMES=10`` five thousand cases and five hundred policies.
"""

import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import RiskObject
from cases import outside
from cases.models import Case
from cases.outside import Standing
from insurance.policies import assent, changing, covering, registering
from insurance.policies.models import Policy
from insurance.service.models import RUNNING, OrderState, ServiceOrder
from responsibility import acting, clock, directory, ledger
from responsibility.models import Category, Grade, Role, Territory, User
from tests.cases.conftest import hold
from tests.insurance.given import assented, speaker

pytestmark = pytest.mark.django_db
# A tenth of a district each time; SCOPE_TIMES=10 plays the whole of it, which takes some minutes.
TIMES = int(os.environ.get("SCOPE_TIMES", "1"))
CASES, POLICIES, ORDERS, CANCELLED, WIDENED = 500 * TIMES, 50 * TIMES, 30 * TIMES, 4 * TIMES, 12 * TIMES
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LEADS = {"insurer": "X-INS", "insurer-b": "X-INS-B"}
BODIES = ("X-WATER", "X-GAS", "X-CON", "X-PROP", "X-LIFT")
OUTSIDERS = {
    "insurer": (Standing.INSURER, "X-INS"), "insurer-b": (Standing.INSURER, "X-INS-B"),
    "broker": (Standing.BROKER, "X-BROKER"), "firm": (Standing.FIRM, "X-TPF"), "firm-b": (Standing.FIRM, "X-TPF-B"),
    "enterprise": (Standing.ENTERPRISE, "X-WATER"), "gas-safety": (Standing.ENTERPRISE, "X-GAS"),
}  # fmt: skip


@dataclass
class Rule:
    """What was brought in, and who may see a case because of it: the table of facts 3.5, said once more.

    A policy shows those who carry it what the insured has said yes to, and no more: ``agreed`` is up to when, for which
    ``agreed_objects`` and for how long after that; ``None`` before any word.
    """

    now: datetime
    policies: list[dict] = field(default_factory=list)
    orders: list[dict] = field(default_factory=list)
    # By number: {"object", "body", "territory", "at"}.
    cases: dict[str, dict] = field(default_factory=dict)

    def covers(self, policy: dict, case: dict) -> bool:
        end = min(policy["ends_at"], policy.get("cancelled_at") or policy["ends_at"])
        there = (
            case["body"] == policy["insured"]
            if policy["whole"]
            else case["object"] in policy["objects"] or case["territory"] in policy["territories"]
        )
        return there and policy["starts_at"] <= case["at"] < end

    def shows(self, policy: dict, case: dict) -> bool:
        """Whether those who carry or broker ``policy`` are shown ``case``."""
        if not self.covers(policy, case) or policy["agreed"] is None or case["at"] >= policy["agreed"]:
            return False
        end = min(policy["ends_at"], policy["agreed"], policy.get("cancelled_at") or policy["ends_at"])
        said = policy["whole"] or case["object"] in policy["agreed_objects"] or bool(policy["territories"])
        return said and self.now < end + policy["agreed_tail"] * DAY

    @cached_property
    def seen(self) -> dict[str, set[str]]:
        """The numbers that each outsider sees, by unit."""
        found: dict[str, set[str]] = {unit: set() for _standing, unit in OUTSIDERS.values()}
        for policy in self.policies:
            mine = {number for number, case in self.cases.items() if self.shows(policy, case)}
            for unit in {*policy["carried_by"], policy["broker"]} & found.keys():
                found[unit] |= mine
        for order in self.orders:
            if order["runs"]:
                found[order["firm"]].add(order["case"])
        for number, case in self.cases.items():
            if case["body"] in found:
                found[case["body"]].add(number)
        return found


@pytest.fixture
def chance():
    return random.Random(int(os.environ.get("SCOPE_SEED", "20261122")))  # noqa: S311, nothing here is a secret


def _policies(rule: Rule, chance: random.Random, people) -> None:
    objects: dict[str, list[str]] = {body: [] for body in BODIES}
    for code, body in RiskObject.objects.values_list("code", "main_body__code"):
        objects.get(body, []).append(code)
    streets = list(Territory.objects.values_list("code", "unit__code"))
    for number in range(POLICIES):
        lead = chance.choice(list(LEADS))
        joint = chance.random() < 0.3
        start = rule.now - timedelta(seconds=chance.randrange(-20 * 86400, 1000 * 86400))
        of_street = chance.random() < 0.1
        territory, street = chance.choice(streets)
        body = chance.choice(BODIES)
        whole = not of_street and chance.random() < 0.1
        some = (
            [] if of_street or whole else chance.sample(objects[body], min(len(objects[body]), chance.randrange(1, 9)))
        )
        other = next(unit for name, unit in LEADS.items() if name != lead)
        made = {
            "number": f"SC-{number:04d}", "line": chance.choice(["comprehensive", "safety"]), "lead": lead,
            "insured": street if of_street else body, "broker": "X-BROKER" if chance.random() < 0.5 else "",
            "starts_at": start, "ends_at": start + chance.randrange(1, 400) * DAY, "whole": whole,
            "objects": some, "territories": [territory] if of_street else [],
            "tail_days": chance.choice([0, 1, 90, 730]),
            "carried_by": [LEADS[lead], other] if joint else [LEADS[lead]],
            "agreed": None, "agreed_tail": 0, "agreed_objects": [],
        }  # fmt: skip
        rule.policies.append(made)
    for lead, unit in LEADS.items():
        mine = [policy for policy in rule.policies if policy["lead"] == lead]
        answers = registering.register([_given(policy, unit) for policy in mine], by=people[lead])
        assert {answer.outcome for answer in answers} == {"registered"}, answers[:3]
        for policy, answer in zip(mine, answers, strict=True):
            policy["pk"] = answer.policy


def _given(policy: dict, lead: str) -> dict:
    shares = [{"insurer": unit, "percent": 70 if unit == lead else 30} for unit in policy["carried_by"]]
    named = {
        name: policy[name] for name in ("number", "line", "insured", "whole", "objects", "territories", "tail_days")
    }
    return named | {
        "broker": policy["broker"] or None, "starts_at": policy["starts_at"].isoformat(),
        "ends_at": policy["ends_at"].isoformat(), "premium": "1000", "limit_total": "1000000", "limit_each": "100000",
        "shares": shares if len(shares) > 1 else None,
    }  # fmt: skip


def _agree(rule: Rule, chance: random.Random) -> None:
    """The insured says yes to most; the others see nothing by those to which it says nothing, or no."""
    said = [policy for policy in rule.policies if chance.random() < 0.7]
    assented(policy["pk"] for policy in said)
    for policy in said:
        _noted(policy)
    silent = [policy for policy in rule.policies if policy["agreed"] is None]
    for policy in chance.sample(silent, len(silent) // 4):
        by = speaker(directory.current().units_by_code[policy["insured"]])
        (answer,) = assent.decline([{"policy": policy["pk"], "edition": 1, "reason": "没有投保"}], by=by)
        assert answer.outcome == "declined"
    assert 5 < len(said) < POLICIES


def _noted(policy: dict) -> None:
    policy["agreed"], policy["agreed_tail"] = policy["ends_at"], policy["tail_days"]
    policy["agreed_objects"] = [*policy["objects"]]


def _widen(rule: Rule, chance: random.Random, people) -> None:
    """Longer, with objects more, seen for longer; shorter. A third is confirmed anew."""
    of_body: dict[str, list[str]] = {}
    for code, body in RiskObject.objects.values_list("code", "main_body__code"):
        of_body.setdefault(body, []).append(code)
    changed = chance.sample(rule.policies, WIDENED)
    for place, policy in enumerate(changed):
        end, tail = policy["ends_at"] + chance.choice([-1, 40, 200]) * DAY / 2, chance.choice([0, 90, 730, 3000])
        wish = {"number": f"W-{place}", "effective_at": policy["starts_at"].isoformat(), "ends_at": end.isoformat()}
        more = sorted(set(of_body.get(policy["insured"], [])) - set(policy["objects"]))
        if not policy["whole"] and not policy["territories"] and more and chance.random() < 0.6:
            wish["add_objects"] = chance.sample(more, min(3, len(more)))
        if tail != policy["tail_days"]:
            wish["tail_days"] = tail
        changing.endorse(policy["pk"], changing.read(wish), by=people[policy["lead"]])
        policy |= {"ends_at": end, "tail_days": tail, "objects": policy["objects"] + wish.get("add_objects", [])}
        if policy["agreed"] is not None:
            policy["agreed"], policy["agreed_tail"] = min(policy["agreed"], end), min(policy["agreed_tail"], tail)
    again = changed[: WIDENED // 3]
    assented(policy["pk"] for policy in again)
    for policy in again:
        _noted(policy)


def _cancel(rule: Rule, chance: random.Random, people) -> None:
    """After their cases were judged: what a cancellation takes away is taken from what stands."""
    for policy in chance.sample(rule.policies, CANCELLED):
        inside = int((policy["ends_at"] - policy["starts_at"]).total_seconds())
        at = policy["starts_at"] + timedelta(seconds=chance.randrange(inside))
        changing.cancel(policy["pk"], at, "退保", by=people[policy["lead"]])
        policy["cancelled_at"] = at


def _cases(rule: Rule, chance: random.Random, send) -> None:
    categories = list(Category.objects.values_list("code", flat=True))
    objects = {code: row for code, *row in RiskObject.objects.values_list("code", "main_body__code", "territory__code")}
    pairs = chance.sample([(code, category) for code in objects for category in categories], CASES)
    # The last second of a policy, and the first after it.
    edges = [policy["ends_at"] + shift for policy in rule.policies for shift in (-SECOND, timedelta(0))]
    edges = [at for at in edges if at < rule.now - DAY]
    given = []
    for number, (code, category) in enumerate(pairs):
        at = rule.now - timedelta(seconds=chance.randrange(60, 900 * 86400))
        if edges and chance.random() < 0.2:
            at = chance.choice(edges)
        said = {
            "external_id": f"scope-{number}",
            "category": category,
            "object": code,
            "grade": chance.choice(Grade.values),
        }
        given.append((at, code, said | {"observed_at": at.isoformat(), "title": f"王五 138000{number:05d}"}))
    for start in range(0, CASES, 500):
        for (at, code, _said), answer in zip(
            given[start : start + 500], send(*(said for _at, _code, said in given[start : start + 500])), strict=True
        ):
            body, territory = objects[code]
            rule.cases[answer.case] = {"object": code, "body": body, "territory": territory, "at": at}
    assert len(rule.cases) == CASES


@transaction.atomic
def _orders(rule: Rule, chance: random.Random, people) -> None:
    known = directory.current().units_by_code
    ids = dict(Case.objects.values_list("number", "pk"))
    made = []
    owned = sorted(number for number, case in rule.cases.items() if case["body"])
    office = directory.current().unit_with("overall_coordination")
    # Given by an office, for the one whose object it is: neither of them learns of a case by it.
    for number, case in enumerate(chance.sample(owned, ORDERS)):
        state = chance.choice(OrderState.values)
        runs = state in RUNNING
        firm = chance.choice(["X-TPF", "X-TPF-B"])
        insured = rule.cases[case]["body"]
        number_of = f"FW-SC-{number:06d}"
        rule.orders.append(
            {"firm": firm, "case": case, "runs": runs, "number": number_of, "insured": insured, "by": office.code}
        )
        made.append(
            ServiceOrder(
                number=number_of, case_id=ids[case], by_unit=office, firm=known[firm], insured=known[insured],
                item="inspection", text="复核", state=state,
                due_at=rule.now + DAY, ordered_at=rule.now, ordered_by=people["anwei-office"],
                ended_at=None if runs else rule.now,
                appointed_at=rule.now,
            )
        )  # fmt: skip
    ServiceOrder.objects.bulk_create(made)
    acts = [ledger.Act(order.chain, "order.give", "order", str(order.pk), order.number) for order in made]
    ledger.record(acts, by=acting.SYSTEM, new_chains=True)


def _judge() -> None:
    while covering.judge(1000):
        pass


@pytest.fixture
def rule(people, send, chance):
    """All of it, brought in by the product's own doors, and the rule over it. Read as of one instant."""
    user = User.objects.create_user("gas-safety")
    hold(user, directory.current().units_by_code["X-GAS"], Role.ENTERPRISE)
    found = Rule(clock.now())
    _policies(found, chance, people)
    # The word of the insured comes before the cases are judged, or after it.
    first = chance.random() < 0.5
    if first:
        _agree(found, chance)
    _cases(found, chance, send)
    # In one transaction nobody else does: what was planned for empty tables would be kept for full ones.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    _judge()
    if not first:
        _agree(found, chance)
    _widen(found, chance, people)
    _cancel(found, chance, people)
    _orders(found, chance, people)
    _judge()
    with clock.as_if(found.now):
        yield found


def signed(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def everything(client: Client, address: str) -> list[dict]:
    """All rows of a list, page after page."""
    rows = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content[:300]
        page = answer.json()
        rows += page["results"]
        address = page["next"]
    return rows


def test_each_outsider_finds_its_own_and_nothing_else(rule, chance):
    """One test for all doors, because the district of it takes a while to build."""
    sizes = {name: len(rule.seen[unit]) for name, (_standing, unit) in OUTSIDERS.items()}
    assert all(2 < size < CASES for size in sizes.values()), sizes
    for name, (standing, unit) in OUTSIDERS.items():
        client, mine = signed(name), rule.seen[unit]
        rows = everything(client, "/api/v1/cases/?page_size=200")
        assert {row["number"] for row in rows} == mine, name
        assert len(rows) == len(mine)
        _fields(rows, standing)
        _filters(client, rows, standing)
        _doors(client, chance, mine, sorted(rule.cases.keys() - mine))
        _guessed(client, sorted(rule.cases.keys() - mine))
        if standing in (Standing.INSURER, Standing.BROKER):
            covered = everything(client, "/api/v1/insurance/cases/?page_size=200")
            assert {row["number"] for row in covered} == mine, name
            _policies_seen(client, rule, unit)
        _orders_seen(client, rule, unit, standing)


def _fields(rows: list[dict], standing: Standing) -> None:
    shown = {name for row in rows for name, value in row.items() if value not in (None, [], {})}
    assert shown <= {name for name, by in outside.TABLE.items() if standing in by}
    assert "王五" not in str(rows)


def _filters(client: Client, rows: list[dict], standing: Standing) -> None:
    """A filter finds of one's own what has it, where that is shown, and nothing where it is not."""
    for name in ("state", "grade", "category"):
        stored = dict(Case.objects.values_list("number", "category_code" if name == "category" else name))
        value = stored[rows[0]["number"]]
        found = {row["number"] for row in everything(client, f"/api/v1/cases/?page_size=200&{name}={value}")}
        mine = {row["number"] for row in rows if stored[row["number"]] == value}
        assert found == (mine if standing in outside.TABLE[name] else set()), name
    for hidden in ("q=王五", "overdue=true", "unit=SJ-SW", "vacant=lead"):
        assert everything(client, f"/api/v1/cases/?{hidden}") == []


def _doors(client: Client, chance: random.Random, mine: set[str], others: list[str]) -> None:
    for number in chance.sample(sorted(mine), 5):
        for door in ("/cases/{}/", "/api/v1/cases/{}/"):
            assert client.get(door.format(number)).status_code == 200
    doors = ("/cases/{}/", "/api/v1/cases/{}/", "/api/v1/cases/{}/timeline/", "/api/v1/cases/{}/bundle/",
             "/cases/{}/ledger/", "/insurance/cases/{}/chain/")  # fmt: skip
    for number in chance.sample(others, 12):
        for door in doors:
            assert client.get(door.format(number)).status_code == 404, door


def _guessed(client: Client, others: list[str]) -> None:
    """What is another's is answered as what is nobody's: the same words, and the same number of statements."""
    for door in ("/api/v1/cases/{}/", "/cases/{}/"):
        answers = []
        for number in (others[0], "SJ-20200101-999999"):
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(door.format(number))
            # Of a page what it says; around it stand tokens and the time.
            said = answer.content.decode().partition("<main")[2] or answer.content.decode()
            answers.append((answer.status_code, said.replace(number, ""), len(asked)))
        assert answers[0] == answers[1]


def _policies_seen(client: Client, rule: Rule, unit: str) -> None:
    mine = {policy["number"] for policy in rule.policies if unit in {*policy["carried_by"], policy["broker"]}}
    rows = everything(client, "/api/v1/insurance/policies/?page_size=200")
    assert {row["number"] for row in rows} == mine
    for policy in rule.policies[:40]:
        for door in ("/insurance/policies/{}/", "/api/v1/insurance/policies/{}/"):
            assert client.get(door.format(policy["pk"])).status_code == (200 if policy["number"] in mine else 404)


def _orders_seen(client: Client, rule: Rule, unit: str, standing: Standing) -> None:
    answer = client.get("/api/v1/insurance/orders/?page_size=200")
    if answer.status_code == 200 and standing is Standing.FIRM:
        rows = everything(client, "/api/v1/insurance/orders/?page_size=200")
        assert {row["number"] for row in rows} == {order["number"] for order in rule.orders if order["firm"] == unit}
    other = next(order["number"] for order in rule.orders if order["firm"] != unit)
    if standing is Standing.FIRM:
        for door in ("/insurance/orders/{}/", "/api/v1/insurance/orders/{}/", "/insurance/orders/{}/visit/"):
            assert client.get(door.format(other)).status_code == 404


def test_what_a_cover_says_is_what_the_rule_says(rule):
    stored = {(c.policy.number, c.case.number) for p in Policy.objects.all() for c in p.covers.select_related("case")}
    stated = {
        (policy["number"], number)
        for policy in rule.policies
        for number, case in rule.cases.items()
        if rule.covers(policy, case)
    }
    assert stored == stated
    assert len(stated) > 50 * TIMES
    shown = {(c.policy.number, c.case.number) for p in Policy.objects.all()
             for c in p.covers.shown(rule.now).select_related("case", "policy")}  # fmt: skip
    told = {
        (policy["number"], number)
        for policy in rule.policies
        for number, case in rule.cases.items()
        if rule.shows(policy, case)
    }
    assert shown == told
    assert len(stated) - len(told) > 10 * TIMES
    # And the ledger tells the same, found and lost.
    call_command("verify_ledger")
