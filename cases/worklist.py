"""The pages of the worklist: by time left for open cases, newest first for a search or the archive.

What is red and unanswered comes before all of it, however little time others have left.

Pages are cut by key, never by number: nothing is counted or skipped, so the thousandth page costs what the first
does, and the number of queries is the same for one case and for a million.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from cases import guards
from cases.models import Case, CaseQuerySet, Deadline, Party, State
from cases.models.case import RAW
from cases.models.machine import ENDED
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Grade, Unit

PAGE = 30
# How many of what is red and unanswered come first; whoever has more has these to answer before the others.
FIRST = 20
RELATED = ("holder", "lead", "territory", "category", "risk_object")
# What the case waits for in each state.
NEXT = {
    State.TRIAGE: "file",
    State.DISPATCHED: "acknowledge",
    State.ACKNOWLEDGED: "arrive",
    State.ON_SITE: "contain",
    State.CONTAINED: "report",
    State.RECTIFYING: "report",
}
WAITS_FOR = {State.VERIFYING: _("核查"), State.SUSPENDED: _("挂账复查")}
# The one thing to do first, when several are allowed. Resuming is nobody's turn: a case put off has its review.
ORDER = ["acknowledge", "file", "arrive", "contain", "report", "close"]
OF_CENTRE = {State.TRIAGE: "dispatch", State.VERIFYING: "verify"}


@dataclass
class Cursor:
    """The last row of a page: its time (empty sorts last) and its row id."""

    at: datetime | None
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat() if self.at else ''}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor in ``text``, ``None`` for an empty one; ``ValueError`` when it is none of ours."""
        if not text:
            return None
        stamp, tilde, pk = text.rpartition("~")
        at = parse_datetime(stamp) if stamp else None
        if not tilde or not pk.isascii() or not pk.isdigit() or len(pk) > 18:
            raise ValueError(text)
        if stamp and (at is None or at.tzinfo is None):
            raise ValueError(text)
        try:
            return cls(at and at.astimezone(UTC), int(pk))
        except OverflowError:
            raise ValueError(text) from None


@dataclass
class Row:
    """One case of a list: a running clock of it, whose turn it is, and the verbs its reader may press.

    ``todo``: the verb the reader is asked for, empty when it is not the reader's turn. ``theirs``: the clock is of a
    unit that is none of the reader's.
    """

    case: Case
    clock: Deadline | None
    lamp: str
    turn: "Turn | None"
    allowed: list[str]
    theirs: bool = False

    @property
    def todo(self) -> str:
        return next((verb for verb in ORDER if verb in self.allowed), "")


@dataclass
class Turn:
    """Who is to do what next; ``unit`` is empty when nobody is named."""

    unit: Unit | None
    label: str


def of(actor: Actor, known: Directory, narrowing, cursor: Cursor | None, apart: list[int]) -> tuple[list[Row], str]:
    """One page of the actor's cases and the cursor of the next, empty on the last.

    ``narrowing`` is a bound ``CaseFilter`` over all cases; ``apart`` are the open cases of drills, see ``drilled``.
    """
    wanted = narrowing.form.cleaned_data if narrowing.is_valid() else {}
    if wanted.get("q") or wanted.get("state") in ENDED:
        keys = _newest(_visible(actor, known, narrowing.qs), cursor)
    else:
        base, name = _open_keys(actor, known, narrowing, wanted, apart)
        first = list(pressing(actor, known, narrowing, wanted))
        rest = base.exclude(**{f"{name}__in": [pk for _at, pk in first]}) if first else base
        keys = [*([] if cursor else first), *_by_time_left((rest, name), cursor)]
    more = str(Cursor(*keys[PAGE - 1])) if len(keys) > PAGE else ""
    return rows(actor, known, [pk for _at, pk in keys[:PAGE]]), more


def pressing(actor: Actor, known: Directory, narrowing, wanted: dict) -> QuerySet:
    """``(due_at, case)`` of red cases that nobody, or not the actor's unit, has answered; the most urgent first.

    One statement, by an index that holds the red alone. Drills are real among themselves only.
    """
    cases = narrowing.qs.filter(grade=Grade.RED, state__in=RAW)
    cases = cases if wanted.get("drill") else cases.real()
    if access.everywhere(actor, "case.read"):
        cases = cases.filter(state__in=(State.TRIAGE, State.DISPATCHED))
    else:
        mine = access.units(actor, "case.read", known.units)
        cases = cases.filter(pk__in=Party.objects.filter(live=True, acknowledged_at=None, unit__in=mine).values("case"))
    return cases.order_by("due_at", "pk").values_list("due_at", "pk")[: min(FIRST, PAGE - 1)]


def open_drills() -> list[int]:
    """The row ids of all open cases of drills: few, or none."""
    return list(Case.objects.open().drills().values_list("pk", flat=True))


def drilled(actor: Actor, known: Directory, narrowing, apart: list[int]) -> list[Row]:
    """The open drill cases of the same list, the most urgent first, up to a page: what is apart from real work.

    None where they are not apart: in a search, in the archive, and where drills alone or real cases alone are wanted.
    """
    wanted = narrowing.form.cleaned_data if narrowing.is_valid() else {}
    if not apart or wanted.get("q") or wanted.get("state") in ENDED or wanted.get("drill") is not None:
        return []
    base, name = _source(actor, known, narrowing, True)
    keys = _by_time_left((base.filter(**{f"{name}__in": apart}), name), None)
    return rows(actor, known, [pk for _at, pk in keys[:PAGE]])


