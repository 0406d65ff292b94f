"""Who held a case in each minute, which must was due from whom, who knew what by when, and what those concerned say."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accountability import casefile, knowledge, musts, shares, stating
from accountability.models import Statement
from accountability.musts import Verdict
from cases import orders, requests, sharing, urging
from cases.sweeping import sweep
from notices import addressing, inbox
from responsibility import acting, clock, directory, ledger
from responsibility.refusals import Forbidden, Invalid
from tests.cases.conftest import CLOSED

pytestmark = pytest.mark.django_db
STREET, WATER, OFFICE = "310117102", "SJ-SW", "SJ-COMMITTEE"
NOWHERE = {"object": "N-1", "location": {"lat": 31.1144, "lon": 121.2683}}


def findings(case, people, who="auditor", by=None) -> dict:
    case.refresh_from_db()
    return casefile.about(case, acting.of(people[who]), directory.current(), by)


def spans_of(case, people) -> list[tuple]:
    return [(s.unit.code if s.unit else None, s.loop, str(s.phase)) for s in findings(case, people)["spans"]]


def whole(found: dict) -> None:
    """No gap and no overlap from the opening to the end."""
    spans = found["spans"]
    assert spans[0].since == found["from"]
    assert spans[-1].until == found["until"]
    assert all(a.until == b.since for a, b in zip(spans, spans[1:], strict=False))
    assert all(span.since < span.until for span in spans)


def verdicts(case, people) -> dict[str, str]:
    return {shown.duty.code: str(shown.verdict) for shown in findings(case, people)["duties"]}


# --- who held it ----------------------------------------------------------------------
def test_every_minute_of_a_case_that_rises_is_held_by_one_unit(open_case, press, people, at):
    case = open_case()
    began = case.opened_at
    press(case, "sijing-duty acknowledge")
    at(began + timedelta(hours=5))
    sweep()
    at(began + timedelta(hours=20))
    sweep()
    at(began + timedelta(hours=21))
    found = findings(case, people)
    assert spans_of(case, people) == [
        (STREET, "small", "held"), (WATER, "medium", "held"), (OFFICE, "large", "held"),
    ]  # fmt: skip
    whole(found)
    assert [span.hand_over for span in found["spans"]] == [False, True, True]
    assert {party.unit.code for party in found["parties"]} >= {STREET, WATER}


def test_before_filing_it_is_the_desks_and_after_its_end_it_is_nobodys(open_case, press, people, at):
    case = open_case(category="NO-SUCH")
    at(case.opened_at + timedelta(minutes=10))
    filing = {"category": "LL-CONF-H2S", "territory": STREET, "grade": "yellow"}
    press(case, "chengyun-lead file", **filing)
    for minute, step in enumerate(CLOSED, 11):
        at(case.opened_at + timedelta(minutes=minute))
        press(case, step)
    case.refresh_from_db()
    closed = case.closed_at
    at(closed + timedelta(days=1))
    press(case, "chengyun-check reopen", reason="复发")
    at(closed + timedelta(days=2))
    found = findings(case, people)
    whole(found)
    desk = directory.current().unit_with("dispatch").code
    assert spans_of(case, people) == [
        (desk, "small", "triage"), (STREET, "small", "held"), (None, "small", "ended"), (STREET, "small", "held"),
    ]  # fmt: skip
    assert found["spans"][2].seconds == timedelta(days=1).total_seconds()


def test_the_time_of_a_closed_case_ends_with_it(open_case, press, people, at):
    case = press(open_case(), *CLOSED)
    at(case.closed_at + timedelta(days=9))
    found = findings(case, people)
    assert found["until"] == case.closed_at
    whole(found)


# --- the musts ------------------------------------------------------------------------
def test_what_was_done_in_time_is_met_and_what_fell_away_speaks_against_nobody(open_case, press, people):
    case = press(open_case(), *CLOSED)
    told = {(must.kind, must.verdict) for must in musts.of_case(case, directory.current())[0][1].units[0][1]}
    assert {("acknowledge", "met"), ("arrive", "met"), ("contain", "met"), ("rectify", "met")} <= told
    assert verdicts(case, people) == {
        "leader": "not_asked", "territory": "met", "supervision": "not_asked", "lead": "not_asked",
        "business": "vacant", "main_body": "not_asked",
    }  # fmt: skip


def test_late_is_told_apart_from_unmet(open_case, press, people, at):
    case = open_case()
    at(case.opened_at + timedelta(hours=30))
    sweep()
    assert verdicts(case, people)["territory"] == Verdict.UNMET
    press(case, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "shuiwu-duty contain")
    told = {must.kind: must.verdict for must in musts.of_case(case, directory.current())[0][1].units[0][1]}
    assert (told["acknowledge"], told["contain"], told["rung"]) == ("late", "late", "met")


def test_an_order_that_is_withdrawn_was_not_asked_to_the_end(open_case, people):
    case = open_case(grade="orange")
    given = orders.give(case.pk, by=people["shuiwu-head"], unit="SJ-JGW", text="查管线", minutes=30)
    assert {must.verdict for must in findings(case, people)["others"]} == {Verdict.OPEN}
    orders.act(given.pk, "withdraw", by=people["shuiwu-head"], data={"note": "不必"})
    theirs = [m for m in findings(case, people)["others"] if m.kind.startswith("order")]
    assert {must.verdict for must in theirs} == {Verdict.NOT_ASKED}


def test_a_clock_is_counted_against_whoever_owed_it_when_it_passed(open_case, people, at):
    case = open_case(grade="orange")
    at(case.opened_at + timedelta(hours=9))
    sweep()
    missed = {m.id: m.unit.code for m in _all(case) if m.kind == "medium_limit"}
    assert set(missed.values()) == {WATER}
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="他处", code="source_elsewhere")
    requests.decide(asked.pk, by=people["yingji-office"], approve=True, designate="SJ-JGW")
    assert {m.id: m.unit.code for m in _all(case) if m.id in missed} == missed


def _all(case) -> list:
    duties, others = musts.of_case(case, directory.current())
    return [must for duty in duties for _unit, theirs in duty.units for must in theirs] + others


def test_what_is_asked_of_the_leader_is_not_asked_of_the_industry(open_case, people, at):
    case = open_case()
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="缺人", code="beyond_power")
    assert verdicts(case, people)["leader"] == Verdict.OPEN
    requests.decide(asked.pk, by=people["shuiwu-head"], approve=False, answer="不必")
    assert verdicts(case, people)["leader"] == Verdict.MET
    assert verdicts(case, people)["lead"] == Verdict.NOT_ASKED


# --- shares -----------------------------------------------------------------------------
def test_holding_adds_up_to_the_whole_and_the_overlap_is_told(open_case, press, people, at):
    case = open_case()
    press(case, "sijing-duty acknowledge")
    at(case.opened_at + timedelta(hours=4))
    sweep()
    at(case.opened_at + timedelta(hours=6))
    found = findings(case, people)["shares"]
    assert sum(share.held for share in found.units) + found.nobody == pytest.approx(found.total)
    by_unit = {share.unit.code: share for share in found.units}
    assert by_unit[STREET].engaged == pytest.approx(found.total)
    assert found.overlap == pytest.approx(by_unit[WATER].engaged)
    assert found.overlap > 0
    assert by_unit[STREET].held + by_unit[WATER].held == pytest.approx(found.total)


def test_intervals_are_joined_cut_and_counted_where_they_crowd():
    def hours(*pairs):
        start = clock.FIRST
        return [(start + timedelta(hours=a), start + timedelta(hours=b)) for a, b in pairs]

    assert shares.union(hours((0, 2), (1, 3), (5, 6), (6, 7))) == hours((0, 3), (5, 7))
    assert shares.within(hours((0, 3), (5, 7)), hours((2, 6))) == hours((2, 3), (5, 6))
    assert shares.crowded([hours((0, 3)), hours((2, 6)), hours((2, 4))]) == hours((2, 4))


# --- who knew what ------------------------------------------------------------------------
def test_each_person_is_shown_with_what_had_been_told_by_then(open_case, press, people, at):
    case = open_case()
    addressing.address()
    told_at = clock.now()
    at(case.opened_at + timedelta(minutes=5))
    press(case, "sijing-duty acknowledge")
    at(case.opened_at + timedelta(hours=5))
    sweep()
    addressing.address()
    by = told_at + timedelta(minutes=30)
    theirs = {(p.unit.code, str(p.person)): p for p in findings(case, people, by=by)["people"]}
    duty = theirs[STREET, str(people["sijing-duty"])]
    assert duty.by_then == 1
    assert duty.answered.verb == "case.acknowledge"
    water = [p for (unit, _who), p in theirs.items() if unit == WATER]
    assert water
    assert {p.by_then for p in water} == {0}
    assert all(told.later for p in water for told in p.told)


def test_reading_is_told_apart_from_answering(open_case, people, client):
    case = open_case()
    addressing.address()
    before = next(p for p in findings(case, people)["people"] if p.person == people["sijing-duty"])
    assert (before.told[0].read_at, before.answered) == (None, None)
    inbox.read(people["sijing-duty"], 10**9)
    after = next(p for p in findings(case, people)["people"] if p.person == people["sijing-duty"])
    assert after.told[0].read_at is not None
    assert after.answered is None


def test_what_became_known_later_than_it_happened_is_marked(open_case, people, at):
    case = open_case(observed_at=(clock.now() - timedelta(minutes=40)).isoformat())
    facts = knowledge.facts(case, directory.current(), case.opened_at - timedelta(minutes=10))
    late = [fact for fact in facts if fact.came_late]
    assert len(late) == 1
    assert late[0].hidden
    assert late[0].happened < case.opened_at - timedelta(minutes=10) < late[0].known


def test_a_unit_reads_what_its_own_people_were_told_and_not_what_others_were(open_case, people):
    case = open_case(grade="orange")
    addressing.address()
    seen = {p.unit.code for p in findings(case, people, "sijing-head")["people"]}
    assert seen == {STREET}
    assert {p.unit.code for p in findings(case, people)["people"]} > seen


# --- statements -----------------------------------------------------------------------------
def test_whoever_is_concerned_says_his_part_and_it_stands_in_the_ledger(open_case, people, client):
    case = open_case()
    made = stating.state(case.pk, by=people["sijing-duty"], about="territory", text="当时道路中断")
    entry = ledger.story(case.chain).last()
    assert (entry.verb, entry.after["statement"], entry.actor) == ("statement.make", made.pk, people["sijing-duty"])
    client.force_login(people["auditor"])
    page = client.get(f"/cases/{case.number}/accountability/").content.decode()
    assert "当时道路中断" in page
    assert not list(ledger.verify(ledger.story(case.chain)))


def test_nobody_else_does_and_nobody_says_nothing(open_case, people):
    case = open_case()
    for name in ("jianguan-head", "auditor", "insurer"):
        with pytest.raises(Forbidden):
            stating.state(case.pk, by=people[name], about="territory", text="试")
    for wrong in (
        {"about": "nonsense", "text": "试"},
        {"about": "lead", "text": " "},
        {"about": "lead", "text": "\x00"},
    ):
        with pytest.raises(Invalid):
            stating.state(case.pk, by=people["sijing-duty"], **wrong)


def test_somebody_outside_the_parties_who_acted_may_speak(open_case, people):
    case = open_case(grade="orange")
    urging.issue(case.pk, by=people["anwei-office"], kind="urge", unit=STREET, text="快")
    assert stating.state(case.pk, by=people["anwei-office"], about="told", text="已电话告知").unit.code == "SJ-ANWEI"


def test_a_statement_is_never_changed_nor_written_without_its_entry(open_case, people):
    case = open_case()
    made = stating.state(case.pk, by=people["sijing-duty"], about="lead", text="试")
    for act in (made.delete, lambda: Statement.objects.filter(pk=made.pk).update(text="改")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_a_statement_without_its_entry_is_refused(open_case, people):
    case = open_case()
    unit = people["sijing-duty"].posts.get().unit
    with pytest.raises(DatabaseError, match="without a ledger entry"):
        Statement.objects.create(
            case=case, about="lead", text="试", at=clock.now(), by=people["sijing-duty"], unit=unit
        )


# --- the page and the API ----------------------------------------------------------------------
def test_the_page_and_the_api_tell_the_same(open_case, press, people, client):
    case = press(open_case(), *CLOSED)
    addressing.address()
    client.force_login(people["auditor"])
    page = client.get(f"/cases/{case.number}/accountability/", {"at": "2026-11-21T09:30"})
    assert page.status_code == 200
    told = client.get(f"/api/v1/cases/{case.number}/accountability/").json()
    assert told["spans"][0]["unit"]["code"] == STREET
    assert {duty["duty"]: duty["verdict"] for duty in told["duties"]} == verdicts(case, people)
    assert told["people"]
    said = client.post(f"/cases/{case.number}/statements/", {"about": "lead", "text": "试"})
    assert said.status_code == 403


def test_a_wrong_instant_is_refused_and_whoever_reads_by_a_grant_sees_none_of_it(open_case, people, client):
    case = open_case()
    client.force_login(people["auditor"])
    for wrong in ("nonsense", "9999-99-99", "0001-01-01T00:00", "2026-02-30T00:00"):
        assert client.get(f"/cases/{case.number}/accountability/", {"at": wrong}).status_code == 400
        assert client.get(f"/api/v1/cases/{case.number}/accountability/", {"at": wrong}).status_code == 400
    until = clock.now() + timedelta(days=3)
    sharing.share(case.pk, by=people["anwei-office"], until=until, reason="理赔", unit="X-INS-B")
    client.force_login(people["insurer-b"])
    assert client.get(f"/cases/{case.number}/").status_code == 200
    assert client.get(f"/cases/{case.number}/accountability/").status_code == 404
    assert client.get(f"/api/v1/cases/{case.number}/accountability/").status_code == 404


def test_the_page_costs_the_same_however_much_happened(open_case, press, people, client, statements):
    client.force_login(people["auditor"])
    quiet, busy = open_case(**NOWHERE), press(open_case(), *CLOSED)
    stating.state(busy.pk, by=people["sijing-duty"], about="lead", text="试")
    addressing.address()

    def asked(case):
        return statements(lambda: client.get(f"/cases/{case.number}/accountability/"))

    assert asked(busy) <= asked(quiet) + 1


def test_every_deadline_kind_has_acts_that_fulfil_it():
    from cases.models import DeadlineKind

    assert set(musts.DONE) == set(DeadlineKind)
