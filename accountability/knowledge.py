"""What the district knew of a case at an instant, and what each person had been told by then.

A fact has two times: when it happened and when it became known here. What became known later must not be held against
whoever acted before (facts 2.4: facts unknown at the time shown as unknown). Read is not answered (facts 0, no. 5).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.models import Alert
from cases.models import Case, Evidence
from cases.notifying import said
from cases.templatetags import telling
from notices.models import Delivery, Line
from responsibility import ledger
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Unit, User

# Clocks of sensors and telephones differ by less than this.
AT_ONCE = timedelta(minutes=1)
# A case that a sensor keeps reporting has any number of entries.
MOST = 2000


@dataclass
class Fact:
    """Something that ``happened`` and was ``known`` here at that time or later; ``hidden``: not yet at the instant."""

    what: str
    happened: datetime
    known: datetime
    hidden: bool

    @property
    def came_late(self) -> bool:
        """Whether it became known noticeably later than it happened."""
        return self.known - self.happened > AT_ONCE


@dataclass
class Told:
    """One message with one fact: when the fact was, when it was told and read; ``later``: told after the instant."""

    what: str
    at: datetime
    told_at: datetime
    read_at: datetime | None
    later: bool


@dataclass
class Person:
    """What somebody was told, or the common channel of a unit (``person`` empty); and the first act that followed."""

    person: User | None
    unit: Unit
    told: list[Told] = field(default_factory=list)
    sent: list[tuple[str, datetime | None]] = field(default_factory=list)
    answered: LedgerEntry | None = None

    @property
    def by_then(self) -> int:
        """How many of them had been told at the instant."""
        return sum(not each.later for each in self.told)


def facts(case: Case, known: Directory, by: datetime) -> list[Fact]:
    """What is in the record of ``case``, in the order in which it became known; ``by`` the instant. Three queries."""
    entries = ledger.story(case.chain).exclude(verb__in=["evidence.add", "alert.joined"])[:MOST]
    found = [(telling.sentence(entry, known), entry.at, entry.at) for entry in entries]
    alerts = Alert.objects.filter(chain=case.chain).only("external_id", "title", "observed_at", "received_at")
    found += [(each.title or each.external_id, each.observed_at, each.received_at) for each in alerts[:MOST]]
    proofs = Evidence.objects.filter(case=case)[:MOST]
    found += [(f"{p.get_kind_display()} {p.note}".strip(), p.taken_at or p.uploaded_at, p.uploaded_at) for p in proofs]
    return [
        Fact(what, min(happened, learned), learned, learned > by)
        for what, happened, learned in sorted(found, key=lambda each: each[2])
    ]


def people(case: Case, known: Directory, by: datetime) -> list[Person]:
    """Whoever was told of ``case``, by unit and then by name, each with what it was told. Three queries.

    Notices over age (``retention``) are forgotten; what the ledger tells of the calls stays.
    """
    lines = Line.objects.filter(notice__chain=case.chain).select_related("notice", "message__person", "message__unit")
    found: dict[tuple[int, int | None], Person] = {}
    messages: dict[int, Person] = {}
    for line in lines.order_by("message__at", "id")[:MOST]:
        message = line.message
        person = found.setdefault((message.unit_id, message.person_id), Person(message.person, message.unit))
        told = Told(said(line.notice, known), line.notice.at, message.at, message.read_at, message.at > by)
        person.told.append(told)
        messages[message.pk] = person
    sent = Delivery.objects.filter(message__in=messages).select_related("channel")
    for delivery in sent.order_by("id"):
        messages[delivery.message_id].sent.append((delivery.channel.label, delivery.sent_at))
    _answers(case, found)
    return sorted(found.values(), key=lambda p: (p.unit.code, p.person is None, str(p.person)))


def _answers(case: Case, found: dict[tuple[int, int | None], Person]) -> None:
    """The first act of each person on the case after he was first told; whose answer another wrote down counts."""
    ids = {person for _unit, person in found if person}
    entries = list(ledger.story(case.chain).filter(actor__isnull=False)) if ids else []
    for (_unit, pk), person in found.items():
        theirs = (e for e in entries if pk in (e.after.get("answerer"), e.actor_id) and e.at >= person.told[0].told_at)
        person.answered = next(theirs, None) if pk else None
