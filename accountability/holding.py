"""Who held a case in each minute, read from its ledger alone: no gap and no overlap.

The holder is who commands (design 4.1): the territory's unit in the small loop, the lead in the medium, the district
command in the large one. Before filing it is the desk that judges the alert; after the end nobody holds it. Whoever
else is engaged at the same time is told by ``engaged``, for a wider loop releases nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Deadline, Party, State
from cases.models.machine import ENDED
from responsibility import ledger
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Unit


class Phase(TextChoices):
    """In what sense somebody holds a case."""

    TRIAGE = "triage", _("研判，尚未立案")
    HELD = "held", _("负责处置")
    SUSPENDED = "suspended", _("挂账")
    ENDED = "ended", _("已办结或作废")


@dataclass(frozen=True)
class Span:
    """From ``since`` up to but not including ``until`` the case was ``unit``'s; nobody's once it had ended."""

    since: datetime
    until: datetime
    unit: Unit | None
    loop: str
    phase: Phase
    hand_over: bool = False

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True)
class Engaged:
    """A unit engaged in a case in a role, from–to; with when it answered, if it has."""

    unit: Unit
    role: str
    since: datetime
    until: datetime
    acknowledged_at: datetime | None


def end_of(case: Case, entries: Iterable[LedgerEntry], now: datetime) -> datetime:
    """When the time of ``case`` that is accounted for ends: ``now`` while it is worked, else its last end."""
    if case.is_open:
        return now
    ended = [entry.at for entry in entries if entry.after.get("state") in ENDED]
    return ended[-1] if ended else now


def telling(case: Case) -> list[LedgerEntry]:
    """The entries of ``case`` that say who holds it, where it stands or how wide it is, oldest first. One query."""
    moves = Q(after__has_any_keys=["holder", "state", "loop"])
    return list(ledger.story(case.chain).filter(moves, subject_type="case"))


def spans(case: Case, known: Directory, entries: list[LedgerEntry], end: datetime) -> list[Span]:
    """The spans of ``case`` from its opening to ``end``, in order; ``entries`` as ``telling`` gives them. One query."""
    desk = Deadline.objects.filter(case=case, kind="triage").values_list("unit", flat=True).first()
    judging = known.units.get(desk or 0)
    found: list[Span] = []
    since, standing = case.opened_at, {"holder": None, "loop": "small", "state": str(State.TRIAGE)}
    for entry in entries:
        # Two acts of one instant leave no time between them; a clock that was set back takes none away.
        at = min(max(entry.at, since), end)
        _append(found, since, at, standing, judging, known)
        since = at
        standing |= {name: entry.after[name] for name in standing if name in entry.after}
    _append(found, since, end, standing, judging, known)
    return found


def _append(found: list[Span], since: datetime, until: datetime, standing: dict, judging, known: Directory) -> None:
    phase = _phase(standing["state"])
    unit = None if phase == Phase.ENDED else known.units_by_code.get(standing["holder"] or "")
    unit = unit or (judging if phase == Phase.TRIAGE else None)
    if since >= until:
        return
    before = found[-1] if found else None
    if before and (before.unit, before.loop, before.phase) == (unit, standing["loop"], phase):
        found[-1] = Span(before.since, until, unit, before.loop, phase, before.hand_over)
        return
    changed = bool(before and before.unit and unit and before.unit != unit and before.phase != Phase.TRIAGE)
    found.append(Span(since, until, unit, standing["loop"], phase, changed))


def _phase(state: str) -> Phase:
    if state in ENDED:
        return Phase.ENDED
    return {State.TRIAGE: Phase.TRIAGE, State.SUSPENDED: Phase.SUSPENDED}.get(State(state), Phase.HELD)


def engaged(case: Case, end: datetime) -> list[Engaged]:
    """Every unit that was ever engaged in ``case``, oldest first; whoever is still engaged, until ``end``."""
    parties = Party.objects.filter(case=case).select_related("unit").order_by("since", "id")
    return [
        Engaged(p.unit, p.role, p.since, max(p.since, min(p.until or end, end)), p.acknowledged_at) for p in parties
    ]
