"""Who is told of what, in how many messages, and what happens when nobody can be."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from cases import notifying, orders, requests
from cases.templatetags.telling import SENTENCES
from notices import addressing, delivering, outbox
from notices.models import Audience, Delivery, Line, Message, Notice
from responsibility import clock
from responsibility.models import Post
from tests.cases.conftest import alert, leave

pytestmark = pytest.mark.django_db
HERE = {"lat": 31.1144, "lon": 121.2683}


def test_a_notice_is_written_with_its_act_and_goes_with_it(open_case, people):
    case = open_case()
    assert Notice.objects.filter(subject=case.number, event="case.open").count() == 1
    before = Notice.objects.count()

    @transaction.atomic
    def ask_and_fail():
        requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
        assert Notice.objects.count() == before + 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_and_fail()
    assert Notice.objects.count() == before


def test_every_verb_of_the_table_has_its_sentence():
    assert set(notifying.TOLD) <= set(SENTENCES)
    assert set(notifying.ASKED) <= set(notifying.TOLD)


def test_the_street_is_told_of_a_new_case_and_its_head_of_a_red_one(open_case, tell, inbox_of):
    open_case()
    tell()
    assert len(inbox_of("sijing-duty")) == 1
    assert inbox_of("sijing-head") == inbox_of("shuiwu-duty") == inbox_of("jiuting-duty") == []
    open_case(object="OTHER", location=HERE, grade="red")
    tell()
    assert len(inbox_of("sijing-head")) == len(inbox_of("yingji-office")) == 1


def test_the_departments_are_told_when_a_case_rises(open_case, tell, inbox_of):
    open_case(grade="orange")
    tell()
    assert len(inbox_of("shuiwu-duty")) == len(inbox_of("shuiwu-head")) == 1


def test_who_decides_is_told_of_what_is_asked(open_case, tell, inbox_of, people):
    case = open_case()
    requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="需要水务")
    requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    tell()
    assert len(inbox_of("shuiwu-head")) == len(inbox_of("chengyun-lead")) == 1
    assert inbox_of("shuiwu-duty") == []


def test_who_is_on_duty_is_told_and_the_others_sleep(open_case, tell, inbox_of, on_duty):
    on_duty("sijing-handler")
    open_case()
    tell(after=timedelta(seconds=5))
    assert len(inbox_of("sijing-handler")) == 1
    assert inbox_of("sijing-duty") == []


def test_five_hundred_alerts_are_one_message_to_each(send, tell, inbox_of, add_channel, outside, statements):
    add_channel()
    few = [alert(external_id=f"a{n}", object=f"A-{n}", location=HERE) for n in range(3)]
    many = [alert(external_id=f"b{n}", object=f"B-{n}", location=HERE) for n in range(500)]
    send(*few)
    cost = statements(tell)
    send(*many)
    assert statements(tell) == cost
    newest, earlier = inbox_of("sijing-duty")
    assert (newest.count, earlier.count) == (500, 3)
    assert [len(outside), outside[1][2].count("\n")] == [2, 20]
    assert outside[1][1].startswith("500 条通知")
    assert Line.objects.filter(message=newest).count() == 500


def test_a_further_alert_that_changes_nothing_wakes_nobody(open_case, send, tell):
    open_case()
    tell()
    before = Notice.objects.count()
    send(*(alert(external_id=f"again-{n}") for n in range(20)))
    assert Notice.objects.count() == before
    send(alert(external_id="worse", grade="orange"))
    assert set(Notice.objects.filter(pk__gt=0).values_list("event", flat=True)) == {
        "case.open", "alert.joined", "case.escalate",
    }  # fmt: skip


def test_an_intake_of_many_takes_no_more_statements(send, statements):
    def batch(prefix, count):
        return [alert(external_id=f"{prefix}{n}", object=f"{prefix}-{n}", location=HERE) for n in range(count)]

    send(*batch("warm", 2))
    few = statements(lambda: send(*batch("few", 30)))
    assert statements(lambda: send(*batch("many", 300))) == few


def test_a_notice_that_reaches_nobody_is_shown_and_the_shift_leader_is_told(open_case, tell, people, inbox_of, client):
    for name in ("sijing-duty", "sijing-handler", "sijing-head"):
        leave(people[name])
    case = open_case()
    tell()
    tell()
    assert Notice.objects.get(event="case.open").fault == "nobody"
    (message,) = inbox_of("chengyun-lead")
    client.force_login(people["chengyun-lead"])
    assert "泗泾镇的 1 条通知无人收到" in client.get("/inbox/").content.decode()
    assert case.number in client.get("/inbox/unreached/").content.decode()
    assert 'id="unreached"' in client.get("/board/").content.decode()
    assert client.get("/readyz").json()["notices"] == {"waiting": 0, "unreached": 1}


def test_when_not_even_the_shift_leader_is_there_it_ends(open_case, tell, people):
    for post in Post.objects.filter(unit__code__in=["310117102", "SJ-CYZX"]).select_related("user"):
        leave(post.user)
    open_case()
    for _tick in range(4):
        tell()
    assert list(Notice.objects.order_by("pk").values_list("event", "fault")) == [
        ("case.open", "nobody"), ("notice.unreached", "nobody"),
    ]  # fmt: skip


# --- ways out -------------------------------------------------------------------
def test_what_fails_is_tried_again_after_longer_pauses_and_given_up(open_case, tell, add_channel, outside, inbox_of):
    add_channel()
    outside.down = {"mail"}
    open_case()
    tell()
    seen = []
    for _attempt in range(1, delivering.ATTEMPTS):
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.error) == ("waiting", "refused")
        seen.append(delivery.attempts)
        tell(after=delivery.try_at - clock.now())
    assert seen == list(range(1, delivering.ATTEMPTS))
    assert Delivery.objects.get().status == "failed"
    assert Notice.objects.get(event="case.open").fault == "failed"
    tell(after=timedelta(hours=1))
    assert len(inbox_of("chengyun-lead")) == 1


def test_pauses_double_and_are_never_the_same():
    for attempt in range(1, delivering.ATTEMPTS + 1):
        middle = delivering.FIRST_PAUSE * 2 ** (attempt - 1)
        pauses = {delivering.pause(attempt) for _n in range(20)}
        assert len(pauses) > 1
        assert all(middle / 2 <= pause <= middle * 1.5 for pause in pauses)


def test_a_failure_that_comes_right_is_no_fault(open_case, tell, add_channel, outside):
    add_channel()
    outside.down = {"mail"}
    open_case()
    tell()
    outside.down = set()
    tell(after=timedelta(minutes=1))
    assert Delivery.objects.get().status == "sent"
    assert len(outside) == 1
    assert not Notice.objects.exclude(fault="").exists()


def test_who_has_read_it_in_the_inbox_was_reached_though_the_channel_failed(
    open_case, tell, add_channel, outside, people, monkeypatch
):
    monkeypatch.setattr(delivering, "ATTEMPTS", 1)
    add_channel()
    outside.down = {"mail"}
    open_case()
    addressing.address()
    Message.objects.filter(person=people["sijing-duty"]).update(read_at=clock.now())
    delivering.deliver()
    assert Delivery.objects.get().status == "failed"
    assert not Notice.objects.exclude(fault="").exists()


def test_one_channel_that_fails_keeps_no_other_waiting(open_case, tell, add_channel, outside, settings):
    settings.NOTICE_HOSTS = ["hooks.example.org"]
    add_channel(url="jsons://hooks.example.org/x")
    add_channel()
    outside.down = {"jsons"}
    open_case()
    tell()
    assert [url for url, *_rest in outside] == ["duty@example.org"]


def test_a_sender_that_dies_leaves_its_message_to_the_next(open_case, tell, add_channel, outside, monkeypatch):
    add_channel()
    open_case()
    addressing.address()

    def dies(bundles):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_settle", dies)
        with pytest.raises(KeyboardInterrupt):
            delivering.deliver()
    tell()
    assert len(outside) == 1, "it is not sent twice while the first may still be at it"
    tell(after=delivering.LEASE + timedelta(seconds=1))
    assert len(outside) == 2
    assert outside[0][3] == outside[1][3]


def test_quiet_hours_let_messages_wait_together_and_never_silence_red(send, tell, add_channel, outside):
    from django.utils.timezone import localtime

    now = localtime(clock.now())
    add_channel(quiet_from=(now - timedelta(hours=1)).time(), quiet_until=(now + timedelta(hours=1)).time())
    for number in range(3):
        send(alert(external_id=f"q{number}", object=f"Q-{number}", location=HERE))
        tell()
    assert len(outside) == 0
    send(alert(external_id="red", object="RED", location=HERE, grade="red"))
    tell()
    assert len(outside) == 1
    assert "【红色】" in outside[0][1]
    tell(after=timedelta(hours=1, minutes=1))
    assert len(outside) == 2
    assert outside[1][1].startswith("3 条通知")


def test_a_channel_of_one_post_is_told_what_that_post_is_told(open_case, tell, add_channel, outside, people):
    head = Post.objects.get(user=people["sijing-head"])
    add_channel(post_id=head.pk, url="head@example.org", least="orange")
    open_case()
    tell()
    assert outside == []
    open_case(object="RED", location=HERE, grade="red")
    tell()
    assert {url for url, *_rest in outside} == {"head@example.org"}


def test_each_channel_speaks_its_language(open_case, tell, add_channel, outside):
    add_channel(url="en@example.org", language="en")
    open_case(title="Manhole 88")
    tell()
    ((_url, subject, _body, _key),) = outside
    assert subject.startswith("[Yellow] ")
    assert not re.search(r"[\u4e00-\u9fff]", subject.replace("泗泾镇", "").replace("区水务局", "")), subject


def test_outsiders_learn_number_and_colour_and_no_more(tell, add_channel, outside, unit):
    add_channel(code="X-WATER", url="firm@example.org")
    row = outbox.row(
        "case.open", unit_id=unit("X-WATER").pk, audience=Audience.DUTY, grade="yellow", at=clock.now(),
        subject="SJ-1", title="张三家的井", words={"holder": "310117102"},
    )  # fmt: skip
    outbox.write([row])
    tell()
    ((_url, subject, body, _key),) = outside
    assert "SJ-1" in body
    assert "张三" not in subject + body
    assert "泗泾" not in subject + body


def test_a_demo_sends_nothing_and_writes_it_down(open_case, tell, add_channel, written_down, mailoutbox):
    channel = add_channel()
    open_case()
    tell()
    (line,) = written_down()
    assert (line["to"], line["kind"]) == (channel.label, "mail")
    assert "duty@example.org" not in str(line)
    assert mail.outbox == []
    assert Delivery.objects.get().status == "sent"


def test_a_drill_stays_in_the_house_whatever_is_configured(tell, add_channel, outside, unit, inbox_of):
    add_channel()
    outbox.write(
        [
            outbox.row(
                "case.open", unit_id=unit().pk, audience=Audience.DUTY, grade="red", at=clock.now(), subject="SJ-1",
                drill=True,
            )
        ]
    )  # fmt: skip
    tell()
    assert outside == []
    (message,) = inbox_of("sijing-duty")
    assert message.drill


def test_mail_is_sent_by_the_mail_server_with_a_key_of_its_own(open_case, tell, add_channel, settings, mailoutbox):
    settings.NOTICES_SEND = settings.EMAIL_CONFIGURED = True
    settings.PUBLIC_URL = "https://bihuan.example.org"
    add_channel()
    case = open_case()
    tell()
    (sent,) = mailoutbox
    assert sent.to == ["duty@example.org"]
    assert sent.extra_headers["Message-ID"].startswith("<bihuan-")
    assert f"https://bihuan.example.org/cases/{case.number}/" in sent.body


def test_who_is_given_an_order_is_told(open_case, press, people, tell, inbox_of):
    case = press(open_case(grade="orange"), "sijing-duty acknowledge", "shuiwu-duty acknowledge")
    orders.give(case.pk, by=people["shuiwu-head"], unit="SJ-JGW", text="查明管线", minutes=30)
    tell()
    told = {line.notice.event for line in inbox_of("jgw-duty")[0].lines.all()}
    assert "order.give" in told
