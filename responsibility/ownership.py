"""Who answers: the matrix rows that fit a danger at a place and an instant, the winner, and why the others lost.

Specificity (design 4.4, facts 2.3): a row for the category before one for its whole domain, then an exact scenario,
then an exact territory, then an exact life-cycle stage, each before "any". Two rows of one rank cannot both fit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from responsibility.models import Category, Duty, Scenario, Territory
from responsibility.models.matrix import DutyRole

# Of these exactly one row speaks; of the others every row that fits.
SINGLE = {DutyRole.LEAD, DutyRole.SUPERVISION, DutyRole.LEADER}


@dataclass(frozen=True)
class Question:
    """A danger at a place. ``stage`` is a phase of the object's life, such as operation; empty when nobody said."""

    category: Category
    scenario: Scenario | None
    territory: Territory | None
    at: datetime
    stage: str = ""


@dataclass
class Weighed:
    """One row that was looked at. ``verdict``: won, not_in_force, other_scenario, other_territory, other_stage or
    less_specific."""

    duty: Duty
    verdict: str


@dataclass
class Ownership:
    """The rows that answer, by role, and all rows that were looked at, the winners first."""

    roles: dict[str, list[Duty]] = field(default_factory=dict)
    trace: list[Weighed] = field(default_factory=list)

    @property
    def lead(self) -> Duty | None:
        """The lead's row; without a unit it declares a gap. ``None`` where no row speaks at all: also a gap."""
        return self.roles.get(DutyRole.LEAD, [None])[0]

    @property
    def is_gap(self) -> bool:
        """Whether nobody leads."""
        return self.lead is None or self.lead.unit_id is None


def specificity(duty: Duty) -> tuple[bool, bool, bool, bool]:
    """How much a row says, the weightier first."""
    return (duty.category_id is not None, duty.scenario_id is not None, duty.territory_id is not None, bool(duty.stage))


class Book:
    """Rows that can be asked. Made once for a set of rows; a question reads only those that speak of its own place,
    so that thousands of rows for other scenarios and territories cost it nothing."""

    def __init__(self, duties: Iterable[Duty]):
        self.by_category: dict[int, list[Duty]] = defaultdict(list)
        self.by_domain: dict[str, list[Duty]] = defaultdict(list)
        # By category or domain, scenario and territory, the last two None for "any".
        self.by_key: dict[tuple[int | str, int | None, int | None], list[Duty]] = defaultdict(list)
        for duty in duties:
            if duty.category_id:
                self.by_category[duty.category_id].append(duty)
            else:
                self.by_domain[duty.domain].append(duty)
            self.by_key[duty.category_id or duty.domain, duty.scenario_id, duty.territory_id].append(duty)

    def rows(self, category: Category) -> list[Duty]:
        """All rows that may speak of ``category``, at whatever place and instant."""
        return self.by_category.get(category.pk, []) + self.by_domain.get(category.domain, [])

    def ask(self, question: Question) -> Ownership:
        """The answer, without a question to the database."""
        fitting: dict[str, list[Duty]] = defaultdict(list)
        for row in self._near(question):
            if not _misfit(row, question):
                fitting[row.role].append(row)
        return Ownership(roles={role: _speakers(role, rows) for role, rows in fitting.items()})

    def _near(self, question: Question) -> Iterator[Duty]:
        scenarios = {None, question.scenario.pk if question.scenario else None}
        territories = {None, question.territory.pk if question.territory else None}
        for kind in (question.category.pk, question.category.domain):
            for key in product([kind], scenarios, territories):
                yield from self.by_key.get(key, ())

    def explain(self, question: Question) -> Ownership:
        """The answer with its trace."""
        answer = self.ask(question)
        won = {duty.pk for rows in answer.roles.values() for duty in rows}
        for row in self.rows(question.category):
            verdict = "won" if row.pk in won else _misfit(row, question) or "less_specific"
            answer.trace.append(Weighed(row, verdict))
        answer.trace.sort(key=lambda weighed: (weighed.verdict != "won", weighed.duty.role != DutyRole.LEAD))
        return answer


def _speakers(role: str, rows: list[Duty]) -> list[Duty]:
    if role not in SINGLE:
        return sorted(rows, key=lambda row: (row.category_id is None, row.pk))
    return [max(rows, key=specificity)]


def _misfit(row: Duty, question: Question) -> str:
    """Why ``row`` does not speak to ``question``; "" when it does."""
    if question.at not in row.span:
        return "not_in_force"
    if row.scenario_id is not None and row.scenario_id != (question.scenario and question.scenario.pk):
        return "other_scenario"
    if row.territory_id is not None and row.territory_id != (question.territory and question.territory.pk):
        return "other_territory"
    if row.stage and row.stage != question.stage:
        return "other_stage"
    return ""
