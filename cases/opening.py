"""From alerts to cases: open, join, reopen, or put before the shift leader."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connection

from alerts.intake import Draft
from alerts.models import Outcome
from cases.changes import Changes, attach_units, locked, place_of
from cases.loops import due_by_grade, rise
from cases.models import Case, RequestKind, State
from cases.models.machine import ENDED
from cases.pausing import unpause
from cases.policy import Owners
from responsibility import acting, chains
from responsibility.directory import Directory
from responsibility.models import Grade
from responsibility.models.matrix import DutyRole

# Design 4.1: a new alert on the same object within this time is rework, not a new case.
REOPEN_WITHIN = timedelta(days=30)
# An alert whose colour nobody can tell is put before the shift leader as yellow.
UNGRADED = Grade.YELLOW
# The standing function of the unit that names a lead where the matrix names none.
COORDINATION = "overall_coordination"


def take(drafts: list[Draft], now: datetime, known: Directory) -> None:
    """Give every draft its outcome and case, in the transaction of its receipt. Statements do not grow with it."""
    changes, owners = Changes(known, now), Owners(known, now)
    raising = [draft for draft in drafts if not set_aside(draft)]
    existing = _existing(drafts, now, known)
    changes.remember_parties({case.pk for case in existing.values()})
    changes.old_chains = {draft.chain for draft in drafts if draft.references}
    groups: dict[object, list[Draft]] = defaultdict(list)
    for draft in raising:
        groups[key_of(draft)].append(draft)
    # In one order, so that two batches which open cases for the same objects never wait for each other in a ring.
    fresh = sorted((key for key, group in groups.items() if _find(existing, group[0]) is None), key=str)
    numbers = changes.numbers(len(fresh)) if fresh else []
    for key, (pk, number) in zip(fresh, numbers, strict=True):
        existing[key] = _open(changes, owners, groups[key].pop(0), pk, number)
    for key, group in groups.items():
        for draft in group:
            _join(changes, _find(existing, draft) or existing[key], draft)
    for draft in drafts:
        if draft.outcome == Outcome.CLEARED:
            _clear(changes, existing.get(draft.chain), draft)
    changes.write(by=acting.SYSTEM)


def set_aside(draft: Draft) -> bool:
    """Whether the alert opens nothing: an exercise, an all-clear, or a value below every threshold."""
    if draft.effect in ("clear", "cancel"):
        draft.outcome = Outcome.CLEARED
    elif draft.effect == "observe" or (draft.category and not draft.grade and draft.value is not None):
        draft.outcome = Outcome.OBSERVED
    return bool(draft.outcome)


def key_of(draft: Draft) -> object:
    """What a draft shares with others that speak of the same danger: object and category, within its drill or outside
    of any; its own chain where it names no object."""
    return (draft.object_code, draft.category_code, draft.drill_id) if draft.object_code else draft.chain


def _find(existing: dict, draft: Draft) -> Case | None:
    found = existing.get(key_of(draft)) or existing.get(draft.chain)
    return found if found and found.drill_id == draft.drill_id else None


# Asked for every single alert, mostly in vain, so without the ORM and its joins. Judged again under the lock.
FITTING = """
    SELECT id FROM cases_case WHERE chain = ANY(%s)
    UNION
    SELECT id FROM cases_case WHERE object_code = ANY(%s) AND category_code = ANY(%s)
        AND COALESCE(drill_id, 0) = ANY(%s) AND (NOT state = ANY(%s) OR (state = 'closed' AND closed_at >= %s))
