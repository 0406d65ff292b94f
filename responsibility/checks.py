"""What stands between a draft of the responsibility list and its publication; facts 2.3.

Faults forbid it; gaps are allowed when they are acknowledged one by one. Everything is found in memory, from the rows
of one edition: a list has thousands of rows, and is checked each time somebody looks at it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from responsibility import authority
from responsibility.directory import Directory
from responsibility.models import Category, Duty, Scenario, Territory
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Book, Question


@dataclass(frozen=True)
class Finding:
    """A fault. ``kind``: overlap, tie, self_supervision, dead_unit, no_basis or no_authority.

    ``duties`` are the cells at fault.
    """

    kind: str
    duties: tuple[Duty, ...]

    @property
    def detail(self) -> Promise:
        """The fault as a sentence."""
        return SENTENCES[self.kind]


SENTENCES = {
    "overlap": _("同一类别、场景、属地、阶段在同一时段有两个牵头单位。"),
    "tie": _("两行牵头同样具体，落在两者之内的预警无法判定由谁牵头。"),
    "self_supervision": _("牵头单位不得同时是自己的综合监管单位，应上移至区安委办。"),
    "dead_unit": _("责任单位已撤销。"),
    "no_basis": _("没有法律依据。"),
    "no_authority": _("该单位没有牵头这类工作所需的权限，见责权清单。"),
}


@dataclass(frozen=True)
class Gap:
    """A live danger without a lead. ``key`` names it in words that survive a new edition."""

    category: Category
    scenario: Scenario | None
    territory: Territory | None
    declared: Duty | None

    @property
    def key(self) -> str:
        """``CATEGORY|scenario|territory``, empty where any."""
        parts = (self.scenario, self.territory)
        return "|".join([self.category.code, *(part.code if part else "" for part in parts)])


def faults(duties: list[Duty], known: Directory, at: datetime) -> list[Finding]:
    """Everything that forbids the publication of ``duties`` at ``at``; empty when nothing does."""
    leads = [duty for duty in duties if duty.role == DutyRole.LEAD]
    today = localdate(at)
    return [
        *_overlaps(leads),
        *_ties(leads),
        *_self_supervised(duties, leads, known, at),
        *(Finding("dead_unit", (duty,)) for duty in duties if _dead(duty, known, today)),
        *(Finding("no_basis", (duty,)) for duty in duties if not duty.basis.strip()),
        *(Finding("no_authority", (duty,)) for duty in leads if _powerless(duty, known)),
    ]


def gaps(duties: Iterable[Duty], known: Directory, at: datetime) -> list[Gap]:
    """Every live category × scenario × territory without a lead at ``at``.

    Asked for the scenarios and territories that the rows of the category tell apart, and for any other.
    """
    duties, found = list(duties), []
    book, scenarios, territories = Book(duties), _by_pk(known.scenarios), _by_pk(known.territories)
    for category in known.categories.values():
        rows = [row for row in book.rows(category) if row.role == DutyRole.LEAD]
        places = [None, *sorted({row.territory_id for row in rows if row.territory_id})]
        venues = [None, *sorted({row.scenario_id for row in rows if row.scenario_id})]
        met: set[tuple] = set()
        for venue, place in ((venue, place) for venue in venues for place in places):
            question = Question(category, scenarios.get(venue), territories.get(place), at)
            answer = book.ask(question)
            if not answer.is_gap:
                continue
            # A gap inside a wider one is the same gap.
            if not met & {(None, None), (venue, None), (None, place)}:
                found.append(Gap(category, question.scenario, question.territory, answer.lead))
            met.add((venue, place))
    return found


def _by_pk(by_code: dict) -> dict:
    return {thing.pk: thing for thing in by_code.values()}


def _overlaps(leads: list[Duty]) -> Iterator[Finding]:
    same: dict[tuple, list[Duty]] = defaultdict(list)
    for duty in leads:
        same[duty.key].append(duty)
    for rows in same.values():
        for one, other in combinations(rows, 2):
            if _meet(one, other):
                yield Finding("overlap", (one, other))


def _ties(leads: list[Duty]) -> Iterator[Finding]:
    """Pairs of which each is more exact in something: what lies in both has two leads, unless a third row decides."""
    by_subject: dict[tuple, list[Duty]] = defaultdict(list)
    for duty in leads:
        by_subject[duty.category_id, duty.domain].append(duty)
    for rows in by_subject.values():
        settled = {duty.key for duty in rows}
        for one, other in combinations(rows, 2):
            rivals = one.unit_id != other.unit_id and _crossed(one, other) and _meet(one, other)
            if rivals and _both(one, other) not in settled:
                yield Finding("tie", (one, other))


DIMENSIONS = ("scenario_id", "stage", "territory_id")


def _crossed(one: Duty, other: Duty) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in DIMENSIONS]
    if any(a and b and a != b for a, b in pairs):
        return False
    return any(a and not b for a, b in pairs) and any(b and not a for a, b in pairs)


def _both(one: Duty, other: Duty) -> tuple:
    scenario, stage, territory = (getattr(one, name) or getattr(other, name) for name in DIMENSIONS)
    return (one.category_id, one.domain, scenario, stage, territory)


def _meet(one: Duty, other: Duty) -> bool:
    """Whether both are in force at some instant; a range without end has ``None`` there."""
    starts = [duty.valid.lower for duty in (one, other) if duty.valid.lower]
    ends = [duty.valid.upper for duty in (one, other) if duty.valid.upper]
    return not starts or not ends or max(starts) < min(ends)


def _self_supervised(duties: list[Duty], leads: list[Duty], known: Directory, at: datetime) -> Iterator[Finding]:
    """The lead and the supervision that a danger inside each lead's row would get."""
    book, scenarios, territories = Book(duties), _by_pk(known.scenarios), _by_pk(known.territories)
    for lead in leads:
        instant = max(moment for moment in (at, lead.valid.lower) if moment)
        for category in _subjects(lead, known):
            question = Question(
                category, scenarios.get(lead.scenario_id), territories.get(lead.territory_id), instant, lead.stage
            )
            roles = book.ask(question).roles
            above = roles.get(DutyRole.SUPERVISION, [None])[0]
            if above and lead in roles.get(DutyRole.LEAD, []) and above.unit_id == lead.unit_id:
                yield Finding("self_supervision", (lead, above))
                break


def _subjects(duty: Duty, known: Directory) -> list[Category]:
    if duty.domain:
        return [category for category in known.categories.values() if category.domain == duty.domain]
    return [category for category in known.categories.values() if category.pk == duty.category_id]


def _powerless(lead: Duty, known: Directory) -> bool:
    unit = known.units.get(lead.unit_id or 0)
    return unit is not None and not all(authority.may_lead(unit, c, known) for c in _subjects(lead, known))


def _dead(duty: Duty, known: Directory, today) -> bool:
    unit = known.units.get(duty.unit_id or 0)
    return unit is not None and unit.closed_on is not None and unit.closed_on <= today
