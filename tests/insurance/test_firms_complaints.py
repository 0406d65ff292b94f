"""Complaints and their clocks; the scorecard out of facts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import localdate

from cases import erasure
from insurance.firms import complaints, dues, facts, register, scoring
from insurance.firms.models import Complaint, Inspector
from insurance.firms.scoring import Card, Grade, Line, Verdict
from responsibility import clock, ledger
from responsibility.erasing import MARK, Person
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.access.things_firms import listed, registered

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def firm(people):
    return listed(people)


@pytest.fixture
def complaint(people, firm):
    return complaints.make(firm.pk, "约好不来", by=people["enterprise"])


def test_a_complaint_is_due_after_ten_working_days_and_late_is_a_fact(people, complaint):
    assert complaint.due_at == dues.workdays(complaint.made_at, 10)
    with clock.as_if(complaint.due_at):
        assert complaint.late(clock.now())
        answered = complaints.answer(complaint.pk, "已换人", by=people["firm"])
    assert answered.late(clock.now() + 400 * DAY)
    assert ledger.story(complaint.firm.chain).last().after == {"answer": "已换人", "late": True}
    with pytest.raises(Refused, match="answered"):
        complaints.answer(complaint.pk, "再答", by=people["firm"])


def test_checking_gives_thirty_days_and_an_extension_is_granted_once(people, complaint):
    complaints.check(complaint.pk, by=people["firm"])
    complaint.refresh_from_db()
    assert complaint.due_at == dues.midnight(localdate(complaint.made_at) + 31 * DAY)
    with pytest.raises(Refused, match="too_late"):
        complaints.check(complaint.pk, by=people["firm"])
    for days in ("31", "0", "-3", "", "NaN", "²"):
        with pytest.raises(Invalid):
            complaints.extend(complaint.pk, days, "等检测", by=people["firm"])
    before = complaint.due_at
    assert complaints.extend(complaint.pk, "30", "等检测", by=people["firm"]).due_at == before + 30 * DAY
    with pytest.raises(Refused, match="too_late"):
        complaints.extend(complaint.pk, "1", "再等", by=people["firm"])


def test_what_is_late_is_not_put_off(people, complaint):
    with clock.as_if(complaint.due_at):
        with pytest.raises(Refused, match="too_late"):
            complaints.check(complaint.pk, by=people["firm"])
        with pytest.raises(Refused, match="too_late"):
            complaints.extend(complaint.pk, "5", "忘了", by=people["firm"])


def test_nobody_is_kept_from_complaining_by_a_missing_calendar(people, firm):
    with clock.as_if(clock.now() + 3660 * DAY):
        made = complaints.make(firm.pk, "约好不来", by=people["enterprise"])
    assert 12 * DAY <= made.due_at - made.made_at <= 16 * DAY
    assert ledger.story(firm.chain).last().after["provisional"] is True


@pytest.mark.parametrize("who", ["broker", "firm", "firm-b", "anwei-office", "auditor", "sijing-duty"])
def test_only_who_is_insured_or_insures_complains(people, firm, who):
    with pytest.raises(Forbidden):
        complaints.make(firm.pk, "约好不来", by=people[who])


def test_an_order_of_others_is_answered_like_one_that_is_not_there(people, firm, monkeypatch):
    water, insurer = people["enterprise"].posts.get().unit_id, people["insurer"].posts.get().unit_id
    orders = {"FW-1": (firm.unit_id, water), "FW-2": (firm.unit_id, insurer), "FW-3": (water, water)}
    monkeypatch.setattr(complaints, "ORDERS", [lambda number: orders.get(number, ())])
    assert complaints.make(firm.pk, "约好不来", "FW-1", by=people["enterprise"]).about == "FW-1"
    said = set()
    for number in ("FW-2", "FW-3", "FW-404"):
        with pytest.raises(Invalid) as refused:
            complaints.make(firm.pk, "约好不来", number, by=people["enterprise"])
        said.add((refused.value.code, str(refused.value.detail)))
    assert len(said) == 1


def test_each_sees_the_complaints_of_his_own_and_the_offices_all(client, people, complaint):
    other = registered(people, "X-TPF-B")
    theirs = complaints.make(other.pk, "报告抄来的", by=people["insurer"])
    seen = {
        "enterprise": {complaint.pk}, "insurer": {theirs.pk}, "firm": {complaint.pk}, "firm-b": {theirs.pk},
        "insurer-b": set(), "broker": set(), "sijing-head": set(), "anwei-office": {complaint.pk, theirs.pk},
        "auditor": {complaint.pk, theirs.pk},
    }  # fmt: skip
    for name, pks in seen.items():
        client.force_login(people[name])
        page = client.get("/insurance/firms/complaints/").content.decode()
        assert ("约好不来" in page, "报告抄来的" in page) == (complaint.pk in pks, theirs.pk in pks), name
        for one in (complaint, theirs):
            status = client.post(f"/insurance/firms/complaints/{one.pk}/check/").status_code
            own = {"firm": complaint, "firm-b": theirs}.get(name) == one
            expected = 303 if own else 403 if one.pk in pks or name == "auditor" else 404
            assert status == expected, (name, one)


def test_a_complaint_is_made_and_answered_on_the_page(client, people, firm):
    client.force_login(people["enterprise"])
    at = f"/insurance/firms/{firm.pk}/complain/"
    wrong = client.post(at, {"text": "x" * 501})
    assert wrong.status_code == 400
    assert client.post(at, {"text": "没有带仪器"}).status_code == 303
    client.force_login(people["firm"])
    made = Complaint.objects.get()
    page = client.get(f"/insurance/firms/{firm.pk}/").content.decode()
    assert "没有带仪器" in page
    assert client.post(f"/insurance/firms/complaints/{made.pk}/answer/", {"text": "已补测"}).status_code == 303


def test_a_person_is_forgotten_in_complaints_and_registers(people, firm, complaint):
    told = {"name": "欧阳安全", "certificate": "证", "number": "S-1", "until": "2040-01-01"}
    register.employ(firm.pk, told, by=people["firm"])
    complaints.make(firm.pk, "找不到欧阳安全本人", by=people["enterprise"])
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    done = erasure.erase(Person("欧阳安全"), by=people["anwei-office"], basis="purpose", reason="试")
    assert done.rows == {"firms_inspector": 1, "firms_complaint": 1}
    assert Inspector.objects.get().name == MARK
    assert done.left == {}


# --- the scorecard ---------------------------------------------------------------------------------
def card(**shares: tuple[int, int]) -> Card:
    return Card([Line(name, scoring.SCORES[name], *counts) for name, counts in shares.items()])


@pytest.mark.parametrize(("shares", "grade"), [
    ({}, Grade.NONE),
    ({"licences": (7, 7), "certificates": (3, 3)}, Grade.NONE),
    ({"on_time": (4, 4)}, Grade.NONE),
    ({"on_time": (20, 20), "licences": (7, 7)}, Grade.GOOD),
    ({"on_time": (18, 20)}, Grade.FAIR),
    ({"on_time": (10, 20), "confirmed": (10, 10)}, Grade.WATCHED),
    ({"on_time": (10, 20), "missed": (9, 10)}, Grade.POOR),
    ({"on_time": (20, 20), "conflicts": (1, 3)}, Grade.POOR),
    ({"on_time": (20, 20), "conflicts": (0, 20)}, Grade.GOOD),
    ({"missed": (1, 20), "failed": (0, 20)}, Grade.GOOD),
    ({"on_time": (20, 20), "licences": (0, 2)}, Grade.WATCHED),
])  # fmt: skip
def test_the_grade_comes_about_as_the_page_says(shares, grade):
    assert card(**shares).grade == grade


def test_few_facts_judge_nobody_but_one_conflict_speaks():
    assert scoring.SCORES["on_time"].judge(0, 4) == Verdict.NONE
    assert scoring.SCORES["conflicts"].judge(1, 1) == Verdict.POOR
    assert scoring.SCORES["conflicts"].judge(0, 1) == Verdict.NONE


def test_complaints_count_once_they_are_due_and_only_of_the_time(people, firm, complaint):
    unit, made = firm.unit_id, complaint.made_at
    assert facts.complaints({unit}, made, made + 90 * DAY) == {}
    with clock.as_if(complaint.due_at + DAY):
        assert facts.complaints({unit}, made, made + 90 * DAY) == {unit: (0, 1)}
        assert facts.complaints({unit}, made, complaint.due_at) == {}
    complaints.answer(complaint.pk, "已换人", by=people["firm"])
    with clock.as_if(complaint.due_at + DAY):
        assert facts.complaints({unit}, made, made + 90 * DAY) == {unit: (1, 1)}


def test_licences_and_certificates_are_in_order_on_the_last_day(people, firm):
    now, unit = clock.now(), firm.unit_id
    assert facts.licences({unit}, now - DAY, now) == {unit: (2, 2)}
    told = {"name": "周工", "certificate": "证", "number": "S-1", "until": "2026-01-01"}
    register.employ(firm.pk, told, by=people["firm"])
    assert facts.certificates({unit}, now - DAY, now) == {unit: (0, 1)}
    register.withdraw(firm.licences.get().pk, "吊销", by=people["anwei-office"])
    assert facts.licences({unit}, now - DAY, clock.now()) == {unit: (0, 2)}


def test_a_measure_of_another_part_is_shown_with_its_counts(client, people, firm, monkeypatch):
    monkeypatch.setitem(scoring.MEASURES, scoring.ON_TIME, lambda units, since, until: dict.fromkeys(units, (9, 12)))
    client.force_login(people["firm"])
    page = client.get(f"/insurance/firms/{firm.pk}/?since=2026-01-01&until=2026-11-30").content.decode()
    assert "9 / 12" in page
    assert "75%" in page
    told = client.get("/api/v1/insurance/firms/scorecard/").json()
    assert {"name": "on_time", "part": 9, "of_all": 12, "verdict": "poor"}.items() <= told["shares"][0].items()
    assert told["grade"] == "orange"


@pytest.mark.parametrize("asked", [
    "since=x", "since=2026-02-30", "since=0001-01-01", "since=2026-05-01&until=2026-04-01", "until=%00",
    "since=1950-01-01&until=2190-01-01",
])  # fmt: skip
def test_a_time_that_is_none_is_refused(client, people, firm, asked):
    client.force_login(people["firm"])
    assert client.get(f"/insurance/firms/{firm.pk}/?{asked}").status_code == 400
    assert client.get(f"/api/v1/insurance/firms/scorecard/?{asked}").status_code == 400


def test_every_measure_of_every_part_has_a_place_on_the_card(client, people, firm):
    assert scoring.MEASURES.keys() == scoring.SCORES.keys()
    now = clock.now()
    names = [line.name for line in scoring.cards({firm.unit_id}, now - 365 * DAY, now)[firm.unit_id].lines]
    assert names == list(scoring.SCORES)


def test_an_order_is_named_by_whom_it_names(people, firm, order):
    number = order().number
    for name in ("enterprise", "insurer"):
        assert complaints.make(firm.pk, "迟到", number, by=people[name]).about == number
    with pytest.raises(Invalid, match="unknown_order"):
        complaints.make(firm.pk, "迟到", number, by=people["insurer-b"])
