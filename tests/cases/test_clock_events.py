"""Every clock is what its events lead to: through all that can happen to one, and through a simulated month."""

import io
import os
import random
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from cases import actions, audit, proof, recomputing, requests
from cases.models import Case, ClockEvent, Deadline, Request
from cases.models.work import RequestState
from cases.sweeping import sweep
from responsibility import clock, directory
from responsibility.models import Category, User
from responsibility.refusals import Refused
from responsibility.worktime import YearNotLoaded
from tests.cases.conftest import CONTAINED, alert, picture
from tests.cases.test_the_audit import behind_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
# `MONTH_CASES=10000 pytest tests/cases/test_clock_events.py -k month` is a whole month of a district.
MONTH_CASES = int(os.environ.get("MONTH_CASES", "60"))
# Of how many cases people press the buttons; the others are left to the clock.
WORKED = int(os.environ.get("MONTH_WORKED", str(min(MONTH_CASES, 600))))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def events(deadline: Deadline) -> list[str]:
    return list(deadline.events.values_list("what", flat=True))


def later(**span):
    return clock.as_if(clock.now() + timedelta(**span))


# --- each event -----------------------------------------------------------------------------
def test_a_case_begins_each_of_its_clocks_with_an_event(open_case):
    case = open_case(grade="orange")
    for deadline in case.deadlines.all():
        (event,) = deadline.events.all()
        assert (event.what, event.at, event.unit_id) == ("start", deadline.started_at, deadline.unit_id)
        assert deadline.started_at + timedelta(minutes=event.minutes) == deadline.due_at


def test_what_happens_to_a_clock_stands_in_its_order(open_case, press, people):
    case = press(open_case(), *CONTAINED, "sijing-head rectify")
    ask = lambda kind, **more: requests.ask(case.pk, by=people["sijing-head"], kind=kind, reason="缺件", **more)  # noqa: E731
    requests.decide(ask("extend", minutes=90).pk, by=people["chengyun-lead"], approve=True)
    requests.decide(ask("suspend", minutes=600).pk, by=people["chengyun-lead"], approve=True)
    with later(hours=2):
        press(case, "sijing-handler resume")
        press(case, "sijing-handler prove", "sijing-handler report")
    rectify = Deadline.objects.get(case=case, kind="rectify")
    assert events(rectify) == ["start", "extend", "pause", "resume", "stop"]
    assert list(recomputing.differences()) == []
    assert list(audit.mismatches(case.chain)) == []


def test_a_missed_clock_and_one_that_is_handed_on(open_case, people):
    case = open_case(grade="orange")
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="源头", code="source_elsewhere")
    requests.decide(asked.pk, by=people["yingji-office"], approve=True, designate="SJ-HJ")
    with later(hours=8.1):
        sweep()
    limit = Deadline.objects.get(case=case, kind="medium_limit")
    assert events(limit) == ["start", "hand_on", "miss"]
    assert limit.unit.code == "SJ-HJ"
    assert list(recomputing.differences()) == []


# --- tampering --------------------------------------------------------------------------------
def test_a_figure_altered_behind_the_triggers_is_named(open_case):
    case = open_case()
    behind_the_triggers(
        f"UPDATE cases_deadline SET due_at = due_at + interval '1 hour' WHERE case_id = {case.pk} AND kind = 'contain'"
    )
    (found,) = recomputing.differences()
    assert (found.number, found.kind, found.field) == (case.number, "contain", "due_at")
    with pytest.raises(CommandError, match="1 处不符"):
        call_command("recompute_clocks", stdout=io.StringIO())


def test_the_nightly_check_turns_the_installation_unready_until_it_finds_nothing(open_case, client):
    case = open_case()
    change = "UPDATE cases_deadline SET due_at = due_at {} interval '1 hour' WHERE case_id = {} AND kind = 'contain'"
    behind_the_triggers(change.format("+", case.pk))
    assert len(recomputing.check()) == 1
    assert "1 clocks" in client.get("/readyz").json()["checks"]["clock_events"]
    behind_the_triggers(change.format("-", case.pk))
    assert recomputing.check() == []
    assert client.get("/readyz").json()["checks"]["clock_events"] == "ok"


