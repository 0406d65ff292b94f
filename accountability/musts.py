"""Which must was due from whom, and what became of it: met, late, unmet, still open, or not asked.

A must is a clock of the case (facts 2.1: who manages an industry, a business or production answers for its safety; the
clocks say what that meant in hours). It was met if an act that fulfils it stopped it in time. One that was taken away
before its time (the case ended, the order was withdrawn, the request was overtaken) was not asked to the end and
speaks against nobody. It is counted against whoever owed it when it passed, not against whoever has it now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from cases import fivefold
from cases.models import Case
from cases.models.clock import DeadlineKind
from responsibility import shelf
from responsibility.directory import Directory
from responsibility.models import Unit
from responsibility.models.matrix import DutyRole


class Verdict(TextChoices):
    """What became of a must, or of all that was asked under one duty: the gravest of them."""

    VACANT = "vacant", _("无人承担")
    UNMET = "unmet", _("未履行")
    LATE = "late", _("逾期履行")
    OPEN = "open", _("尚未到期")
    MET = "met", _("按时履行")
    NOT_ASKED = "not_asked", _("未曾要求")

    @property
    def failed(self) -> bool:
        """Whether it counts towards a common failure."""
        return self in FAILED


# 集体失职 (facts 2.1): leadership, territory, supervision, industry and main body, all at once.
FIVE = (DutyRole.LEADER, DutyRole.TERRITORY, DutyRole.SUPERVISION, DutyRole.LEAD, DutyRole.MAIN_BODY)
FAILED = (Verdict.VACANT, Verdict.UNMET, Verdict.LATE)
# What whoever commands in a unit owes himself; in the leader's unit it is asked of the leader, not of the industry.
# The second rung of the call ladder is the first on which a leader stands.
LEADING = (DeadlineKind.DECIDE, DeadlineKind.SUPERVISE)
# The acts that fulfil each kind of clock; those in the second column only when they are of the unit that owes it.
DONE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    DeadlineKind.TRIAGE: (("case.file", "case.void"), ()),
    DeadlineKind.ACKNOWLEDGE: ((), ("case.acknowledge",)),
    DeadlineKind.RUNG: ((), ("case.acknowledge",)),
    DeadlineKind.ARRIVE: (("case.arrive", "case.contain", "case.report"), ()),
    DeadlineKind.CONTAIN: (("case.contain", "case.report"), ()),
    DeadlineKind.MEDIUM_LIMIT: (("case.contain", "case.report"), ()),
    DeadlineKind.RECTIFY: (("case.report",), ()),
    DeadlineKind.VERIFY: (("case.close", "case.rework"), ()),
    DeadlineKind.REVIEW: (("case.resume",), ()),
    DeadlineKind.ARBITRATE: (("request.approve", "request.refuse", "case.designate"), ()),
    DeadlineKind.DETERMINE: (("request.approve", "request.refuse", "case.designate"), ()),
    DeadlineKind.DECIDE: (("request.approve", "request.refuse"), ()),
    DeadlineKind.ORDER_CALL: ((), ("order.acknowledge", "order.done")),
    DeadlineKind.ORDER: ((), ("order.done",)),
    DeadlineKind.DISPATCH: (("dispatch.arrive",), ()),
    DeadlineKind.SITUATION_REPORT: (("command.report",), ()),
    DeadlineKind.SUPERVISE: ((), ("urging.reply",)),
}


def _rows(rows: Iterable[tuple]) -> str:
    return ", ".join("(" + ", ".join(f"'{cell}'" for cell in row) + ")" for row in rows)


def _array(texts: Iterable[str]) -> str:
    quoted = ", ".join(f"'{text}'" for text in texts)
    return f"ARRAY[{quoted}]::text[]"


# One row a kind, so that the entries of a case are looked at once for each of its clocks and joined to nothing.
_DONE = ", ".join(
    f"('{DeadlineKind(kind).value}', {_array(anybody)}, {_array(own)})" for kind, (anybody, own) in DONE.items()
)
_DUTIES = [(duty.code, str(role.value), int(n == 0)) for duty in fivefold.DUTIES for n, role in enumerate(duty.roles)]
_KINDS = ", ".join(f"'{kind.value}'" for kind in LEADING)
_LEADING = f"(must.kind IN ({_KINDS}) OR must.kind = '{DeadlineKind.RUNG.value}' AND must.level >= 2)"
# What an outcome is made of: whether the clock was missed, whether it runs, whether an act fulfilled it as it stopped.
# Whoever has a clock that nobody missed owed it. Materialized, for otherwise each use of a verdict looks for its act.
# ``{which}`` is a condition on ``c``, a case; nothing of it comes from outside.
MUSTS = f"""
    done (kind, verbs, own) AS (VALUES {_DONE}),
    must AS MATERIALIZED (
        SELECT d.id, d.case_id, d.kind, d.level, d.started_at, d.due_at, d.missed_at, d.stopped_at, u.id AS unit_id,
            u.code AS unit,
            CASE WHEN d.missed_at IS NULL AND d.stopped_at IS NULL THEN 'open'
                WHEN ful.filled THEN CASE WHEN d.missed_at IS NULL THEN 'met' ELSE 'late' END
                WHEN d.missed_at IS NOT NULL THEN 'unmet' ELSE 'not_asked' END AS verdict
        FROM cases_case c JOIN cases_deadline d ON d.case_id = c.id
        LEFT JOIN LATERAL (
            SELECT v.unit_id FROM cases_clockevent v
            WHERE d.missed_at IS NOT NULL AND v.deadline_id = d.id AND v.what IN ('start', 'hand_on')
                AND v.id < COALESCE((SELECT m.id FROM cases_clockevent m WHERE m.deadline_id = d.id AND m.what = 'miss'
                    ORDER BY m.id DESC LIMIT 1), 9223372036854775807)
            ORDER BY v.id DESC LIMIT 1
        ) owed ON true
        LEFT JOIN responsibility_unit u ON u.id = COALESCE(owed.unit_id, d.unit_id)
        LEFT JOIN done ON done.kind = d.kind
        CROSS JOIN LATERAL (
            SELECT d.stopped_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM responsibility_ledgerentry e
                WHERE e.chain = c.chain AND e.at = d.stopped_at
                    AND (e.verb = ANY(done.verbs) OR e.verb = ANY(done.own) AND e.after ->> 'unit' = u.code)
            ) AS filled
        ) ful
        WHERE {{which}}
    )
