"""What follows from cases – findings, claims, pages that lead to each other – held to a statement of the rule as well.

Stands on the district of ``test_the_scope_at_large``; whoever is outside goes through every link that he is offered.
"""

import html
import io
import random
import re
from collections import deque
from datetime import timedelta
from types import SimpleNamespace
from zipfile import BadZipFile, ZipFile

import pytest
from django.contrib.sessions.backends.db import SessionStore

from alerts.models import RiskObject
from cases.consumers import BoardConsumer
from cases.outside import Standing
from insurance.claims import noticing
from insurance.findings import telling
from responsibility.models import User
from tests.cases.conftest import open_case, send  # noqa: F401
from tests.insurance.test_the_scope_at_large import (
    DAY,
    LEADS,
    OUTSIDERS,
    Rule,
    chance,  # noqa: F401
    everything,
    rule,  # noqa: F401
    signed,
)

pytestmark = pytest.mark.django_db
CLAIMS, FINDINGS = 40, 60
# As many pages as one outsider opens; what is linked is drawn by chance beyond that.
PAGES = 90
NUMBERS = {
    "case": re.compile(r"\bSJ-\d{8}-\d{6}\b"), "policy": re.compile(r"\bSC-\d{4}\b"),
    "order": re.compile(r"\bFW-SC-\d{6}\b"), "claim": re.compile(r"\bLP-\d{8}-\d{6}\b"),
    "finding": re.compile(r"\bYH-\d{8}-\d{6}\b"),
}  # fmt: skip
OUT = ("/accounts/", "/static/", "/api/docs", "/api/schema", "/admin", "/i18n", "//")


def _over(policy: dict):
    return min(policy["ends_at"], policy.get("cancelled_at") or policy["ends_at"])


def concerns(policy: dict, finding: dict, now) -> bool:
    """Begun when it was found, the claim tail not over then nor now; at its object, or at any of its insured. All of it
    as far as the insured has said yes."""
    if policy["agreed"] is None:
        return False
    end = min(_over(policy), policy["agreed"]) + policy["agreed_tail"] * DAY
    there = policy["insured"] == finding["body"] if policy["whole"] else finding["object"] in policy["agreed_objects"]
    return there and policy["starts_at"] <= finding["at"] < end and now < end


def findings_of(rule: Rule, findings: dict[str, dict], unit: str, standing: Standing) -> set[str]:  # noqa: F811
    """A firm sees none: no order of it stands behind these."""
    mine = {number for number, one in findings.items() if unit in (one["by"], one["body"])}
    if standing in (Standing.INSURER, Standing.BROKER):
        held = [policy for policy in rule.policies if unit in {*policy["carried_by"], policy["broker"]}]
        mine |= {n for n, one in findings.items() if any(concerns(policy, one, rule.now) for policy in held)}
    return mine


def naming(policy: dict) -> set[str]:
    return {*policy["carried_by"], policy["broker"], policy["insured"]}


def claims_of(claims: dict[str, dict], unit: str) -> set[str]:
    return {number for number, policy in claims.items() if unit in naming(policy)}


def cases_of(rule: Rule, unit: str) -> set[str]:  # noqa: F811
    """Those that concern the unit, and those of orders that it gave or that are at it."""
    return rule.seen[unit] | {order["case"] for order in rule.orders if unit in (order["by"], order["insured"])}


@pytest.fixture
def findings(rule, chance, people) -> dict[str, dict]:  # noqa: F811
    """By number: what enterprises found at their own, now and before, and insurers at what they cover."""
    found: dict[str, dict] = {}
    objects = list(RiskObject.objects.filter(main_body__code__in=["X-WATER", "X-GAS"]).select_related("main_body"))
    safety = {"X-WATER": people["enterprise"], "X-GAS": User.objects.get(username="gas-safety")}
    for n in range(FINDINGS):
        thing = chance.choice(objects)
        body, at = thing.main_body.code, rule.now - timedelta(seconds=chance.randrange(1, 500 * 86400))
        by, unit = safety[body], body
        carrying = [
            policy for policy in rule.policies
            if thing.code in policy["agreed_objects"]
            and policy["starts_at"] <= rule.now < min(_over(policy), policy["agreed"])
        ]  # fmt: skip
        if n % 3 == 0 and carrying:
            policy = chance.choice(carrying)
            by, unit, at = people[policy["lead"]], LEADS[policy["lead"]], rule.now
        (made,) = telling.tell(
            [{"severity": "general", "text": f"井盖松动 {n}"}], telling.Wanted(risk_object=thing), by=by, found_at=at
        )
        found[made.number] = {"by": unit, "body": body, "object": thing.code, "at": at}
    return found


