"""提醒 and 催办 by the clock: the desk that owes it is reminded at 80 % of its time; when it is missed, more follows.

What follows is the policy of the case: a mere urge, a listed supervision, a circular. Each once, whoever is killed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from cases.changes import Changes, attach_units, locked
from cases.models import Case, Deadline, Urging, UrgingKind
from cases.policy import SUPERVISE_MINUTES, URGES
from responsibility import acting, clock, directory
from responsibility.copying import copy
from responsibility.models import Unit

log = structlog.get_logger(__name__)

# What nobody reminds of: the call ladder speaks for an answer that is owed, in minutes.
NOT_REMINDED = ("acknowledge", "rung", "order_call")
BATCH = 500
# Design 4.5: the lamp turns amber when 80 % of the time is used. Only running clocks are in the index that is read.
AMBER = """
    SELECT d.id, c.id FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id
    WHERE d.stopped_at IS NULL AND d.missed_at IS NULL AND d.paused_at IS NULL AND d.due_at > %(now)s
    AND d.started_at + (d.due_at - d.started_at) * 0.8 <= %(now)s AND d.kind <> ALL(%(spared)s)
    AND c.state NOT IN ('closed', 'void') AND NOT EXISTS (
        SELECT 1 FROM cases_urging u WHERE u.deadline_id = d.id AND u.kind = 'reminder' AND u.due_at = d.due_at
        AND u.by_id IS NULL)
    ORDER BY d.due_at LIMIT %(limit)s FOR NO KEY UPDATE OF c SKIP LOCKED
"""


def remind(batch: int = BATCH) -> int:
    """Remind of every clock that has turned amber by ``clock.now()``; how many. Safe to run many times at once."""
    now, reminded = clock.now(), 0
    try:
        while found := _remind_batch(now, batch):
            reminded += found
    except Exception:
        # One that cannot be reminded of must not keep the others waiting.
        log.exception("remind_batch_failed")
        reminded += _remind_one_by_one(now, batch)
    return reminded


def _remind_one_by_one(now: datetime, limit: int) -> int:
    with transaction.atomic():
        waiting = _find_amber(now, limit)
    reminded = 0
    for pk, case_id in waiting:
        try:
            with transaction.atomic():
                list(locked(pk=case_id).values_list("pk"))
                _remind_of([pk], now)
            reminded += 1
        except Exception:
            log.exception("not_reminded", deadline=pk)
    return reminded


@transaction.atomic
def _remind_batch(now: datetime, limit: int) -> int:
    found = _find_amber(now, limit)
    if found:
        _remind_of([pk for pk, _case in found], now)
    return len(found)


def _find_amber(now: datetime, limit: int) -> list[tuple[int, int]]:
    """``(deadline, case)`` ids, the cases locked; those locked by others are left to them."""
    with connection.cursor() as cursor:
        cursor.execute(AMBER, {"now": now, "spared": list(NOT_REMINDED), "limit": limit})
        return cursor.fetchall()


def _remind_of(ids: list[int], now: datetime) -> None:
    """Remind of the clocks ``ids`` where they still run and nobody has; their cases are locked."""
    known = directory.current()
    changes = Changes(known, now)
    # Read again under the lock: another may have reminded, or the clock have been stopped, since they were found.
    done = Urging.objects.filter(deadline=OuterRef("pk"), kind=UrgingKind.REMINDER, due_at=OuterRef("due_at"))
    running = Deadline.objects.running().filter(pk__in=ids, missed_at__isnull=True, paused_at__isnull=True)
    pairs = [
        (attach_units(deadline.case, known), deadline)
        for deadline in running.exclude(Exists(done.filter(by__isnull=True))).select_related("case")
    ]
    urge_late(changes, pairs, UrgingKind.REMINDER)
    changes.write(by=acting.SYSTEM)


def follow(changes: Changes, missed: Iterable[tuple[Case, Deadline]]) -> dict[int, dict]:
    """What follows from clocks that have just been missed, by the policy of their cases.

    Gives what the entries of the missed clocks tell of it besides, by the id of the clock.

    A mere urge is told by the entry of the missed clock itself, the others have their own. A fixed number of
    statements for any number, none for none.
    """
    by_kind: dict[str, list[tuple[Case, Deadline]]] = {}
    for case, deadline in missed:
        kind = (URGES | case.policy.get("urges", {})).get(deadline.kind, UrgingKind.URGE)
        if kind and case.is_open:
            by_kind.setdefault(kind, []).append((case, deadline))
    followed: dict[int, dict] = {}
    for kind, pairs in by_kind.items():
        urge_late(changes, pairs, UrgingKind(kind))
        if kind == UrgingKind.URGE:
            followed |= {deadline.pk: {"urged": True} for _case, deadline in pairs}
    return followed


def urge_late(changes: Changes, pairs: list[tuple[Case, Deadline]], kind: UrgingKind) -> None:
    """Write that the clocks of ``pairs`` urged whoever owes them; their cases are locked."""
    owed = [(case, deadline, unit) for case, deadline in pairs if (unit := _owing(changes, case, deadline))]
    if kind == UrgingKind.SUPERVISION:
        owed = _not_listed(owed)
    clocks = _answer_clocks(changes, owed) if kind == UrgingKind.SUPERVISION else {}
    rows = [
        {
            "case_id": case.pk, "unit_id": unit.pk, "kind": kind.value, "deadline_id": deadline.pk,
            "due_at": deadline.due_at, "text": "", "at": changes.now, "reply": "", "lift_note": "",
            "clock_id": clocks.get(deadline.pk),
        }
        for case, deadline, unit in owed
    ]  # fmt: skip
    if rows:
        copy(Urging, rows, leave_out=["id"])
    if kind == UrgingKind.URGE:
        return
    for case, deadline, unit in owed:
        told = {"unit": unit.code, "kind": str(deadline.kind), "due_at": deadline.due_at.isoformat()}
        changes.tell(case, f"urging.{kind}", after=told)
        if kind == UrgingKind.SUPERVISION:
            changes.touch(case)


def _owing(changes: Changes, case: Case, deadline: Deadline) -> Unit | None:
    return changes.known.units.get(deadline.unit_id or case.holder_id or 0)


def _not_listed(owed: list) -> list:
    """Those whose unit is not under supervision on the case already, each unit once."""
    known = Urging.objects.listed().filter(case__in={case.pk for case, _d, _u in owed})
    listed = set(known.values_list("case", "unit"))
    fresh: dict[tuple[int, int], tuple] = {}
    for case, deadline, unit in owed:
        if (case.pk, unit.pk) not in listed:
            fresh.setdefault((case.pk, unit.pk), (case, deadline, unit))
    return list(fresh.values())


def _answer_clocks(changes: Changes, owed: list) -> dict[int, int]:
    """A clock for the answer to each supervision; its id by that of the clock which was missed."""
    if not owed:
        return {}
    rows = [
        {
            "case_id": case.pk, "unit_id": unit.pk, "kind": "supervise", "started_at": changes.now,
            "due_at": changes.now + timedelta(minutes=minutes), "provisional": False, "level": 0, "minutes": minutes,
        }
        for case, _deadline, unit in owed
        for minutes in [minutes_to_reply(case) / case.speed]
    ]  # fmt: skip
    changes.clocks.number(rows)
    changes.clocks.start(rows)
    return {deadline.pk: row["id"] for (_case, deadline, _unit), row in zip(owed, rows, strict=True)}


def minutes_to_reply(case: Case) -> int:
    """How many natural minutes a unit under supervision has for its answer, by the policy of the case."""
    return case.policy.get("supervise", SUPERVISE_MINUTES)
