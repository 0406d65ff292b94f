"""督办: reminded at 80 %, urged when it is missed, listed and lifted, circulated; by the clock and by hand, once."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from cases import audit, reminding, requests, sharing, urging
from cases.models import Deadline, Urging
from cases.recomputing import differences
from cases.sweeping import sweep
from notices.models import Notice
from responsibility import clock, ledger
from responsibility.models import Category
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CLOSED, CONTAINED
from tests.cases.test_the_audit import behind_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
STREET, WATER = "310117102", "SJ-SW"


@pytest.fixture
def at(monkeypatch):
    """Let the clock stand at an instant."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)


@pytest.fixture
def answered(open_case, press):
    return press(open_case(), "sijing-duty acknowledge", "sijing-handler arrive")


def running(case, kind: str) -> Deadline:
    return Deadline.objects.get(case=case, kind=kind, stopped_at=None)


def kinds(case) -> list[str]:
    return [each.kind for each in case.urgings.order_by("pk")]


def told(case, verb: str) -> list:
    return list(ledger.story(case.chain).filter(verb=verb))


def code(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


# --- by the clock ------------------------------------------------------------------
def test_the_desk_is_reminded_once_when_four_fifths_of_the_time_are_used(answered, at):
    contain = running(answered, "contain")
    at(contain.started_at + 0.79 * (contain.due_at - contain.started_at))
    assert (reminding.remind(), kinds(answered)) == (0, [])
    at(contain.started_at + 0.81 * (contain.due_at - contain.started_at))
    assert reminding.remind() == 1
    assert reminding.remind() == 0
    reminded = answered.urgings.get()
    assert (reminded.kind, reminded.unit.code, reminded.deadline, reminded.by) == ("reminder", STREET, contain, None)
    assert [entry.after["unit"] for entry in told(answered, "urging.reminder")] == [STREET]
    assert Notice.objects.get(event="urging.reminder").audience == "duty"
    assert list(audit.mismatches(answered.chain)) == []


def test_an_extended_clock_reminds_anew(answered, at, people):
    contain = running(answered, "contain")
    at(contain.due_at - timedelta(minutes=10))
    assert reminding.remind() == 1
    asked = requests.ask(answered.pk, by=people["sijing-head"], kind="extend", reason="大雨", minutes=120)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    assert reminding.remind() == 0
    at(contain.due_at + timedelta(minutes=110))
    assert reminding.remind() == 1
    assert kinds(answered) == ["reminder", "reminder"]


def test_nobody_is_reminded_of_an_answer_for_the_ladder_calls(open_case, at):
    case = open_case()
    called = running(case, "acknowledge")
    at(called.due_at - timedelta(seconds=5))
    reminding.remind()
    assert not case.urgings.filter(deadline=called).exists()


def test_one_that_cannot_be_reminded_of_does_not_keep_the_others(open_case, press, at, monkeypatch):
    both = [press(open_case(object=f"H-{n}", location={"lat": 31.1144, "lon": 121.2683}), "sijing-duty acknowledge")
            for n in (1, 2)]  # fmt: skip
    broken = both[0].pk
    write = reminding.urge_late

    def fail(changes, pairs, kind):
        if any(case.pk == broken for case, _deadline in pairs):
            raise ValueError
        write(changes, pairs, kind)

    monkeypatch.setattr(reminding, "urge_late", fail)
    at(running(both[0], "contain").due_at - timedelta(minutes=10))
    reminding.remind()
    assert (both[0].urgings.count(), both[1].urgings.filter(deadline__kind="contain").count()) == (0, 1)


def test_a_missed_clock_urges_once_in_the_entry_of_its_miss(answered, at, people):
    contain = running(answered, "contain")
    at(contain.due_at + timedelta(seconds=1))
    sweep()
    sweep()
    urged = answered.urgings.get(deadline=contain)
    assert not urged.wants_reply
    assert (urged.kind, urged.unit.code, urged.by) == ("urge", STREET, None)
    missed = [entry for entry in told(answered, "deadline.missed") if entry.after["kind"] == "contain"]
    assert [entry.after["urged"] for entry in missed] == [True]
    assert list(audit.mismatches(answered.chain)) == []
    assert code(lambda: urging.reply(urged.pk, by=people["sijing-duty"], text="知道")) == "needs_no_reply"


def test_a_repair_that_is_late_is_listed_and_an_answer_that_is_late_is_circulated(answered, press, at, people):
    case = press(answered, "sijing-handler prove", "sijing-handler contain", "sijing-handler rectify")
    repair = running(case, "rectify")
    at(repair.due_at + timedelta(seconds=1))
    sweep()
    listed = case.urgings.get(kind="supervision")
    assert (listed.deadline, listed.is_listed, listed.clock.kind) == (repair, True, "supervise")
    assert listed.clock.due_at - listed.at == timedelta(days=1)
    assert {notice.audience for notice in Notice.objects.filter(event="urging.supervision")} == {"command", "duty"}
    at(listed.clock.due_at + timedelta(seconds=1))
    sweep()
    circular = case.urgings.get(kind="circular")
    assert circular.unit.code == STREET
    peers = Notice.objects.filter(event="urging.circular")
    assert peers.count() > 10
    assert {notice.path for notice in peers} == {"/urging/"}
    assert list(audit.mismatches(case.chain)) == []
    assert list(differences()) == []
    # Late or not, the answer is heard, and then it can be lifted.
    urging.reply(listed.pk, by=people["sijing-head"], text="明日完工")
    urging.lift(listed.pk, by=people["anwei-office"], note="已复查")
    assert list(audit.mismatches(case.chain)) == []


def test_what_follows_is_the_policy_that_the_case_was_opened_under(open_case, press, at):
    Category.objects.filter(code="LL-CONF-H2S").update(details={"urges": {"contain": "supervision", "arrive": None}})
    case = press(open_case(), "sijing-duty acknowledge")
    Category.objects.filter(code="LL-CONF-H2S").update(details={})
    at(running(case, "contain").due_at + timedelta(seconds=1))
    sweep()
    assert [each.kind for each in case.urgings.filter(deadline__kind__in=["arrive", "contain"])] == ["supervision"]


# --- by hand --------------------------------------------------------------------------
def test_the_committee_lists_a_unit_which_replies_and_is_released_with_notice(answered, people):
    office = people["anwei-office"]
    listed = urging.issue(answered.pk, by=office, kind="supervision", unit=STREET, text="屡催不办", minutes=120)
    assert listed.number.endswith(f"〕{listed.pk}号")
    assert code(lambda: urging.issue(answered.pk, by=office, kind="supervision", unit=STREET, text="再")) == (
        "already_listed"
    )
    assert code(lambda: urging.lift(listed.pk, by=office, note="算了")) == "no_reply"
    assert code(lambda: urging.reply(listed.pk, by=people["jiuting-duty"], text="我来")) == "not_engaged"
    urging.reply(listed.pk, by=people["sijing-duty"], text="两小时内完工")
    assert code(lambda: urging.reply(listed.pk, by=people["sijing-duty"], text="改口")) == "already_replied"
    listed.clock.refresh_from_db()
    assert listed.clock.stopped_at is not None
    urging.lift(listed.pk, by=office, note="现场复查属实")
    assert code(lambda: urging.lift(listed.pk, by=office, note="再解")) == "not_listed"
    assert Notice.objects.filter(event="urging.lift", audience="command").exists()
    assert list(audit.mismatches(answered.chain)) == []
    urging.issue(answered.pk, by=office, kind="supervision", unit=STREET, text="又拖延")


def test_a_case_that_has_ended_releases_without_a_reply(open_case, press, people):
    case = press(open_case(), *CONTAINED)
    listed = urging.issue(case.pk, by=people["anwei-office"], kind="supervision", unit=STREET, text="久拖")
    press(case, "sijing-handler report", "chengyun-check close")
    urging.lift(listed.pk, by=people["anwei-office"], note="已结案")
    assert list(audit.mismatches(case.chain)) == []


@pytest.mark.parametrize("who", ["sijing-head", "chengyun-lead", "auditor", "insurer", "jiuting-duty"])
def test_only_the_committee_lists_and_circulates(answered, people, who):
    for kind in ("supervision", "circular"):
        with pytest.raises(Forbidden):
            urging.issue(answered.pk, by=people[who], kind=kind, unit=WATER, text="试")


def test_an_office_without_the_power_to_urge_is_refused_by_the_row_that_says_so(answered, people):
    from responsibility.models import Authority

    Authority.objects.filter(verbs__contains=["urge"]).delete()
    call = lambda: urging.issue(answered.pk, by=people["anwei-office"], kind="circular", unit=STREET, text="试")  # noqa: E731
    assert code(call) == "no_authority"


def test_the_holder_urges_who_helps_and_the_shift_leader_urges_anybody_of_the_case(answered, people):
    urging.issue(answered.pk, by=people["chengyun-lead"], kind="urge", unit=STREET, text="请加快")
    urging.issue(answered.pk, by=people["sijing-head"], kind="reminder", unit=WATER, text="请派人")
    assert code(
        lambda: urging.issue(answered.pk, by=people["chengyun-lead"], kind="urge", unit="310117103", text="快")
    ) == "not_engaged"  # fmt: skip
    with pytest.raises(Invalid):
        urging.issue(answered.pk, by=people["sijing-head"], kind="urge", unit=STREET, text="催自己")
    assert list(audit.mismatches(answered.chain)) == []


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "shame"}, {"text": ""}, {"text": "x" * 501}, {"text": "\x00"}, {"unit": "NONE"}, {"unit": "\x00"},
     {"minutes": 0}, {"minutes": True}, {"minutes": 10**9}],
)  # fmt: skip
def test_what_cannot_be_used_is_named_and_nothing_is_written(answered, people, wrong):
    given = {"kind": "supervision", "unit": STREET, "text": "试"} | wrong
    with pytest.raises(Invalid) as refused:
        urging.issue(answered.pk, by=people["anwei-office"], **given)
    assert refused.value.attr == next(iter(wrong))
    assert kinds(answered) == []