def _given(wanted: dict) -> list:
    return [value for value in wanted.values() if value not in (None, "")]


def _open_keys(actor: Actor, known: Directory, narrowing, wanted: dict, apart: list[int]) -> tuple[QuerySet, str]:
    """Where the keys are read from, and the name of the case there. Real work is not mixed with drills."""
    base, name = _source(actor, known, narrowing, bool(_given(wanted)))
    # Naming the few costs the page less than asking of each case whether it is one.
    mixed = wanted.get("drill") or not apart
    return (base if mixed else base.exclude(**{f"{name}__in": apart})), name


def _source(actor: Actor, known: Directory, narrowing, narrowed: bool) -> tuple[QuerySet, str]:
    if access.everywhere(actor, "case.read"):
        return narrowing.qs.open(), "pk"
    mine = access.units(actor, "case.read", known.units)
    if not mine:
        return narrowing.qs.open().shared_with(actor), "pk"
    parties = Party.objects.filter(live=True, unit__in=mine)
    return parties.filter(case__in=narrowing.qs.values("pk")) if narrowed else parties, "case_id"


def _by_time_left(source: tuple[QuerySet, str], cursor: Cursor | None) -> list[tuple]:
    """Up to a page and one of ``(due_at, case)``; those without a running clock come last."""
    base, name = source
    timed, untimed = base.filter(due_at__isnull=False), base.filter(due_at__isnull=True)
    if cursor and cursor.at:
        # Written so that the index is entered at the cursor instead of read up to it.
        timed = timed.filter(due_at__gte=cursor.at).exclude(due_at=cursor.at, **{f"{name}__lte": cursor.pk})
    elif cursor:
        timed, untimed = timed.none(), untimed.filter(**{f"{name}__gt": cursor.pk})
    halves = [
        # A unit tree may be engaged in one case twice.
        half.order_by("due_at", name).values_list("due_at", name).distinct()[: PAGE + 1]
        for half in (timed, untimed)
    ]
    keys = halves[0].union(halves[1], all=True)
    return sorted(keys, key=lambda key: (key[0] is None, key[0] or 0, key[1]))[: PAGE + 1]


def _visible(actor: Actor, known: Directory, cases: CaseQuerySet) -> list[tuple[QuerySet, str]]:
    """What ``visible_to`` gives, in parts that may overlap: an OR would keep the database from reading in order."""
    if access.everywhere(actor, "case.read"):
        return [(cases, "pk")]
    mine = access.units(actor, "case.read", known.units)
    parties = Party.objects.filter(unit__in=mine, case__in=cases.values("pk"))
    asked = Deadline.objects.deciding(mine).filter(case__in=cases.values("pk"))
    theirs = [(parties, "case_id"), (asked, "case_id")]
    return [(cases.filter(lead__in=mine), "pk"), *theirs, (cases.shared_with(actor), "pk")]


def _newest(parts: list[tuple[QuerySet, str]], cursor: Cursor | None) -> list[tuple]:
    """Up to a page and one of ``(None, case)``. Row ids are drawn at the opening, so they are the order of time."""
    pages = [
        (part.filter(**{f"{name}__lt": cursor.pk}) if cursor else part)
        .order_by(f"-{name}")
        .values_list(name, flat=True)
        .distinct()[: PAGE + 1]
        for part, name in parts
    ]
    found = set(pages[0].union(*pages[1:], all=True))
    return [(None, pk) for pk in sorted(found, reverse=True)[: PAGE + 1]]


def rows(actor: Actor, known: Directory, ids: list[int]) -> list[Row]:
    """The rows of the cases ``ids``, in that order. Three queries.

    A clock of the reader's own units comes before a nearer one of somebody else's.
    """
    mine = access.units_below(actor, known.units)
    cases = Case.objects.select_related(*RELATED).in_bulk(ids)
    parties: dict[int, list[Party]] = defaultdict(list)
    for party in Party.objects.filter(case__in=ids):
        parties[party.case_id].append(party)
    nearest: dict[int, Deadline] = {}
    running = Deadline.objects.running().filter(case__in=ids, paused_at__isnull=True).select_related("unit")
    for deadline in sorted(running, key=lambda d: (d.unit_id not in mine, d.due_at, d.pk)):
        nearest.setdefault(deadline.case_id, deadline)
    found = [_row(actor, known, cases[pk], parties[pk], nearest.get(pk)) for pk in ids]
    for row in found:
        row.theirs = bool(row.clock and row.clock.unit_id not in mine)
    return found


def _row(actor: Actor, known: Directory, case: Case, parties: list[Party], nearest: Deadline | None) -> Row:
    lamp = nearest.lamp(clock.now()) if nearest else "none"
    return Row(case, nearest, lamp, turn(case, parties, known), guards.allowed(actor, case, parties))


def turn(case: Case, parties: list[Party], known: Directory) -> Turn | None:
    """Whose turn it is; ``None`` once the case has ended."""
    state = State(case.state)
    if state in ENDED:
        return None
    unit = known.unit_with(OF_CENTRE[state]) if state in OF_CENTRE else case.holder
    if state == State.DISPATCHED:
        silent = [p for p in parties if p.until is None and p.acknowledged_at is None]
        unit = known.units.get(silent[0].unit_id) if silent else unit
    return Turn(unit, str(WAITS_FOR.get(state) or guards.TABLE[NEXT[state]]["label"]))
