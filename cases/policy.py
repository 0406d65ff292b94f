"""What a case is promised when it is opened, and whose it is: copied onto it, so that no later edit rewrites it."""

import hashlib
import json
from datetime import datetime
from functools import lru_cache

from cases import ladder
from cases.models.work import EvidenceKind
from handbook import shelf
from responsibility import authority, soundness
from responsibility.directory import Directory
from responsibility.models import Category, Duty, Scenario, Territory, Unit
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question

# Design 4.2: eight hours for the medium loop. Four hours for the check is a default of ours.
MEDIUM_MINUTES = 480
VERIFY_MINUTES = 240
# Design 4.3: a dispute is decided in a quarter of an hour. Two hours to name a lead for what nobody owns is a default
# of ours: the street has the first action meanwhile.
ARBITRATE_MINUTES = 15
DETERMINE_MINUTES = 120
# Design 4.5 asks for a clock on each request and facts 1.3 give none: these minutes are defaults of ours, which a
# category overrides with ``decide_<kind>``. An appeal is arbitration and has its quarter of an hour.
DECIDE_MINUTES = {
    "escalate": 30, "extend": 60, "suspend": 240, "void": 120, "stand_down": 60, "share": 1440, "appeal": 15,
}  # fmt: skip
# Facts 1.2: the longer it is put off, the higher it is decided. From so many minutes on; defaults of ours.
LONG_MINUTES = {"extend": 240, "suspend": 7 * 24 * 60, "suspend_district": 30 * 24 * 60}
# Design 4.2: what widens the loop by itself, and to where; ``None`` never does. A category overrides it with ``rises``.
RISES: dict[str, str | None] = {
    "contain": "medium", "orange": "medium", "red": "large", "casualties": "large", "medium_limit": "large",
}  # fmt: skip
# What follows when a clock is missed, by its kind; any other is urged, and for an answer the ladder calls. Facts 2.4
# gives the rungs and their order, Work Safety Law art. 41 asks for supervised urging of major hidden dangers; which
# clock leads to which rung, and the day for a reply, are defaults of ours; a category overrides them with ``urges`` and
# the minutes ``supervise``.
URGES: dict[str, str | None] = {
    "acknowledge": None, "rung": None, "rectify": "supervision", "medium_limit": "supervision", "supervise": "circular",
}  # fmt: skip
SUPERVISE_MINUTES = 1440
# Rectification where the handbook names no limit: one working day to report back.
RECTIFY_DAYS = 1
# Proposal of the field study (facts 1.3, 1.7), used for a category that sets none.
FALLBACK = {"acknowledge": 15, "arrive": 60, "small_loop": 240}


def promise(category: Category | None, handbook: int | None = None) -> dict:
    """Minutes, working days, proofs and readings that hold for a case of ``category``, and the id of its ``handbook``.

    ``contain`` is the small loop's limit, four hours in the founding text: the danger under control,
    not the lasting repair, which has its own clock in working days. A published version of a handbook never changes,
    so its id says as much as a copy of its steps.
    """
    minutes = FALLBACK | soundness.usable_minutes(category.minutes if category else {})
    evidence = category.evidence if category and isinstance(category.evidence, list) else []
    return {
        "acknowledge": minutes["acknowledge"],
        "arrive": minutes["arrive"],
        "contain": minutes["small_loop"],
        "medium": minutes.get("medium", MEDIUM_MINUTES),
        "verify": minutes.get("verify", VERIFY_MINUTES),
        "arbitrate": minutes.get("arbitrate", ARBITRATE_MINUTES),
        "determine": minutes.get("determine", DETERMINE_MINUTES),
        "decide": {kind: minutes.get(f"decide_{kind}", usual) for kind, usual in DECIDE_MINUTES.items()},
        "long": {kind: minutes.get(f"long_{kind}", usual) for kind, usual in LONG_MINUTES.items()},
        "rises": RISES | soundness.usable_rises(category.details if category else {}),
        "urges": URGES | soundness.usable_urges(category.details if category else {}),
        "supervise": minutes.get("supervise", SUPERVISE_MINUTES),
        "ladder": {rung: minutes.get(f"call_{rung}", default) for rung, default in ladder.RUNGS.items()},
        "rectify_days": category.rectify_days if category and category.rectify_days else RECTIFY_DAYS,
        "clear_readings": category.clear_readings if category else 0,
        "evidence": [kind for kind in evidence if kind in EvidenceKind.values],
        "handbook": handbook,
    }


