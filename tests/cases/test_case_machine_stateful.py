"""Anybody presses anything at any time: whatever the order, what must always be true is true."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Min
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts import intake, readings
from alerts.formats import item
from alerts.models import Source
from cases import actions, guards, proof, requests
from cases.models import Case, Deadline, Loop, Party, Pause, Request, State
from cases.models.machine import ENDED, pairs
from cases.sweeping import sweep
from responsibility import acting, clock, ledger, rostering
from responsibility.models import Grade, LedgerEntry, User
from responsibility.refusals import Refused
from tests.cases.conftest import alert, picture

PEOPLE = [
    "sijing-duty", "sijing-head", "sijing-handler", "jiuting-duty", "shuiwu-duty", "shuiwu-head", "jianguan-head",
    "chengyun-lead", "chengyun-check", "yingji-office", "anwei-office", "auditor", "insurer", "firm", "admin",
]  # fmt: skip
# What a button that is shown may still ask for.
TEACHES = {"no_evidence", "sensor_not_clear", "required", "already_open", "not_on_duty"}
PLACES = [
    {"object": "MH-SIJING-0088"},
    {"object": "H-2", "location": {"lat": 31.1144, "lon": 121.2683}},
    {"object": "H-3", "location": {"lat": 39.9, "lon": 116.4}},
]
CATEGORIES = ["LL-CONF-H2S", "PS-EBIKE", "NOBODY-KNOWS"]
MOVES, RISES = pairs(Case, "state"), pairs(Case, "loop")
DATA = {"reason": "试", "note": "试", "category": "LL-CONF-H2S", "territory": "310117102"}

person = st.sampled_from(PEOPLE)
worker = st.sampled_from(
    ["sijing-duty", "sijing-handler", "shuiwu-duty", "chengyun-lead", "chengyun-check", "yingji-office"]
)
verb = st.sampled_from(list(guards.TABLE))
which = st.integers(0, 10**6)


class District(RuleBasedStateMachine):
    """A district of three places, run by whoever comes along."""

    @initialize()
    def begin(self):
        """Empty desks, as every example finds them."""
        self.people = User.objects.in_bulk(field_name="username")
        self.source = Source.objects.get(code="demo-sensors")
        self.now, self.sent, self.shots = clock.now(), 0, 0
        self.seen: dict[int, tuple[str, str]] = {}
        # On duty for ten hours; after that nobody is, and everybody answers again.
        watch = rostering.Row("310117102", "sijing-duty", self.now, self.now + timedelta(hours=10))
        rostering.plan([watch], by=self.people["sijing-head"])
        self.send(PLACES[0], "LL-CONF-H2S", "yellow")

    # --- what happens ----------------------------------------------------------------
    def send(self, place: dict, category: str, grade: str) -> None:
        """One alert."""
        self.sent += 1
        fields = {"scenario": None, "object": None} | place | {"category": category, "grade": grade}
        told = alert(external_id=f"h-{self.sent}", observed_at=self.now.isoformat(), **fields)
        with clock.as_if(self.now):
            (answer,) = intake.receive(self.source, [told], item.read)
        assert answer.case
        assert answer.outcome in {"opened", "joined", "triage"}

    @rule(place=st.sampled_from(PLACES), category=st.sampled_from(CATEGORIES), grade=st.sampled_from(Grade.values))
    def an_alert_comes(self, place, category, grade):
        self.send(place, category, grade)

    @rule(minutes=st.sampled_from([1, 6, 30, 70, 250, 500, 3000, 20_000, 60_000]), swept=st.booleans())
    def time_passes(self, minutes, swept):
        self.now += timedelta(minutes=minutes)
        if swept:
            self.the_clock_strikes()

    @rule()
    def the_clock_strikes(self):
        with clock.as_if(self.now):
            report = sweep()
            assert report.failed == 0
            again = sweep()
        assert (again.missed, again.escalated, again.failed) == (0, 0, 0)
        assert not Deadline.objects.due(self.now).exists()

    @rule(value=st.sampled_from([0.5, 16.0]))
    def a_sensor_speaks(self, value):
        told = {"object": "MH-SIJING-0088", "value": value, "observed_at": self.now.isoformat()}
        with clock.as_if(self.now):
            readings.receive(self.source, [told])

    @rule(name=person | worker, verb=verb, n=which)
    def somebody_presses_something(self, name, verb, n):
        self.press(self.pick(n), name, verb)

    @rule(name=worker, n=which)
    def somebody_presses_what_is_offered(self, name, n):
        case = self.pick(n)
        offered = self.offered(case, name)
        if offered:
            self.press(case, name, offered[n % len(offered)])

    def press(self, case: Case, name: str, verb: str) -> None:
        """Press, and see that the button was shown if and only if it works."""
        offered = self.offered(case, name)
        with clock.as_if(self.now):
            try:
                with transaction.atomic():
                    actions.perform(case.pk, verb, by=self.people[name], data=DATA)
            except Refused as refused:
                assert str(refused.detail)
                assert verb not in offered or refused.code in TEACHES, (verb, name, refused.code)
                return
        assert verb in offered, (verb, name)

    def offered(self, case: Case, name: str) -> list[str]:
        """The buttons that this person is shown."""
        with clock.as_if(self.now):
            return guards.allowed(acting.of(self.people[name]), case, list(case.parties.all()))

    @rule(name=worker, n=which)
    def somebody_gives_proof(self, name, n):
        self.shots += 1
        with clock.as_if(self.now):
            try:
                proof.add(self.pick(n).pk, picture(self.shots), by=self.people[name])
            except Refused as refused:
                assert str(refused.detail)

    @rule(name=worker, kind=st.sampled_from(["escalate", "extend", "suspend", "void"]), n=which)
    def somebody_asks(self, name, kind, n):
        with clock.as_if(self.now):
            try:
                minutes = 600 if kind in ("extend", "suspend") else None
                requests.ask(self.pick(n).pk, by=self.people[name], kind=kind, reason="试", minutes=minutes)
            except Refused as refused:
                assert str(refused.detail)

    @precondition(lambda self: Request.objects.filter(state="pending").exists())
    @rule(
        name=st.sampled_from(["shuiwu-head", "chengyun-lead", "yingji-office", "sijing-head"]),
        approve=st.booleans(),
        n=which,
    )
    def somebody_decides(self, name, approve, n):
        pending = list(Request.objects.filter(state="pending").order_by("pk"))
        with clock.as_if(self.now):
            try:
                with transaction.atomic():
                    requests.decide(pending[n % len(pending)].pk, by=self.people[name], approve=approve, answer="试")
            except Refused as refused:
                assert str(refused.detail)

    def pick(self, n: int) -> Case:
        """Some case, as it stands."""
        ids = list(Case.objects.order_by("pk").values_list("pk", flat=True))
        return Case.objects.select_related("holder", "lead").get(pk=ids[n % len(ids)])

    # --- what must always be true ------------------------------------------------------
    @invariant()
    def every_change_leaves_its_entry(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    @invariant()
    def the_ledger_verifies(self):
        assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []

    @invariant()
    def the_cases_stand_as_their_ledger_tells(self):
        from cases import audit

        assert list(audit.mismatches()) == []

    @invariant()
    def states_and_loops_move_as_the_machines_say(self):
        for case in Case.objects.all():
            before = self.seen.get(case.pk)
            if before and before[1] != case.loop:
                assert (before[1], case.loop) in RISES or Loop.values.index(case.loop) > Loop.values.index(before[1])
            if before and before[0] != case.state:
                assert (before[0], case.state) in MOVES
            if not before:
                assert case.state in (State.TRIAGE, State.DISPATCHED)
            self.seen[case.pk] = (case.state, case.loop)

    @invariant()
    def the_worklist_keys_are_those_of_the_clocks(self):
        for case in Case.objects.prefetch_related("parties", "deadlines"):
            running = case.deadlines.filter(stopped_at=None, paused_at=None)
            nearest = running.aggregate(at=Min("due_at"))["at"]
            assert case.due_at == nearest
            for party in case.parties.all():
                own = running.filter(unit=party.unit_id).aggregate(at=Min("due_at"))["at"]
                assert party.due_at == (own or nearest)
                assert party.live == (party.until is None and case.state not in ENDED)

    @invariant()
    def clocks_run_where_work_is_open_and_nowhere_else(self):
        for case in Case.objects.all():
            running = Deadline.objects.running().filter(case=case)
            if case.state in ENDED:
                assert not running.exists(), case.state
            elif case.state != State.SUSPENDED:
                assert running.filter(paused_at=None).exists(), case.state
            if case.state != State.SUSPENDED:
                assert not running.filter(paused_at__isnull=False).exists()
                assert not Pause.objects.filter(deadline__in=running, until=None).exists()

    @invariant()
    def a_worked_case_has_a_holder_engaged_a_street_and_at_most_one_lead(self):
        for case in Case.objects.exclude(state__in=[State.TRIAGE]).exclude(filed_at=None):
            parties = Party.objects.filter(case=case, until=None)
            assert parties.filter(unit=case.holder_id).exists()
            assert parties.filter(role="territory", unit=case.territory.unit_id).exists()
            assert parties.filter(role="lead").count() <= 1
            assert case.grade == "red" or case.loop != Loop.LARGE or case.holder.code == "SJ-COMMITTEE"

    @invariant()
    def a_missed_limit_is_told_once(self):
        missed = Deadline.objects.filter(missed_at__isnull=False).count()
        assert LedgerEntry.objects.filter(verb="deadline.missed").count() == missed

    @invariant()
    def nothing_red_is_put_off_and_nothing_is_closed_without_proof(self):
        assert not Case.objects.filter(state=State.SUSPENDED, grade=Grade.RED).exists()
        assert not Case.objects.filter(state=State.CLOSED, evidence=None).exists()


@pytest.mark.django_db
def test_a_district_stands_whatever_people_do():
    def one_example():
        machine = District()
        mark = transaction.savepoint()
        machine.teardown = lambda: transaction.savepoint_rollback(mark)
        return machine

    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        one_example,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