"""


def _existing(drafts: list[Draft], now: datetime, known: Directory) -> dict:
    """Locked cases that the drafts may belong to, by object and category and by chain; at most two statements."""
    codes = {draft.object_code for draft in drafts if draft.object_code}
    chains = {draft.chain for draft in drafts if draft.references}
    if not codes and not chains:
        return {}
    categories, drills = {draft.category_code for draft in drafts}, {draft.drill_id or 0 for draft in drafts}
    ended = [state.value for state in ENDED]
    which: list[Any] = [list(chains), list(codes), list(categories), list(drills), ended, now - REOPEN_WITHIN]
    with connection.cursor() as cursor:
        cursor.execute(FITTING, which)
        ids = [pk for (pk,) in cursor.fetchall()]
    found: dict = {}
    for case in locked(pk__in=ids) if ids else ():
        attach_units(case, known)
        if not joinable(case, now):
            _part(drafts, case)
            continue
        found[case.chain] = case
        key = (case.object_code, case.category_code, case.drill_id)
        # An open case is preferred to a closed one, a later closed one to an earlier.
        if case.object_code and (key not in found or _later(case, found[key])):
            found[key] = case
    return found


class Worked(Protocol):
    """As much of a case as tells whether an alert belongs to it."""

    state: str
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool: ...


def joinable(case: Worked, now: datetime) -> bool:
    """Whether a new alert belongs to ``case``: it is open, or was closed so lately that the alert is rework."""
    return case.is_open or (case.state == State.CLOSED and _closed(case) >= now - REOPEN_WITHIN)


def _part(drafts: list[Draft], case: Case) -> None:
    """An update that speaks of a case long over begins a chain of its own."""
    for draft in drafts:
        if draft.chain == case.chain and draft.effect == "raise":
            draft.chain = chains.dated()


def _later(case: Case, other: Case) -> bool:
    if case.is_open or other.is_open:
        return case.is_open
    return _closed(case) > _closed(other)


def _closed(case: Worked) -> datetime:
    return case.closed_at or case.opened_at


def _open(changes: Changes, owners: Owners, draft: Draft, pk: int, number: str) -> Case:
    case = Case(
        pk=pk,
        number=number,
        chain=draft.chain,
        category=draft.category,
        category_code=draft.category_code,
        scenario=draft.scenario,
        title=draft.title or _title(draft),
        territory=draft.territory,
        risk_object=draft.risk_object,
        object_code=draft.object_code,
        lat=draft.lat,
        lon=draft.lon,
        opened_at=changes.now,
        proof_since=changes.now,
        last_alert_at=changes.now,
        policy=owners.promise(draft.category),
        drill_id=draft.drill_id,
        speed=draft.speed,
    )
    case.regrade(draft.grade or UNGRADED)
    changes.open(case)
    draft.case_number = number
    opening = {
        "alert": draft.external_id,
        "grade": str(case.grade),
        "category": case.category_code,
        "scenario": case.scenario.code if case.scenario else None,
        "territory": case.territory.code if case.territory else None,
        "object": case.object_code,
        "place": place_of(case.lat, case.lon),
    } | draft.remarks(changes.now)
    if draft.at_home and draft.grade:
        draft.outcome = Outcome.OPENED
        dispatch(changes, owners, case, verb="case.open", after=opening)
    else:
        draft.outcome = Outcome.TRIAGE
        changes.start(case, "triage", changes.known.unit_with("dispatch"), minutes=case.policy["acknowledge"])
        changes.tell(case, "case.triage", after=opening | {"reason": _why_triage(draft)})
    return case


def dispatch(changes: Changes, owners: Owners, case: Case, *, verb: str, after: dict, note: str = "") -> None:
    """立案 and 派遣: ask the matrix, set street and lead, start the clocks, rise at once where the colour says so."""
    if case.category is None or case.territory is None:
        raise ValueError("a case is dispatched to a street for a known danger")
    street = case.territory.unit
    body = case.risk_object.main_body_id if case.risk_object else None
    case.lead = owners.lead(case.category, case.scenario, case.territory)
    case.duties = owners.account(case.category, case.scenario, case.territory, body)
    case.holder = street
    case.filed_at = changes.now
    case.file()
    changes.engage(case, street, DutyRole.TERRITORY)
    changes.start(case, "arrive", street, minutes=case.policy["arrive"])
    changes.start(case, "contain", street, minutes=case.policy["contain"])
    if case.lead is None:
        # Work Safety Law art. 10: the district names the lead; until then the street has the first action.
        office = changes.known.unit_with(COORDINATION)
        named = owners.named(case.category, case.scenario, case.territory)
        changes.ask(case, RequestKind.DETERMINE, reason="no_authority" if named else "gap")
        changes.start(case, "determine", office, minutes=case.policy["determine"])
    moved = {
        "state": str(case.state),
        "holder": street.code,
        "lead": case.lead.code if case.lead else None,
        "terms": owners.terms(case.category, case.scenario, case.territory, body),
    }
    changes.tell(case, verb, before={"state": str(State.TRIAGE)}, after=after | moved, note=note)
    wanted = due_by_grade(case)
    if wanted:
        rise(changes, case, wanted, why=f"grade:{case.grade}")


def _title(draft: Draft) -> str:
    found = draft.risk_object or draft.territory
    return entitled(found.name if found else "", draft.category.name if draft.category else draft.category_code)


def entitled(place: str, danger: str) -> str:
    """Place and danger without a stutter: what the place's name ends with is not said again."""
    what = danger.rpartition("/")[2]
    said = next((n for n in range(len(what), 0, -1) if place.endswith(what[:n])), 0)
    return f"{place}{what[said:]}"[:300]


