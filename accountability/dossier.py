"""尽职材料: everything that shows that one officer was warned, saw, acted, asked and was refused.

For his protection as much as against him (facts 2.4, 尽职免责): what was not known at the time is shown as unknown, and
nothing is judged. Given to himself and to the auditor, to nobody else; that it was given is in the ledger.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.enums import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accountability.period import Period
from cases.models import Case, Request
from cases.models.work import Decided, RequestState
from cases.notifying import TOLD, said
from cases.templatetags import telling
from notices import texts
from notices.models import Line
from responsibility import access, acting, chains, confining, ledger, looking, shelf
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post, User
from responsibility.refusals import Forbidden

# Of each kind; whoever needs more asks case by case or period by period, and is told that there is more.
MOST = 5000


class Sort(TextChoices):
    """What a line shows."""

    WARNED = "warned", _("被告知")
    SAW = "saw", _("已阅")
    CALLED = "called", _("被叫应")
    ACTED = "acted", _("有所作为")
    ASKED = "asked", _("提出请示")
    GRANTED = "granted", _("请示获准")
    REFUSED = "refused", _("请示被驳回")
    LAPSED = "lapsed", _("请示逾期未批")


@dataclass(frozen=True)
class Item:
    """One line: when, of which sort, on which case, in words; ``fact_at``: when what was told of had happened.

    ``path``: the page that a message leads to. ``source`` and ``entry`` are number and digest of the entry of the
    ledger with which it can be proved; none of both for what is a message only.
    """

    at: datetime
    sort: Sort
    number: str
    title: str
    what: str
    note: str = ""
    fact_at: datetime | None = None
    entry: str = ""
    source: int | None = None
    path: str = ""

    @property
    def page(self) -> str:
        """Where it is read about: the page a message leads to, or the case; empty where there is none."""
        return self.path or (reverse("case", args=[self.number]) if self.number else "")


def may_read(actor: acting.Actor, officer: User) -> Post | None:
    """The post in which ``actor`` reads the dossier of ``officer``, none for one who has left; ``Forbidden``."""
    post = access.post_for(actor, "dossier.read")
    if post is None and (actor.user is None or actor.user.pk != officer.pk or not actor.user.is_active):
        raise Forbidden("not_yours", _("尽职材料只向本人和审计员提供。"))
    return post or next(iter(actor.posts), None)


def of(officer: User, known: Directory, period: Period, case: Case | None = None) -> list[Item]:
    """The lines on ``officer`` in ``period``, on ``case`` alone if it is given, oldest first. Six queries."""
    told, acted = _told(officer, known, period, case), _acted(officer, known, period, case)
    found = [*told, *acted, *_answers(officer, known, period, case)]
    return sorted(found, key=lambda item: item.at)


def posts_of(officer: User, period: Period) -> list[Post]:
    """The posts that ``officer`` held at some time of ``period``."""
    held = officer.posts.filter(since__lt=period.until).filter(Q(until__isnull=True) | Q(until__gt=period.since))
    return list(held.select_related("unit").order_by("since", "pk"))


def _told(officer: User, known: Directory, period: Period, case: Case | None) -> Iterator[Item]:
    lines = Line.objects.filter(
        message__person=officer, message__at__gte=period.since, message__at__lt=period.until, notice__drill=False
    )
    if case:
        lines = lines.filter(notice__chain=case.chain)
    for line in lines.select_related("notice", "message").order_by("-message__at", "-id")[:MOST]:
        notice, message = line.notice, line.message
        words = said(notice, known) if notice.event in TOLD else texts.parts(notice, known)[1]
        sort = Sort.CALLED if notice.event == "deadline.missed" and notice.words.get("rung") else Sort.WARNED
        yield Item(message.at, sort, notice.subject, notice.title, words, fact_at=notice.at, path=notice.path)
        if message.read_at:
            yield Item(
                message.read_at, Sort.SAW, notice.subject, notice.title, words, fact_at=notice.at, path=notice.path
            )  # fmt: skip


def _acted(officer: User, known: Directory, period: Period, case: Case | None) -> Iterator[Item]:
    mine = _entries(period, case).filter(actor=officer).order_by("-id")[:MOST]
    # Whose answer a colleague wrote down has answered himself.
    answered = Case.objects.filter(parties__acknowledged_by=officer).values("chain")
    by_voice = _entries(period, case).filter(chain__in=answered, verb="case.acknowledge", after__answerer=officer.pk)
    for entry in [*mine, *by_voice[:MOST]]:
        asked = entry.verb.startswith("request.") and entry.verb.split(".")[1] not in ("approve", "refuse")
        yield _item(entry, Sort.ASKED if asked else Sort.ACTED, known)


def _answers(officer: User, known: Directory, period: Period, case: Case | None) -> Iterator[Item]:
    """What became of what the officer asked, by whomever it was decided."""
    asked = Request.objects.filter(asked_by=officer, case__drill__isnull=True)
    asked = asked.filter(decided_at__gte=period.since, decided_at__lt=period.until)
    if case:
        asked = asked.filter(case=case)
    found = asked.order_by("-pk").only("state", "decided_how", "case__chain").select_related("case")[:MOST]
    decided = {str(request.pk): request for request in found}
    verbs = ["request.approve", "request.refuse", "request.lapse"]
    chains = list({request.case.chain for request in decided.values()})
    # Decided in the period, so told in it.
    entries = _entries(period, None).filter(chain__in=chains, verb__in=verbs).order_by("id")
    for entry in shelf.reading(entries, chains):
        request = decided.get(str(entry.after.get("request")))
        if request is not None:
            yield _item(entry, _outcome(request), known)


def _outcome(request: Request) -> Sort:
    if request.decided_how == Decided.LAPSE:
        return Sort.LAPSED
    return Sort.GRANTED if request.state == RequestState.APPROVED else Sort.REFUSED


def _entries(period: Period, case: Case | None):
    found = LedgerEntry.objects.filter(at__gte=period.since, at__lt=period.until)
    found = found.exclude(after__has_key="drill").exclude(verb__in=["dossier.export", *looking.VERBS])
    return shelf.reading(found.filter(chain=case.chain), [case.chain]) if case else found


def _item(entry: LedgerEntry, sort: Sort, known: Directory) -> Item:
    number = entry.subject_id if entry.subject_type == "case" else ""
    return Item(
        entry.at, sort, number, entry.subject_label, telling.sentence(entry, known), entry.note,
        entry=entry.digest, source=entry.pk,
    )  # fmt: skip


def chain_of(user_id: int) -> UUID:
    """The chain on which it stands who was given the dossier of a person."""
    told = hashlib.md5(f"dossier:{user_id}".encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(told) | chains.BEYOND)


@transaction.atomic
def export(officer: User, *, by: User, period: Period, case: Case | None, form: str, sha256: str = "") -> None:
    """Write into the ledger that ``by`` takes the dossier of ``officer`` out of the house. ``Forbidden``.

    ``sha256`` (hex) of the file, where there is one of its own.
    """
    actor = acting.of(by)
    post = may_read(actor, officer)
    # One after the other: two entries of one chain at once would refuse each other.
    with confining.lifted("dossier"):
        User.objects.select_for_update(no_key=True).get(pk=officer.pk)
    told = {"user": officer.username, "since": period.first, "until": period.last, "form": form}
    told |= {"case": case.number} if case else {}
    told |= {"sha256": sha256} if sha256 else {}
    act = ledger.Act(chain_of(officer.pk), "dossier.export", "dossier", str(officer.pk), str(officer), after=told)
    ledger.record([act], by=actor, post=post)