"""  # noqa: S608
# Each duty of each case with the musts of whoever fills it: at least one row a duty, empty where nothing was asked.
ASKED = f"""
    duty (code, role, first) AS (VALUES {_rows(_DUTIES)}),
    line AS (
        SELECT DISTINCT c.id AS case_id, line ->> 'role' AS role, line ->> 'unit' AS unit
        FROM cases_case c CROSS JOIN LATERAL jsonb_array_elements(c.duties) line
        WHERE {{which}} AND CASE line ->> 'role' WHEN 'leader' THEN line ->> 'post' ELSE line ->> 'unit' END IS NOT NULL
    ),
    asked AS (
        SELECT c.id AS case_id, duty.code AS duty, line.unit, must.id AS must_id, must.verdict,
            duty.first = '1' AND line.unit IS NOT NULL AS fills
        FROM cases_case c CROSS JOIN duty
        LEFT JOIN line ON line.case_id = c.id AND line.role = duty.role
        LEFT JOIN line leader ON leader.case_id = c.id AND leader.role = 'leader' AND leader.unit = line.unit
        LEFT JOIN must ON must.case_id = c.id AND must.unit = line.unit AND CASE
            WHEN duty.code = 'leader' THEN {_LEADING}
            WHEN leader.unit IS NOT NULL THEN NOT {_LEADING} ELSE true END
        WHERE {{which}}
    )
"""  # noqa: S608
# The verdict of a duty is the gravest of its musts; without any it was not asked.
VERDICT = """
    CASE WHEN NOT bool_or(asked.fills) THEN 'vacant' WHEN bool_or(asked.verdict = 'unmet') THEN 'unmet'
        WHEN bool_or(asked.verdict = 'late') THEN 'late' WHEN bool_or(asked.verdict = 'open') THEN 'open'
        WHEN bool_or(asked.verdict = 'met') THEN 'met' ELSE 'not_asked' END
"""
JUDGED = f"SELECT duty, {VERDICT} FROM asked GROUP BY duty"  # noqa: S608


@dataclass(frozen=True)
class Must:
    """One clock and what became of it."""

    id: int
    unit: Unit | None
    kind: DeadlineKind
    level: int
    started_at: datetime
    due_at: datetime
    missed_at: datetime | None
    stopped_at: datetime | None
    verdict: Verdict


@dataclass
class Duty:
    """One of the five duties and three musts on one case: its verdict and, unit by unit, what was asked."""

    duty: fivefold.Duty
    verdict: Verdict
    units: list[tuple[Unit | str, list[Must]]] = field(default_factory=list)

    @property
    def is_one_of_five(self) -> bool:
        """Whether it counts towards a common failure; the line of business is a must but none of the five."""
        return self.duty.code in FIVE


def of_case(case: Case, known: Directory) -> tuple[list[Duty], list[Must]]:
    """The six duties of a case, and the musts of units that fill none of them. Three statements."""
    which = "c.id = %(case)s"
    musts = {must.id: must for must in _musts(which, {"case": case.pk}, known, [case.chain])}
    verdicts = dict(_ask(JUDGED, which, {"case": case.pk}, [case.chain]))
    told = "SELECT DISTINCT duty, unit, must_id FROM asked WHERE unit IS NOT NULL ORDER BY unit, must_id"
    lines: dict[str, dict[str, list[Must]]] = {}
    claimed = set()
    for code, unit, must_id in _ask(told, which, {"case": case.pk}, [case.chain]):
        theirs = lines.setdefault(code, {}).setdefault(unit, [])
        if must_id is not None:
            theirs.append(musts[must_id])
            claimed.add(must_id)
    duties = [
        Duty(
            duty,
            Verdict(verdicts[duty.code]),
            [(known.units_by_code.get(unit, unit), theirs) for unit, theirs in lines.get(duty.code, {}).items()],
        )
        for duty in fivefold.DUTIES
    ]
    return duties, [must for must in musts.values() if must.id not in claimed]


def _musts(which: str, parameters: dict, known: Directory, chains: list[UUID]) -> list[Must]:
    columns = "id, unit_id, kind, level, started_at, due_at, missed_at, stopped_at, verdict"
    before, archived = shelf.shadowing(chains)
    query = f"WITH {before} {MUSTS.format(which=which)} SELECT {columns} FROM must ORDER BY started_at, id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, parameters | archived)
        return [
            Must(pk, known.units.get(unit or 0), DeadlineKind(kind), level, began, due, missed, stopped, Verdict(told))
            for pk, unit, kind, level, began, due, missed, stopped, told in cursor.fetchall()
        ]


def _ask(query: str, which: str, parameters: dict, chains: list[UUID]) -> list[tuple]:
    before, archived = shelf.shadowing(chains)
    whole = f"WITH {before} {MUSTS.format(which=which)}, {ASKED.format(which=which)} {query}"
    with connection.cursor() as cursor:
        cursor.execute(whole, parameters | archived)
        return cursor.fetchall()
