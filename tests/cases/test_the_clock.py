"""Deadlines, sweeps and what rises."""

from datetime import timedelta

import pytest

from cases.models import Case, Deadline, Party
from cases.sweeping import oldest_unswept, sweep
from responsibility import clock
from responsibility.models import LedgerEntry
from tests.cases.conftest import CONTAINED

pytestmark = pytest.mark.django_db


def later(hours: float):
    return clock.as_if(clock.now() + timedelta(hours=hours))


def test_four_hours_unanswered_raise_the_case_to_the_departments_and_keep_the_street(open_case):
    case = open_case()
    with later(4.01):
        report = sweep()
    case.refresh_from_db()
    assert report.escalated == 1
    assert (case.state, case.loop, case.holder.code) == ("dispatched", "medium", "SJ-SW")
    parties = {party.unit.code: party.role for party in Party.objects.filter(case=case, until=None)}
    assert parties == {"310117102": "territory", "SJ-SW": "lead"}
    assert Deadline.objects.running().filter(case=case, kind="acknowledge", unit__code="SJ-SW").exists()


def test_sweeping_again_changes_nothing(open_case):
    open_case()
    with later(4.01):
        sweep()
        entries = LedgerEntry.objects.count()
        assert vars(sweep()) | {"seconds": 0} == {"missed": 0, "escalated": 0, "failed": 0, "seconds": 0}
    assert LedgerEntry.objects.count() == entries


def test_a_contained_case_does_not_rise(open_case, press):
    case = press(open_case(), *CONTAINED)
    with later(5):
        sweep()
    case.refresh_from_db()
    assert case.loop == "small"


def test_eight_more_hours_raise_it_to_the_district(open_case):
    case = open_case()
    with later(4.01):
        sweep()
    with later(12.1):
        sweep()
    case.refresh_from_db()
    assert (case.loop, case.holder.code) == ("large", "SJ-COMMITTEE")


@pytest.mark.parametrize(("grade", "loop"), [("orange", "medium"), ("red", "large"), ("blue", "small")])
def test_the_colour_decides_the_loop_at_filing(open_case, grade, loop):
    assert open_case(grade=grade).loop == loop


def test_one_bad_row_does_not_stop_the_others(open_case, send, monkeypatch):
    from cases import loops

    bad, good = (
        open_case(object="A-1", location={"lat": 31.1144, "lon": 121.2683}),
        open_case(object="A-2", location={"lat": 31.1144, "lon": 121.2683}),
    )
    real = loops.rise

    def breaking(changes, case, to, **rest):
        if case.pk == bad.pk:
            raise RuntimeError("a broken row")
        real(changes, case, to, **rest)

    monkeypatch.setattr("cases.sweeping.rise", breaking)
    with later(4.01):
        report = sweep()
        assert oldest_unswept() is not None
    assert (report.failed, report.escalated) == (1, 1)
    assert Case.objects.get(pk=good.pk).loop == "medium"


def test_a_row_set_aside_is_left_alone_for_a_minute_and_one_set_aside_for_longer_is_swept(open_case):
    soon = open_case(object="A-1", location={"lat": 31.1144, "lon": 121.2683})
    never = open_case(object="A-2", location={"lat": 31.1144, "lon": 121.2683})
    with later(4.01):
        Deadline.objects.filter(case=soon, kind="contain").update(retry_at=clock.now() + timedelta(seconds=50))
        Deadline.objects.filter(case=never, kind="contain").update(retry_at=clock.now() + timedelta(days=9999))
        sweep()
        assert Deadline.objects.get(case=soon, kind="contain").missed_at is None
        assert Deadline.objects.get(case=never, kind="contain").missed_at is not None
        assert list(Deadline.objects.sweepable(clock.now())) == []
    with later(4.1):
        sweep()
        assert Deadline.objects.get(case=soon, kind="contain").missed_at is not None


def test_the_lamp_is_green_then_amber_from_eighty_per_cent_then_red(open_case):
    deadline = open_case().deadlines.get(kind="contain")
    at = [deadline.started_at + timedelta(minutes=m) for m in (191, 192, 241)]
    assert [deadline.lamp(when) for when in at] == ["green", "amber", "red"]


def test_in_the_large_loop_command_and_lead_can_both_contain(open_case, press):
    steps = ["sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove"]
    for person in ("yingji-office", "shuiwu-head"):
        case = press(open_case(grade="red", object=person, location={"lat": 31.1144, "lon": 121.2683}), *steps)
        assert press(case, f"{person} contain").state == "contained"


def test_the_district_command_answers_for_itself(open_case, press):
    case = press(
        open_case(grade="red"), "yingji-office acknowledge", "shuiwu-duty acknowledge", "sijing-duty acknowledge"
    )
    assert case.parties.filter(acknowledged_at=None).count() == 0