@pytest.mark.parametrize("statement", ["UPDATE cases_clockevent SET at = now()", "DELETE FROM cases_clockevent"])
def test_an_event_is_neither_changed_nor_removed(open_case, statement):
    open_case()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_start_takes_as_many_statements_for_a_thousand_alerts_as_for_thirty(send, statements):
    def batch(count: int, tag: str) -> list[dict]:
        place = {"lat": 31.1144, "lon": 121.2683}
        return [alert(external_id=f"{tag}-{n}", object=f"{tag}-{n}", location=place) for n in range(count)]

    send(*batch(2, "A"))
    few = statements(lambda: send(*batch(30, "B")))
    assert statements(lambda: send(*batch(300, "C"))) == few
    assert ClockEvent.objects.count() == Deadline.objects.count()


# --- working days ---------------------------------------------------------------------------------
def test_five_working_days_from_the_friday_before_the_october_holiday(district):
    friday = datetime(2025, 9, 26, 17, 20, tzinfo=SHANGHAI)
    # Saturday off, Sunday the 28th made up, Monday, Tuesday, eight days of holiday, Thursday, Friday: 24:00.
    assert district.calendar.is_workday(date(2025, 9, 28))
    assert district.calendar.add_workdays(friday, 5) == datetime(2025, 10, 11, tzinfo=SHANGHAI)


def test_a_rectification_over_the_holiday_ends_on_the_right_day(open_case, press):
    # In 2026 the Sunday before and the Saturday after are made up: 18 September is a Friday.
    friday = datetime(2026, 9, 18, 17, 20, tzinfo=SHANGHAI)
    Category.objects.filter(code="LL-CONF-H2S").update(rectify_days=9)
    with clock.as_if(friday):
        case = press(open_case(observed_at=friday.isoformat()), *CONTAINED)
    rectify = Deadline.objects.get(case=case, kind="rectify")
    # 20 (Sunday), 21, 22, 23, 24, then Mid-Autumn from the 25th to the 27th, 28, 29, 30, then 8 October.
    assert rectify.due_at == datetime(2026, 10, 9, tzinfo=SHANGHAI)
    assert rectify.events.get().days == 9
    assert list(recomputing.differences()) == []


def test_a_year_that_is_not_loaded_is_refused_with_what_to_load(district):
    with pytest.raises(YearNotLoaded) as refused:
        district.calendar.add_workdays(datetime(2026, 12, 31, 9, tzinfo=SHANGHAI), 1)
    assert "2027" in str(refused.value)
    assert "load_district" in str(refused.value)


# --- a month ----------------------------------------------------------------------------------------
STEPS = {
    "dispatched": ["sijing-duty acknowledge"],
    "acknowledged": ["sijing-handler arrive"],
    "on_site": ["sijing-handler contain", "shuiwu-duty contain", "yingji-office contain"],
    "contained": ["sijing-handler rectify", "shuiwu-duty rectify", "sijing-handler report"],
    "rectifying": ["sijing-handler report", "shuiwu-duty report"],
    "suspended": ["sijing-handler resume", "shuiwu-duty resume"],
    "verifying": ["chengyun-check close", "chengyun-check rework"],
    "closed": ["chengyun-check reopen"],
}
ASKED = [
    ("extend", {"minutes": 45}), ("extend", {"minutes": 300}), ("suspend", {"minutes": 2000}), ("escalate", {}),
    ("escalate", {"code": "casualties"}), ("void", {}), ("return", {"code": "no_power"}),
]  # fmt: skip
GRADES = ["yellow"] * 6 + ["orange", "red"]
DECIDERS = ["chengyun-lead", "chengyun-head", "shuiwu-head", "yingji-office"]