def test_nobody_is_urged_on_a_case_that_has_ended(open_case, press, people):
    case = press(open_case(), *CLOSED)
    assert code(lambda: urging.issue(case.pk, by=people["anwei-office"], kind="urge", unit=STREET, text="催")) == (
        "wrong_state"
    )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE cases_urging SET text = 'x'", "UPDATE cases_urging SET reply = 'y'", "DELETE FROM cases_urging",
     "UPDATE cases_urging SET lifted_at = now()"],
)  # fmt: skip
def test_the_database_keeps_what_was_said(answered, people, statement):
    listed = urging.issue(answered.pk, by=people["anwei-office"], kind="supervision", unit=STREET, text="屡催不办")
    urging.reply(listed.pk, by=people["sijing-duty"], text="完工")
    with pytest.raises(DatabaseError), transaction.atomic():
        raw(statement)


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_whoever_reads_by_a_grant_alone_is_told_nothing_of_it(answered, client, people):
    until = clock.now() + timedelta(days=2)
    sharing.share(answered.pk, by=people["anwei-office"], until=until, reason="理赔", unit="X-INS")
    urging.issue(answered.pk, by=people["anwei-office"], kind="supervision", unit=STREET, text="屡催不办")
    requests.ask(answered.pk, by=people["sijing-head"], kind="extend", reason="人手不足", minutes=30)
    for name, told in (("insurer", False), ("sijing-duty", True)):
        client.force_login(people[name])
        for address in (f"/cases/{answered.number}/?all", f"/api/v1/cases/{answered.number}/timeline/"):
            said = client.get(address).content.decode()
            assert ("屡催不办" in said, "人手不足" in said) == (told, told), (name, address)
        listed = client.get(f"/api/v1/cases/{answered.number}/urgings/").json()
        assert bool(listed) is told
    client.force_login(people["insurer"])
    assert client.get(f"/api/v1/cases/{answered.number}/kit/").status_code == 403
    assert client.get(f"/cases/{answered.number}/resources/").status_code == 403


