"""A claim goes from the notice of a loss to its settlement or refusal, in the time and within the limits of the law."""

import random
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from cases import proof
from cases.models import Case
from insurance.claims import api, handling, noticing, paying, sharing, terms
from insurance.claims.models import Claim, ClaimState, Payment, Portion, Pursuit, ReserveChange, TermKind
from insurance.policies import changing
from insurance.policies.models import Policy, Share
from responsibility import acting, clock, directory, ledger
from responsibility.models import Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from retention import filed
from tests.cases.conftest import open_case, picture, send  # noqa: F401
from tests.insurance.claiming import agreed, assessed, cover, noticed, shared
from tests.responsibility.test_ledger import behind_the_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path / "evidence", True


@pytest.fixture
def case(open_case) -> Case:  # noqa: F811
    return open_case()


@pytest.fixture
def covered(case, policy):
    made = policy()
    cover(case, made)
    return made


def code_of(call, kind=Refused) -> str:
    with pytest.raises(kind) as caught:
        call()
    return caught.value.code


def verbs(claim: Claim) -> list[str]:
    return [entry.verb for entry in ledger.story(claim.chain)]


def test_a_loss_is_noticed_registered_assessed_agreed_on_and_paid(case, covered, people):
    claim = agreed(case, covered, people)
    assert (claim.state, claim.agreed, claim.committed) == (ClaimState.AGREED, Decimal(8000), Decimal(8000))
    paying.pay(claim.pk, "3000", "V-1", by=people["insurer"])
    claim.refresh_from_db()
    assert claim.state == ClaimState.AGREED
    paying.pay(claim.pk, "5000.00", "V-2", by=people["insurer"])
    claim.refresh_from_db()
    assert claim.state == ClaimState.SETTLED
    assert claim.ended_at is not None
    assert claim.reserve == 0
    assert [change.after for change in ReserveChange.objects.all()] == [Decimal(5000), Decimal(0)]
    assert verbs(claim) == [f"claim.{v}" for v in ("notice", "register", "reserve", "assess", "agree", "pay", "pay")]
    assert list(ledger.verify(ledger.story(claim.chain))) == []
    told = ledger.story(claim.chain).get(verb="claim.assess").after
    assert told == {
        "case": case.number, "state": "assessing", "amount": "8000.00", "deductible": "0.00", "payable": "8000.00"
    }  # fmt: skip


@pytest.mark.parametrize(("who", "unit"), [("enterprise", "X-WATER"), ("broker", "X-BROKER"), ("insurer", "X-INS")])
def test_insured_broker_and_insurer_may_give_notice(case, covered, people, who, unit):
    claim = noticed(case, covered, people, who)
    assert claim.number.startswith("LP-")
    assert claim.claimant.code == unit


@pytest.mark.parametrize("who", ["insurer-b", "firm", "sijing-head", "auditor", "anwei-office"])
def test_nobody_else_may(case, covered, people, who):
    with pytest.raises(Forbidden):
        noticed(case, covered, people, who)
    assert Claim.objects.count() == 0


def test_only_a_covered_case_once_and_within_the_tail(case, covered, people, policy, open_case):  # noqa: F811
    other = open_case(object="FREE-1", location={"lat": 31.1144, "lon": 121.2683})
    unheard = code_of(lambda: noticing.notice(covered.pk, "SJ-1", by=people["enterprise"], loss="x"))
    assert code_of(lambda: noticed(other, covered, people)) == unheard == "not_covered"
    noticed(case, covered, people)
    assert code_of(lambda: noticed(case, covered, people)) == "noticed"
    late = policy("P-2")
    cover(case, late, until=clock.now())
    assert code_of(lambda: noticed(case, late, people)) == "tail_over"


def test_documents_are_asked_for_once_and_the_time_of_assessing_stands_still(case, covered, people):
    claim = noticed(case, covered, people)
    assess = claim.terms.get(kind=TermKind.ASSESS)
    noticing.ask(claim.pk, "发票、伤情证明", by=people["insurer"])
    assert code_of(lambda: noticing.ask(claim.pk, "再要一份", by=people["insurer"])) == "asked"
    assert claim.terms.get(kind=TermKind.COMPLETENESS).met_at is not None
    first = noticing.give(claim.pk, picture(3), by=people["enterprise"], note="发票")
    assert noticing.give(claim.pk, picture(3), by=people["enterprise"]).pk == first.pk
    asked = clock.now()
    with clock.as_if(asked + timedelta(days=40)):
        assert not claim.terms.get(kind=TermKind.ASSESS).late(clock.now())
        noticing.supplied(claim.pk, by=people["enterprise"])
    moved = claim.terms.get(kind=TermKind.ASSESS).due_at - assess.due_at
    assert timedelta(days=39, hours=23) < moved <= timedelta(days=40, minutes=1)
    assert code_of(lambda: noticing.supplied(claim.pk, by=people["enterprise"])) == "nothing_asked"