def _why_triage(draft: Draft) -> str:
    if draft.category is None:
        return "unknown_category"
    if draft.lat is None:
        return "no_place"
    return "outside_district" if draft.territory is None else "ungraded"


def _join(changes: Changes, case: Case, draft: Draft) -> None:
    draft.outcome, draft.case_number, draft.chain = Outcome.JOINED, case.number, case.chain
    case.alert_count += 1
    case.last_alert_at = changes.now
    changes.touch(case)
    before = {"grade": str(case.grade), "state": str(case.state)}
    if is_old_news(case, draft, changes.now):
        after = before | {"alert": draft.external_id, "alert_count": case.alert_count} | draft.remarks(changes.now)
        changes.tell(case, "alert.joined", before=before, after=after)
        return
    if draft.grade and Grade(draft.grade).rank < case.grade_rank:
        case.regrade(draft.grade)
        if case.state == State.SUSPENDED:
            # What was put off has become more dangerous: it is work again, at once.
            unpause(changes, case)
    if case.state == State.CLOSED:
        begin_again(changes, case)
    after = {"grade": str(case.grade), "state": str(case.state), "alert": draft.external_id}
    after |= draft.remarks(changes.now)
    changes.tell(case, "alert.joined", before=before, after=after | {"alert_count": case.alert_count})
    wanted = due_by_grade(case) if case.state != State.TRIAGE else None
    if wanted:
        rise(changes, case, wanted, why=f"grade:{case.grade}")


def is_old_news(case: Worked, draft: Draft, now: datetime) -> bool:
    """Told late, and seen before the case was checked and closed: nothing begins anew."""
    return case.state == State.CLOSED and draft.is_late(now) and draft.observed_at < _closed(case)


def begin_again(changes: Changes, case: Case) -> None:
    """重开 by a new alert: rework, but danger again too, so somebody must answer and the four hours run anew."""
    case.reopen()
    case.rework_count += 1
    case.proof_since, case.closed_at = changes.now, None
    changes.unanswer(case)
    changes.start(case, "acknowledge", case.holder, minutes=case.policy["acknowledge"])
    changes.start(case, "contain", case.holder, minutes=case.policy["contain"])
    changes.start(case, "rectify", case.holder, days=case.policy["rectify_days"])


def _clear(changes: Changes, case: Case | None, draft: Draft) -> None:
    if case is None:
        return
    draft.case_number, draft.chain = case.number, case.chain
    changes.touch(case)
    changes.tell(case, "alert.cleared", after={"alert": draft.external_id, "effect": draft.effect})
