"""The handbook a case was opened under is its checklist: who, until when, done or not, and what it holds up."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from cases import actions, audit, checklist, proof, requests, ticking
from cases.models import ChecklistMark
from handbook import versions
from handbook.models import Step
from handbook.wording import Wish
from responsibility import clock, directory, ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CONTAINED, REPORTED, alert, picture

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def handbook(people):
    """Publish a handbook of the H2S category with these steps alone: ``handbook({"text": …}, …)``."""

    def publish(*steps):
        version = versions.draft("LL-CONF-H2S", by=people["shuiwu-head"])
        for step in version.steps.all():
            versions.remove(version.pk, step.pk, by=people["shuiwu-head"])
        made = [versions.put(version.pk, Wish(**step), by=people["shuiwu-head"]) for step in steps]
        versions.submit(version.pk, by=people["shuiwu-head"])
        versions.publish(version.pk, by=people["anwei-office"])
        return made

    return publish


def lines(case):
    case.refresh_from_db()
    return checklist.lines(case, directory.current())


def numbers(case):
    return [line.step.position for line in lines(case)]


def tick(case, step, by, **more):
    return ticking.mark(case.pk, step.pk, by=by, **more)


def test_an_undone_step_of_a_case_that_is_over_is_not_about_to_be_due(open_case, handbook, press, people):
    handbook({"text": "复查通风", "minutes": 200})
    case = press(open_case(), *REPORTED, "chengyun-check close")
    long_after = clock.now() + 190 * MINUTE
    (line,) = lines(case)
    assert (line.is_late(long_after), line.lamp(long_after)) == (False, "none")
    with clock.as_if(long_after):
        assert line.lamp(clock.now() + 5 * 60 * MINUTE) == "none"


def test_nor_is_one_of_a_case_that_was_voided(open_case, handbook, people):
    (step,) = handbook({"text": "复查通风", "minutes": 5})
    case = open_case()
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    (line,) = lines(case)
    assert line.lamp(clock.now() + 60 * MINUTE) == "none"


# --- what holds -----------------------------------------------------------------
def test_a_case_keeps_the_version_it_was_opened_under(open_case, handbook):
    case = open_case()
    shipped = [line.step.text for line in lines(case)]
    handbook({"text": "先撤人"})
    assert [line.step.text for line in lines(case)] == shipped
    assert [line.step.text for line in lines(open_case(object="H2S-OTHER", location={"lat": 31.11, "lon": 121.26}))]


def test_only_the_id_of_the_version_is_copied_onto_the_case(open_case, handbook):
    (step,) = handbook({"text": "先撤人"})
    assert open_case().policy["handbook"] == step.version_id


def test_intake_asks_nothing_more_for_it(send, statements):
    send(alert(object="WARM"))
    few, many = (
        statements(lambda n=n: send(*(alert(external_id=f"n{n}-{i}", object=f"N{n}-{i}") for i in range(n))))
        for n in (2, 20)
    )
    assert few == many


def test_steps_come_in_with_colour_and_loop_and_none_goes_out(open_case, handbook, send):
    handbook(
        {"text": "一直"}, {"text": "橙红", "grades": ["orange", "red"]}, {"text": "中", "loop": "medium"},
        {"text": "大", "loop": "large"},
    )  # fmt: skip
    case = open_case()
    assert numbers(case) == [1]
    send(alert(grade="orange"))
    assert numbers(case) == [1, 2, 3]
    send(alert(grade="red"))
    assert numbers(case) == [1, 2, 3, 4]


def test_minutes_run_from_when_the_step_came_in(open_case, handbook, send):
    handbook({"text": "一直", "minutes": 30}, {"text": "中", "loop": "medium", "minutes": 60})
    case = open_case()
    later = clock.now() + 45 * MINUTE
    with clock.as_if(later):
        send(alert(grade="orange"))
        first, second = lines(case)
        assert first.due_at == case.opened_at + 30 * MINUTE
        assert (first.is_late(clock.now()), first.lamp(clock.now())) == (True, "red")
        assert second.since >= later
        assert second.due_at == second.since + 60 * MINUTE
        assert second.lamp(clock.now()) == "green"


def test_each_role_is_found_anew_on_the_case(open_case, handbook):
    roles = ["territory", "lead", "support", "command", "supervision"]
    handbook(*({"text": role, "role": role} for role in roles), {"text": "指名", "unit": "SJ-GA"}, {"text": "谁都行"})
    case = open_case()
    found = {line.step.text: [unit.code for unit in line.units] for line in lines(case)}
    assert (found["territory"], found["lead"], found["指名"], found["谁都行"]) == (
        ["310117102"], ["SJ-SW"], ["SJ-GA"], [],
    )  # fmt: skip
    assert found["command"] == ["SJ-COMMITTEE"]
    named = [line["unit"] for line in case.duties if line["role"] == "support" and line["unit"]]
    assert found["support"] == list(dict.fromkeys(named))
    assert named


# --- ticking ---------------------------------------------------------------------
def test_a_tick_is_a_row_with_its_entry(open_case, handbook, people):
    (step,) = handbook({"text": "通风", "minutes": 20})
    case = open_case()
    made = tick(case, step, people["sijing-handler"], note="两台风机")
    (line,) = lines(case)
    assert (line.is_done, line.done_at, line.mark.unit.code) == (True, made.at, "310117102")
    entry = ledger.story(case.chain).last()
    assert (entry.verb, entry.after["step"], entry.after["text"], entry.note) == (
        "checklist.mark", 1, "通风", "两台风机",
    )  # fmt: skip
    assert not list(audit.mismatches(case.chain))


def test_a_second_tick_is_refused(open_case, handbook, people):
    (step,) = handbook({"text": "通风"})
    case = open_case()
    tick(case, step, people["sijing-handler"])
    with pytest.raises(Refused) as refused:
        tick(case, step, people["sijing-duty"])
    assert refused.value.code == "already_marked"


def test_taking_a_tick_back_is_a_further_act_with_a_reason(open_case, handbook, people):
    (step,) = handbook({"text": "通风"})
    case = open_case()
    with pytest.raises(Refused):
        tick(case, step, people["sijing-duty"], done=False, note="没做")
    tick(case, step, people["sijing-handler"])
    with pytest.raises(Invalid):
        tick(case, step, people["sijing-duty"], done=False)
    tick(case, step, people["sijing-duty"], done=False, note="风机没开")
    (line,) = lines(case)
    assert (line.is_done, line.mark.note, ChecklistMark.objects.filter(case=case).count()) == (False, "风机没开", 2)
    tick(case, step, people["sijing-handler"])
    assert lines(case)[0].is_done
    assert not list(audit.mismatches(case.chain))


def test_proof_once_given_is_never_asked_again(open_case, handbook, people, press):
    (step,) = handbook({"text": "拍照", "proof": "photo"})
    case = open_case()
    with pytest.raises(Refused) as refused:
        tick(case, step, people["sijing-handler"])
    assert refused.value.code == "no_evidence"
    press(case, "sijing-handler prove")
    (line,) = lines(case)
    assert (line.is_done, line.evidence, line.mark) == (True, case.evidence.get(), None)
    tick(case, step, people["sijing-duty"], done=False, note="照片不对")
    assert not lines(case)[0].is_done
    press(case, "sijing-handler prove")
    assert lines(case)[0].is_done


def test_proof_may_be_shown_for_any_step_but_not_that_of_another_case(open_case, handbook, people):
    (step,) = handbook({"text": "通风"})
    case = open_case()
    other = open_case(object="H2S-OTHER", location={"lat": 31.1144, "lon": 121.2683})
    strange = proof.add(other.pk, picture(7), by=people["sijing-handler"])
    with pytest.raises(Invalid):
        tick(case, step, people["sijing-handler"], evidence=strange.pk)
    own = proof.add(case.pk, picture(8), by=people["sijing-handler"])
    assert tick(case, step, people["sijing-handler"], evidence=own.pk).evidence == own


@pytest.mark.parametrize("name", ["jiuting-duty", "jianguan-head", "auditor", "insurer", "chengyun-check"])
def test_nobody_ticks_for_a_case_that_is_not_theirs(open_case, handbook, people, name):
    (step,) = handbook({"text": "通风"})
    with pytest.raises(Forbidden):
        tick(open_case(), step, people[name])


def test_a_step_that_does_not_hold_is_not_ticked(open_case, handbook, people):
    (step,) = handbook({"text": "大", "loop": "large"})
    with pytest.raises(Refused) as refused:
        tick(open_case(), step, people["sijing-handler"])
    assert refused.value.code == "not_holding"


def test_what_was_ticked_before_a_reopening_is_to_be_done_anew(open_case, handbook, people, press, send):
    (step,) = handbook({"text": "通风"})
    case = open_case()
    tick(case, step, people["sijing-handler"])
    press(case, *REPORTED, "chengyun-check close")
    send(alert())
    case.refresh_from_db()
    assert case.is_open
    assert not lines(case)[0].is_done


# --- what it holds up -----------------------------------------------------------
def test_containment_waits_for_a_bound_step_and_says_which(open_case, handbook, people, press):
    _free, step = handbook(
        {"text": "报告"},
        {"text": "三个部位检测", "text_en": "Test three levels", "role": "territory", "blocks": "contain"},
    )
    case = open_case()
    press(case, *CONTAINED[:3])
    with pytest.raises(Refused) as refused:
        press(case, CONTAINED[3])
    assert (refused.value.code, str(refused.value.detail)) == ("step_open", "手册第2步未完成：三个部位检测。")
    with translation.override("en"), pytest.raises(Refused) as refused:
        actions.perform(case.pk, "contain", by=people["sijing-handler"])
    assert str(refused.value.detail) == "Step 2 of the handbook is not done: Test three levels."
    tick(case, step, people["sijing-handler"])
    assert press(case, CONTAINED[3]).state == "contained"


def test_a_step_bound_by_its_proof_lets_go_when_the_proof_comes(open_case, handbook, press):
    handbook({"text": "拍照", "proof": "photo", "role": "territory", "blocks": "contain"})
    assert press(open_case(), *CONTAINED).state == "contained"


def test_closing_waits_for_the_check_that_the_centre_ticks_itself(open_case, handbook, people, press):
    (step,) = handbook({"text": "独立核查", "unit": "SJ-CYZX", "blocks": "close"})
    case = open_case()
    press(case, *REPORTED)
    with pytest.raises(Refused) as refused:
        press(case, "chengyun-check close")
    assert refused.value.code == "step_open"
    tick(case, step, people["chengyun-check"])
    assert ledger.story(case.chain).last().verb == "checklist.check"
    assert press(case, "chengyun-check close").state == "closed"


def test_the_shipped_handbook_holds_nothing_up(open_case, press):
    assert press(open_case(), *REPORTED, "chengyun-check close").state == "closed"


# --- on the page and for programs ------------------------------------------------
def test_the_page_ticks_with_one_button(client, open_case, handbook, people):
    (step,) = handbook({"text": "通风", "text_en": "Ventilate", "minutes": 20, "role": "territory"})
    case = open_case()
    client.force_login(people["sijing-handler"])
    address = f"/cases/{case.number}/checklist/{step.pk}/"
    shown = client.get(f"/cases/{case.number}/").content.decode()
    assert address in shown
    assert "通风" in shown
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (303, f"/cases/{case.number}/#step-{step.pk}")
    assert lines(case)[0].is_done
    assert client.post(address).status_code == 409
    assert client.post(address, {"undo": "1"}).status_code == 400
    assert client.post(address, {"undo": "1", "note": "没开"}).status_code == 303
    assert not lines(case)[0].is_done


def test_who_may_not_tick_is_offered_no_button(client, open_case, handbook, people):
    (step,) = handbook({"text": "通风"})
    case = open_case()
    client.force_login(people["auditor"])
    shown = client.get(f"/cases/{case.number}/").content.decode()
    assert "通风" in shown
    assert f"/checklist/{step.pk}/" not in shown


def test_programs_read_and_tick_it(client, open_case, handbook, people):
    (step,) = handbook({"text": "通风", "text_en": "Ventilate", "minutes": 20, "role": "territory"})
    case = open_case()
    client.force_login(people["sijing-handler"])
    address = f"/api/v1/cases/{case.number}/checklist/"
    (line,) = client.get(address).json()
    assert (line["text"], line["done"], line["units"][0]["code"], line["lamp"]) == ("通风", False, "310117102", "green")
    answer = client.post(f"{address}{step.pk}/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["done"]) == (200, True)
    other = Step.objects.exclude(version=step.version).first()
    assert client.post(f"{address}{other.pk}/", {}, content_type="application/json").status_code == 404
    assert client.post(f"{address}{10**30}/", {}, content_type="application/json").status_code == 404
    wrong = client.post(f"{address}{step.pk}/", {"done": False, "note": "a\x00"}, content_type="application/json")
    assert wrong.status_code == 400


def test_the_page_takes_no_more_statements_for_more_steps(client, open_case, handbook, people, statements):
    handbook({"text": "一"})
    small = open_case()
    handbook(*({"text": f"{n}", "minutes": 10, "role": "support"} for n in range(20)))
    large = open_case(object="H2S-OTHER", location={"lat": 31.1144, "lon": 121.2683})
    client.force_login(people["sijing-duty"])
    client.get("/")
    counts = [statements(lambda c=case: client.get(f"/cases/{c.number}/")) for case in (small, large)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "statement", ["UPDATE cases_checklistmark SET done = false", "DELETE FROM cases_checklistmark"]
)
def test_a_tick_is_never_changed_or_removed(open_case, handbook, people, statement):
    (step,) = handbook({"text": "通风"})
    tick(open_case(), step, people["sijing-handler"])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