def test_complete_documents_are_not_asked_for_again(case, covered, people):
    claim = noticed(case, covered, people)
    noticing.complete(claim.pk, by=people["insurer"])
    assert code_of(lambda: noticing.ask(claim.pk, "发票", by=people["insurer"])) == "complete"


def test_a_film_or_nothing_is_no_document(case, covered, people):
    claim = noticed(case, covered, people)
    for upload in (None, "x", SimpleUploadedFile("a.pdf", b""), SimpleUploadedFile("a.txt", b"hello")):
        with pytest.raises(Invalid):
            noticing.give(claim.pk, upload, by=people["enterprise"])
    assert claim.papers.count() == 0


def test_an_objection_is_assessed_again(case, covered, people):
    claim = assessed(case, covered, people, "6000")
    assert code_of(lambda: handling.assess(claim.pk, "1", "x", by=people["insurer"])) == "assessed"
    handling.object_(claim.pk, "少算了医疗费", by=people["enterprise"])
    claim.refresh_from_db()
    assert claim.committed == 0
    handling.assess(claim.pk, "7500", "补医疗费", by=people["insurer"])
    handling.agree(claim.pk, by=people["enterprise"])
    claim.refresh_from_db()
    assert claim.agreed == Decimal(7500)
    assert [one.agrees for one in claim.assessments.all()] == [False, True]


def test_only_the_leading_insurer_handles_and_only_the_insured_agrees(case, covered, people):
    shared(covered, X_INS=60, X_INS_B=40)
    claim = noticed(case, covered, people)
    for who in ("insurer-b", "enterprise", "broker", "auditor", "sijing-head"):
        with pytest.raises(Forbidden):
            handling.register(claim.pk, by=people[who])
    handling.register(claim.pk, by=people["insurer"])
    handling.assess(claim.pk, "5", "x", by=people["insurer"])
    for who in ("insurer", "insurer-b", "broker"):
        with pytest.raises(Forbidden):
            handling.agree(claim.pk, by=people[who])


def test_the_fast_track_takes_what_the_insured_stated_within_the_agreed_limit(case, covered, people, policy):
    claim = noticed(case, covered, people, estimate="10000")
    handling.register(claim.pk, by=people["insurer"])
    handling.fast(claim.pk, by=people["insurer"])
    claim.refresh_from_db()
    assert (claim.state, claim.fast, claim.agreed) == (ClaimState.AGREED, True, Decimal(10000))
    small = policy("P-2", fast_limit=Decimal(9_999))
    cover(case, small)
    above = noticed(case, small, people, estimate="10000")
    handling.register(above.pk, by=people["insurer"])
    assert code_of(lambda: handling.fast(above.pk, by=people["insurer"])) == "above_fast"
    theirs = policy("P-3")
    cover(case, theirs)
    stated = noticed(case, theirs, people, who="insurer", estimate="100")
    handling.register(stated.pk, by=people["insurer"])
    assert code_of(lambda: handling.fast(stated.pk, by=people["insurer"])) == "not_stated"


def test_deductible_and_limits_are_honoured(case, people, policy, open_case):  # noqa: F811
    made = policy(
        deductible=Decimal(500), limit_each=Decimal(10_000), limit_total=Decimal(15_000), fast_limit=Decimal(0)
    )
    cover(case, made)
    first = agreed(case, made, people, "99999")
    assert first.agreed == Decimal(10_000)
    other = open_case(object="FREE-2", location={"lat": 31.1144, "lon": 121.2683})
    cover(other, made)
    second = assessed(other, made, people, "9000")
    assert second.committed == Decimal(5000)
    handling.object_(second.pk, "太少", by=people["enterprise"])
    handling.assess(second.pk, "400", "低于免赔额", by=people["insurer"])
    handling.agree(second.pk, by=people["enterprise"])
    second.refresh_from_db()
    assert (second.state, second.agreed) == (ClaimState.SETTLED, Decimal(0))


def test_the_database_keeps_the_limit_whoever_writes(case, covered, people):
    claim = noticed(case, covered, people)
    with pytest.raises(IntegrityError, match="more than the limits"), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(committed=Decimal(1_000_001))


