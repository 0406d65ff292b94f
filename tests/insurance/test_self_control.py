"""风险单元自控: lists out of the handbook, checks once a period, what is not met becomes a finding, who sees it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases.models import Case
from insurance.findings import charge, duty, periods, selfcontrol, selfseeing
from insurance.findings.models import DutyAnswer, Finding, Register, SelfCheck
from responsibility import acting, clock, directory, ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import alert, picture
from tests.insurance.conftest import unit

pytestmark = pytest.mark.django_db
MANHOLE = "MH-SIJING-0088"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def register(people):
    def make(period: str = "daily", code: str = MANHOLE) -> Register:
        return selfcontrol.keep(code, period, "井盖完好\n", by=people["enterprise"])

    return make


def check(register: Register, people, *unmet: int, **more):
    results = [
        selfcontrol.Result(place not in unmet, "井盖松动" if place in unmet else "")
        for place in range(len(register.lines))
    ]
    return selfcontrol.check(register.pk, results, by=people["enterprise"], **more)


def seen(people, name: str) -> set[str]:
    found = Register.objects.visible_to(acting.of(people[name]), directory.current().units)
    return set(found.values_list("risk_object__code", flat=True))


def test_the_list_is_drawn_from_the_handbook_and_own_lines(register):
    made = register()
    texts = [line["text"] for line in made.lines]
    assert texts[-1] == "井盖完好"
    assert len(texts) == 4
    assert any("先通风" in text for text in texts)
    assert made.version is not None


def test_only_the_main_body_keeps_it(people):
    for name in ("insurer", "firm", "sijing-head", "shuiwu-head", "anwei-office", "auditor"):
        with pytest.raises(Forbidden):
            selfcontrol.keep(MANHOLE, "daily", "", by=people[name])
    with pytest.raises(Forbidden):
        selfcontrol.keep("NO-SUCH", "daily", "", by=people["enterprise"])
    with pytest.raises(Forbidden):
        selfcontrol.keep("GV-CHEDUN-0001", "daily", "", by=people["enterprise"])


@pytest.mark.parametrize(("period", "own"), [("yearly", ""), (None, ""), ("daily", "\x00"), ("daily", "字\n" * 61)])
def test_absurd_registers_are_refused(people, period, own):
    with pytest.raises(Invalid):
        selfcontrol.keep(MANHOLE, period, own, by=people["enterprise"])


def test_what_is_not_met_becomes_a_finding_of_its_own(register, people):
    made = register()
    done, found = check(made, people, 3, uploads=[picture(1)])
    assert (done.unmet, len(found)) == (1, 1)
    finding = Finding.objects.get()
    assert (finding.how, finding.found_by_unit, finding.insured) == ("self", unit("X-WATER"), unit("X-WATER"))
    assert finding.text == "井盖完好：井盖松动"
    assert done.photos.count() == 1
    assert [entry.verb for entry in ledger.story(made.chain)] == ["selfcontrol.open", "selfcontrol.check"]
    with pytest.raises(Refused) as refused:
        check(made, people)
    assert refused.value.code == "checked_already"


def test_every_line_needs_its_result_and_an_unmet_one_its_word(register, people):
    made = register()
    with pytest.raises(Invalid):
        selfcontrol.check(made.pk, [selfcontrol.Result(True)], by=people["enterprise"])
    with pytest.raises(Invalid):
        selfcontrol.read_results([{"met": False, "note": " "}])
    with pytest.raises(Invalid):
        selfcontrol.read_results([{"met": None}])
    assert SelfCheck.objects.count() == 0


def test_periods_run_by_the_calendar_of_the_district():
    late = datetime(2026, 11, 30, 23, 59, 59, tzinfo=SHANGHAI)
    assert str(periods.first_day("weekly", late)) == "2026-11-30"
    assert str(periods.first_day("monthly", late)) == "2026-11-01"
    assert str(periods.first_day("daily", late + timedelta(seconds=1))) == "2026-12-01"
    day = periods.first_day("monthly", late)
    assert periods.ends_at("monthly", day) == late + timedelta(seconds=1)
    assert str(periods.before("monthly", day)) == "2026-10-01"
    assert str(periods.before("weekly", periods.first_day("weekly", late))) == "2026-11-23"


def test_a_day_without_a_check_is_missed_one_second_after_it_ends(register, people):
    made = register()
    day = periods.first_day("daily", clock.now())
    first_end = periods.ends_at("daily", day)
    for moment, missed in ((first_end - timedelta(seconds=1), False), (first_end, True)):
        (one,) = selfseeing.standings([made], moment)
        assert one.was_missed is missed
        assert Register.objects.filter(selfseeing.missed(moment)).exists() is missed
    check(made, people)
    (one,) = selfseeing.standings([made], first_end)
    assert not one.was_missed
    assert not one.is_done
    assert Register.objects.filter(selfseeing.undone(first_end)).exists()


def test_the_sector_department_and_the_insurer_of_the_object_see_it_and_nobody_else(register, policy, people):
    register()
    assert seen(people, "insurer") == set()
    policy(objects=(MANHOLE,))
    for name in ("enterprise", "shuiwu-head", "insurer", "anwei-office", "auditor"):
        assert seen(people, name) == {MANHOLE}, name
    for name in ("insurer-b", "broker", "firm", "jianguan-head", "sijing-head", "admin"):
        assert seen(people, name) == set(), name


def test_an_insurer_sees_no_object_that_its_policy_does_not_cover(register, policy, people):
    register()
    policy(objects=("MH-SIJING-0009",))
    assert seen(people, "insurer") == set()


def test_standings_cost_no_more_statements_for_many(register, people, statements):
    made = [register(code=code) for code in (MANHOLE, "MH-SIJING-0009", "MH-SIJING-0031", "MH-SIJING-0035")]
    now = clock.now()
    assert statements(lambda: selfseeing.standings(made[:1], now)) == statements(
        lambda: selfseeing.standings(made, now)
    )


def test_people_and_certificates_are_entered_and_ended(register, people):
    made, by = register(), people["enterprise"]
    person = charge.put_person(made.pk, "李安全", "巡查", "13800000000", by=by)
    charge.end_person(made.pk, person.pk, by=by)
    with pytest.raises(Refused):
        charge.end_person(made.pk, person.pk, by=by)
    charge.put_certificate(made.pk, "有限空间作业证", "A-1", "2020-01-01", by=by)
    with pytest.raises(Refused):
        charge.put_certificate(made.pk, "有限空间作业证", "A-1", "2030-01-01", by=by)
    (one,) = selfseeing.standings([made], clock.now())
    assert one.expired == 1
    for until in ("", "x", "2026-13-01", "99999-01-01", "0001-01-01", None, "２０２６-01-01"):
        with pytest.raises(Invalid):
            charge.put_certificate(made.pk, "证", "B-1", until, by=by)
    with pytest.raises(Forbidden):
        charge.put_person(made.pk, "某人", "巡查", by=people["insurer"])


def test_the_duty_on_a_case_is_confirmed_or_disputed_and_the_case_is_not_touched(source, people):
    from alerts import intake
    from alerts.formats import item

    number = intake.receive(source, [alert()], item.read)[0].case
    case = Case.objects.get(number=number)
    before = [entry.verb for entry in ledger.story(case.chain)]
    with pytest.raises(Invalid):
        duty.answer(number, "disputed", "", by=people["enterprise"])
    duty.answer(number, "disputed", "污水来自上游工厂", by=people["enterprise"])
    duty.answer(number, "confirmed", "", by=people["enterprise"])
    assert [entry.verb for entry in ledger.story(case.chain)] == before
    assert DutyAnswer.objects.filter(case=case).count() == 2
    assert duty.said_to(acting.of(people["sijing-duty"])).count() == 2
    assert duty.said_to(acting.of(people["jiuting-duty"])).count() == 0
    for name in ("insurer", "sijing-duty"):
        with pytest.raises(Forbidden):
            duty.answer(number, "confirmed", "", by=people[name])
