"""What a drill has shown: each thing that was asked, whether it was met, and the share. Of units, never of people.

A line is ``{"part", "unit", "what", "wanted", "got", "met"}`` of plain values: ``unit`` and ``what`` are codes that a
page puts into words, ``wanted`` and ``got`` figures (minutes are those of the exercise) or codes, ``met`` is empty for
what could not be judged yet. What is asked are the functions in ``ASKED``.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.models import Drill, DrillAlert
from cases import checklist
from cases.models import Case, Deadline, DispatchLine, Evidence, Loop, Party
from cases.models.work import EvidenceKind
from resources import matching
from responsibility import directory

# Told by the answers of the parties, or only steps on the way to them.
NOT_CLOCKS = ("acknowledge", "rung")


@dataclass
class Facts:
    """One case of a drill as it stands at ``now``; ``expect`` is what its scenario says of it."""

    case: Case
    expect: dict
    now: datetime
    parties: list[Party]
    deadlines: list[Deadline]
    over: bool

    def minutes(self, since: datetime, until: datetime) -> float:
        """Minutes of the exercise between the two, to one decimal."""
        return round((until - since).total_seconds() / 60 * self.case.speed, 1)


def report(drill: Drill, now: datetime) -> dict:
    """The report of ``drill`` as things stand at ``now``.

    ``{"score", "met", "judged", "parts": {part: {"met", "judged"}}, "cases": [{"number", "title", "state", "loop",
    "grade", "score", "met", "judged", "lines"}], "alerts": [{"number", "minute", "due_at", "fed_at", "outcome",
    "case"}]}``; ``score`` is a whole per cent, empty where nothing could be judged. A fixed number of queries a case.
    """
    script = list(drill.script.order_by("number"))
    related = ("lead", "holder", "territory__unit", "category")
    cases = list(Case.objects.filter(drill=drill).select_related(*related).order_by("pk"))
    told = [_of_case(case, _expected(case, script), now, over=drill.ended_at is not None) for case in cases]
    lines = [line for row in told for line in row["lines"]]
    parts = {part: _share(line for line in lines if line["part"] == part) for part in ASKED}
    return _share(lines) | {"parts": parts, "cases": told, "alerts": [_alert(row) for row in script]}


def _of_case(case: Case, expect: dict, now: datetime, *, over: bool) -> dict:
    facts = Facts(
        case, expect, now, list(case.parties.select_related("unit")),
        list(case.deadlines.select_related("unit").order_by("started_at", "pk")), over,
    )  # fmt: skip
    lines = [{"part": part} | line for part, ask in ASKED.items() for line in ask(facts)]
    return _share(lines) | {
        "number": case.number, "title": case.title, "state": str(case.state), "loop": str(case.loop),
        "grade": str(case.grade), "lines": lines,
    }  # fmt: skip


def _expected(case: Case, script: list[DrillAlert]) -> dict:
    """What the scenario expects of the case: of its alerts the first that says anything."""
    said = (row.body.get("expect") for row in script if row.case_number == case.number)
    return next((expect for expect in said if expect), {})


def _share(lines: Iterable[dict]) -> dict:
    counted = Counter(line["met"] for line in lines)
    met, judged = counted[True], counted[True] + counted[False]
    return {"score": round(100 * met / judged) if judged else None, "met": met, "judged": judged}


def _alert(row: DrillAlert) -> dict:
    return {
        "number": row.number, "minute": row.body["after"], "due_at": row.due_at.isoformat(),
        "fed_at": row.fed_at.isoformat() if row.fed_at else None, "outcome": row.outcome, "case": row.case_number,
    }  # fmt: skip


def _line(
    met: bool | None, *, unit: str | None = None, what: str = "", wanted: object = None, got: object = None
) -> dict:
    return {"unit": unit, "what": what, "wanted": wanted, "got": got, "met": met}


# --- what is asked ----------------------------------------------------------------
def answered(facts: Facts) -> Iterable[dict]:
    """Each unit engaged, within the minutes that the scenario or the promise of the case gives it."""
    wanted = facts.expect.get("answer") or facts.case.policy["acknowledge"]
    for party in facts.parties:
        until = party.acknowledged_at or party.until or facts.now
        got = facts.minutes(party.since, until)
        met: bool | None = got <= wanted
        if met and party.acknowledged_at is None:
            # It has still time, or it was let go before that was over.
            met = None
        shown = got if party.acknowledged_at else None
        yield _line(met, unit=party.unit.code, wanted=wanted, got=shown)


def owned(facts: Facts) -> Iterable[dict]:
    """The lead and the street that the scenario expects."""
    case = facts.case
    street = case.territory.unit if case.territory else None
    for what, unit in (("lead", case.lead), ("street", street)):
        if what in facts.expect:
            got = unit.code if unit else None
            yield _line(got == facts.expect[what], what=what, wanted=facts.expect[what], got=got)


def equipped(facts: Facts) -> Iterable[dict]:
    """The kit of the category, in the large loop, where something was sent, or where the scenario asks for it."""
    case = facts.case
    sent = DispatchLine.objects.filter(dispatch__case=case).select_related("resource")
    lines = list(sent.prefetch_related("resource__offers"))
    if case.category and (lines or case.loop == Loop.LARGE or facts.expect.get("kit")):
        for line in matching.kit_for(case.category, None, [(one.resource, one.quantity) for one in lines]).lines:
            met = _unless_open(facts, line.sent >= line.needed)
            yield _line(met, what=line.capability.code, wanted=line.needed, got=line.sent)


def proved(facts: Facts) -> Iterable[dict]:
    """The proofs that the handbook names, given since they count."""
    case = facts.case
    given = Counter(
        Evidence.objects.filter(case=case, uploaded_at__gte=case.proof_since).values_list("kind", flat=True)
    )
    for kind in case.policy.get("evidence") or [EvidenceKind.PHOTO.value]:
        yield _line(_unless_open(facts, given[kind] > 0), what=kind, wanted=1, got=given[kind])


def by_the_book(facts: Facts) -> Iterable[dict]:
    """Each step of the handbook that the case has come to: done, and within its minutes where it has any."""
    for line in checklist.lines(facts.case, directory.current()):
        late, done = line.is_late(facts.now), line.is_done
        met = False if late else done or _unless_open(facts, met=False)
        got = facts.minutes(line.since, line.done_at) if line.done_at else None
        yield _line(met, what=str(line.step.pk), wanted=line.step.minutes or None, got=got)


def in_time(facts: Facts) -> Iterable[dict]:
    """Each clock of the case besides those of answering."""
    for clock in facts.deadlines:
        if clock.kind in NOT_CLOCKS:
            continue
        met: bool | None = clock.missed_at is None and not (clock.stopped_at or facts.now) > clock.due_at
        if met and clock.stopped_at is None:
            met = None
        got = facts.minutes(clock.started_at, clock.stopped_at) if clock.stopped_at else None
        wanted = facts.minutes(clock.started_at, clock.due_at)
        yield _line(met, unit=clock.unit.code if clock.unit else None, what=clock.kind, wanted=wanted, got=got)


def _unless_open(facts: Facts, met: bool) -> bool | None:
    """What is lacking can still come as long as the drill goes on and the case is open."""
    return met or (False if facts.over or not facts.case.is_open else None)


# The parts of the score, in the order of the report.
ASKED: dict[str, Callable[[Facts], Iterable[dict]]] = {
    "answered": answered,
    "owned": owned,
    "equipped": equipped,
    "proved": proved,
    "by_the_book": by_the_book,
    "in_time": in_time,
}
