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
# Who commands in a unit answers for it at any hour, and draws up its duty roster.
IN_COMMAND = {Role.HEAD, Role.MANAGER, Role.EMERGENCY_OFFICE}
KEEPS_ROSTERS = IN_COMMAND | {Role.ADMIN}


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


def rosters_read(actor: Actor, units: dict[int, Unit]) -> set[int]:
    """The units whose duty roster the actor may read: all for the district's desks and the administrator."""
    if actor.roles & (READS_ALL | {Role.ADMIN}):
        return set(units)
    return units_below(actor, units) if actor.roles & WORKS_CASES else set()


def rosters_kept(actor: Actor, units: dict[int, Unit]) -> set[int]:
    """The units whose duty roster the actor draws up: what he is in command of; all for the administrator."""
    if Role.ADMIN in actor.roles:
        return set(units)
    led = Actor(actor.user, tuple(post for post in actor.posts if post.role in IN_COMMAND))
    return units_below(led, units)