@pytest.fixture
def claims(rule, chance, people) -> dict[str, dict]:  # noqa: F811
    """By number the policy under which its leader took up a loss."""
    pairs = [
        (policy, number) for policy in rule.policies for number, case in rule.cases.items() if rule.shows(policy, case)
    ]
    return {
        noticing.notice(policy["pk"], number, by=people[policy["lead"]], loss="管井破损").number: policy
        for policy, number in chance.sample(pairs, min(CLAIMS, len(pairs)))
    }


def text_of(answer) -> str:
    """Everything that an answer says, of a spreadsheet too."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        try:
            with ZipFile(io.BytesIO(content)) as packed:
                content = b"\n".join(packed.read(name) for name in packed.namelist())
        except BadZipFile:
            pass
    return content.decode("utf-8", "ignore")


def links(said: str) -> list[str]:
    found = (html.unescape(each).partition("#")[0] for each in re.findall(r'href="(/[^"]*)"', said))
    return [each for each in dict.fromkeys(found) if each and not each.startswith(OUT)]


def codes() -> list[str]:
    return list(RiskObject.objects.values_list("code", flat=True))


def objects_of(rule: Rule, unit: str, cases: set[str]) -> set[str]:  # noqa: F811
    """One's own, what policies name, and what the cases that one sees are about; codes."""
    own = set(RiskObject.objects.filter(main_body__code=unit).values_list("code", flat=True))
    held = [policy for policy in rule.policies if unit in naming(policy)]
    bodies = {policy["insured"] for policy in held if policy["whole"] and policy["agreed"]}
    own |= set(RiskObject.objects.filter(main_body__code__in=bodies).values_list("code", flat=True))
    return own.union({rule.cases[number]["object"] for number in cases}, *(policy["objects"] for policy in held))


def walk(client, chance: random.Random, mine: dict[str, set[str]]) -> list[str]:  # noqa: F811
    """Open what is offered from the first page on, and hold every number told there to ``mine``; the pages."""
    waiting, seen = deque(["/insurance/"]), {"/insurance/"}
    forms = NUMBERS | {"object": re.compile("|".join(sorted(map(re.escape, codes()), key=len, reverse=True)))}
    opened: list[str] = []
    while waiting and len(opened) < PAGES:
        # The next page at hand, now and then any: lists are long and all alike.
        waiting.rotate(-chance.randrange(len(waiting)) if len(opened) > 20 else 0)
        address = waiting.popleft()
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, (address, answer.status_code)
        opened.append(address)
        said = text_of(answer)
        for kind, form in forms.items():
            assert set(form.findall(said)) <= mine[kind], (address, kind)
        new = [each for each in links(said) if each not in seen]
        seen.update(new)
        waiting.extend(new)
    return opened


def test_lists_pages_and_links_of_what_follows_lead_to_ones_own_and_nothing_else(rule, findings, claims, chance):  # noqa: F811
    for name, (standing, unit) in OUTSIDERS.items():
        client = signed(name)
        mine = {
            "case": cases_of(rule, unit), "finding": findings_of(rule, findings, unit, standing),
            "claim": claims_of(claims, unit), "policy": policies_of(rule, unit),
            "order": {each["number"] for each in rule.orders if unit in (each["firm"], each["insured"], each["by"])},
        }  # fmt: skip
        mine["object"] = objects_of(rule, unit, mine["case"])
        for kind, stored in (("finding", findings), ("claim", claims)):
            door = f"/api/v1/insurance/{kind}s/"
            if standing is Standing.FIRM and kind == "claim":
                assert client.get(door).status_code == 403
            else:
                assert {row["number"] for row in everything(client, f"{door}?page_size=200")} == mine[kind], (
                    name,
                    kind,
                )
            for number in chance.sample(sorted(stored.keys() - mine[kind]), min(5, len(stored.keys() - mine[kind]))):
                for prefix in ("/api/v1", ""):
                    assert client.get(f"{prefix}/insurance/{kind}s/{number}/").status_code in (403, 404), (name, number)
        opened = walk(client, chance, mine)
        assert len(opened) > 15


def policies_of(rule: Rule, unit: str) -> set[str]:  # noqa: F811
    return {policy["number"] for policy in rule.policies if unit in naming(policy)}


def test_no_socket_tells_an_outsider_of_a_case(rule, chance):  # noqa: F811
    """Not of another's, whose screen would tell when it is worked on, and not of his own: he has no such screen."""
    numbers = chance.sample(sorted(rule.cases), 20)
    for name in OUTSIDERS:
        for number in numbers:
            screen = BoardConsumer()
            screen.scope = {
                "user": User.objects.get(username=name), "query_string": f"case={number}".encode(),
                "session": SimpleNamespace(session_key=SessionStore().session_key or "x"),
            }  # fmt: skip
            assert screen._groups() == [], (name, number)
