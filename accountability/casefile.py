"""Everything the page of one case's accountability shows, gathered in a fixed number of queries."""

from collections import defaultdict
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from accountability import beside, holding, knowledge, musts, shares, stating
from accountability.models import About, Statement
from cases.models import Case
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.refusals import Invalid, Refused


def about(case: Case, actor: Actor, known: Directory, by: datetime | None = None) -> dict:
    """The findings on ``case`` for ``actor``; ``by``: the instant of which is asked who knew what, else its end."""
    entries = holding.telling(case)
    end = holding.end_of(case, entries, clock.now())
    spans = holding.spans(case, known, entries, end)
    parties = holding.engaged(case, end)
    duties, others = musts.of_case(case, known)
    by = by or end
    return {
        "case": case,
        "from": case.opened_at,
        "until": end,
        "spans": spans,
        "parties": parties,
        "duties": duties,
        "all_failed": all(d.verdict in musts.FAILED for d in duties if d.is_one_of_five),
        "others": others,
        "by": by,
        "people": _shown(knowledge.people(case, known, by), actor, known),
        "facts": knowledge.facts(case, known, by),
        "shares": shares.of(case, spans, parties, end),
        "statements": _statements(case),
        "voices": beside.voices(case),
        "may_state": _concerned(actor, case),
    }


def instant(text: str) -> datetime | None:
    """The instant that ``text`` names, local time where it names no zone; ``None`` for an empty one. ``Invalid``."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
        if found is None:
            raise ValueError(text)
        found = make_aware(found) if is_naive(found) else found
        if not clock.FIRST <= found <= clock.LAST:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Invalid("bad_date", _("时间应为 2026-01-31T09:30 的形式。"), "at") from None
    return found


def _shown(people: list[knowledge.Person], actor: Actor, known: Directory) -> list[knowledge.Person]:
    """The district's desks see what everybody was told; anybody else what the people of his units were."""
    if access.everywhere(actor, "case.read"):
        return people
    mine = access.units(actor, "case.read", known.units)
    return [person for person in people if person.unit.pk in mine]


def _statements(case: Case) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    for statement in Statement.objects.filter(case=case).select_related("by", "unit"):
        found[About(statement.about).value].append(statement)
    return dict(found)


def _concerned(actor: Actor, case: Case) -> bool:
    try:
        stating.concerned(actor, case)
    except Refused:
        return False
    return True