def test_a_case_bears_so_many_urgings_by_hand_and_no_more(answered, people, monkeypatch):
    monkeypatch.setattr(urging, "MOST_BY_HAND", 2)
    send = lambda: urging.issue(answered.pk, by=people["chengyun-lead"], kind="urge", unit=STREET, text="请加快")  # noqa: E731
    send()
    send()
    assert code(send) == "too_many"


def test_an_urging_that_is_gone_is_missed(answered, people):
    urging.issue(answered.pk, by=people["anwei-office"], kind="circular", unit=STREET, text="三次逾期")
    behind_the_triggers("DELETE FROM cases_urging")
    assert [fault.field for fault in audit.mismatches(answered.chain)] == ["urging.gone"]


def test_a_real_notice_is_not_made_a_drill_s(answered):
    with pytest.raises(DatabaseError), transaction.atomic():
        raw("UPDATE notices_notice SET drill = true")


# --- pages and programs ------------------------------------------------------------------
def test_all_of_it_stands_in_one_list_and_on_the_case(answered, client, people):
    listed = urging.issue(answered.pk, by=people["anwei-office"], kind="supervision", unit=STREET, text="屡催不办")
    urging.issue(answered.pk, by=people["anwei-office"], kind="circular", unit=STREET, text="三次逾期")
    for name, seen in (("sijing-duty", True), ("anwei-office", True), ("jiuting-duty", False)):
        client.force_login(people[name])
        page = client.get("/urging/").content.decode()
        assert "三次逾期" in page
        assert ("屡催不办" in page) is seen
    client.force_login(people["sijing-duty"])
    assert "屡催不办" in client.get(f"/cases/{answered.number}/").content.decode()
    done = client.post(f"/urging/{listed.pk}/reply/", {"text": "两小时内完工"})
    assert (done.status_code, Urging.objects.get(pk=listed.pk).reply) == (303, "两小时内完工")
    again = client.post(f"/urging/{listed.pk}/reply/", {"text": "再说一遍"})
    assert again.status_code == 409
    assert "已经回复过" in again.content.decode()
    assert client.get("/urging/?kind=shame").status_code == 400
    assert client.get("/urging/?before=x").status_code == 400
    client.force_login(people["insurer"])
    assert client.get("/urging/").status_code == 403


def test_a_program_issues_reads_and_answers(answered, client, people):
    client.force_login(people["anwei-office"])
    at = f"/api/v1/cases/{answered.number}/urgings/"
    made = client.post(at, {"kind": "supervision", "unit": STREET, "text": "屡催不办"}, "application/json")
    assert made.status_code == 201
    assert made.json()["reply_due_at"]
    client.force_login(people["sijing-duty"])
    pk = made.json()["id"]
    assert client.post(f"/api/v1/urgings/{pk}/reply/", {"text": "完工"}, "application/json").json()["reply"] == "完工"
    assert [each["id"] for each in client.get("/api/v1/urgings/").json()["results"]] == [pk]
    assert client.post(f"/api/v1/urgings/{pk}/lift/", {"text": "好"}, "application/json").status_code == 403
    client.force_login(people["jiuting-duty"])
    assert client.post(f"/api/v1/urgings/{pk}/reply/", {"text": "完工"}, "application/json").status_code == 404
