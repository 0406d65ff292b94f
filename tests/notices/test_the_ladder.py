"""叫应: an acknowledgement that is not given is called for, rung by rung, until somebody answers."""

from datetime import timedelta

import pytest

from cases import actions, audit
from cases.models import Deadline, Party
from notices.models import Notice
from responsibility import clock, ledger
from responsibility.models import Category
from responsibility.refusals import Invalid, Refused
from tests.cases.conftest import alert, hold, leave

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
# Of the example's category: five minutes to acknowledge, then each rung.
ACK, SECOND, LEADER, ABOVE = 5.1, 10.2, 15.3, 25.4


def rungs(case) -> list[tuple]:
    """``(level, to, called)`` as the ledger tells them."""
    entries = ledger.story(case.chain).filter(verb="deadline.missed", after__has_key="rung")
    return [(entry.after["rung"], entry.after["to"], entry.after["called"]) for entry in entries]


def acknowledge(case, people, name: str, **data) -> Party:
    actions.perform(case.pk, "acknowledge", by=people[name], data=data)
    return Party.objects.get(case=case, unit__code="310117102", until__isnull=True)


def test_each_rung_is_called_after_its_minutes_and_told_once(open_case, later, people):
    case = open_case()
    for minutes, level in ((ACK, 1), (SECOND, 2), (LEADER, 3)):
        later(minutes)
        assert [number for number, _to, _called in rungs(case)] == list(range(1, level + 1))
        running = Deadline.objects.running().get(case=case, kind="rung")
        assert (running.level, running.missed_at) == (level, None)
    second, leader, above = rungs(case)
    assert second[1:] == ("second", f"{people['sijing-handler']}（{people['sijing-handler'].posts.get().title}）")
    assert (leader[1], above[1]) == ("leader", "above")
    assert str(people["sijing-head"]) in leader[2]
    assert str(people["yingji-office"]) in above[2]
    assert list(audit.mismatches(case.chain)) == []


def test_above_the_last_rung_nothing_is_called_and_the_shift_leader_is_told(open_case, later, inbox_of):
    case = open_case()
    for minutes in (ACK, SECOND, LEADER, ABOVE, 40):
        later(minutes)
    assert len(rungs(case)) == 3
    assert not Deadline.objects.running().filter(case=case, kind="rung").exists()
    told = [line.notice for message in inbox_of("chengyun-lead") for line in message.lines.all()]
    assert [notice.subject for notice in told] == [case.number]
    assert list(audit.mismatches(case.chain)) == []


def test_each_who_is_called_is_told_that_he_is(open_case, later, inbox_of):
    open_case()
    later(ACK)
    later(SECOND)
    for name, rung in (("sijing-handler", 1), ("sijing-head", 2)):
        (message,) = inbox_of(name)
        assert [line.notice.words["rung"] for line in message.lines.all()] == [rung]
    assert inbox_of("yingji-office") == []


def test_the_deputy_of_who_is_on_duty_is_the_second(open_case, later, on_duty, people):
    hold(people["jiuting-duty"], people["sijing-duty"].posts.get().unit, "duty_officer")
    on_duty("sijing-duty", deputy="jiuting-duty")
    case = open_case()
    later(ACK)
    assert [called.partition("（")[0] for _n, _to, called in rungs(case)] == [str(people["jiuting-duty"])]


def test_a_rung_on_which_nobody_stands_is_passed_over(open_case, later, people):
    leave(people["sijing-handler"])
    case = open_case()
    later(ACK)
    assert [(number, to) for number, to, _called in rungs(case)] == [(2, "leader")]


def test_a_unit_without_anybody_is_answered_for_by_the_district(open_case, later, people):
    for name in ("sijing-duty", "sijing-handler", "sijing-head"):
        leave(people[name])
    case = open_case()
    later(ACK)
    assert [(number, to) for number, to, _called in rungs(case)] == [(3, "above")]


def test_two_rungs_never_call_the_same_person_where_there_is_another(open_case, later, people):
    """Whoever commands is the only second post as well: the next rung is that above."""
    leave(people["sijing-handler"])
    hold(people["sijing-head"], people["sijing-duty"].posts.get().unit, "handler")
    case = open_case()
    for minutes in (ACK, SECOND):
        later(minutes)
    assert [(number, to) for number, to, _called in rungs(case)] == [(1, "second"), (3, "above")]
    assert str(people["sijing-head"]) in rungs(case)[0][2]


def test_the_page_says_when_everybody_has_been_called(open_case, later, people, client):
    case = open_case()
    client.force_login(people["yingji-office"])
    for minutes in (ACK, SECOND, LEADER):
        later(minutes)
    assert "已叫完" not in client.get(f"/cases/{case.number}/").content.decode()
    later(ABOVE)
    assert "叫应各级已叫完，仍无人应答。" in client.get(f"/cases/{case.number}/").content.decode()
    client.cookies["django_language"] = "en"
    told = client.get(f"/cases/{case.number}/").content.decode()
    assert "still no answer" in told
    assert "（" not in told.partition('class="story"')[2].partition("</ol>")[0]


