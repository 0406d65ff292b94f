"""Who may do what, as data. Checked in the actions, under the row lock, so that every door is the same door."""

from responsibility.acting import Actor
from responsibility.models import Role, Unit

STREET_AND_DEPARTMENT = {Role.DUTY_OFFICER, Role.HEAD, Role.MANAGER}
FIELD = STREET_AND_DEPARTMENT | {Role.HANDLER, Role.EMERGENCY_OFFICE}
CENTRE = {Role.SHIFT_LEADER}
CHECKERS = {Role.CHECKER, Role.SHIFT_LEADER}

# These posts read every case of the district; design section 1.
READS_ALL = {
    Role.SHIFT_LEADER,
    Role.CHECKER,
    Role.EMERGENCY_OFFICE,
    Role.COMMITTEE_OFFICE,
    Role.AUDITOR,
}
# These posts see the cases of their own units. Outsiders (insurers, firms, enterprises) are scoped elsewhere.
WORKS_CASES = FIELD
# One case to one outsider, until a date.
GRANTS_READING: set[str] = {Role.EMERGENCY_OFFICE, Role.COMMITTEE_OFFICE}
READS_DISPUTES = {Role.EMERGENCY_OFFICE, Role.COMMITTEE_OFFICE, Role.SHIFT_LEADER, Role.AUDITOR}
READS_LEDGER = {Role.AUDITOR, Role.COMMITTEE_OFFICE}


def units_below(actor: Actor, units: dict[int, Unit]) -> set[int]:
    """The units whose work the actor sees: those of the posts held, and everything below them in the tree."""
    seen = set(actor.unit_ids)
    grown = True
    while grown:
        below = {unit.pk for unit in units.values() if unit.parent_id in seen} - seen
        seen |= below
        grown = bool(below)
    return seen


def reads_all(actor: Actor) -> bool:
    """Whether the actor reads every case."""
    return bool(actor.roles & READS_ALL)
