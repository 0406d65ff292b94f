"""Who may do what: every address is guarded, and every person meets every door."""

from contextlib import contextmanager

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from cases import guards, requests
from cases.models import Case, Evidence, Request
from cases.sweeping import sweep
from responsibility import acting, clock, directory, tokens
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED, alert, picture

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db

# --- every address -------------------------------------------------------------
PUBLIC = {
    "/healthz", "/readyz", "/metrics", "/accounts/login/", "/accounts/logout/", "/language/", "/api/v1/token/",
    "/api/schema/", "/api/docs/", "/admin/login/",
}  # fmt: skip
# What proves the ledger is everybody's to check.
PUBLIC |= {"/api/v1/ledger/checkpoint/", "/api/v1/ledger/consistency/", "/api/v1/ledger/keys/", "/ledger/programs/x"}
SAMPLES = {
    "str": "x",
    "int": "1",
    "slug": "x",
    "path": "x",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "number": "SJ-20260101-000001",
}


def addresses(patterns=None, before="/"):
    """Every address of the installation with a sample in each gap."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = next((k for k in SAMPLES if f"<{k}:{name}>" in route), "str")
            route = route.replace(f"<{kind}:{name}>", SAMPLES[kind]).replace(f"<{name}>", SAMPLES["str"])
            assert converter
        if isinstance(pattern, URLPattern):
            # The administrator's last resort is a regular expression for everything else.
            yield before + ("anything" if "^" in route or "(?P" in route else route)
        else:
            yield from addresses(pattern.url_patterns, before + route)


ADDRESSES = sorted(set(addresses()))


def test_the_public_addresses_exist():
    assert set(ADDRESSES) >= PUBLIC


def test_a_stranger_is_turned_away_everywhere_else(client):
    let_in = []
    for address in sorted(set(ADDRESSES) - PUBLIC):
        for answer in (client.get(address), client.post(address)):
            to_sign_in = answer.get("Location", "").startswith(("/accounts/login/?next=", "/admin/login/?next="))
            if not (answer.status_code in (401, 403) or (answer.status_code == 302 and to_sign_in)):
                let_in.append((address, answer.status_code))
    assert let_in == []


def test_figures_are_for_this_machine_alone(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_a_key_of_a_source_opens_no_door_of_people_and_the_other_way_round(client, key, people):
    assert client.get("/api/v1/cases/", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    token = tokens.issue(people["chengyun-lead"])
    for address in (
        "/api/v1/alerts/",
        "/api/v1/alerts/cap/",
        "/api/v1/alerts/alertmanager/",
        "/api/v1/readings/",
        "/api/v1/heartbeat/",
    ):
        assert client.post(address, headers={"Authorization": f"Token {token}"}).status_code in (401, 403)


def test_a_void_token_a_stranger_s_token_and_one_of_somebody_who_left_are_refused(client, people):
    user = people["sijing-duty"]
    token = tokens.issue(user)
    asked = {"headers": {"Authorization": f"Token {token}"}}
    assert client.get("/api/v1/cases/", **asked).status_code == 200
    user.tokens.update(expires_at=timezone.now())
    assert client.get("/api/v1/cases/", **asked).status_code == 401
    user.tokens.update(expires_at=timezone.now() + timezone.timedelta(days=1))
    user.is_active = False
    user.save()
    assert client.get("/api/v1/cases/", **asked).status_code == 401
    assert client.get("/api/v1/cases/", headers={"Authorization": "Token no-such"}).status_code == 401


# --- every person at every door --------------------------------------------------
STREET = ["sijing-duty", "sijing-handler", "sijing-head"]
LEAD = ["shuiwu-duty", "shuiwu-head"]
CENTRE = ["chengyun-lead", "chengyun-check"]
READERS = ["yingji-office", "anwei-office", "auditor"]
ELSEWHERE = ["jiuting-duty", "jianguan-head"]
OUTSIDE = ["insurer", "insurer-b", "broker", "firm", "firm-b", "enterprise", "admin"]
EVERYBODY = STREET + LEAD + CENTRE + READERS + ELSEWHERE + OUTSIDE
SEES = STREET + LEAD + CENTRE + READERS
SHIFT = {"chengyun-lead": 200, "chengyun-check": 403}
CHECK = {"chengyun-lead": 200, "chengyun-check": 200}


def row(street: int, lead: int, command: int = 403, **others: int) -> dict[str, int]:
    """What each person is answered: the street's, the lead's, the district command's people, then exceptions.

    Who sees the case and is not named is told 403, who does not see it 404.
    """
    found = dict.fromkeys(EVERYBODY, 404) | dict.fromkeys(SEES, 403)
    found |= dict.fromkeys(STREET, street) | dict.fromkeys(LEAD, lead) | {"yingji-office": command}
    return found | {name.replace("_", "-"): status for name, status in others.items()}


def only(status: int = 200, *names: str) -> dict[str, int]:
    """Those named are answered ``status``; others who see the case 403."""
    return row(403, 403) | dict.fromkeys(names, status)


# The manhole is the enterprise's own: it reads what concerns it (tests/insurance/test_what_outsiders_see.py).
OWNER = "enterprise"
ALL_SEE = dict.fromkeys(EVERYBODY, 404) | dict.fromkeys(SEES, 200)
ALL_READ = ALL_SEE | {OWNER: 200}
# Nobody is engaged yet, so only the district's own desks see it.
IN_TRIAGE = row(404, 404, chengyun_lead=200)
REASON = {"reason": "试"}
FILING = {"category": "LL-CONF-H2S", "territory": "310117102", "grade": "yellow"}

# verb, the loop, the steps that lead there, what is sent, what everybody is answered
MATRIX = [
    ("file", "triage", None, FILING, IN_TRIAGE),
    ("void", "triage", None, REASON, IN_TRIAGE),
    ("acknowledge", "small", [], {}, row(200, 403)),
    ("acknowledge", "medium", [], {}, row(200, 200)),
    ("acknowledge", "large", [], {}, row(200, 200, 200)),
    ("arrive", "small", CONTAINED[:1], {}, row(200, 403)),
    ("arrive", "medium", CONTAINED[:1], {}, row(200, 200)),
    ("arrive", "large", CONTAINED[:1], {}, row(200, 200, 200)),
    ("contain", "small", CONTAINED[:3], {}, row(200, 403)),
    ("contain", "medium", CONTAINED[:3], {}, row(403, 200)),
    ("contain", "large", CONTAINED[:3], {}, row(403, 200, 200)),
    ("rectify", "small", CONTAINED, {}, row(200, 403)),
    ("report", "small", CONTAINED, {}, row(200, 403)),
    ("rework", "small", REPORTED, REASON, row(403, 403, **CHECK)),
    ("close", "small", REPORTED, {}, row(403, 403, **CHECK)),
    ("reopen", "small", CLOSED, REASON, row(403, 403, **CHECK)),
    ("resume", "suspended", CONTAINED, {}, row(200, 403)),
    ("suspend", "small", [*CONTAINED, "sijing-head rectify"], {}, row(403, 403)),
    ("annul", "small", [], {}, row(403, 403)),
    # One wrong state for each: whoever has the right is told 409, the others as ever.
    ("close", "small", CONTAINED, {}, row(403, 403, chengyun_lead=409, chengyun_check=409)),
    ("contain", "small", CONTAINED[:2], {}, row(409, 403)),
    ("arrive", "small", [], {}, row(409, 403)),
    # Whoever audits is refused before the address is looked at.
    ("no-such-verb", "small", [], {}, dict.fromkeys(EVERYBODY, 404) | {"auditor": 403}),
]


@pytest.fixture
def headers(people):
    return {name: {"Authorization": f"Token {tokens.issue(people[name])}"} for name in EVERYBODY}


@contextmanager
def undone():
    """Whatever happens inside did not happen."""
    mark = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(mark)


@pytest.fixture
def bring(open_case, press, people):
    """A case in a loop, brought there by ``steps``."""

    def make(loop: str, steps) -> Case:
        if steps is None:
            return open_case(category="NO-SUCH-CATEGORY")
        case = press(open_case(), *steps)
        if loop in ("medium", "large"):
            with clock.as_if(clock.now() + timezone.timedelta(hours=4.1)):
                sweep()
        if loop == "large":
            with clock.as_if(clock.now() + timezone.timedelta(hours=13)):
                sweep()
        if loop == "suspended":
            press(case, "sijing-handler rectify")
            asked = requests.ask(case.pk, by=people["sijing-head"], kind="suspend", reason="待料", minutes=60)
            requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
        case.refresh_from_db()
        assert loop in (case.loop, case.state)
        return case

    return make


def answers(call, headers) -> dict[str, int]:
    found = {}
    for name in EVERYBODY:
        with undone():
            found[name] = call(headers[name]).status_code
    return found


@pytest.mark.parametrize(("verb", "loop", "steps", "data", "expected"), MATRIX)
def test_every_person_presses_every_button(client, headers, bring, verb, loop, steps, data, expected):
    case = bring(loop, steps)

    def press_it(signed):
        return client.post(f"/api/v1/cases/{case.number}/{verb}/", data, "application/json", headers=signed)

    assert answers(press_it, headers) == expected


def test_the_matrix_has_a_row_for_every_verb():
    assert {verb for verb, *_rest in MATRIX} >= set(guards.TABLE)


@pytest.mark.parametrize("address", ["/api/v1/cases/{}/", "/api/v1/cases/{}/timeline/"])
def test_a_case_is_read_by_its_own_people_and_the_districts_desks(client, headers, open_case, address):
    number = open_case().number
    assert answers(lambda signed: client.get(address.format(number), headers=signed), headers) == ALL_READ


def test_the_list_holds_what_may_be_read_and_nothing_else(client, headers, open_case):
    open_case()
    for name in EVERYBODY:
        found = client.get("/api/v1/cases/", headers=headers[name]).json()["results"]
        assert len(found) == (name in SEES or name == OWNER), name


@pytest.mark.parametrize("address", ["/cases/{}/", "/cases/{}/?all"])
def test_the_page_is_guarded_as_the_api_is(client, people, open_case, address):
    number = open_case().number
    for name in EVERYBODY:
        client.force_login(people[name])
        assert client.get(address.format(number)).status_code == ALL_READ[name], name


def test_the_buttons_of_the_page_are_guarded_as_the_api_is(client, people, open_case):
    number = open_case().number
    for name in EVERYBODY:
        with undone():
            client.force_login(people[name])
            answer = client.post(f"/cases/{number}/acknowledge/")
            expected = row(200, 403)[name]
            assert answer.status_code == {200: 303}.get(expected, expected), name


@pytest.mark.parametrize(
    ("loop", "expected"), [("small", row(201, 403)), ("medium", row(201, 201)), ("large", row(201, 201, 201))]
)
def test_proof_is_given_by_those_engaged(client, headers, bring, loop, expected):
    case = bring(loop, CONTAINED[:2])
    address = f"/api/v1/cases/{case.number}/evidence/"
    assert answers(lambda signed: client.post(address, {"file": picture(7)}, headers=signed), headers) == expected


def test_a_file_is_seen_by_who_sees_the_case_and_the_original_by_the_auditor(client, people, open_case, press):
    case = press(open_case(), *CONTAINED)
    proof = Evidence.objects.get(case=case)
    for name in EVERYBODY:
        client.force_login(people[name])
        assert client.get(f"/evidence/{proof.pk}/").status_code == ALL_SEE[name], name
        assert client.get(f"/evidence/{proof.pk}/thumb/").status_code == ALL_SEE[name], name
        original = client.get(f"/evidence/{proof.pk}/original/").status_code
        assert original == (200 if name == "auditor" else {200: 403}.get(ALL_SEE[name], 404)), name


@pytest.mark.parametrize("kind", ["escalate", "extend", "void"])
def test_requests_are_asked_by_those_engaged(client, headers, open_case, press, kind):
    case = press(open_case(), "sijing-duty acknowledge")
    data = {"kind": kind, "reason": "缺人手", **({"minutes": 30} if kind == "extend" else {})}
    address = f"/api/v1/cases/{case.number}/requests/"
    ask = lambda signed: client.post(address, data, "application/json", headers=signed)  # noqa: E731
    assert answers(ask, headers) == row(201, 403)


DECIDES = [
    ("escalate", "small", only(200, "shuiwu-head")),
    ("escalate", "medium", only(200, "yingji-office")),
    ("extend", "small", only(200, "chengyun-lead")),
    ("void", "small", only(200, "chengyun-lead")),
]


@pytest.mark.parametrize(("kind", "loop", "expected"), DECIDES)
@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_a_request_is_decided_by_its_one_desk(client, headers, people, bring, kind, loop, expected, decision):
    case = bring(loop, CONTAINED[:1])
    minutes = 30 if kind == "extend" else None
    asked = requests.ask(case.pk, by=people["sijing-head"], kind=kind, reason="缺人手", minutes=minutes)
    address = f"/api/v1/requests/{asked.pk}/{decision}/"
    decide = lambda signed: client.post(address, {"answer": "知悉"}, "application/json", headers=signed)  # noqa: E731
    assert answers(decide, headers) == expected


def test_the_whole_ledger_is_read_by_the_auditor_and_the_committee_alone(client, headers, people):
    expected = dict.fromkeys(EVERYBODY, 403) | {"auditor": 200, "anwei-office": 200}
    assert answers(lambda signed: client.get("/api/v1/ledger/", headers=signed), headers) == expected
    for name in EVERYBODY:
        client.force_login(people[name])
        assert client.get("/ledger/").status_code == expected[name], name


def test_work_is_looked_at_in_the_administration_and_never_touched(client, people, open_case):
    case = open_case()
    client.force_login(people["admin"])
    assert client.get("/admin/cases/case/").status_code == 200
    for what in ("cases/case", "cases/request", "alerts/alert", "responsibility/ledgerentry"):
        assert client.get(f"/admin/{what}/add/").status_code == 403
    assert client.post(f"/admin/cases/case/{case.pk}/change/", {"state": "closed"}).status_code == 403
    assert client.post(f"/admin/cases/case/{case.pk}/delete/", {"post": "yes"}).status_code == 403
    client.force_login(people["sijing-duty"])
    assert client.get("/admin/").status_code == 302


# --- below the doors -------------------------------------------------------------
def test_nothing_is_visible_to_outsiders_in_sql(open_case, press, send, people):
    press(open_case(), *CLOSED)
    open_case(object="OTHER", location={"lat": 31.1144, "lon": 121.2683}, grade="red")
    send(alert(category="NO-SUCH-CATEGORY", external_id="t"))
    units = directory.current().units
    for name in OUTSIDE:
        assert not Case.objects.visible_to(acting.of(people[name]), units).exists(), name
    assert not Case.objects.visible_to(acting.Actor(user=AnonymousUser()), units).exists()
    assert Case.objects.visible_to(acting.of(people["auditor"]), units).count() == 3


def test_whoever_has_left_the_post_sees_and_may_nothing(client, people, open_case):
    case = open_case()
    user = people["sijing-duty"]
    signed = {"Authorization": f"Token {tokens.issue(user)}"}
    work.leave(user)
    assert client.get(f"/api/v1/cases/{case.number}/", headers=signed).status_code == 404
    pressed = client.post(f"/api/v1/cases/{case.number}/acknowledge/", {}, "application/json", headers=signed)
    assert pressed.status_code == 404


def test_a_request_of_an_unseen_case_is_not_there(client, headers, people, open_case, press):
    case = press(open_case(), "sijing-duty acknowledge")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    answer = client.post(
        f"/api/v1/requests/{asked.pk}/approve/", {}, "application/json", headers=headers["jiuting-duty"]
    )
    assert answer.status_code == 404
    assert Request.objects.get(pk=asked.pk).state == "pending"
