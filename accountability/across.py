"""Across cases: where all five duties failed together, and which risks are put off, reopened or handed on for ever.

集体失职 and 大白象 are dangers that the district itself has named (facts 2.1). What is listed is what clocks and ledger
tell; it is a question to be asked, never a finding of guilt. Drills are never counted. One statement a page.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from accountability.musts import ASKED, FAILED, FIVE, MUSTS, VERDICT, Verdict
from accountability.period import Period
from cases.models import Case
from responsibility import shelf
from responsibility.models import ArchivedChain

PAGE = 50
# Defaults of ours, to be confirmed by the client: what makes a risk an elephant.
TIMES, LONG_DAYS = 2, 90

_FIVE = ", ".join(f"'{role.value}'" for role in FIVE)
_FAILED = ", ".join(f"'{verdict.value}'" for verdict in FAILED)
# Where every duty failed a clock was missed, for the territory is never vacant; only such cases are looked at.
SUSPECT = f"""
    c.drill_id IS NULL AND c.filed_at IS NOT NULL AND c.opened_at >= %(since)s AND c.opened_at < %(until)s
    AND (%(before)s::bigint IS NULL OR c.id < %(before)s)
    AND EXISTS (SELECT 1 FROM cases_deadline x WHERE x.case_id = c.id AND x.missed_at IS NOT NULL) AND {shelf.HERE}
"""  # noqa: S608, no word of it comes from outside
ALL_FAILED = f"bool_and(verdict IN ({_FAILED}))"
# Nothing was done in time, but not everybody was asked: worth a look, and not the same.
NONE_MET = f"bool_or(verdict IN ({_FAILED})) AND NOT bool_or(verdict IN ('met', 'open'))"
COLLECTIVE = f"""
    WITH {MUSTS.format(which=SUSPECT)}, {ASKED.format(which=SUSPECT)},
    judged AS (
        SELECT case_id, duty, {VERDICT} AS verdict FROM asked WHERE duty IN ({_FIVE}) GROUP BY case_id, duty
    )
    SELECT case_id, jsonb_object_agg(duty, verdict)::text FROM judged GROUP BY case_id HAVING {{having}}
    ORDER BY case_id DESC LIMIT %(limit)s
