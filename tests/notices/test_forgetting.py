"""Messages are kept so many days, and no red one is forgotten before its reader has opened it."""

from datetime import timedelta

import pytest

from notices.models import Delivery, Line, Message, Notice
from responsibility import clock
from retention import periods, running
from retention.tasks import run as nightly
from tests.cases.conftest import alert

pytestmark = pytest.mark.django_db
HERE = {"lat": 31.1144, "lon": 121.2683}


@pytest.fixture
def after():
    """Forget as if so many days had passed."""

    def run(days: int, batch: int = running.BATCH) -> int:
        with clock.as_if(clock.now() + timedelta(days=days)):
            waiting, gone = running.over()["notices"], running.run(batch)["notices"]
            assert bool(waiting) == bool(gone)
            return gone

    return run


def test_what_is_old_goes_with_its_lines_and_what_is_not_stays(send, tell, after, add_channel, outside, people):
    periods.put("notices", 200, "试", by=people["anwei-office"])
    add_channel()
    for number in range(5):
        send(alert(object=f"F-{number}", location=HERE))
        tell()
    messages, notices = Message.objects.count(), Notice.objects.count()
    assert messages > 0 < notices
    assert Delivery.objects.exists()
    assert after(199) == 0
    assert after(201, batch=2) == messages + notices
    assert not Message.objects.exists()
    assert not Notice.objects.exists()
    assert not Line.objects.exists()
    assert not Delivery.objects.exists()


def test_red_that_nobody_has_opened_is_never_forgotten(open_case, tell, after, inbox_of, people, client):
    open_case(grade="red")
    tell()
    unread = inbox_of("sijing-duty")
    assert unread
    after(5000)
    assert inbox_of("sijing-duty") == unread
    assert all(message.lines.count() == message.count for message in unread)
    client.force_login(people["sijing-duty"])
    client.post("/inbox/read/", {"upto": unread[0].pk})
    after(5000)
    assert inbox_of("sijing-duty") == []


def test_what_still_waits_to_be_told_or_sent_stays(open_case, tell, after, add_channel, outside):
    add_channel()
    outside.down.add("mail")
    open_case()
    assert after(5000) == 0
    tell()
    waiting = Delivery.objects.filter(status="waiting").values_list("message_id", flat=True)
    assert waiting
    after(5000)
    assert Message.objects.filter(pk__in=waiting).exists()


def test_the_nightly_task_forgets(open_case, tell):
    open_case()
    tell()
    with clock.as_if(clock.now() + timedelta(days=401)):
        nightly()
    assert not Message.objects.exists()
