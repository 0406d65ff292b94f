"""Messages are kept so many days, and no red one is forgotten before its reader has opened it."""

from datetime import timedelta

import pytest

from notices.models import Delivery, Line, Message, Notice
from responsibility import clock
from retention import running
from tests.cases.conftest import alert

pytestmark = pytest.mark.django_db
HERE = {"lat": 31.1144, "lon": 121.2683}


@pytest.fixture
def after():
    """Forget as if so many days had passed."""

    def run(days: int, batch: int = running.BATCH) -> int:
        with clock.as_if(clock.now() + timedelta(days=days)):
            return running.run(batch)["notices"]

    return run


def test_what_is_old_goes_with_its_lines_and_what_is_not_stays(send, tell, after, settings, add_channel, outside):
    settings.INBOX_DAYS = 60
    add_channel()
    for number in range(5):
        send(alert(object=f"F-{number}", location=HERE))
        tell()
    messages, notices = Message.objects.count(), Notice.objects.count()
    assert messages > 0 < notices
    assert Delivery.objects.exists()
    assert after(59) == 0
    assert after(61, batch=2) == messages + notices
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
