"""The inbox of one person, what nobody could be reached with, and what a unit lacks to be reached."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import Q

from notices.models import Channel, Message, Notice
from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import Unit, User
from responsibility.roster import WORKING

# Of a message its gravest notices, and as many as a page bears where one message is opened.
PAGE, SHOWN, WHOLE = 30, 8, 200
# How long a notice that reached nobody is shown.
SHOWN_FOR = timedelta(days=3)
FIRST_LINES = """
    SELECT message_id, notice_id FROM (
        SELECT l.message_id, l.notice_id, row_number() OVER (PARTITION BY l.message_id ORDER BY
            array_position(ARRAY['red', 'orange', 'yellow', 'blue'], n.grade::text), n.id) AS place
        FROM notices_line l JOIN notices_notice n ON n.id = l.notice_id WHERE l.message_id = ANY(%s)
    ) ranked WHERE place <= %s ORDER BY message_id, place
"""


@dataclass
class Opened:
    """One message with its gravest notices; ``more`` are not shown."""

    message: Message
    notices: list[Notice]

    @property
    def more(self) -> int:
        return self.message.count - len(self.notices)


def unread(person: User) -> int:
    """How many messages the person has not read. One statement."""
    return Message.objects.filter(person=person, read_at__isnull=True).count()


def page(person: User, before: int | None = None) -> tuple[list[Opened], int | None]:
    """The person's messages, newest first, older than the one with id ``before``; and where the next page begins.

    Three statements.
    """
    mine = Message.objects.filter(person=person).select_related("unit").order_by("-pk")
    messages = list((mine.filter(pk__lt=before) if before else mine)[: PAGE + 1])
    shown = messages[:PAGE]
    return _opened(shown, SHOWN), shown[-1].pk if len(messages) > PAGE else None


def whole(person: User, message_id: int) -> list[Opened]:
    """The one message with its notices, up to 200; nothing for a message of somebody else. Three statements."""
    return _opened(list(Message.objects.filter(person=person, pk=message_id).select_related("unit")), WHOLE)


def _opened(messages: list[Message], lines: int) -> list[Opened]:
    by_message: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(FIRST_LINES, [[message.pk for message in messages], lines])
        for message_id, notice_id in cursor.fetchall():
            by_message[message_id].append(notice_id)
    notices = Notice.objects.in_bulk({pk for ids in by_message.values() for pk in ids})
    return [Opened(message, [notices[pk] for pk in by_message[message.pk]]) for message in messages]


def read(person: User, upto: int) -> int:
    """The person has read all messages up to the one with id ``upto``; how many were new. Answers nothing."""
    new = Message.objects.filter(person=person, read_at__isnull=True, pk__lte=upto)
    return new.update(read_at=clock.now())


def unreached():
    """The notices of the last days that reached nobody, newest first."""
    return Notice.objects.filter(~Q(fault=""), at__gt=clock.now() - SHOWN_FOR).order_by("-at", "-pk")


def count_unreached() -> int:
    """How many of them there are, without those of drills, which are only shown. One statement."""
    return unreached().filter(drill=False).count()


def behind() -> tuple[int, int]:
    """How many notices wait to be addressed and how many reached nobody of late, drills left out. Two statements."""
    return Notice.objects.filter(addressed_at__isnull=True, drill=False).count(), count_unreached()


def without_channel(known: Directory) -> list[Unit]:
    """The working units that can be told in the inbox alone. One statement."""
    told = set(Channel.objects.filter(removed_at__isnull=True).values_list("unit_id", flat=True))
    units = (unit for unit in known.units.values() if unit.kind in WORKING and not unit.closed_on)
    return sorted((unit for unit in units if unit.pk not in told), key=lambda unit: unit.code)
