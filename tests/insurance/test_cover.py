"""Which policies cover a case: to the second, found beside the case and told to those who carry them."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from alerts import scenarios
from alerts.models import Alert, RiskObject
from cases import actions, drills
from cases.models import Case
from insurance.policies import changing, covering, registering, tasks
from insurance.policies.models import Cover, Judgement, Policy
from notices.models import Notice
from responsibility import acting, clock, ledger
from responsibility.models import Territory
from tests.cases.conftest import CLOSED, alert, open_case, press, send  # noqa: F401
from tests.insurance.given import DAY, MANHOLE, assented, policy_of
from tests.insurance.test_policies import JOINT, at_once

pytestmark = pytest.mark.django_db
LAST = datetime.fromisoformat("2026-03-31T23:59:59+08:00")


@pytest.fixture
def insure(people):
    """Register a policy of X-INS, which its insured confirms unless ``confirmed`` says otherwise; the policy."""

    def make(by: str = "insurer", *, confirmed: bool = True, **fields) -> Policy:
        (answer,) = registering.register([policy_of(**fields)], by=people[by])
        assert answer.outcome == "registered", answer.errors
        if confirmed:
            assented([answer.policy])
        return Policy.objects.get(pk=answer.policy)

    return make


def covered(case: Case) -> list[str]:
    return sorted(Cover.objects.filter(case=case).values_list("policy__number", flat=True))


def verbs(policy: Policy) -> list[str]:
    return list(ledger.story(policy.chain).values_list("verb", flat=True))


def test_the_last_second_is_covered_and_the_next_is_not(insure, open_case):  # noqa: F811
    year = {"starts_at": "2025-04-01T00:00:00+08:00", "ends_at": "2026-04-01T00:00:00+08:00"}
    policy = insure(**year)
    within = {
        LAST: True, LAST + timedelta(microseconds=999_999): True, LAST + timedelta(seconds=1): False,
        policy.starts_at: True, policy.starts_at - timedelta(microseconds=1): False,
    }  # fmt: skip
    cases = {at: open_case(observed_at=at.isoformat(), category=category) for (at, category) in zip(
        within, ("LL-CONF-H2S", "LL-CONF-CH4", "LL-CONF-O2", "LL-CONF-NH3", "LL-GAS-LEAK"), strict=True)}  # fmt: skip
    assert covering.judge() == 5
    assert {at: bool(covered(case)) for at, case in cases.items()} == within
    assert set(Judgement.objects.values_list("at", flat=True)) == set(within)


def test_the_earliest_alert_of_a_case_counts(insure, send, open_case):  # noqa: F811
    insure(starts_at="2025-04-01T00:00:00+08:00", ends_at="2026-04-01T00:00:00+08:00")
    case = open_case(observed_at=(LAST + timedelta(seconds=1)).isoformat())
    assert send(alert(observed_at=LAST.isoformat(), grade="orange"))[0].case == case.number
    covering.judge()
    assert covered(case) == ["PN-1"]
    assert Alert.objects.filter(chain=case.chain).count() == 2


def test_objects_their_main_body_and_their_place_are_covered_and_nothing_else(insure, open_case):  # noqa: F811
    insure(number="OBJECT")
    insure(number="WHOLE", objects=None, whole=True)
    insure(number="PLACE", insured="310117102", objects=None, territories=["310117102"])
    insure(number="OTHER-PLACE", insured="310117107", objects=None, territories=["310117107"])
    insure(number="PAST", starts_at="2020-01-01T00:00:00Z", ends_at="2021-01-01T00:00:00Z")
    case = open_case()
    stray = open_case(object="NOBODY-KNOWS", location={"lat": 31.1144, "lon": 121.2683})
    covering.judge()
    assert covered(case) == ["OBJECT", "PLACE", "WHOLE"]
    assert covered(stray) == ["PLACE"]


def test_a_case_that_nothing_covers_is_judged_all_the_same(open_case):  # noqa: F811
    case = open_case()
    assert covering.judge() == 1
    assert covered(case) == []
    assert Judgement.objects.get(case=case).settled
    assert covering.judge() == 0


def test_a_case_without_a_place_is_judged_anew_when_it_has_one(insure, open_case, people):  # noqa: F811
    insure(insured="310117102", objects=None, territories=["310117102"])
    case = open_case(object=None, category="NO-SUCH", scenario=None, location={"lat": 20.0, "lon": 100.0})
    assert case.territory is None
    assert [covering.judge(), covering.judge()] == [1, 0]
    actions.perform(case.pk, "file", by=people["chengyun-lead"],
                    data={"category": "LL-CONF-H2S", "territory": "310117102", "grade": "yellow"})  # fmt: skip
    assert covering.judge() == 1
    assert covered(case) == ["PN-1"]


def test_a_case_that_moves_to_another_street_is_judged_anew(insure, open_case, people):  # noqa: F811
    insure(insured="310117102", objects=None, territories=["310117102"])
    other = insure(number="THERE", insured="310117107", objects=None, territories=["310117107"])
    case = open_case(object=None, category="NO-SUCH", scenario=None, location={"lat": 31.1144, "lon": 121.2683})
    covering.judge()
    assert covered(case) == ["PN-1"]
    actions.perform(case.pk, "file", by=people["chengyun-lead"],
                    data={"category": "LL-CONF-H2S", "territory": "310117107", "grade": "yellow"})  # fmt: skip
    assert [covering.judge(), covering.judge()] == [1, 0]
    assert covered(case) == ["THERE"]
    assert not Cover.objects.visible_to(acting.of(people["insurer"]), clock.now()).exclude(policy=other).exists()


def test_a_case_that_moved_and_ended_before_anybody_looked_is_judged_all_the_same(insure, open_case, press):  # noqa: F811
    insure(insured="310117102", objects=None, territories=["310117102"])
    case = open_case()
    covering.judge()
    assert covered(case) == ["PN-1"]
    place = Territory.objects.get(code="310117107")
    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(territory=place)
        press(case, *CLOSED)
    assert [covering.judge(), covering.judge()] == [1, 0]
    assert covered(case) == []


def test_a_drill_is_not_insured(insure, people):
    insure(insured="310117102", objects=None, territories=["310117102"])
    drills.start(scenarios.shipped()["h2s-manhole"], by=people["sijing-head"], speed=60)
    drills.tick()
    assert Case.objects.drills().exists()
    assert covering.judge() == 0


# --- what changes later --------------------------------------------------------------------------
def test_a_back_dated_policy_covers_what_happened_before_it_was_registered(insure, open_case):  # noqa: F811
    case = open_case()
    covering.judge()
    policy = insure(confirmed=False)
    assert not Judgement.objects.get(case=case).settled
    covering.judge()
    assert covered(case) == ["PN-1"]
    assert verbs(policy) == ["policy.register", "cover.found"]


def test_a_policy_of_other_things_disturbs_no_judgement(insure, open_case):  # noqa: F811
    case = open_case()
    covering.judge()
    insure(insured="310117107", objects=None, territories=["310117107"])
    assert Judgement.objects.get(case=case).settled


def test_a_cancellation_takes_the_cover_of_what_happened_after_it(insure, open_case, people):  # noqa: F811
    policy, now = insure(), clock.now()
    before = open_case(observed_at=(now - timedelta(hours=2)).isoformat())
    after = open_case(observed_at=(now - timedelta(minutes=5)).isoformat(), category="LL-CONF-CH4")
    covering.judge()
    at = now - timedelta(hours=1)
    changing.cancel(policy.pk, at, "未如实告知", by=people["insurer"])
    covering.judge()
    assert (covered(before), covered(after)) == (["PN-1"], [])
    assert Cover.objects.get(case=before).until == at + timedelta(days=policy.tail_days)
    assert verbs(policy)[-2:] == ["policy.cancel", "cover.lost"]
    entry = ledger.story(policy.chain).filter(verb="cover.lost").get()
    assert entry.after["case"] == after.number
    assert Notice.objects.filter(event="cover.lost", unit__code="X-INS", subject=after.number).count() == 1


def test_an_object_that_an_endorsement_ends_is_covered_no_longer(insure, open_case, people):  # noqa: F811
    policy, now = insure(), clock.now()
    case = open_case()
    covering.judge()
    wish = {"number": "PD-1", "effective_at": (now - DAY).isoformat(), "end_objects": [MANHOLE]}
    changing.endorse(policy.pk, changing.read(wish), by=people["insurer"])
    covering.judge()
    assert covered(case) == []


# --- who is told, who sees ------------------------------------------------------------------------
def test_every_insurer_is_told_in_the_grade_of_the_case_and_of_what_becomes_of_it(insure, open_case, send, press):  # noqa: F811
    insure(shares=JOINT)
    case = open_case()
    covering.sweep()
    told = Notice.objects.filter(event="cover.found")
    assert sorted(told.values_list("unit__code", "grade", "subject", "title")) == [
        ("X-INS", "yellow", case.number, ""), ("X-INS-B", "yellow", case.number, ""),
    ]  # fmt: skip
    send(alert(grade="orange"))
    covering.sweep()
    assert set(Notice.objects.filter(event="cover.regraded").values_list("unit__code", "grade")) == {
        ("X-INS", "orange"), ("X-INS-B", "orange"),
    }  # fmt: skip
    assert covering.follow() == 0


def test_the_end_of_a_case_and_its_reopening_are_told(insure, open_case, press):  # noqa: F811
    policy = insure()
    case = press(open_case(), *CLOSED)
    covering.sweep()
    assert Cover.objects.get().told_ended
    press(case, "chengyun-check reopen", reason="复发")
    assert covering.follow() == 1
    assert verbs(policy)[-1] == "cover.reopened"
    assert Notice.objects.filter(event="cover.reopened").count() == 1


def test_an_insurer_sees_the_case_until_its_claim_tail_ends(insure, open_case, people):  # noqa: F811
    policy = insure(tail_days=30, shares=JOINT)
    open_case()
    covering.judge()
    end = policy.ends_at + timedelta(days=30)
    for who in ("insurer", "insurer-b"):
        actor = acting.of(people[who])
        assert Cover.objects.visible_to(actor, end - timedelta(microseconds=1)).count() == 1
        assert Cover.objects.visible_to(actor, end).count() == 0
    assert Cover.objects.visible_to(acting.of(people["enterprise"]), end).count() == 1
    for who in ("firm", "broker", "sijing-head"):
        assert Cover.objects.visible_to(acting.of(people[who]), clock.now()).count() == 0


# --- beside the cases -----------------------------------------------------------------------------
def test_switched_off_it_does_nothing_and_cases_go_on(insure, open_case, settings):  # noqa: F811
    settings.INSURANCE = False
    insure()
    open_case()
    tasks.judge()
    assert (covering.judge(), covering.follow(), Judgement.objects.count()) == (0, 0, 0)
    settings.INSURANCE = True
    tasks.judge()
    assert Cover.objects.count() == 1


def test_the_statements_do_not_grow_with_the_cases(insure, open_case, statements):  # noqa: F811
    insure(number="A", objects=None, whole=True)
    insure(number="B", insured="310117102", objects=None, territories=["310117102"])

    def more(count: int) -> int:
        for each in range(count):
            open_case(object=f"STRAY-{Case.objects.count()}-{each}", location={"lat": 31.1144, "lon": 121.2683})
        return statements(covering.judge)

    more(1)
    assert more(2) == more(20)


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_works_on_is_judged_all_the_same_and_nobody_waits(insure, open_case):  # noqa: F811
    insure()
    case = open_case()
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        (done,) = at_once(covering.judge)
    assert done == 1
    assert covered(case) == ["PN-1"]


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_and_a_sweep_at_once_leave_no_cover_behind(insure, open_case, people):  # noqa: F811
    for turn in range(5):
        policy = insure(number=f"PN-{turn}")
        case = open_case(category=("LL-CONF-H2S", "LL-CONF-CH4", "LL-CONF-O2", "LL-CONF-NH3", "LL-GAS-LEAK")[turn])
        at = clock.now() - DAY
        done = at_once(covering.judge, lambda: changing.cancel(policy.pk, at, "试", by=people["insurer"]))  # noqa: B023
        assert not [each for each in done if isinstance(each, Exception)]
        while covering.judge():
            pass
        assert covered(case) == []


@pytest.mark.django_db(transaction=True)
def test_only_one_sweep_is_at_work(insure, open_case):  # noqa: F811
    insure()
    open_case()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert covering.alone()
            inside.set()
            leave.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    assert covering.judge() == 0
    leave.set()
    holder.join(10)
    assert covering.judge() == 1


def test_a_case_that_was_moved_is_judged_where_it_is_now(insure, open_case, people):  # noqa: F811
    policy, case = insure(), open_case(object=MANHOLE)
    assert covering.judge() == 1
    assert covered(case) == [policy.number]
    away = RiskObject.objects.exclude(main_body=case.risk_object.main_body).exclude(territory=case.territory).first()
    here = (case.risk_object, case.territory)
    for (thing, place), found in (((away, away.territory), []), (here, [policy.number])):
        Case.objects.filter(pk=case.pk).update(risk_object=thing, territory=place)
        assert covering.judge() == 1
        assert covered(case) == found
        assert covering.judge() == 0
    assert verbs(policy)[-2:] == ["cover.lost", "cover.found"]
