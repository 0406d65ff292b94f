"""Returns, lapses, missed rungs and missed clocks, unit by unit, each beside what it is out of.

By unit code and never by figure: this is no ranking, and of persons there is none (design 4.8).
"""

from dataclasses import dataclass, fields

from django.db import connection
from django.db.models import Exists, OuterRef

from accountability.musts import MUSTS
from accountability.period import Period
from cases.models import Case, Deadline
from responsibility import shelf
from responsibility.directory import Directory
from responsibility.models import ArchivedChain, Unit

PAGE = 100
# A clock counts in the period in which it was due, one that was taken away before its time in none.
DUE = f"c.drill_id IS NULL AND d.due_at >= %(since)s AND d.due_at < %(until)s AND {shelf.HERE}"
DECISIONS = "('decide', 'arbitrate', 'determine')"
CALLS = "('acknowledge', 'rung', 'order_call')"


def _missed(which: str) -> str:
    """How many of the clocks that fit were missed, and out of how many."""
    return f"""count(*) FILTER (WHERE {which} AND verdict IN ('late', 'unmet')),
        count(*) FILTER (WHERE {which} AND verdict <> 'not_asked')"""


BY_UNIT = f"""
    WITH {MUSTS.format(which=DUE)}, figures AS (
        SELECT unit_id, ARRAY[{_missed(f"kind IN {DECISIONS}")}, {_missed("kind = 'acknowledge'")},
            {_missed("kind = 'rung' AND level = 1")}, {_missed("kind = 'rung' AND level = 2")},
            {_missed("kind = 'rung' AND level >= 3")},
            {_missed(f"kind NOT IN {DECISIONS} AND kind NOT IN {CALLS}")}] AS clocks
        FROM must WHERE unit_id IS NOT NULL GROUP BY 1
    ), returned AS (
        SELECT r.unit_id, count(*) AS asked, count(*) FILTER (WHERE r.state = 'approved') AS upheld
        FROM cases_request r JOIN cases_case c ON c.id = r.case_id
        WHERE r.kind = 'return' AND c.drill_id IS NULL AND r.asked_at >= %(since)s AND r.asked_at < %(until)s GROUP BY 1
    ), engaged AS (
        SELECT p.unit_id, count(DISTINCT p.case_id) AS cases FROM cases_party p JOIN cases_case c ON c.id = p.case_id
        WHERE c.drill_id IS NULL AND p.since >= %(since)s AND p.since < %(until)s GROUP BY 1
    )
    SELECT u.id, COALESCE(engaged.cases, 0), COALESCE(returned.asked, 0), COALESCE(returned.upheld, 0),
        COALESCE(figures.clocks, array_fill(0::bigint, ARRAY[12]))
    FROM responsibility_unit u LEFT JOIN figures ON figures.unit_id = u.id
    LEFT JOIN returned ON returned.unit_id = u.id LEFT JOIN engaged ON engaged.unit_id = u.id
    WHERE (engaged.cases > 0 OR returned.asked > 0 OR figures.clocks IS NOT NULL) AND u.code > %(after)s
        AND (%(kind)s = '' OR u.kind = %(kind)s)
    ORDER BY u.code LIMIT %(limit)s
"""  # noqa: S608, no word of it comes from outside


def archived(period: Period) -> int:
    """How many cases with a clock due in ``period`` have their record in the archive: they are not counted."""
    due = Deadline.objects.filter(case=OuterRef("pk"), due_at__gte=period.since, due_at__lt=period.until)
    return Case.objects.real().filter(Exists(due), chain__in=ArchivedChain.objects.values("chain")).count()


@dataclass
class Figure:
    """``part`` out of ``whole``."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """In whole percent; ``None`` where there is nothing to divide by."""
        return round(100 * self.part / self.whole) if self.whole else None


@dataclass
class Row:
    """The figures of one unit in a period.

    ``returned`` out of the cases it was engaged in, ``upheld`` out of those; ``lapsed``: decisions it let pass;
    ``unanswered``: acknowledgements missed; ``second``, ``leader``, ``above``: rungs of its call ladder that passed in
    vain; ``missed``: all its other clocks.
    """

    unit: Unit
    returned: Figure
    upheld: Figure
    lapsed: Figure
    unanswered: Figure
    second: Figure
    leader: Figure
    above: Figure
    missed: Figure

    @property
    def figures(self) -> list[Figure]:
        """All of them, in the order of the columns."""
        return [getattr(self, field.name) for field in fields(self)[1:]]


def rows(period: Period, known: Directory, *, kind: str = "", after: str = "", limit: int = PAGE) -> list[Row]:
    """The units of ``kind`` (all where empty) that had anything to do in ``period``, by code. One statement."""
    given: dict = period.bounds | {"kind": kind, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(BY_UNIT, given)
        found = cursor.fetchall()
    return [
        Row(
            known.units[pk],
            Figure(asked, cases),
            Figure(upheld, asked),
            *(Figure(missed, whole) for missed, whole in zip(clocks[::2], clocks[1::2], strict=True)),
        )
        for pk, cases, asked, upheld, clocks in found
    ]