def test_an_answer_ends_the_ladder_in_its_own_transaction(open_case, later, people):
    case = open_case()
    later(ACK)
    with clock.as_if(clock.now() + timedelta(minutes=6)):
        party = acknowledge(case, people, "sijing-duty")
    ended = Deadline.objects.filter(case=case, kind__in=["acknowledge", "rung"])
    assert {deadline.stopped_at for deadline in ended} == {party.acknowledged_at}
    assert later(SECOND).missed == 0
    assert len(rungs(case)) == 1


def test_reading_the_call_is_not_answering_it(open_case, later, people, client):
    case = open_case()
    later(ACK)
    client.force_login(people["sijing-handler"])
    client.post("/inbox/read/", {"upto": "999999999"})
    later(SECOND)
    assert len(rungs(case)) == 2
    assert not Party.objects.filter(case=case, acknowledged_at__isnull=False).exists()


def test_a_colleague_writes_down_who_answered_by_voice(open_case, people):
    case = open_case()
    party = acknowledge(case, people, "sijing-handler", who="sijing-duty", answered_by="voice")
    assert (party.acknowledged_by, party.answered_by) == (people["sijing-duty"], "voice")
    entry = ledger.story(case.chain).get(verb="case.acknowledge")
    assert entry.actor == people["sijing-handler"]
    assert entry.after["person"] == str(people["sijing-duty"])
    assert list(audit.mismatches(case.chain)) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"who": "sijing-duty"}, "bad_choice"),
        ({"who": "jiuting-duty", "answered_by": "voice"}, "unknown_person"),
        ({"who": "nobody", "answered_by": "voice"}, "unknown_person"),
        ({"who": "a\x00b", "answered_by": "voice"}, "unknown_person"),
        ({"who": ["sijing-duty"], "answered_by": "voice"}, "unknown_person"),
    ],
)
def test_nobody_answers_for_a_group_or_a_stranger(open_case, people, data, code):
    with pytest.raises(Invalid) as refusal:
        acknowledge(open_case(), people, "sijing-handler", **data)
    assert refusal.value.code == code


def test_once_the_ladder_calls_it_hears_who_is_not_on_duty(open_case, later, on_duty, people):
    on_duty("sijing-duty")
    case = open_case()
    soon = clock.now() + timedelta(minutes=2)
    with clock.as_if(soon), pytest.raises(Refused) as refusal:
        acknowledge(case, people, "sijing-handler")
    assert refusal.value.code == "not_on_duty"
    later(ACK)
    with clock.as_if(clock.now() + timedelta(minutes=6)):
        acknowledge(case, people, "sijing-handler")
    assert ledger.story(case.chain).get(verb="case.acknowledge").after["standing"] == "called"


def test_the_minutes_of_a_rung_are_the_category_s_and_stay_what_they_were(open_case, later):
    Category.objects.filter(code="LL-CONF-H2S").update(minutes={"acknowledge": 5, "call_second": 2})
    case = open_case()
    Category.objects.filter(code="LL-CONF-H2S").update(minutes={"acknowledge": 5, "call_second": 60})
    later(ACK)
    rung = Deadline.objects.get(case=case, kind="rung")
    assert rung.due_at - rung.started_at == timedelta(minutes=2)
    assert case.policy["ladder"] == {"second": 2, "leader": 5, "above": 10}


def test_a_case_that_ends_calls_nobody(open_case, later, press, people):
    case = open_case()
    later(ACK)
    from cases import requests

    press(case, "sijing-duty acknowledge")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    assert not Deadline.objects.running().filter(case=case).exists()
    later(SECOND)
    assert len(rungs(case)) == 1


def test_a_sweep_of_many_ladders_takes_no_more_statements(send, statements):
    here = {"lat": 31.1144, "lon": 121.2683}

    def swept(prefix: str, count: int) -> int:
        from cases.sweeping import sweep

        send(*(alert(object=f"{prefix}-{n}", location=here) for n in range(count)))
        with clock.as_if(clock.now() + timedelta(minutes=ACK)):
            return statements(sweep)

    assert swept("A", 2) == swept("B", 60)
    assert Notice.objects.filter(words__rung=1).count() == 62


def test_the_page_says_in_one_line_who_is_called(open_case, later, people, client):
    case = open_case()
    later(ACK)
    later(SECOND)
    client.force_login(people["sijing-duty"])
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "叫应 第2级：" + str(people["sijing-head"]) in page
    assert page.count("叫应 第1级：") == 1  # in the story alone
    actions.perform(case.pk, "acknowledge", by=people["sijing-head"])
    assert 'class="wait call"' not in client.get(f"/cases/{case.number}/").content.decode()
