"""Who decides a request: the rule that names a row of the permission table, the same in words, and who stands in.

Sources: facts 1.2 (a first extension by the shift leader, a second by the head of the district's centre; a suspension
climbs with its length), facts 1.7 and 1.8, design 4.2.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases import guards
from cases.models import Case, Loop, Request
from cases.policy import LONG_MINUTES
from responsibility import access, roster
from responsibility.acting import Actor
from responsibility.acts import COMMAND, Scope
from responsibility.directory import Directory
from responsibility.models import Grade, Post, Role, Shift, Unit


@dataclass(frozen=True)
class Rule:
    """One line of the table: ``act`` decides where everything given fits. ``long``: which length of the case's policy
    must be reached; ``nth``: from the how-manieth granted request of the kind on.
    """

    kind: str
    act: str
    loops: frozenset[str] = frozenset(Loop.values)
    grades: frozenset[str] = frozenset(Grade.values)
    long: str = ""
    nth: int = 1
    led: bool | None = None

    def fits(self, case: Case, minutes: int, nth: int) -> bool:
        """Whether the line speaks of such a request on ``case``."""
        if case.loop not in self.loops or case.grade not in self.grades or nth < self.nth:
            return False
        if self.led is not None and self.led != bool(case.lead_id):
            return False
        lengths = LONG_MINUTES | case.policy.get("long", {})
        return not self.long or minutes > lengths[self.long]


SMALL, LARGE = frozenset({Loop.SMALL.value}), frozenset({Loop.LARGE.value})
RED = frozenset({Grade.RED.value})
# The last line that fits decides.
RULES = [
    Rule("escalate", "decide.escalate_large"),
    Rule("escalate", "decide.escalate", loops=SMALL, led=True),
    Rule("extend", "decide.extend"),
    Rule("extend", "decide.extend_again", nth=2),
    Rule("extend", "decide.extend_again", long="extend"),
    Rule("suspend", "decide.suspend"),
    Rule("suspend", "decide.suspend_long", long="suspend"),
    Rule("suspend", "decide.suspend_district", long="suspend_district"),
    Rule("void", "decide.void"),
    Rule("void", "decide.void_wide", loops=LARGE),
    Rule("void", "decide.void_wide", grades=RED),
    *(Rule(kind, f"decide.{kind}") for kind in ("return", "determine", "redispatch", "stand_down", "share")),
]
APPEAL = "decide.appeal"
ACTS = sorted({rule.act for rule in RULES} | {APPEAL})
# Where the desks of the district sit, by the standing function of the unit.
HOME = {
    Role.SHIFT_LEADER: "dispatch",
    Role.EMERGENCY_OFFICE: "large_loop_command",
    Role.COMMITTEE_OFFICE: "overall_coordination",
}


def act(kind: str, case: Case, minutes: int | None = None, nth: int = 1) -> str:
    """The act of deciding the ``nth`` request of ``kind`` on ``case``; ``minutes`` where it asks for any."""
    fitting = [rule.act for rule in RULES if rule.kind == kind and rule.fits(case, minutes or 0, nth)]
    return fitting[-1]


def act_of(request: Request, case: Case) -> str:
    """The act of deciding ``request``, which was settled when it was asked."""
    return request.act or act(request.kind, case, request.minutes)


def by_arbiter(decision: str) -> bool:
    """Whether the district emergency office, and nobody below it, does the act ``decision``."""
    return access.roles(decision) == [Role.EMERGENCY_OFFICE]


def whose(decision: str, case: Case) -> str:
    """The post that does the act ``decision`` on ``case``, such as 区水务局部门负责人."""
    return str(_("、")).join(_words(role, access.scope(decision, role), case) for role in _told(decision))


def _told(decision: str) -> list[Role]:
    # Of the centre either title may be held; one word for both is enough.
    roles = access.roles(decision)
    return roles[-1:] if access.scope(decision, roles[0]) == Scope.CENTRE else roles


def _words(role: Role, scope: Scope | None, case: Case) -> str:
    if role == Role.SHIFT_LEADER:
        return str(_("区城运中心值班长"))
    if scope == Scope.CENTRE:
        return str(_("区城运中心负责人"))
    if scope == Scope.LEAD and case.lead:
        return str(format_lazy(_("{unit}{role}"), unit=case.lead.label, role=role.label))
    return str(role.label)


def places(case: Case, known: Directory) -> dict:
    """The units that the scopes of a deciding act mean on ``case``."""
    centre = known.unit_with("dispatch")
    return guards.places(case, ()) | {"centre": {centre.pk} if centre else set()}


def homes(decision: str, case: Case, known: Directory) -> list[Unit]:
    """The units whose posts do the act ``decision`` on ``case``, the one that owes it first."""
    meant = places(case, known)
    found: list[Unit] = []
    for role in access.roles(decision):
        scope = access.scope(decision, role)
        if scope == Scope.DISTRICT:
            home = known.unit_with(HOME[role])
            units = [home] if home else []
        else:
            units = [known.units[pk] for pk in meant.get(str(scope), ()) if pk in known.units]
        found += [unit for unit in units if unit not in found]
    # The arbiter comes before the office that owns the matrix.
    return sorted(found, key=lambda unit: HOME[Role.EMERGENCY_OFFICE] not in unit.functions)


@dataclass(frozen=True)
class Standing:
    """In which post somebody decides, and whether as a deputy; ``instead_of``: whose, nobody's for a vacant post."""

    post: Post
    deputy: bool = False
    instead_of: list[Post] = field(default_factory=list)