"""  # noqa: S608, no word of it comes from outside


@dataclass
class Failure:
    """A case in which every duty failed (``strict``), or none was met; the verdict of each, in their order."""

    case: Case
    verdicts: list[tuple[str, Verdict]]
    strict: bool


def failures(period: Period, *, loose: bool = False, before: int | None = None, limit: int = PAGE) -> list[Failure]:
    """Cases opened in ``period`` in which all five duties failed together, newest first, with an id below ``before``.

    ``loose`` adds those in which none was met though not each was asked. Four statements.
    """
    having = f"{ALL_FAILED} OR {NONE_MET}" if loose else ALL_FAILED
    with connection.cursor() as cursor:
        given: dict = period.bounds | {"before": before, "limit": limit}
        cursor.execute(COLLECTIVE.replace("{having}", having), given)
        found = [(pk, json.loads(told)) for pk, told in cursor.fetchall()]
    whole = Case.objects.select_related("category", "territory", "lead").prefetch_related("statements__by")
    cases = whole.in_bulk([pk for pk, _told in found])
    return [
        Failure(
            cases[pk],
            [(role.value, Verdict(told[role.value])) for role in FIVE],
            all(Verdict(told[role.value]) in FAILED for role in FIVE),
        )
        for pk, told in found
    ]


def filed(period: Period) -> int:
    """How many cases were opened in ``period`` and filed: what the failures are out of."""
    opened = Case.objects.real().filter(opened_at__gte=period.since, opened_at__lt=period.until)
    return opened.filter(filed_at__isnull=False).count()


def archived(period: Period) -> int:
    """How many of the cases opened in ``period`` have their record in the archive: they are not looked at."""
    opened = Case.objects.real().filter(opened_at__gte=period.since, opened_at__lt=period.until)
    return opened.filter(Exists(ArchivedChain.objects.filter(chain=OuterRef("chain")))).count()


# Of each risk that was worked in the period, everything that it has cost up to then. A case without an object is a
# risk of its own.
ELEPHANTS = """
    WITH at_work AS (
        SELECT DISTINCT c.object_code, CASE c.object_code WHEN '' THEN c.id END AS alone FROM cases_case c
        WHERE c.drill_id IS NULL AND c.filed_at IS NOT NULL AND c.opened_at < %(until)s
            AND (%(only)s = '' OR c.object_code = %(only)s OR c.object_code = '' AND c.number = %(only)s)
            AND (c.closed_at IS NULL AND c.state <> 'void' OR c.closed_at >= %(since)s OR c.opened_at >= %(since)s)
    ), each AS (
        SELECT COALESCE(NULLIF(c.object_code, ''), c.number) AS risk, c.id, c.number, c.opened_at, c.rework_count,
            c.hops, c.closed_at IS NULL AND c.state <> 'void' AS is_open, c.title,
            LEAST(%(now)s, COALESCE(c.closed_at, CASE c.state WHEN 'void' THEN
                (SELECT max(d.stopped_at) FROM cases_deadline d WHERE d.case_id = c.id) END, %(now)s)) AS ends
        FROM at_work JOIN cases_case c ON c.object_code = at_work.object_code
            AND (at_work.alone IS NULL OR at_work.alone = c.id)
        WHERE c.drill_id IS NULL AND c.filed_at IS NOT NULL AND c.opened_at < %(until)s
    ), cost AS (
        SELECT risk, min(opened_at) AS first, count(*) AS cases, bool_or(is_open) AS is_open,
            (array_agg(number ORDER BY id DESC))[1] AS latest, (array_agg(title ORDER BY id DESC))[1] AS title,
            sum(extract(epoch FROM GREATEST(ends - opened_at, interval '0'))) / 86400 AS days,
            sum(rework_count) AS reopened, sum(hops) AS handed_on, sum(asked.extended) AS extended,
            sum(asked.suspended) AS suspended, sum(asked.returned) AS returned,
            sum(there.hours) AS hours, max(there.units) AS units
        FROM each CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE r.kind = 'extend' AND r.state = 'approved') AS extended,
                count(*) FILTER (WHERE r.kind = 'suspend' AND r.state = 'approved') AS suspended,
                count(*) FILTER (WHERE r.kind = 'return') AS returned
            FROM cases_request r WHERE r.case_id = each.id AND r.asked_at < %(until)s
        ) asked CROSS JOIN LATERAL (
            SELECT count(DISTINCT p.unit_id) AS units,
                sum(extract(epoch FROM GREATEST(LEAST(p.until, each.ends) - p.since, interval '0'))) / 3600 AS hours
            FROM cases_party p WHERE p.case_id = each.id AND p.since < %(until)s
        ) there GROUP BY risk
    )
    SELECT risk, first, cases, is_open, latest, title, days, reopened, handed_on, extended, suspended, returned, hours,
        units FROM cost
    WHERE (extended + suspended >= %(times)s OR reopened >= %(times)s OR handed_on >= %(times)s
        OR returned >= %(times)s OR is_open AND days >= %(long)s)
        AND (%(after)s::timestamptz IS NULL OR (first, risk) > (%(after)s, %(risk)s))
    ORDER BY first, risk LIMIT %(limit)s
"""


@dataclass
class Elephant:
    """大白象: a risk that never ends, by object, and what it has cost so far.

    ``days`` a case was open, all its cases together; ``hours`` that units were engaged in it, all units together;
    ``units``: the most that were engaged in one of its cases.
    """

    risk: str
    first: datetime
    cases: int
    is_open: bool
    latest: str
    title: str
    days: float
    reopened: int
    handed_on: int
    extended: int
    suspended: int
    returned: int
    hours: float
    units: int

    def __post_init__(self) -> None:
        self.days, self.hours = float(self.days or 0), float(self.hours or 0)

    @property
    def why(self) -> Iterator[str]:
        """What makes it one: ``postponed``, ``reopened``, ``handed_on``, ``long``."""
        if self.extended + self.suspended >= TIMES:
            yield "postponed"
        if self.reopened >= TIMES:
            yield "reopened"
        if self.handed_on >= TIMES or self.returned >= TIMES:
            yield "handed_on"
        if self.is_open and self.days >= LONG_DAYS:
            yield "long"


def elephants(
    period: Period, *, after: datetime | None = None, risk: str = "", only: str = "", limit: int = PAGE
) -> list[Elephant]:
    """The elephants that were worked in ``period``, oldest first, behind the one named by ``after`` and ``risk``.

    ``only`` looks at one risk. One statement.
    """
    given: dict = period.bounds | {"times": TIMES, "long": LONG_DAYS, "after": after, "risk": risk, "limit": limit}
    given["only"] = only
    with connection.cursor() as cursor:
        cursor.execute(ELEPHANTS, given)
        return [Elephant(*row) for row in cursor.fetchall()]
