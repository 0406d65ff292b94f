"""Hooks: what a unit's own system is told, when, in what form, and what becomes of what it does not take."""

import base64
import hashlib
import hmac
import socket
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cases import actions, sentences
from insurance.claims.models import Claim
from insurance.findings.models import Finding
from insurance.firms import measures
from insurance.portals import hooks, news, pushing, reaching, tasks
from insurance.portals.models import Delivery, Event, Hook
from insurance.service import ordering
from insurance.service.models import Visit
from responsibility import clock
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.insurance.conftest import carried_with, told
from tests.insurance.portals import covered, listen, opened
from tests.insurance.test_orders import ask, firms  # noqa: F401

pytestmark = pytest.mark.django_db
ALL = list(Event.values)
OUTSIDE = "https://hooks.example.org/bihuan"


@pytest.fixture
def listener(tmp_path, settings):
    heard, server = listen(tmp_path)
    settings.HOOK_HOSTS, settings.HOOK_CA_FILE = ["localhost"], heard.file
    yield heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(people):
    def make(who: str = "insurer", url: str = OUTSIDE, events=None) -> tuple[Hook, str]:
        allowed = [Event.COVERED, Event.CHANGED, Event.CLAIM] if who == "broker" else ALL
        return hooks.make(hooks.Wish("理赔系统", url, events or list(map(str, allowed))), by=people[who])

    return make


def names(**fields) -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(**fields).order_by("pk").values_list("event", "subject"))


# --- setting up -----------------------------------------------------------------------------
def test_the_ledger_tells_that_a_hook_was_made_and_neither_its_address_nor_its_secret(hook):
    made, secret = hook()
    entry = LedgerEntry.objects.get(chain=made.chain)
    said = f"{entry.verb} {entry.subject_label} {entry.after}"
    assert entry.verb == "webhook.make"
    assert "推送" in sentences.named(entry.verb)
    assert secret not in said
    assert OUTSIDE not in said


