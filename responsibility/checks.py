"""What stands between a draft of the responsibility list and its publication; facts 2.3.

Faults forbid it; gaps are allowed when they are acknowledged one by one. Everything is found in memory, from the rows
of one edition: a list has thousands of rows, and is checked each time somebody looks at it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from responsibility import authority
from responsibility.directory import Directory
from responsibility.models import Category, Duty, Scenario, Territory
from responsibility.models.matrix import DutyRole
from responsibility.ownership import SINGLE, Book, Question


@dataclass(frozen=True)
class Finding:
    """A fault. ``kind``: overlap, two_of_one, tie, self_supervision, dead_unit, no_basis or no_authority.

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
    "two_of_one": _("同一类别、场景、属地、阶段在同一时段有两个综合监管或领导责任单位，只能有一个。"),
    "tie": _("两行牵头同样具体，落在两者之内的预警无法判定由谁牵头。"),
    "self_supervision": _("牵头单位不得同时是自己的综合监管单位，应上移至区安委办。"),
    "dead_unit": _("责任单位已撤销。"),
    "no_basis": _("没有法律依据。"),
    "no_authority": _("该单位没有牵头这类工作所需的权限，见责权清单。"),
}


@dataclass(frozen=True)
class Gap:
    """A live danger without a lead. ``key`` names it in words that survive a new edition.

    ``since``: when it opens, where that is later than the time asked about.
    """

    category: Category
    scenario: Scenario | None
    territory: Territory | None
    declared: Duty | None
    since: datetime | None = None

    @property
    def key(self) -> str:
        """``CATEGORY|scenario|territory``, empty where any."""
        parts = (self.scenario, self.territory)
        return "|".join([self.category.code, *(part.code if part else "" for part in parts)])

    @property
    def label(self) -> str:
        """The same for people: category, scenario, territory."""
        parts = (self.category, self.scenario, self.territory)
        return " · ".join(part.label for part in parts if part)


def faults(duties: list[Duty], known: Directory, at: datetime) -> list[Finding]:
    """Everything that forbids the publication of ``duties`` at ``at``; empty when nothing does."""
    leads = _of(duties, DutyRole.LEAD)
    today = localdate(at)
    return [
        *_overlaps(leads, "overlap"),
        *(found for role in SINGLE - {DutyRole.LEAD} for found in _overlaps(_of(duties, role), "two_of_one")),
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
    book = Book(duties)
    return [gap for category in known.categories.values() for gap in _gaps_of(category, book, known, at)]


def gaps_ahead(duties: Iterable[Duty], known: Directory, at: datetime) -> list[Gap]:
    """``gaps`` at ``at``, and those that open later because a lead's row ends and none follows."""
    book, found = Book(duties), []
    for category in known.categories.values():
        ends = {row.valid.upper for row in _of(book.rows(category), DutyRole.LEAD) if row.valid.upper}
        met: set[str] = set()
        for instant in [at, *sorted(end for end in ends if end > at)]:
            news = [gap for gap in _gaps_of(category, book, known, instant) if gap.key not in met]
            found += [gap if instant == at else replace(gap, since=instant) for gap in news]
            met |= {gap.key for gap in news}
    return found


def _gaps_of(category: Category, book: Book, known: Directory, at: datetime) -> Iterator[Gap]:
    rows = _of(book.rows(category), DutyRole.LEAD)
    places = [None, *sorted({row.territory_id for row in rows if row.territory_id})]
    venues = [None, *sorted({row.scenario_id for row in rows if row.scenario_id})]
    scenarios, territories = _by_pk(known.scenarios), _by_pk(known.territories)
    met: set[tuple] = set()
    for venue, place in ((venue, place) for venue in venues for place in places):
        question = Question(category, scenarios.get(venue), territories.get(place), at)
        answer = book.ask(question)
        if not answer.is_gap:
            continue
        # A gap inside a wider one is the same gap.
        if not met & {(None, None), (venue, None), (None, place)}:
            yield Gap(category, question.scenario, question.territory, answer.lead)
        met.add((venue, place))


def _of(duties: Iterable[Duty], role: str) -> list[Duty]:
    return [duty for duty in duties if duty.role == role]


def _by_pk(by_code: dict) -> dict:
    return {thing.pk: thing for thing in by_code.values()}


def _overlaps(rows_of_a_role: list[Duty], kind: str) -> Iterator[Finding]:
    same: dict[tuple, list[Duty]] = defaultdict(list)
    for duty in rows_of_a_role:
        same[duty.key].append(duty)
    for rows in same.values():
        for one, other in combinations(rows, 2):
            if _meet(one, other):
                yield Finding(kind, (one, other))


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


def _apart(one: Duty, other: Duty) -> bool:
    """Whether no danger lies within both."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in DIMENSIONS)
    return any(a and b and a != b for a, b in pairs)


def _crossed(one: Duty, other: Duty) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in DIMENSIONS]
    return not _apart(one, other) and any(a and not b for a, b in pairs) and any(b and not a for a, b in pairs)


def _both(one: Duty, other: Duty) -> tuple:
    scenario, stage, territory = (getattr(one, name) or getattr(other, name) for name in DIMENSIONS)
    return (one.category_id, one.domain, scenario, stage, territory)


def _meet(one: Duty, other: Duty) -> bool:
    """Whether both are in force at some instant; a range without end has ``None`` there."""
    starts = [duty.valid.lower for duty in (one, other) if duty.valid.lower]
    ends = [duty.valid.upper for duty in (one, other) if duty.valid.upper]
    return not starts or not ends or max(starts) < min(ends)


def _self_supervised(duties: list[Duty], leads: list[Duty], known: Directory, at: datetime) -> Iterator[Finding]:
    """Each lead with the rows that name its own unit as supervision, where and whenever both would speak."""
    book, above = Book(duties), defaultdict(list)
    for row in _of(duties, DutyRole.SUPERVISION):
        above[row.unit_id].append(row)
    for lead in leads:
        own = next((row for row in above.get(lead.unit_id, ()) if _both_speak(lead, row, book, known, at)), None)
        if own:
            yield Finding("self_supervision", (lead, own))


def _both_speak(lead: Duty, above: Duty, book: Book, known: Directory, at: datetime) -> bool:
    """Whether some danger at some time from ``at`` on gets both: asked wherever and whenever a row begins or ends."""
    if _apart(lead, above) or not _meet(lead, above):
        return False
    _category, _domain, venue, stage, place = _both(lead, above)
    scenario, territory = _by_pk(known.scenarios).get(venue), _by_pk(known.territories).get(place)
    subjects = {category.pk: category for category in _subjects(above, known)}
    for category in _subjects(lead, known):
        if category.pk not in subjects:
            continue
        for instant in _turns(book.rows(category), at):
            roles = book.ask(Question(category, scenario, territory, instant, stage)).roles
            if lead in roles.get(DutyRole.LEAD, ()) and above in roles.get(DutyRole.SUPERVISION, ()):
                return True
    return False


def _turns(rows: Iterable[Duty], at: datetime) -> list[datetime]:
    """``at``, and each later instant at which one of ``rows`` begins or ends."""
    ends = {end for row in rows for end in (row.valid.lower, row.valid.upper) if end and end > at}
    return [at, *sorted(ends)]


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