def terms(policy: dict, duties: list[dict]) -> str:
    """A digest, hex, of what a case was promised and whose it is: what the ledger keeps of both."""
    text = json.dumps([policy, duties], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Owners:
    """Who answers for a category at a place, and why; asked once for each different key of a batch."""

    def __init__(self, known: Directory, at: datetime):
        self.known, self.at = known, at
        # What is copied onto many cases of one batch is made once, and written once.
        self.rows = lru_cache(maxsize=None)(self._rows)
        self.lead = lru_cache(maxsize=None)(self._lead)
        self.account = lru_cache(maxsize=None)(self._account)
        self.promise = lru_cache(maxsize=None)(self._promise)
        self.terms = lru_cache(maxsize=None)(self._terms)

    def _promise(self, category: Category | None) -> dict:
        """What a case of ``category`` is promised at this instant."""
        return promise(category, shelf.at(self.known, category, self.at))

    def _lead(self, category: Category, scenario: Scenario | None, territory: Territory) -> Unit | None:
        """The one lead; ``None`` where the matrix names nobody (a gap), or one that has lost the power to lead since
        the matrix was published."""
        unit = self.named(category, scenario, territory)
        return unit if unit and authority.may_lead(unit, category, self.known) else None

    def named(self, category: Category, scenario: Scenario | None, territory: Territory) -> Unit | None:
        """The lead that the matrix names, whatever it may do."""
        rows = self._find(category, scenario, territory).get(DutyRole.LEAD)
        return self._unit(rows[0].unit_id) if rows else None

    def _account(
        self, category: Category, scenario: Scenario | None, territory: Territory, main_body_id: int | None
    ) -> list[dict]:
        """``[{"role", "unit", "name", "name_en", "basis", "basis_en", "duty"}]``, the lead first, empties kept.

        The territory comes from the point, the main body from the object register, the leader from the posts (see
        ``leader_line``), the rest from the matrix.
        """
        found, lead = self._find(category, scenario, territory), self.lead(category, scenario, territory)
        account = []
        for role in DutyRole:
            if role == DutyRole.TERRITORY:
                account.append(_line(role, territory.unit, None))
            elif role == DutyRole.MAIN_BODY:
                account.append(_line(role, self._unit(main_body_id), None))
            elif role == DutyRole.LEADER:
                row = found.get(role, [None])[0]
                unit = self._unit(row.unit_id) if row else lead
                account.append(leader_line(self.known, unit, self.at, row))
            elif role == DutyRole.LEAD and role in found:
                account.append(_line(role, lead, found[role][0]))
            elif role in (DutyRole.LEAD, DutyRole.SUPERVISION) and role not in found:
                account.append(_line(role, None, None))
            else:
                account += [_line(role, self._unit(row.unit_id), row) for row in found.get(role, [])]
        return account

    def _terms(
        self, category: Category, scenario: Scenario | None, territory: Territory, main_body_id: int | None
    ) -> str:
        return terms(self.promise(category), self.account(category, scenario, territory, main_body_id))

    def _find(self, category: Category, scenario: Scenario | None, territory: Territory) -> dict[str, list[Duty]]:
        return self.rows(category.code, scenario.code if scenario else None, territory.code)

    def _unit(self, pk: int | None) -> Unit | None:
        return self.known.units.get(pk) if pk else None

    def _rows(self, category: str, scenario: str | None, territory: str) -> dict[str, list[Duty]]:
        known = self.known
        found = known.categories.get(category)
        if found is None:  # its thresholds went wrong since the case was opened
            return {}
        question = Question(found, known.scenarios.get(scenario or ""), known.territories[territory], self.at)
        return known.book.ask(question).roles


def leader_line(known: Directory, unit: Unit | None, at: datetime, row: Duty | None = None) -> dict:
    """领导责任: a line with a ``post``, ``{"id", "title", "title_en", "person"}``: who commands in ``unit`` at ``at``.

    The unit is that of the matrix row, else the lead. The post is copied with its person, so that a later change of
    person does not change what was; ``None`` where nobody holds one.
    """
    line, post = _line(DutyRole.LEADER, unit, row), known.head_of(unit, at) if unit else None
    line["post"] = post and {
        "id": post.pk,
        "title": post.title,
        "title_en": post.title_en,
        "person": str(post.user),
    }
    return line


def _line(role: str, unit: Unit | None, duty: Duty | None) -> dict:
    return {
        "role": str(role),
        "unit": unit.code if unit else None,
        "name": (unit.short_name or unit.name) if unit else None,
        "name_en": unit.name_en if unit else None,
        "basis": duty.basis if duty else "",
        "basis_en": duty.basis_en if duty else "",
        "duty": duty.pk if duty else None,
    }
