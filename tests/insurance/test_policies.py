"""Policies in, endorsed, renewed and cancelled: by the lead insurer, told in the ledger, refused where they make no
sense."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from insurance.policies import changing, premiums, registering
from insurance.policies.models import Policy, Premium, Share
from notices.models import Notice
from responsibility import acting, clock, ledger
from responsibility.models import Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.insurance.given import DAY, MANHOLE, policy_of

pytestmark = pytest.mark.django_db
JOINT = [{"insurer": "X-INS", "percent": 70}, {"insurer": "X-INS-B", "percent": "30"}]


@pytest.fixture
def registered(people):
    """Register one policy of X-INS; the policy."""

    def make(**fields) -> Policy:
        (answer,) = registering.register([policy_of(**fields)], by=people["insurer"])
        assert answer.outcome == "registered", answer.errors
        return Policy.objects.get(pk=answer.policy)

    return make


def endorsed(policy, by, **fields):
    given = {"number": "PD-1", "effective_at": clock.now().isoformat()} | fields
    return changing.endorse(policy.pk, changing.read(given), by=by)


def verbs(policy) -> list[str]:
    return list(ledger.story(policy.chain).values_list("verb", flat=True))


def test_a_policy_is_registered_by_its_lead_and_told_in_the_ledger(registered, people):
    policy = registered(broker="X-BROKER", shares=JOINT)
    assert policy.insurer.code == "X-INS"
    assert {share.insurer.code: share.percent for share in policy.shares.all()} == {"X-INS": 70, "X-INS-B": 30}
    assert policy.covered.get().risk_object.code == MANHOLE
    entry = ledger.story(policy.chain).get()
    assert (entry.verb, entry.after["premium"], entry.after["shares"]) == (
        "policy.register", "100000.00", "X-INS 70.00, X-INS-B 30.00",
    )  # fmt: skip
    told = Notice.objects.filter(event="policy.register").values_list("unit__code", flat=True)
    assert sorted(told) == ["X-BROKER", "X-INS-B"]
    # The insured is asked for its word.
    assert Notice.objects.get(event="policy.ask").unit.code == "X-WATER"


def test_the_same_again_changes_nothing_and_another_is_rejected(registered, people):
    first = policy_of()
    one, again, other = registering.register([first, dict(first), first | {"premium": "1"}], by=people["insurer"])
    assert (one.outcome, again.outcome, again.policy) == ("registered", "unchanged", one.policy)
    assert (other.outcome, other.errors[0]["code"]) == ("rejected", "number_taken")
    (later,) = registering.register([first], by=people["insurer"])
    assert (later.outcome, later.policy) == ("unchanged", one.policy)
    assert len(verbs(Policy.objects.get())) == 1


def test_another_insurer_may_have_the_same_number(registered, people):
    registered()
    (answer,) = registering.register([policy_of()], by=people["insurer-b"])
    assert answer.outcome == "registered"


@pytest.mark.parametrize(("fields", "code", "attr"), [
    ({"number": None}, "required", "number"),
    ({"number": "x\x00"}, "bad_character", "number"),
    ({"number": 7}, "bad_character", "number"),
    ({"line": "life"}, "bad_choice", "line"),
    ({"insured": "X-INS-B"}, "unknown_unit", "insured"),
    ({"insured": "NOBODY"}, "unknown_unit", "insured"),
    ({"broker": "X-WATER"}, "unknown_unit", "broker"),
    ({"shares": [{"insurer": "X-INS", "percent": 70}]}, "shares_not_whole", "shares"),
    ({"shares": [{"insurer": "X-INS-B", "percent": 100}]}, "lead_without_share", "shares"),
    ({"shares": [{"insurer": "X-INS", "percent": 50}, {"insurer": "X-TPF", "percent": 50}]}, "unknown_unit", "shares"),
    ({"shares": "X-INS"}, "bad_number", "shares"),
    ({"shares": "X-INS 100, %"}, "required", "shares"),
    ({"premium": "NaN"}, "bad_number", "premium"),
    ({"premium": "1e999999999"}, "out_of_range", "premium"),
    ({"premium": "-1"}, "out_of_range", "premium"),
    ({"premium": "0.001"}, "too_fine", "premium"),
    ({"premium": True}, "bad_number", "premium"),
    ({"premium": [1]}, "bad_number", "premium"),
    ({"limit_each": "6000000"}, "limits_cross", "limit_each"),
    ({"fast_limit": "2000000"}, "limits_cross", "fast_limit"),
    ({"limit_total": "0", "limit_each": "0", "fast_limit": "0"}, "no_limit", "limit_total"),
    ({"starts_at": "2026-01-01T00:00:00"}, "bad_time", "starts_at"),
    ({"starts_at": "0001-01-01T00:00:00+14:00"}, "bad_time", "starts_at"),
    ({"ends_at": "9999-12-31T23:59:59-12:00"}, "bad_time", "ends_at"),
    ({"ends_at": "2000-01-01T00:00:00Z"}, "ends_before", "ends_at"),
    ({"ends_at": "2190-01-01T00:00:00Z"}, "too_long", "ends_at"),
    ({"tail_days": 99999}, "out_of_range", "tail_days"),
    ({"whole": True}, "whole_or_listed", "whole"),
    ({"objects": None}, "nothing_covered", "objects"),
    ({"objects": ["NO-SUCH"]}, "not_insured", "objects"),
    ({"objects": [None]}, "bad_character", "objects"),
    ({"objects": None, "territories": ["310117102"]}, "not_insured", "territories"),
])  # fmt: skip
def test_what_cannot_be_used_is_rejected_with_its_field(people, fields, code, attr):
    (answer,) = registering.register([policy_of(**fields)], by=people["insurer"])
    assert (answer.outcome, answer.errors[0]["code"], answer.errors[0]["attr"]) == ("rejected", code, attr)
    assert not Policy.objects.exists()


def test_full_width_digits_count(registered):
    assert registered(premium="１２０００．５０").premium == Decimal("12000.50")


def test_a_closed_unit_is_not_insured(people, by_hand):
    Unit.objects.filter(code="X-WATER").update(closed_on="2020-01-01")
    (answer,) = registering.register([policy_of()], by=people["insurer"])
    assert answer.errors[0]["code"] == "closed_unit"


def test_a_town_insures_what_stands_in_it(registered):
    assert registered(insured="310117102", objects=None, territories=["310117102"]).covered.count() == 1


def test_nobody_sees_the_dangers_of_others_by_insuring_them(people):
    (answer,) = registering.register([policy_of(insured="X-GAS")], by=people["insurer"])
    assert answer.errors[0]["code"] == "not_insured"


@pytest.mark.parametrize(
    "who", ["broker", "enterprise", "firm", "anwei-office", "yingji-office", "shuiwu-head", "admin"]
)
def test_nobody_but_an_insurer_registers(people, who):
    with pytest.raises(Forbidden):
        registering.register([policy_of()], by=people[who])


def test_the_statements_do_not_grow_with_the_batch(people, statements):
    def some(name: str, count: int) -> int:
        batch = [policy_of(number=f"{name}-{each}") for each in range(count)]
        return statements(lambda: registering.register(batch, by=people["insurer"]))

    some("warm", 1)
    assert some("a", 2) == some("b", 60)


# --- shares -------------------------------------------------------------------------------
@pytest.mark.parametrize("parts", [{"X-INS": 60}, {"X-INS": 60, "X-INS-B": 50}, {"X-INS-B": 100}])
def test_the_database_refuses_shares_that_are_not_100_with_the_lead(policy, parts):
    made = policy()

    def share() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("DELETE FROM policies_share WHERE policy_id = %s", [made.pk])
            cursor.execute("SET session_replication_role = origin")
        for code, percent in parts.items():
            Share.objects.create(policy=made, insurer=Unit.objects.get(code=code), percent=percent)

    assert "100 together" in refusal(share)


def refusal(work) -> str:
    """What the database says at the end of ``work``, which is undone."""
    try:
        with transaction.atomic():
            work()
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return str(error)
    return ""


def test_a_co_insurer_reads_and_changes_nothing(registered, people):
    policy = registered(shares=JOINT)
    assert Policy.objects.visible_to(acting.of(people["insurer-b"])).get() == policy
    with pytest.raises(Forbidden):
        endorsed(policy, people["insurer-b"], limit_each="1")
    with pytest.raises(Forbidden):
        changing.cancel(policy.pk, clock.now(), "试", by=people["insurer-b"])


# --- endorsing ------------------------------------------------------------------------------
def test_an_endorsement_keeps_what_was_and_what_became(registered, people):
    policy = registered()
    at = clock.now() + 30 * DAY
    made = endorsed(policy, people["insurer"], effective_at=at.isoformat(), limit_each="2000000", note="提高")
    assert made.changes == {"limit_each": ["1000000.00", "2000000.00"]}
    policy.refresh_from_db()
    assert changing.limits_at(policy, at)["limit_each"] == 2_000_000
    assert changing.limits_at(policy, at - timedelta(microseconds=1))["limit_each"] == 1_000_000
    assert verbs(policy) == ["policy.register", "policy.endorse"]
    with pytest.raises(Refused, match="number_taken"):
        endorsed(policy, people["insurer"], limit_each="3000000")


def test_objects_are_added_and_ended_from_an_instant_on(registered, people):
    policy = registered()
    at = clock.now()
    endorsed(policy, people["insurer"], effective_at=at.isoformat(), end_objects=[MANHOLE])
    assert policy.covered.get().until == at
    endorsed(policy, people["insurer"], number="PD-2", effective_at=(at + DAY).isoformat(), add_objects=MANHOLE)
    assert [(each.since, each.until) for each in policy.covered.all()] == [
        (policy.starts_at, at), (at + DAY, policy.ends_at),
    ]  # fmt: skip


@pytest.mark.parametrize(("fields", "code"), [
    ({}, "no_change"),
    ({"limit_each": "1000000"}, "no_change"),
    ({"add_objects": [MANHOLE]}, "covered_already"),
    ({"end_objects": ["NO-SUCH"]}, "not_covered"),
    ({"add_objects": ["NO-SUCH"]}, "not_insured"),
    ({"effective_at": "2020-01-01T00:00:00Z", "limit_each": "1"}, "outside_period"),
    ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_before"),
    ({"limit_each": "9000000"}, "limits_cross"),
    ({"premium": "９９９９９９９９９９９９９９９９"}, "out_of_range"),
])  # fmt: skip
def test_an_endorsement_that_makes_no_sense_is_refused(registered, people, fields, code):
    policy = registered()
    with pytest.raises(Invalid, match=code):
        endorsed(policy, people["insurer"], **fields)
    assert verbs(policy) == ["policy.register"]


def test_a_shorter_period_ends_what_is_covered(registered, people):
    policy = registered()
    ends = clock.now() + 5 * DAY
    endorsed(policy, people["insurer"], ends_at=ends.isoformat())
    assert policy.covered.get().until == ends
    endorsed(policy, people["insurer"], number="PD-2", ends_at=(ends + 9 * DAY).isoformat())
    assert policy.covered.get().until == ends + 9 * DAY


# --- renewing, cancelling ---------------------------------------------------------------------
def test_a_renewal_begins_when_the_old_one_ends_and_is_linked(registered, people):
    old = registered(shares=JOINT, broker="X-BROKER")
    wish = {"number": "PN-2", "ends_at": (old.ends_at + 365 * DAY).isoformat(), "premium": "90000"}
    new = changing.renew(old.pk, wish, by=people["insurer"])
    assert (new.renews, new.starts_at, new.premium, new.broker.code) == (old, old.ends_at, 90_000, "X-BROKER")
    assert new.covered.get().risk_object.code == MANHOLE
    assert new.shares.count() == 2
    with pytest.raises(Refused, match="renewed"):
        changing.renew(old.pk, wish | {"number": "PN-3"}, by=people["insurer"])


def test_a_cancelled_policy_ends_at_that_instant_and_stays_so(registered, people):
    policy = registered()
    at = clock.now()
    changing.cancel(policy.pk, at, "未如实告知", by=people["insurer"])
    assert not Policy.objects.in_force(at).exists()
    assert Policy.objects.in_force(at - timedelta(microseconds=1)).exists()
    for again in (
        lambda: changing.cancel(policy.pk, at, "试", by=people["insurer"]),
        lambda: endorsed(policy, people["insurer"], limit_each="1"),
        lambda: changing.renew(policy.pk, {}, by=people["insurer"]),
    ):
        with pytest.raises(Refused, match="cancelled"):
            again()


def test_a_policy_is_not_cancelled_outside_its_period_nor_without_a_reason(registered, people):
    policy = registered()
    for at, reason, code in ((policy.ends_at, "试", "outside_period"), (clock.now(), " ", "required")):
        with pytest.raises(Invalid, match=code):
            changing.cancel(policy.pk, at, reason, by=people["insurer"])


# --- premium ------------------------------------------------------------------------------
def paid(policy, by, amount, reference):
    given = {"amount": amount, "received_at": "2026-01-01T00:00:00+08:00", "reference": reference}
    return premiums.receive(policy.pk, premiums.read(given), by=by)


def test_premium_is_received_once_a_reference_and_no_more_goes_back(registered, people):
    policy, by = registered(), people["insurer"]
    first, new = paid(policy, by, "100000", "R-1")
    assert new
    assert paid(policy, by, "100000", "R-1") == (first, False)
    with pytest.raises(Refused, match="reference_taken"):
        paid(policy, by, "1", "R-1")
    paid(policy, by, "-40000", "R-2")
    with pytest.raises(Refused, match="too_much_returned"):
        paid(policy, by, "-60000.01", "R-3")
    assert premiums.received(policy) == 60_000

    def back() -> None:
        now = clock.now()
        more = {"received_at": now, "recorded_at": now, "recorded_by": by, "reference": "R-4"}
        Premium.objects.create(policy=policy, amount=-60_001, **more)

    assert "went back" in refusal(back)


@pytest.mark.parametrize("given", [
    {"amount": "0"}, {"amount": ""}, {"received_at": "2199-01-01T00:00:00Z"}, {"received_at": "x"}, {"reference": ""},
])  # fmt: skip
def test_premium_that_makes_no_sense_is_refused(given):
    with pytest.raises(Invalid):
        premiums.read({"amount": "1", "received_at": "2026-01-01T00:00:00Z", "reference": "R"} | given)


# --- races --------------------------------------------------------------------------------
def at_once(*works) -> list:
    """What each of ``works`` gave or raised, all begun together."""
    found, ready = [None] * len(works), threading.Barrier(len(works))

    def run(place: int) -> None:
        try:
            ready.wait()
            found[place] = works[place]()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.django_db(transaction=True)
def test_two_who_register_the_same_number_make_one_policy(people):
    given = policy_of()
    answers = at_once(*[lambda: registering.register([given], by=people["insurer"])[0]] * 2)
    assert sorted(answer.outcome for answer in answers) == ["registered", "unchanged"]
    assert Policy.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_return_the_premium_return_it_once(people):
    (answer,) = registering.register([policy_of()], by=people["insurer"])
    policy = Policy.objects.get(pk=answer.policy)
    paid(policy, people["insurer"], "100", "R-0")
    backs = at_once(*[lambda name=name: paid(policy, people["insurer"], "-100", name) for name in ("R-1", "R-2")])
    assert sorted(type(each).__name__ for each in backs) == ["Refused", "tuple"]
    assert premiums.received(policy) == 0


def test_the_period_is_told_as_it_was_given(registered):
    policy = registered(starts_at="2026-01-01T00:00:00+08:00", ends_at="2027-01-01T00:00:00+08:00")
    assert policy.starts_at == datetime.fromisoformat("2025-12-31T16:00:00+00:00")