class Desk:
    """What ``actor`` may decide at ``at``. The roster is read once, and only for units of his own."""

    def __init__(self, actor: Actor, known: Directory, at: datetime):
        self.actor, self.known, self.at = actor, known, at

    def standing(self, request: Request, case: Case) -> Standing | None:
        """How the actor may decide ``request``; ``None`` when it is not his to decide."""
        decision = act_of(request, case)
        post = access.post_for(self.actor, decision, **places(case, self.known))
        if post:
            return Standing(post)
        for unit in homes(decision, case, self.known):
            if unit.pk in self.actor.unit_ids and (found := self._stand_in(unit, set(access.roles(decision)))):
                return found
        return None

    @cached_property
    def _shifts(self) -> dict[int, list[Shift]]:
        return roster.on_duty(self.actor.unit_ids, self.at)

    @cached_property
    def _rostered(self) -> set[int]:
        kept = Shift.objects.filter(unit__in=self.actor.unit_ids)
        return set(kept.order_by().values_list("unit", flat=True).distinct())

    @cached_property
    def _colleagues(self) -> list[Post]:
        held = Post.objects.held(self.at).filter(unit__in=self.actor.unit_ids, user__is_active=True)
        return list(held.select_related("user", "unit"))

    def _stand_in(self, unit: Unit, roles: set[Role]) -> Standing | None:
        """The deputy of a decider's running shift; when no decider is on duty, any deputy and who commands there."""
        deciders = [post for post in self._colleagues if post.unit_id == unit.pk and post.role in roles]
        shifts = self._shifts.get(unit.pk, [])
        here = {shift.user_id for shift in shifts} | {shift.deputy.user_id for shift in shifts if shift.deputy}
        on_duty = [post for post in deciders if post.user_id in here]
        away = not on_duty and (unit.pk in self._rostered or not deciders)
        me = self.actor.user.pk if self.actor.user else None
        for shift in shifts:
            deputising = away or any(post.user_id == shift.user_id for post in deciders)
            if deputising and shift.deputy and roster.stands_in(shift, me, self.at):
                return Standing(shift.deputy, True, deciders)
        command = self.actor.post_in({unit.pk}, {str(role) for role in COMMAND}) if away else None
        return Standing(command, True, deciders) if command else None


def let_lapse(decision: str, unit: Unit, known: Directory, shifts: list[Shift], held: list[Post], at: datetime) -> list:
    """The posts against which it is recorded that ``unit`` did not do the act ``decision``, as ``answers_for`` holds.

    The deciders on duty by the roster, else everybody who holds the deciding post there, else who commands the unit.
    ``shifts`` run in the unit now, ``held`` are its posts.
    """
    roles = set(access.roles(decision))
    deciders = [post for post in held if post.unit_id == unit.pk and post.role in roles]
    on_duty = {shift.user_id for shift in shifts}
    head = known.head_of(unit, at)
    found = [post for post in deciders if post.user_id in on_duty] or deciders or ([head] if head else [])
    return [told(post) for post in found]


def told(post: Post) -> dict:
    """A post with its person, as it is written down for good."""
    return {"id": post.pk, "title": post.title, "title_en": post.title_en, "person": str(post.user)}
