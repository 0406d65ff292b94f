"""隐患: told in writing, put right with proof, looked at again by somebody else, closed by the district alone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.models import RiskObject
from cases.models import Case
from insurance.findings import raising, telling, working
from insurance.findings.models import Finding, Recheck
from insurance.service import ordering
from responsibility import access, acting, clock, ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import picture
from tests.insurance.conftest import unit
from tests.insurance.test_orders import register

pytestmark = pytest.mark.django_db
MANHOLE = "MH-SIJING-0088"


def line(severity: str = "general", **more) -> dict:
    return {"severity": severity, "text": "井口无警示标志", "basis": "GB 50014", **more}


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def found(order, people):
    """A finding of X-TPF at the manhole, by its order."""

    def make(severity: str = "general", **more) -> Finding:
        given = order(risk_object=RiskObject.objects.get(code=MANHOLE))
        (made,) = telling.tell([line(severity, **more)], telling.Wanted(order=given), by=people["firm"])
        return made

    return make


def put_right(finding: Finding, people, **more) -> Finding:
    return working.rectify(finding.pk, "已补设警示标志", uploads=[picture(finding.pk)], by=people["enterprise"], **more)


# --- telling ------------------------------------------------------------------------
def test_a_finding_is_numbered_told_and_has_its_term(found):
    with clock.as_if(clock.now()):
        finding = found(days=3)
    assert finding.number.startswith("YH-")
    assert finding.insured == unit("X-WATER")
    assert finding.due_at - finding.told_at > timedelta(days=3)
    assert finding.due_at - finding.told_at <= timedelta(days=4)
    (entry,) = ledger.story(finding.chain)
    assert entry.verb == "finding.tell"
    assert entry.note == "井口无警示标志"


def test_the_term_of_the_category_is_never_exceeded(found, district):
    finding = found(days=30)
    days = district.categories["LL-CONF-H2S"].rectify_days
    assert finding.due_at == district.calendar.add_workdays(finding.told_at, days)


@pytest.mark.parametrize("days", [0, -1, 31, 10**12, "x", "３", True, 1.5, float("nan")])
def test_absurd_terms_are_refused(days):
    with pytest.raises(Invalid) as refused:
        telling.read(line(days=days))
    assert refused.value.attr == "days"


@pytest.mark.parametrize(
    ("field", "value"), [("severity", "huge"), ("text", ""), ("text", "\x00"), ("text", "字" * 2001)]
)
def test_absurd_lines_are_refused(field, value):
    with pytest.raises(Invalid) as refused:
        telling.read({"severity": "general", "text": "x", field: value})
    assert refused.value.attr == field


def test_a_hundred_findings_cost_no_more_statements_than_two(order, people, statements):
    given = telling.Wanted(order=order())
    telling.tell([line(category="LL-CONF-H2S")], given, by=people["firm"])
    two = statements(lambda: telling.tell([line(category="LL-CONF-H2S")] * 2, given, by=people["firm"]))
    assert statements(lambda: telling.tell([line(category="LL-CONF-H2S")] * 100, given, by=people["firm"])) == two
    with pytest.raises(Invalid):
        telling.tell([line()] * 101, given, by=people["firm"])


def test_only_the_firm_of_the_order_the_carrier_and_the_enterprise_itself_tell(order, policy, people):
    given = telling.Wanted(order=order())
    here = telling.wanted("", MANHOLE)
    for name in ("firm-b", "insurer", "enterprise", "broker", "sijing-head"):
        with pytest.raises(Forbidden):
            telling.tell([line()], given, by=people[name])
    with pytest.raises(Forbidden):
        telling.tell([line()], here, by=people["insurer"])
    policy()
    (by_insurer,) = telling.tell([line()], here, by=people["insurer"])
    (by_itself,) = telling.tell([line()], here, by=people["enterprise"])
    assert (by_insurer.how, by_itself.how) == ("insurer", "self")
    for name in ("firm", "insurer-b"):
        with pytest.raises(Forbidden):
            telling.tell([line()], here, by=people[name])


def test_an_insurer_whose_policy_is_over_tells_of_nothing_however_early_it_says_that_it_found_it(policy, people):
    made = policy()
    here = telling.wanted("", MANHOLE)
    over, while_covered = made.ends_at, clock.now()
    with clock.as_if(over), pytest.raises(Forbidden):
        telling.tell([line("major")], here, by=people["insurer"], found_at=while_covered)
    with clock.as_if(over - timedelta(microseconds=1)):
        assert telling.tell([line()], here, by=people["insurer"], found_at=while_covered)
    with pytest.raises(Forbidden):
        telling.tell([line()], here, by=people["insurer"], found_at=made.starts_at - timedelta(seconds=1))


def test_what_is_not_there_is_refused_in_the_same_words_as_what_is_not_ones_own(order, people):
    given = order()
    told = set()
    for wanted in (telling.wanted(given.number, ""), telling.wanted("FW-0", ""), telling.wanted("", "NO-SUCH")):
        with pytest.raises(Forbidden) as refused:
            telling.tell([line()], wanted, by=people["firm-b"])
        told.add((refused.value.code, str(refused.value.detail)))
    assert len(told) == 1


# --- the work and those who look at it again -------------------------------------------
def test_nothing_is_put_right_without_a_proof(found, people):
    finding = found()
    with pytest.raises(Refused) as refused:
        working.rectify(finding.pk, "好了", by=people["enterprise"])
    assert refused.value.code == "no_proof"
    for name in ("firm", "insurer", "sijing-head"):
        with pytest.raises(Forbidden):
            working.rectify(finding.pk, "好了", uploads=[picture()], by=people[name])
    assert put_right(finding, people).state == "rectified"


def test_the_same_firm_cannot_verify_what_it_found(found, people):
    finding = put_right(found(), people)
    with pytest.raises(Refused) as refused:
        working.recheck(finding.pk, True, by=people["firm"])
    assert refused.value.code == "own_client"
    with pytest.raises(Forbidden):
        working.recheck(finding.pk, True, by=people["firm-b"])


def test_another_firm_looks_again_by_an_order_but_not_for_its_own_client_nor_its_own_work(found, order, people):
    finding = put_right(found(), people, worked_by="X-LIFT")
    order(firm=unit("X-TPF-B"), purpose="recheck", by_unit=unit("310117102"))
    with transaction.atomic():
        assert working.recheck(finding.pk, True, by=people["firm-b"]).unit == unit("X-TPF-B")
        transaction.set_rollback(True)
    served = order(firm=unit("X-TPF-B"))
    with pytest.raises(Refused) as refused:
        working.recheck(finding.pk, True, by=people["firm-b"])
    assert refused.value.code == "own_client"
    assert served.purpose == "service"


def test_whoever_did_the_work_does_not_look_at_it(found, order, people):
    finding = put_right(found(), people, worked_by="X-TPF-B")
    order(firm=unit("X-TPF-B"), purpose="recheck", by_unit=unit("310117102"))
    with pytest.raises(Refused) as refused:
        working.recheck(finding.pk, True, by=people["firm-b"])
    assert refused.value.code == "own_work"


def test_whoever_did_work_that_was_sent_back_does_not_look_at_what_others_did_then(found, order, people):
    finding = put_right(found(), people, worked_by="X-TPF-B")
    working.recheck(finding.pk, False, "标志未固定", by=people["sijing-head"])
    working.rectify(finding.pk, "已固定", uploads=[picture(77)], by=people["enterprise"])
    order(firm=unit("X-TPF-B"), purpose="recheck", by_unit=unit("310117102"))
    for later in (timedelta(0), timedelta(days=400)):
        with clock.as_if(clock.now() + later), pytest.raises(Refused) as refused:
            working.recheck(finding.pk, True, by=people["firm-b"])
        assert refused.value.code == "own_work"


def test_a_firm_that_works_at_a_unit_is_not_ordered_to_look_there_nor_looks_for_a_year(found, order, people):
    put_right(found(), people, worked_by="X-TPF-B")
    other = put_right(found(), people)
    asked = ordering.Asked(
        firm=unit("X-TPF-B"), insured=unit("X-WATER"), item="inspection", text="复查", purpose="recheck",
        due_at=clock.now() + timedelta(days=9),
    )  # fmt: skip
    register("X-TPF-B")
    with pytest.raises(Refused) as refused:
        ordering.give(asked, by=people["anwei-office"])
    assert refused.value.code == "own_client"
    order(firm=unit("X-TPF-B"), purpose="recheck", by_unit=unit("310117102"))
    with pytest.raises(Refused) as refused:
        working.recheck(other.pk, True, by=people["firm-b"])
    assert refused.value.code == "own_work"
    with clock.as_if(clock.now() + timedelta(days=366)):
        assert working.recheck(other.pk, True, by=people["firm-b"]).passed


@pytest.mark.parametrize("code", ["X-TPF", "X-WATER", "X-LIFT"])
def test_the_database_refuses_a_look_of_ones_own(found, people, code):
    finding = put_right(found(), people, worked_by="X-LIFT")
    with pytest.raises(IntegrityError, match="does not look"), transaction.atomic():
        Recheck.objects.create(
            finding=finding, unit=unit(code), passed=True, genuine=True, at=clock.now(), by=people["auditor"]
        )


def test_the_work_is_sent_back_with_a_reason_and_needs_a_new_proof(found, people):
    finding = put_right(found(), people)
    with pytest.raises(Invalid):
        working.recheck(finding.pk, False, by=people["sijing-head"])
    working.recheck(finding.pk, False, "标志未固定", days=2, by=people["sijing-head"])
    finding.refresh_from_db()
    assert finding.state == "open"
    with pytest.raises(Invalid) as refused:
        put_right(finding, people)
    assert refused.value.code == "used_before"
    done = working.rectify(finding.pk, "已固定", uploads=[picture(77)], by=people["enterprise"])
    assert done.state == "rectified"


def test_only_the_district_closes_and_only_after_a_good_look(found, people):
    finding = put_right(found(), people)
    for name in ("firm", "insurer", "enterprise", "broker", "firm-b", "jiuting-duty", "auditor", "admin"):
        with pytest.raises(Forbidden):
            working.close(finding.pk, by=people[name])
    with pytest.raises(Refused) as refused:
        working.close(finding.pk, by=people["chengyun-check"])
    assert refused.value.code == "not_rechecked"
    working.recheck(finding.pk, True, by=people["shuiwu-head"])
    assert working.close(finding.pk, by=people["sijing-head"]).state == "closed"
    assert [entry.verb for entry in ledger.story(finding.chain)] == [
        "finding.tell", "finding.proof", "finding.rectify", "finding.recheck", "finding.close",
    ]  # fmt: skip
    with pytest.raises(Refused):
        working.close(finding.pk, by=people["sijing-head"])


def test_the_database_closes_nothing_that_nobody_looked_at(found, people):
    finding = put_right(found(), people)
    with pytest.raises(IntegrityError, match="looked again"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(state="closed", closed_at=clock.now(), closed_by=people["auditor"])


# --- alerts and cases ---------------------------------------------------------------------
def test_a_major_finding_becomes_a_case_of_the_right_owner_and_comes_back_rectified(found, people):
    from cases import actions, proof

    finding = found("major")
    assert raising.sweep().findings == 1
    finding.refresh_from_db()
    case = Case.objects.get(number=finding.case_number)
    assert (case.grade, case.loop, case.holder.code, case.lead.code) == ("orange", "medium", "SJ-SW", "SJ-SW")
    assert case.territory.unit.code == "310117102"
    assert raising.sweep().findings == 0
    put_right(finding, people)
    working.recheck(finding.pk, True, by=people["sijing-head"])
    with pytest.raises(Refused) as refused:
        working.close(finding.pk, by=people["sijing-head"])
    assert refused.value.code == "case_open"
    actions.perform(case.pk, "acknowledge", by=people["sijing-duty"])
    actions.perform(case.pk, "arrive", by=people["sijing-handler"])
    proof.add(case.pk, picture(3), by=people["sijing-handler"])
    for verb in ("acknowledge", "contain", "report"):
        actions.perform(case.pk, verb, by=people["shuiwu-duty"])
    actions.perform(case.pk, "close", by=people["chengyun-check"])
    assert working.close(finding.pk, by=people["sijing-head"]).state == "closed"


def test_a_finding_is_overdue_to_the_second(found):
    finding = found()
    with clock.as_if(finding.due_at - timedelta(microseconds=1)):
        assert raising.sweep().findings == 0
        assert not finding.is_overdue(clock.now())
    with clock.as_if(finding.due_at):
        assert finding.is_overdue(clock.now())
        assert raising.sweep().findings == 1
    finding.refresh_from_db()
    assert Case.objects.get(number=finding.case_number).grade == "yellow"


def test_what_was_put_right_in_time_raises_nothing(found, people):
    finding = put_right(found(), people)
    with clock.as_if(finding.due_at + timedelta(days=1)):
        assert raising.sweep().findings == 0


def test_switched_off_nothing_is_raised(found, settings):
    found("major")
    settings.INSURANCE = False
    assert raising.sweep().findings == 0
    settings.INSURANCE = True
    assert raising.sweep().findings == 1


def test_a_finding_without_a_place_goes_before_the_shift_leader(order, people):
    (finding,) = telling.tell([line("major")], telling.Wanted(order=order()), by=people["firm"])
    raising.sweep()
    finding.refresh_from_db()
    assert Case.objects.get(number=finding.case_number).state == "triage"


def test_the_colour_is_one_that_the_category_knows(found, district):
    finding = found("major")
    for code, colour in {"LL-CONF-O2": "red", "PS-EBIKE": "orange", "WS-HAZCHEM": "red"}.items():
        finding.category = district.categories[code]
        assert raising.grade(finding) == colour
    finding.category = None
    assert raising.grade(finding) == "orange"


def test_a_sweep_costs_no_more_statements_for_ten_than_for_two(found, statements):
    found("major")
    raising.sweep()

    def swept(count: int) -> int:
        for _number in range(count):
            found("major")
        return statements(raising.sweep)

    assert swept(10) <= swept(2)


def test_the_source_is_the_committees_and_nobody_has_its_key(found, district):
    found("major")
    raising.sweep()
    sender = raising.source(district)
    assert sender.unit.code == "SJ-ANWEI"
    assert access.may(acting.SYSTEM, "finding.read") is False


def test_whoever_is_erased_goes_from_findings_and_registers_too(order, people):
    from cases import erasure
    from insurance.findings import charge, selfcontrol
    from responsibility.erasing import MARK, Person

    register = selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])
    charge.put_person(register.pk, "查无此君", "巡查", by=people["enterprise"])
    told = [{"severity": "general", "text": "查无此君来电反映", "advice": "请回复"}]
    (finding,) = telling.tell(told, telling.Wanted(order=order()), by=people["firm"])
    done = erasure.erase(Person("查无此君", ""), by=people["anwei-office"], basis="consent", reason="本人来函撤回同意")
    assert done.rows == {"findings_finding": 1, "findings_incharge": 1}
    finding.refresh_from_db()
    assert finding.text == MARK
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