def test_money_ahead_counts_and_the_rest_is_paid_after(case, covered, people):
    claim = noticed(case, covered, people, estimate=None)
    handling.register(claim.pk, by=people["insurer"])
    paying.advance(claim.pk, "2000", "A-1", by=people["insurer"])
    assert claim.terms.get(kind=TermKind.ADVANCE).met_at is not None
    assert code_of(lambda: handling.assess(claim.pk, "1999", "x", by=people["insurer"]), Invalid) == "below_advance"
    assert code_of(lambda: paying.advance(claim.pk, "1000000", "A-2", by=people["insurer"]), Invalid) == "above_limit"
    assert code_of(lambda: handling.refuse(claim.pk, "x", by=people["insurer"])) == "paid"
    assert code_of(lambda: noticing.withdraw(claim.pk, "x", by=people["enterprise"])) == "paid"
    handling.assess(claim.pk, "2500", "x", by=people["insurer"])
    handling.agree(claim.pk, by=people["enterprise"])
    assert code_of(lambda: paying.pay(claim.pk, "500.01", "B", by=people["insurer"]), Invalid) == "above_agreed"
    assert code_of(lambda: paying.pay(claim.pk, "500", "A-1", by=people["insurer"])) == "booked"
    paying.pay(claim.pk, "500", "B", by=people["insurer"])
    claim.refresh_from_db()
    assert claim.state == ClaimState.SETTLED


def test_a_refusal_has_a_reason_and_its_notice_is_owed_within_three_days(case, covered, people):
    claim = assessed(case, covered, people)
    assert code_of(lambda: handling.refuse(claim.pk, "  ", by=people["insurer"]), Invalid) == "required"
    handling.refuse(claim.pk, "不属于保险责任", by=people["insurer"])
    claim.refresh_from_db()
    assert (claim.state, claim.committed, claim.reserve) == (ClaimState.REFUSED, 0, 0)
    term = claim.terms.get(kind=TermKind.REFUSAL)
    with clock.as_if(term.due_at + timedelta(seconds=1)):
        assert term.late(clock.now())
        handling.serve(claim.pk, by=people["insurer"], reference="JP-1")
    term.refresh_from_db()
    assert term.late(clock.now())
    assert code_of(lambda: handling.serve(claim.pk, by=people["insurer"], reference="JP-2")) == "served"


def test_a_withdrawn_notice_owes_nothing_and_can_be_given_again(case, covered, people):
    claim = noticed(case, covered, people)
    with pytest.raises(Forbidden):
        noticing.withdraw(claim.pk, "x", by=people["broker"])
    noticing.withdraw(claim.pk, "自行承担", by=people["enterprise"])
    with clock.as_if(clock.now() + timedelta(days=365)):
        assert not any(term.late(clock.now()) for term in claim.terms.all())
    assert noticed(case, covered, people).pk != claim.pk


def test_what_comes_back_from_a_third_party_is_no_more_than_was_paid(case, covered, people):
    claim = agreed(case, covered, people, "1000")
    seek = {"by": people["insurer"], "against": "某施工公司", "basis": "《保险法》第六十条"}
    assert code_of(lambda: paying.pursue(claim.pk, sought="1", **seek), Invalid) == "above_paid"
    paying.pay(claim.pk, "1000", "V", by=people["insurer"])
    made = paying.pursue(claim.pk, sought="900", **seek)
    paying.recover(claim.pk, "600", "R-1", by=people["insurer"], pursuit=made.pk)
    more = code_of(lambda: paying.recover(claim.pk, "401", "R-2", by=people["insurer"], pursuit=made.pk), Invalid)
    assert more == "above_paid"
    paying.give_up(claim.pk, "其余无力偿还", by=people["insurer"], pursuit=str(made.pk))
    gone = code_of(lambda: paying.recover(claim.pk, "1", "R-3", by=people["insurer"], pursuit=made.pk), Invalid)
    assert gone == "unknown_pursuit"
    assert Pursuit.objects.get().outcome == "其余无力偿还"
    claim.refresh_from_db()
    assert claim.state == ClaimState.SETTLED


@pytest.mark.parametrize("given", ["-1", "NaN", "1e5", "1,2", "1.234", "9" * 13, "", None, True, 1.5, "-0", "x\x00"])
def test_no_absurd_amount_is_taken(case, covered, people, given):
    claim = noticed(case, covered, people)
    handling.register(claim.pk, by=people["insurer"])
    assert code_of(lambda: handling.assess(claim.pk, given, "x", by=people["insurer"]), Invalid)
    assert claim.assessments.count() == 0


