"""What the page of an edition shows: its way so far, its rows with what is wrong and what was said, and who is silent.

Four statements however many rows there are; all else is laid together in memory.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, checks, clock, editions, grid, ledger
from responsibility.acts import ACTS
from responsibility.directory import Directory
from responsibility.models import Duty, Edition, EditionState, Opinion, Stance, Unit
from responsibility.models.matrix import DutyRole

LABELS = {verb: ACTS[f"edition.{verb}"].label for verb in editions.STEPS}


@dataclass
class Line:
    """A row with the faults it takes part in and what its unit says."""

    duty: Duty
    faults: list[checks.Finding] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)

    @property
    def is_marked(self) -> bool:
        """Whether somebody must look at it."""
        objected = any(opinion.stance == Stance.OBJECT for opinion in self.opinions)
        return bool(self.faults) or objected or self.duty.unit_id is None


@dataclass
class Chapter:
    """The rows of one category or domain."""

    code: str
    lines: list[Line] = field(default_factory=list)

    @property
    def is_marked(self) -> bool:
        return any(line.is_marked for line in self.lines)


@dataclass
class Voice:
    """What one named unit has said: its rows, how many it accepted, its objections, how many wait for a word."""

    unit: Unit
    rows: int = 0
    accepted: int = 0
    silent: int = 0
    objections: list[Opinion] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """In one word of the page's style: refused, approved, pending or nothing."""
        if self.objections:
            return "refused"
        return "pending" if 0 < self.silent < self.rows else "" if self.silent else "approved"


@dataclass(frozen=True)
class Step:
    """A station on the way to publication. ``at`` and ``by`` are empty until it has been reached."""

    label: str
    done: bool
    current: bool
    at: datetime | None = None
    by: object = None


def find(number: int, actor: acting.Actor) -> Edition | None:
    """The edition with this number, ``None`` where ``actor`` sees none."""
    people = ("drafted_by", "approved_by", "published_by", "based_on")
    return Edition.objects.visible_to(actor).select_related(*people).filter(number=number).first()


def rows(edition: Edition, known: Directory) -> list[Duty]:
    """The rows of an edition with their names, in the order of the matrix."""
    roles = list(DutyRole.values)
    order = {category.pk: n for n, category in enumerate(grid.categories(known))}
    named = grid.with_names(edition.duties.all().order_by("pk"), known)
    # What speaks of a whole domain stands before its first category.
    first = {category.domain: order[category.pk] - 0.5 for category in reversed(grid.categories(known))}
    place = {row.pk: order.get(row.category_id or 0, first.get(row.domain, -1)) for row in named}
    return sorted(named, key=lambda row: (place[row.pk], row.scenario_id or 0, roles.index(row.role), row.pk))


def about(edition: Edition, actor: acting.Actor, known: Directory) -> dict:
    """All that the page tells ``actor``."""
    now, duties = clock.now(), rows(edition, known)
    judged = edition.state not in (EditionState.PUBLISHED, EditionState.WITHDRAWN)
    faults = checks.faults(duties, known, now) if judged else []
    opinions = list(Opinion.objects.filter(duty__edition=edition).select_related("given_by", "unit"))
    heard = voices(duties, opinions)
    allowed = editions.steps(edition, actor)
    return {
        "edition": edition,
        "chapters": chapters(duties, faults, opinions),
        "faults": faults,
        "gaps": checks.gaps_ahead(duties, known, now) if judged else checks.gaps(duties, known, asked_at(edition, now)),
        "seen": editions.stamp(duties),
        "voices": heard,
        "objecting": [voice for voice in heard if voice.objections],
        "silent": sum(bool(voice.silent) and not voice.objections for voice in heard),
        "agreed": sum(not voice.silent and not voice.objections for voice in heard),
        "objections": [opinion for opinion in opinions if opinion.stance == Stance.OBJECT],
        "track": track(edition),
        "allowed": {verb: LABELS[verb] for verb in LABELS if verb in allowed},
        "edits": edition.is_open and access.may(actor, "edition.rows"),
        "own": own_rows(edition, actor, duties),
        "story": list(ledger.story(edition.chain)) if access.may(actor, "edition.read") else [],
    }


def asked_at(edition: Edition, now: datetime) -> datetime:
    """The instant at which an edition is asked for its gaps: now, or the nearest at which it is in force."""
    if edition.valid is None:
        return now
    # Its end is the first instant that is another's.
    last = edition.valid.upper - timedelta(seconds=1) if edition.valid.upper else now
    return max(edition.valid.lower, min(now, last))


def own_rows(edition: Edition, actor: acting.Actor, duties: list[Duty]) -> list[Duty]:
    """The rows that ``actor`` may speak to now."""
    units = editions.speaks_for(actor)
    return [row for row in duties if row.unit_id in units] if edition.state == EditionState.COMMENT else []


def chapters(duties: list[Duty], faults: list[checks.Finding], opinions: list[Opinion]) -> list[Chapter]:
    """The rows by category, each with its faults and opinions."""
    wrong, said = defaultdict(list), defaultdict(list)
    for finding in faults:
        for duty in finding.duties:
            wrong[duty.pk].append(finding)
    for opinion in opinions:
        said[opinion.duty_id].append(opinion)
    found: dict[str, Chapter] = {}
    for duty in duties:
        code = duty.category.code if duty.category else duty.domain
        chapter = found.setdefault(code, Chapter(code))
        chapter.lines.append(Line(duty, wrong[duty.pk], said[duty.pk]))
    return list(found.values())


def voices(duties: list[Duty], opinions: list[Opinion]) -> list[Voice]:
    """Every named unit: who objects first, then who is silent, then who has agreed."""
    said = {(opinion.duty_id, opinion.unit_id): opinion for opinion in opinions}
    found: dict[int, Voice] = {}
    for duty in duties:
        if duty.unit is None:
            continue
        voice = found.setdefault(duty.unit.pk, Voice(duty.unit))
        opinion = said.get((duty.pk, duty.unit.pk))
        voice.rows += 1
        voice.silent += opinion is None
        voice.accepted += opinion is not None and opinion.stance == Stance.ACCEPT
        if opinion and opinion.stance == Stance.OBJECT:
            opinion.duty = duty
            voice.objections.append(opinion)
    return sorted(found.values(), key=lambda voice: (not voice.objections, not voice.silent, voice.unit.code))


def track(edition: Edition) -> list[Step]:
    """The way from draft to publication; what was withdrawn has no further station."""
    stations = [
        (EditionState.DRAFT, edition.drafted_at, edition.drafted_by),
        (EditionState.COMMENT, edition.sent_at, None),
        (EditionState.APPROVED, edition.approved_at, edition.approved_by),
        (EditionState.PUBLISHED, edition.published_at, edition.published_by),
    ]
    if edition.state == EditionState.WITHDRAWN:
        stations = [stations[0], (EditionState.WITHDRAWN, None, None)]
    order = [state for state, _at, _by in stations]
    here = order.index(EditionState(edition.state))
    return [
        Step(str(state.label), bool(at) and (n < here or last), n == here, *((at, by) if n <= here else ()))
        for n, (state, at, by) in enumerate(stations)
        for last in [n == here and state == EditionState.PUBLISHED]
    ]


def names_changes(one: Duty, other: Duty) -> list[str]:
    """The words for what two rows of one key and unit differ in."""
    words = {"basis": _("法律依据"), "valid": _("有效期"), "note": _("备注")}
    return [str(word) for name, word in words.items() if getattr(one, name) != getattr(other, name)]
