"""The handbook of one case as its checklist: the steps that hold now, whose they are, until when, and whether done.

The steps are those of the version that the case was opened under. They come in with the colour and the loop that the
case has reached; a step of a lower loop stays, as the street does (design 4.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from cases.models import Case, ChecklistMark, Evidence
from handbook.models import Blocks, Step
from responsibility import ledger
from responsibility.directory import Directory
from responsibility.models import Loop, Unit
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Refused

# What moves a case to another colour or loop, in its ledger.
TURNS = ("case.open", "case.triage", "case.file", "case.escalate", "case.stand_down", "alert.joined")
# A lamp is amber from this share of the time on (design 4.5).
AMBER = 0.8


@dataclass(frozen=True)
class Line:
    """One step on one case. ``since``: from when it holds, ``ended``: until when it could be done. ``over``: the case
    has ended, at no told instant where it was voided."""

    step: Step
    units: tuple[Unit, ...]
    since: datetime
    due_at: datetime | None
    mark: ChecklistMark | None
    evidence: Evidence | None
    ended: datetime | None
    over: bool

    @property
    def is_done(self) -> bool:
        """Whether somebody said so last, or its proof has come since."""
        return self.evidence is not None or (self.mark is not None and self.mark.done)

    @property
    def done_at(self) -> datetime | None:
        """When it was done; ``None`` while it is not."""
        if self.mark is not None and self.mark.done:
            return self.mark.at
        return self.evidence.uploaded_at if self.evidence else None

    def is_late(self, now: datetime) -> bool:
        """Whether it was, or is being, done after its time."""
        until = self.done_at or self.ended or (None if self.over else now)
        return self.due_at is not None and until is not None and until > self.due_at

    def lamp(self, now: datetime) -> str:
        """``green``, ``amber``, ``red``, or ``none``: without a limit, and when the case ended before it was over."""
        if self.due_at is None:
            return "none"
        if self.is_late(now):
            return "red"
        if self.over and not self.is_done:
            return "none"
        used = (now - self.since) / (self.due_at - self.since)
        return "amber" if used >= AMBER and not self.is_done else "green"


def steps(case: Case) -> list[Step]:
    """The steps that hold for ``case`` as it stands, in their order. One query; none without a handbook."""
    version = case.policy.get("handbook")
    if not version:
        return []
    found = Step.objects.filter(version=version).select_related("unit", "version")
    return [step for step in found if step.holds(case.grade, case.loop)]


def lines(case: Case, known: Directory, evidence: list[Evidence] | None = None) -> list[Line]:
    """The checklist of ``case``. A fixed number of queries; one less where its ``evidence`` is at hand."""
    held = steps(case)
    if not held:
        return []
    marks = _marks(case)
    given = Evidence.objects.filter(case=case).select_related("unit") if evidence is None else evidence
    proof = [item for item in given if item.uploaded_at >= case.proof_since]
    turns = _turns(case) if any(step.minutes and _comes_in(step) for step in held) else []
    return [_line(case, step, known, marks.get(step.pk), proof, turns) for step in held]


def refuse_open(case: Case, moment: Blocks) -> None:
    """``Refused`` (``step_open``) while a step that binds ``moment`` is not done; the sentence names the first."""
    binding = [step for step in steps(case) if step.blocks == moment]
    if not binding:
        return
    marks = _marks(case)
    proof = list(Evidence.objects.filter(case=case, uploaded_at__gte=case.proof_since))
    for step in binding:
        mark = marks.get(step.pk)
        if not (mark and mark.done) and _proving(step, mark, proof) is None:
            told = {"number": step.position, "text": step.label}
            raise Refused("step_open", _("手册第%(number)d步未完成：%(text)s。") % told)


def doers(step: Step, case: Case, known: Directory) -> tuple[Unit, ...]:
    """The units that are to do ``step`` on ``case``: the one it names, or who has its role here; empty for nobody."""
    if step.unit is not None:
        return (step.unit,)
    if step.role == DutyRole.LEAD:
        return (case.lead,) if case.lead else ()
    if step.role == DutyRole.COMMAND:
        command = known.unit_with("large_loop_command")
        return (command,) if command else ()
    codes = [line["unit"] for line in case.duties if line["role"] == step.role and line["unit"]]
    return tuple(known.units_by_code[code] for code in dict.fromkeys(codes) if code in known.units_by_code)


# --- the pieces ---------------------------------------------------------------
def _marks(case: Case) -> dict[int, ChecklistMark]:
    """The last word on each step since the work last began anew, by the id of the step."""
    found = ChecklistMark.objects.filter(case=case, at__gte=case.proof_since).select_related("by", "unit")
    return {mark.step_id: mark for mark in found.order_by("pk")}


def _proving(step: Step, mark: ChecklistMark | None, proof: Iterable[Evidence]) -> Evidence | None:
    """The proof that does ``step`` by itself: of its kind, and newer than a word that it is not done."""
    if not step.proof or (mark is not None and mark.done):
        return None
    fresh = (item for item in proof if item.kind == step.proof and (mark is None or item.uploaded_at > mark.at))
    return next(fresh, None)


def _comes_in(step: Step) -> bool:
    """Whether it may come to hold later than the case is opened."""
    return bool(step.grades) or step.loop != Loop.SMALL


def _turns(case: Case) -> list[tuple[datetime, str, str]]:
    """``(at, colour, loop)`` after each change of either, oldest first. One query."""
    told = ledger.story(case.chain).filter(verb__in=TURNS).exclude(verb="alert.joined", after__grade=F("before__grade"))
    grade, loop, turns = str(case.grade), Loop.SMALL.value, []
    for at, after in told.order_by("seq").values_list("at", "after"):
        grade, loop = after.get("grade") or grade, after.get("loop") or loop
        turns.append((at, grade, loop))
    return turns


def _line(case: Case, step: Step, known: Directory, mark, proof: list[Evidence], turns: list) -> Line:
    held = (at for at, grade, loop in turns if step.holds(grade, loop)) if _comes_in(step) else iter(())
    since = max(next(held, case.opened_at), case.proof_since)
    due_at = since + timedelta(minutes=step.minutes / case.speed) if step.minutes else None
    ended, units = case.closed_at if not case.is_open else None, doers(step, case, known)
    return Line(step, units, since, due_at, mark, _proving(step, mark, proof), ended, not case.is_open)