def test_an_ended_hook_forgets_its_secret_and_is_not_changed_without_an_entry(hook, people):
    made, _secret = hook()
    hooks.end(made.pk, by=people["insurer"])
    hooks.end(made.pk, by=people["insurer"])
    made.refresh_from_db()
    assert (made.secret, LedgerEntry.objects.filter(chain=made.chain).count()) == ("", 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hook.objects.filter(pk=made.pk).update(ended_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.delete()


@pytest.mark.parametrize("url", [
    "http://hooks.example.org/", "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://[::1]/",
    "https://169.254.169.254/latest/", "https://user:pw@hooks.example.org/", "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[fec0::1]/", "https://intranet/", "https://a.internal/", "ftp://x.org/",
    "https://", "https://ex ample.org/", "https://x.org:99999/", "https://x.org/\x00", "https://例子.中国/", "x" * 600,
    "",
])  # fmt: skip
def test_no_hook_goes_anywhere_but_to_a_public_host_by_https(hook, url):
    with pytest.raises(Invalid):
        hook(url=url)


def test_only_insurers_and_brokers_set_up_hooks_and_brokers_are_told_of_states_alone(hook, people):
    for who in ("firm", "enterprise", "anwei-office", "admin", "auditor"):
        with pytest.raises(Forbidden):
            hook(who)
    with pytest.raises(Invalid):
        hook("broker", events=["finding.told"])
    with pytest.raises(Invalid):
        hook(events=["case.opinions"])
    made, _secret = hook()
    with pytest.raises(Forbidden):
        hooks.end(made.pk, by=people["insurer-b"])


def test_a_unit_has_ten_hooks_at_most(hook):
    for _number in range(hooks.MOST):
        hook()
    with pytest.raises(Refused):
        hook()


# --- what is news ---------------------------------------------------------------------------
def test_a_hook_begins_with_what_happens_from_then_on(hook, policy, source):
    first = policy()
    covered(first, opened(source, "before"))
    hook()
    assert news.gather() == 0
    case = opened(source, "after")
    covered(first, case)
    assert news.gather() == 2
    assert names() == [("case.covered", case.number)]
    assert news.gather() == 0


def test_a_covered_case_that_changes_is_told_once_as_it_stands(hook, policy, source, people):
    case = opened(source, "moved")
    covered(policy(), case)
    hook()
    actions.perform(case.pk, "acknowledge", by=people["sijing-duty"])
    actions.perform(case.pk, "arrive", by=people["sijing-handler"])
    news.gather()
    (message,) = Delivery.objects.all()
    assert message.event == "case.changed"
    assert message.body["data"] == {
        "case": case.number, "state": "on_site", "grade": case.grade, "contained_at": None, "closed_at": None,
    }  # fmt: skip


def test_a_broker_is_told_the_state_and_nothing_else(hook, policy, source, people):
    case = opened(source, "state")
    covered(policy(), case)
    hook("broker")
    actions.perform(case.pk, "acknowledge", by=people["sijing-duty"])
    news.gather()
    (message,) = Delivery.objects.all()
    assert message.body["data"] == {"case": case.number, "state": "acknowledged"}


def test_findings_visits_and_claims_are_told(hook, policy, order, source, people):
    mine = policy()
    given = order(mine)
    case = opened(source, "loss")
    covered(mine, case)
    hook()
    finding, claim = finding_of(given, people), claim_of(mine, case, people)
    now = clock.now()
    visit = Visit.objects.create(
        order=given, arrived_at=now, left_at=now, work="查", sent_at=now, sent_by=people["firm"]
    )
    told(given, "order.visit", given.number)
    news.gather()
    assert sorted(names()) == [
        ("claim.noticed", claim.number), ("finding.told", finding.number), ("order.visited", visit.order.number),
    ]  # fmt: skip
    Claim.objects.filter(pk=claim.pk).update(state="assessing")
    told(claim, "claim.assess", claim.number)
    news.gather()
    assert names()[-1] == ("claim.assessing", claim.number)
    assert "loss" not in Delivery.objects.first().body["data"]


def test_what_becomes_of_findings_and_orders_is_told(hook, policy, firms, people):  # noqa: F811
    """Put right, sent back, overdue, closed; and an order that a stopped firm may not go on with."""
    given = ordering.give(ask(policy()), by=people["insurer"])
    hook()
    finding = finding_of(given, people)
    news.gather()
    with clock.as_if(finding.due_at):
        assert news.gather() == 1
        assert news.gather() == 0
    message = Delivery.objects.get(event="finding.changed")
    assert (message.subject, message.body["data"]["overdue"]) == (finding.number, True)
    assert "text" not in message.body["data"]
    measures.bring(firms["X-TPF"].pk, "stop", "false_record", "记录系伪造", "", by=people["anwei-office"])
    news.gather()
    message = Delivery.objects.get(event="order.changed")
    assert message.body["data"] == {"order": given.number, "state": "withdrawn", "to_place": True}


def test_a_broker_is_told_no_moment_of_a_claim(hook, policy, source, people):
    mine, case = policy(), opened(source, "loss")
    covered(mine, case)
    hook("broker")
    with clock.as_if(clock.now() - timedelta(hours=2)):
        claim = claim_of(mine, case, people)
    news.gather()
    (message,) = Delivery.objects.filter(event="claim.noticed")
    assert message.at > claim.noticed_at + timedelta(hours=1)
    assert message.body["data"].keys() == {"claim", "state", "policy", "case"}


def test_another_insurer_is_told_nothing_and_a_co_insurer_of_its_cases(hook, policy, order, source, people):
    alone, shared = policy(), policy("P-2")
    carried_with(shared, "X-INS-B", 40)
    hook("insurer-b")
    one, two = opened(source, "one"), opened(source, "two")
    covered(alone, one)
    covered(shared, two)
    finding_of(order(alone), people)
    claim_of(alone, one, people)
    news.gather()
    assert names() == [("case.covered", two.number)]


def test_drills_and_covers_that_have_run_out_are_not_told(hook, policy, source):
    hook()
    past = clock.now() - timedelta(days=1)
    covered(policy(), opened(source, "old"), at=past, until=past, found_at=past)
    news.gather()
    assert names() == []


def test_the_statements_do_not_grow_with_what_is_news(hook, policy, source, django_assert_num_queries):
    first = policy()
    hook()
    for count in (1, 4):
        for number in range(count):
            covered(first, opened(source, f"{count}-{number}"))
        with django_assert_num_queries(6):
            news.gather()


def test_nothing_is_pushed_where_the_side_is_switched_off(hook, policy, source, settings, listener):
    hook(url=listener.url)
    covered(policy(), opened(source, "off"))
    settings.INSURANCE = False
    tasks.push()
    assert (Delivery.objects.count(), listener.came) == (0, [])
    settings.INSURANCE = True
    tasks.push()
    assert len(listener.came) == 1


# --- on the way -----------------------------------------------------------------------------
@pytest.fixture
def waiting(hook, policy, source, listener):
    """One message for a hook of the listener, and its secret."""
    _made, secret = hook(url=listener.url)
    covered(policy(), opened(source, "sent"))
    news.gather()
    return secret


def test_a_message_is_signed_as_the_standard_has_it(waiting, listener):
    assert pushing.push() == 1
    ((headers, body),) = listener.came
    message = Delivery.objects.get()
    assert (message.status, message.answer, message.attempts) == ("sent", 204, 1)
    assert headers["webhook-id"] == str(message.key)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(waiting.removeprefix("whsec_"))
    assert 24 <= len(key) <= 64
    assert headers["webhook-signature"] == "v1," + base64.b64encode(
        hmac.new(key, signed, hashlib.sha256).digest()
    ).decode()  # fmt: skip
    assert pushing.push() == 0


def test_what_is_not_taken_is_tried_with_growing_pauses_for_three_days_and_then_by_hand(waiting, listener, people):
    listener.status = 500
    start, pauses = clock.now(), []
    for _attempt in range(60):
        message = Delivery.objects.get()
        if message.status == "failed":
            break
        pauses.append(message.try_at)
        with clock.as_if(message.try_at):
            pushing.push()
    assert (message.status, message.error, message.answer) == ("failed", "status", 500)
    assert len(pauses) > 10
    assert timedelta(days=2, hours=12) < pauses[-1] - start <= timedelta(days=3)
    assert len({headers["webhook-id"] for headers, _body in listener.came}) == 1
    listener.status = 200
    hooks.again(message.pk, by=people["insurer"])
    assert pushing.push() == 1
    assert Delivery.objects.get().status == "sent"
    with pytest.raises(Refused):
        hooks.again(message.pk, by=people["insurer"])


def test_a_redirect_is_not_followed(waiting, listener):
    listener.status, listener.headers = 302, {"Location": listener.url}
    pushing.push()
    assert (Delivery.objects.get().error, len(listener.came)) == ("redirect", 1)


def test_a_wrong_certificate_is_not_spoken_to(waiting, listener, settings):
    settings.HOOK_CA_FILE = ""
    pushing.push()
    assert (Delivery.objects.get().error, listener.came) == ("certificate", [])


@pytest.mark.parametrize("how", ["silent", "dripping"])
def test_whoever_is_slow_is_left_after_seconds(waiting, listener, monkeypatch, how):
    monkeypatch.setattr(reaching, "STEP", 1)
    monkeypatch.setattr(reaching, "WHOLE", 2)
    listener.pause, listener.drips = (4, False) if how == "silent" else (0, True)
    start = time.monotonic()
    pushing.push()
    assert time.monotonic() - start < 4
    assert Delivery.objects.get().error in ("timeout", "late")


def test_nobody_listens(waiting, listener):
    Hook.objects.update(url="https://localhost:9/")
    pushing.push()
    assert Delivery.objects.get().error == "connection"


def test_a_name_that_leads_inside_is_not_reached(waiting, listener, settings, monkeypatch):
    settings.HOOK_HOSTS, settings.NOTICES_SEND = [], True
    pushing.push()
    assert (Delivery.objects.get().error, listener.came) == ("address", [])
    real = socket.getaddrinfo
    inside = real("127.0.0.1", listener.port, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: inside)
    with pytest.raises(reaching.NotReached, match="address"):
        reaching.post("https://hooks.example.org/", b"{}", {})


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    """A name that means something public first and something inside a moment later."""
    answers = ["93.184.215.14", "127.0.0.1"]
    reached = []

    def resolve(host, port, **more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    def connect(address, timeout=None):
        reached.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(reaching.NotReached):
        reaching.post("https://hooks.example.org/", b"{}", {})
    assert reached == [("93.184.215.14", 443)]


def test_a_slow_system_holds_up_nobody_else(hook, policy, source, listener, people):
    hook(url=listener.url)
    hook(url="https://localhost:9/")
    covered(policy(), opened(source, "both"))
    news.gather()
    assert pushing.push() == 2
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["sent", "waiting"]


def test_after_one_that_was_not_taken_the_rest_of_a_hook_waits_untried(hook, policy, source, listener):
    hook(url=listener.url)
    first = policy()
    for number in range(3):
        covered(first, opened(source, f"rest-{number}"))
    news.gather()
    listener.status = 503
    pushing.push()
    assert len(listener.came) == 1
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]


def test_what_waits_for_an_ended_hook_is_not_sent(waiting, listener, people):
    hooks.end(Hook.objects.get().pk, by=people["insurer"])
    pushing.push()
    assert (Delivery.objects.get().error, listener.came) == ("ended", [])


def test_a_demo_tells_nobody_outside(hook, policy, source, settings, tmp_path):
    settings.NOTICES_SEND, settings.NOTICES_FILE = False, tmp_path / "messages.log"
    hook()
    covered(policy(), opened(source, "demo"))
    news.gather()
    pushing.push()
    assert "case.covered" in settings.NOTICES_FILE.read_text()


# --- pages and operations -------------------------------------------------------------------
def test_the_page_shows_the_secret_once(client, people):
    client.force_login(people["insurer"])
    given = {"label": "系统", "url": OUTSIDE, "events": ALL}
    page = client.post("/insurance/hooks/new/", given)
    secret = Hook.objects.get().secret
    assert secret in page.text
    assert secret not in client.get("/insurance/hooks/").text
    assert client.post("/insurance/hooks/new/", given | {"url": "http://x"}).status_code == 400


def test_a_neighbours_hooks_and_messages_are_not_there(client, people, waiting):
    message, made = Delivery.objects.get(), Hook.objects.get()
    client.force_login(people["insurer-b"])
    for address in (f"hooks/{made.pk}/end/", f"deliveries/{message.pk}/again/", f"hooks/{2**70}/end/"):
        assert client.post(f"/insurance/{address}").status_code == 404
        assert client.post(f"/api/v1/insurance/{address}").status_code == 404
    assert client.get("/api/v1/insurance/hooks/").json() == []
    assert client.get("/api/v1/insurance/deliveries/").json()["results"] == []
    client.force_login(people["insurer"])
    assert len(client.get("/api/v1/insurance/deliveries/?status=waiting").json()["results"]) == 1
    assert client.get("/api/v1/insurance/deliveries/?status=x").status_code == 400


def finding_of(order, people) -> Finding:
    now = clock.now()
    finding = Finding.objects.create(
        number="YH-TEST-1", order=order, how="visit", found_by_unit=order.firm, found_by=people["firm"],
        insured=order.insured, severity="general", text="未通风", found_at=now, told_at=now,
        due_at=now + timedelta(days=7), proof_since=now,
    )  # fmt: skip
    told(finding, "finding.tell", finding.number)
    return finding


def claim_of(policy, case, people) -> Claim:
    claim = Claim.objects.create(
        number=f"LP-TEST-{case.pk}", policy=policy, case=case, claimant=policy.insured, loss="泵损坏",
        noticed_at=clock.now(), noticed_by=people["enterprise"],
    )  # fmt: skip
    told(claim, "claim.notice", claim.number)
    return claim