class Month:
    """A month of a district: alerts in batches, people at random, the clock every few hours; one seed, one month."""

    def __init__(self, people: dict[str, User], send, seed: int):
        self.people, self.send, self.luck = people, send, random.Random(seed)

    def run(self, cases: int, worked: int) -> None:
        now, opened = clock.now() - timedelta(days=31), 0
        for day in range(31):
            for hour in (3, 9, 15, 21):
                with clock.as_if(now + timedelta(days=day, hours=hour)):
                    share = cases * (4 * day + hour // 6 + 1) // 124 - opened
                    opened += self._alerts(share, opened)
                    for _act in range(16 * worked // 124 + 1):
                        self._act(worked)
                    sweep()

    def _alerts(self, count: int, already: int) -> int:
        now = clock.now()
        fresh = [
            alert(
                external_id=f"month-{n}", object=f"MONTH-{n}", grade=self.luck.choice(GRADES),
                observed_at=now.isoformat(), location={"lat": 31.1144, "lon": 121.2683},
            )
            for n in range(already, already + count)
        ]  # fmt: skip
        again = [
            alert(external_id=f"again-{now}-{n}", object=f"MONTH-{self.luck.randrange(already)}", grade="orange",
                  observed_at=now.isoformat(), location={"lat": 31.1144, "lon": 121.2683})
            for n in range(min(already, count // 4 + 1))
        ]  # fmt: skip
        batch = [*fresh, *again]
        for start in range(0, len(batch), 1000):
            self.send(*batch[start : start + 1000])
        return count

    def _act(self, worked: int) -> None:
        objects = [f"MONTH-{self.luck.randrange(worked)}"]
        case = Case.objects.filter(object_code__in=objects).order_by("-pk").first()
        if case is None:
            return
        with suppress(Refused):
            self.luck.choice([self._press, self._press, self._press, self._ask, self._decide])(case)

    def _press(self, case: Case) -> None:
        steps = STEPS.get(case.state)
        if not steps:
            return
        who, verb = self.luck.choice(steps).split()
        if verb in ("contain", "report"):
            proof.add(case.pk, picture(self.luck.randrange(250)), by=self.people["sijing-handler"])
        actions.perform(case.pk, verb, by=self.people[who], data={"reason": "试", "note": "试"})

    def _ask(self, case: Case) -> None:
        kind, more = self.luck.choice(ASKED)
        by = self.people["shuiwu-head" if kind == "return" else "sijing-head"]
        asked = requests.ask(case.pk, by=by, kind=kind, reason="试", **more)
        if asked.state == RequestState.PENDING and self.luck.random() < 0.7:
            self._decide(case)

    def _decide(self, case: Case) -> None:
        for asked in Request.objects.filter(case=case, state=RequestState.PENDING)[:2]:
            approve = self.luck.random() < 0.7
            for name in DECIDERS:
                with suppress(Refused):
                    requests.decide(
                        asked.pk,
                        by=self.people[name],
                        approve=approve,
                        answer="试",
                        designate="SJ-HJ" if approve else "",
                    )


@pytest.mark.django_db(transaction=True)
def test_a_simulated_month_recomputed_from_its_events_gives_the_stored_figures(people, send):
    directory.current()
    Month(people, send, seed=7).run(MONTH_CASES, WORKED)
    assert Case.objects.filter(object_code__startswith="MONTH-").count() >= MONTH_CASES
    kinds = set(ClockEvent.objects.values_list("what", flat=True))
    assert {"start", "pause", "resume", "extend", "hand_on", "miss", "stop"} <= kinds
    assert list(recomputing.differences()) == []
    assert list(audit.mismatches()) == []
    said = io.StringIO()
    call_command("recompute_clocks", stdout=said)
    assert "全部由事件重算相符" in said.getvalue()
