"""The matrix as people look at it: categories down, roles across, and what each cell said in earlier editions.

All from the rows in memory: the page of a thousand rows costs the statements of the page of ten.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from responsibility.directory import Directory
from responsibility.models import Category, Duty, Edition, Scenario, Territory
from responsibility.models.matrix import DutyRole
from responsibility.ownership import SINGLE, specificity

# The territory comes from the point and the main body from the object, so neither has a column unless a row names one.
COLUMNS = [
    DutyRole.LEAD, DutyRole.BUSINESS, DutyRole.SUPERVISION, DutyRole.SPECIAL, DutyRole.LEADER, DutyRole.SUPPORT,
]  # fmt: skip


@dataclass(frozen=True)
class View:
    """What is looked at: an instant, and one scenario or territory where ``None`` leaves it open."""

    at: datetime
    scenario: Scenario | None = None
    territory: Territory | None = None

    @property
    def params(self) -> dict[str, str]:
        """The narrowing as it stands in an address."""
        chosen = {"scenario": self.scenario, "territory": self.territory}
        return {name: thing.code for name, thing in chosen.items() if thing}

    def speaks(self, row: Duty) -> bool:
        """Whether ``row`` says anything within the narrowing, at whatever instant."""
        wanted = ((row.scenario_id, self.scenario), (row.territory_id, self.territory))
        return all(own is None or thing is None or own == thing.pk for own, thing in wanted)

    def within(self, row: Duty) -> tuple:
        """What is left of the row's key once the narrowing is taken as given."""
        scenario = None if self.scenario else row.scenario_id
        return (scenario, None if self.territory else row.territory_id, row.stage)


@dataclass
class Cell:
    """What one role says of one category. ``open`` when no row leads where nothing more exact is said."""

    role: DutyRole
    duties: list[Duty] = field(default_factory=list)
    open: bool = False

    @property
    def is_gap(self) -> bool:
        """Whether nobody leads somewhere in this cell."""
        return self.open or any(duty.unit_id is None for duty in self.duties)


@dataclass
class Line:
    """One category with its cells, in the order of the columns."""

    category: Category
    cells: list[Cell]

    @property
    def is_gap(self) -> bool:
        return any(cell.is_gap for cell in self.cells)


@dataclass
class Chapter:
    """What a cell says in one edition; ``new`` are the keys of rows that the edition before did not have."""

    edition: Edition
    duties: list[Duty]
    new: set[int]
    gone: list[Duty]

    @property
    def unchanged(self) -> bool:
        return not self.new and not self.gone


def with_names(duties: Iterable[Duty], known: Directory) -> list[Duty]:
    """The rows with units, categories, scenarios and territories taken from the directory: no question each."""
    tables: dict[str, dict] = {
        "category": {category.pk: category for category in known.categories.values()},
        "scenario": {scenario.pk: scenario for scenario in known.scenarios.values()},
        "territory": {territory.pk: territory for territory in known.territories.values()},
        "unit": known.units,
    }
    named = list(duties)
    for duty in named:
        for name, table in tables.items():
            pk = getattr(duty, f"{name}_id")
            # What is newer than the directory is asked for when it is shown.
            if pk is None or pk in table:
                duty._state.fields_cache[name] = table.get(pk)
    return named


def categories(known: Directory) -> list[Category]:
    """Every category, domain by domain in the order in which the district's file names them."""
    by_age = sorted(known.categories.values(), key=lambda category: category.pk)
    domains = list(dict.fromkeys(category.domain for category in by_age))
    return sorted(by_age, key=lambda category: domains.index(category.domain))


def columns(lines: Iterable[Line]) -> list[DutyRole]:
    """The roles across, the same for every line."""
    return next(([cell.role for cell in line.cells] for line in lines), list(COLUMNS))


def lines(known: Directory, view: View) -> list[Line]:
    """Every category, by domain, with who speaks in each role at the instant of ``view``."""
    spoken = {category.pk: speaking(known, category, view) for category in known.categories.values()}
    used = {row.role for rows in spoken.values() for row in rows}
    across = COLUMNS + [role for role in DutyRole if role in used and role not in COLUMNS]
    return [
        Line(category, [_cell(role, spoken[category.pk], view) for role in across]) for category in categories(known)
    ]


def speaking(known: Directory, category: Category, view: View) -> list[Duty]:
    """The rows of ``category`` in force within ``view``; of a single role only those that no other one overrules."""
    rows = [row for row in known.book.rows(category) if view.at in row.span and view.speaks(row)]
    best: dict[tuple, Duty] = {}
    for row in rows:
        if row.role in SINGLE:
            key = (row.role, *view.within(row))
            best[key] = max(best.get(key, row), row, key=specificity)
    heard = [row for row in rows if row.role not in SINGLE] + list(best.values())
    return with_names(sorted(heard, key=lambda row: (row.scenario_id or 0, row.territory_id or 0, row.pk)), known)


def cell(known: Directory, category: Category, role: DutyRole, view: View) -> Cell:
    """One cell of the grid."""
    return _cell(role, speaking(known, category, view), view)


def _cell(role: DutyRole, rows: list[Duty], view: View) -> Cell:
    own = [row for row in rows if row.role == role]
    covered = any(view.within(row) == (None, None, "") for row in own)
    return Cell(role, own, open=role == DutyRole.LEAD and not covered)


def history(known: Directory, category: Category, role: str, view: View) -> list[Chapter]:
    """What the cell said in every published edition, the newest first, and what each changed."""
    by_edition: dict[Edition, list[Duty]] = {}
    for row in known.book.rows(category):
        chapter = by_edition.setdefault(row.edition, [])
        if row.role == role and view.speaks(row):
            chapter.append(row)
    chapters: list[Chapter] = []
    before: dict[tuple, Duty] = {}
    for edition in sorted(by_edition, key=lambda edition: edition.valid.lower):
        rows = with_names(by_edition[edition], known)
        now = {(*row.key, row.unit_id): row for row in rows}
        new = {row.pk for key, row in now.items() if key not in before} if chapters else set()
        chapters.append(Chapter(edition, rows, new, [row for key, row in before.items() if key not in now]))
        before = now
    return chapters[::-1]