@pytest.mark.parametrize(
    "at", ["2000-01-01", "2199-01-01T00:00", "今天", "0001-01-01T00:00", "9999-12-31T23:59:59Z", 7]
)
def test_no_absurd_time_is_taken(case, covered, people, at):
    claim = agreed(case, covered, people)
    with pytest.raises(Invalid):
        paying.pay(claim.pk, "8000", "V", by=people["insurer"], at=at)
    assert Payment.objects.count() == 0


# --- joint insurance -----------------------------------------------------------------------------
def test_a_payment_is_shared_to_the_fen(case, covered, people):
    shared(covered, X_INS=Decimal("66.67"), X_INS_B=Decimal("33.33"))
    claim = agreed(case, covered, people, "100.01")
    paying.pay(claim.pk, "100.01", "V", by=people["insurer"])
    parts = {part.insurer.code: part.amount for part in Portion.objects.all()}
    assert parts == {"X-INS": Decimal("66.68"), "X-INS-B": Decimal("33.33")}
    assert sum(part.rounding for part in Portion.objects.all()) == 0
    told = ledger.story(claim.chain).get(verb="claim.pay").after["portions"]
    assert told == "X-INS 66.68 (+0.003333); X-INS-B 33.33 (-0.003333)"


def test_every_amount_among_any_shares_is_exact():
    drawn = random.Random(7)
    for _n in range(2000):
        count = drawn.randint(1, 6)
        cuts = sorted(drawn.sample(range(1, 10_000), count - 1))
        percents = [Decimal(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        amount = Decimal(drawn.randint(1, 10 ** drawn.randint(1, 13))) / 100
        parts = sharing.split(amount, _shares(percents))
        assert sum(part.amount for part in parts) == amount
        assert all(abs(part.rounding) < Decimal("0.01") for part in parts)


def _shares(percents):
    return [Share(pk=n, insurer=Unit(code=f"U{n}"), percent=percent) for n, percent in enumerate(percents, 1)]


# --- the terms of the law -------------------------------------------------------------------------
def test_a_period_ends_at_the_end_of_its_last_day_and_not_on_a_holiday():
    calendar = directory.current().calendar
    # Ten days after the 20th of November 2026 is Monday the 30th.
    start = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    assert terms.end(start, 10, calendar).isoformat() == "2026-12-01T00:00:00+08:00"
    # Eight days after is a Saturday: the Monday after.
    assert terms.end(start, 8, calendar).isoformat() == "2026-12-01T00:00:00+08:00"


def test_late_is_told_of_what_is_met_late_and_of_what_still_runs(case, covered, people):
    claim = agreed(case, covered, people)
    term = claim.terms.get(kind=TermKind.PAY)
    assert not term.late(term.due_at)
    assert term.late(term.due_at + timedelta(seconds=1))
    with clock.as_if(term.due_at + timedelta(days=1)):
        paying.pay(claim.pk, "8000", "V", by=people["insurer"])
    term.refresh_from_db()
    assert term.late(clock.now())


# --- two at once -----------------------------------------------------------------------------------
def _race(*calls) -> list:
    gate, answers = threading.Barrier(len(calls)), []

    def run(call):
        try:
            gate.wait(5)
            answers.append(call())
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_claims_at_once_never_take_more_than_the_limit(people, policy, open_case):  # noqa: F811
    made = policy(limit_each=Decimal(1000), limit_total=Decimal(1500), fast_limit=Decimal(0))
    claims = []
    for name in ("R1", "R2"):
        case = open_case(object=name, location={"lat": 31.1144, "lon": 121.2683})
        cover(case, made)
        claim = noticed(case, made, people)
        handling.register(claim.pk, by=people["insurer"])
        claims.append(claim)
    _race(*(lambda pk=claim.pk: handling.assess(pk, "1000", "x", by=people["insurer"]) for claim in claims))
    assert sorted(Claim.objects.values_list("committed", flat=True)) == [Decimal(500), Decimal(1000)]


@pytest.mark.django_db(transaction=True)
def test_one_loss_is_noticed_once_and_one_payment_made_once(people, policy, open_case):  # noqa: F811
    made, case = policy(), open_case()
    cover(case, made)
    answers = _race(*[lambda who=who: noticed(case, made, people, who) for who in ("enterprise", "insurer")])
    assert sorted(type(one).__name__ for one in answers) == ["Claim", "str"]
    claim = Claim.objects.get()
    handling.register(claim.pk, by=people["insurer"])
    handling.assess(claim.pk, "500", "x", by=people["insurer"])
    handling.agree(claim.pk, by=people["enterprise"])
    answers = _race(*[lambda n=n: paying.pay(claim.pk, "500", f"V-{n}", by=people["insurer"]) for n in (1, 2)])
    assert sorted(str(one) for one in answers if isinstance(one, str)) == ["wrong_state"]
    assert Payment.objects.count() == 1


def test_who_sees_a_claim(case, covered, people):
    claim = noticed(case, covered, people)
    actors = [acting.of(user) for user in people.values()]
    sees = [actor for actor in actors if Claim.objects.visible_to(actor).exists()]
    parts = {(post.role, post.unit.code) for actor in sees for post in actor.posts}
    assert {each for each in parts if each[0] != "auditor"} == {
        ("insurer", "X-INS"), ("broker", "X-BROKER"), ("enterprise", "X-WATER"),
    }  # fmt: skip
    assert len(parts) == 4
    shared(covered, X_INS=60, X_INS_B=40)
    assert Claim.objects.visible_to(acting.of(people["insurer-b"])).get() == claim
    assert Policy.objects.count() == 1


# --- what held at the event ---------------------------------------------------------------------------
def changed(policy: Policy, at: datetime, people, **terms) -> None:
    wish = {"number": f"PD-{policy.endorsements.count()}", "effective_at": at.isoformat()} | terms
    changing.endorse(policy.pk, changing.read(wish), by=people["insurer"])


@pytest.mark.parametrize("factor", [10, Decimal("0.1")])
def test_limits_and_deductible_are_those_of_the_event(case, people, policy, factor):
    made, at = policy(limit_each=Decimal(100_000), deductible=Decimal(100)), clock.now() - timedelta(days=5)
    cover(case, made, at=at)
    raised = {name: str(getattr(made, name) * factor) for name in ("limit_each", "deductible", "fast_limit")}
    changed(made, at + timedelta(days=1), people, **raised)
    claim = assessed(case, made, people, "999999", estimate="10000")
    told = claim.assessments.get()
    assert (told.payable, told.deductible) == (Decimal(100_000), Decimal(100))
    handling.object_(claim.pk, "重新核定", by=people["enterprise"])
    handling.fast(claim.pk, by=people["insurer"])
    claim.refresh_from_db()
    assert claim.agreed == Decimal(9_900)


def test_above_the_fast_limit_of_the_event_it_is_not_fast(case, people, policy):
    made, at = policy(), clock.now() - timedelta(days=5)
    cover(case, made, at=at)
    changed(made, at + timedelta(days=1), people, fast_limit="90000")
    claim = noticed(case, made, people, estimate="10000.01")
    handling.register(claim.pk, by=people["insurer"])
    assert code_of(lambda: handling.fast(claim.pk, by=people["insurer"])) == "above_fast"


def test_an_endorsement_that_was_made_later_holds_from_its_own_day(case, people, policy):
    made, now = policy(limit_each=Decimal(100_000)), clock.now()
    cover(case, made, at=now - timedelta(days=3))
    changed(made, now + timedelta(days=9), people, limit_each="200000")
    changed(made, now - timedelta(days=5), people, limit_each="300000")
    assert assessed(case, made, people, "999999").committed == Decimal(300_000)


def test_the_database_keeps_the_limit_of_the_event(case, people, policy):
    made, at = policy(), clock.now() - timedelta(days=5)
    cover(case, made, at=at)
    changed(made, at + timedelta(days=1), people, limit_each="5000000")
    claim = noticed(case, made, people)
    with pytest.raises(IntegrityError, match="more than the limits"), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(committed=Decimal(1_000_001))


# --- papers and reserves ------------------------------------------------------------------------------
def test_a_document_stays_when_the_same_photo_goes_as_proof_of_the_case(case, covered, people, settings):
    claim = noticed(case, covered, people)
    kept = proof.add(case.pk, picture(3), by=people["sijing-handler"])
    paper = noticing.give(claim.pk, picture(3), by=people["enterprise"])
    assert paper.sha256 == kept.sha256
    behind_the_triggers("UPDATE cases_evidence SET removed_at = now()")
    with clock.as_if(clock.now() + timedelta(days=9)):
        filed.finish()
    assert not (settings.EVIDENCE_ROOT / kept.path).exists()
    assert api.sent(acting.of(people["insurer"]), paper.pk).getvalue()


def test_a_withdrawal_frees_what_was_set_aside_and_tells_it(case, covered, people):
    claim = assessed(case, covered, people)
    noticing.withdraw(claim.pk, "自行承担", by=people["enterprise"])
    last = ReserveChange.objects.last()
    assert (last.before, last.after, last.at) == (Decimal(5000), Decimal(0), Claim.objects.get().ended_at)
    claim.refresh_from_db()
    assert (claim.state, claim.reserve, claim.committed) == (ClaimState.WITHDRAWN, 0, 0)
