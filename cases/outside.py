"""What of a case an outsider sees who is in no office: by a policy, a policy he brokered, an order, or his own object.

One table, field by field (facts 3.5; PIPL art. 21, Data Security Law arts. 38 and 40, Insurance Law art. 116), which
queries, serializers, pages, bundles and filters read alike. What is not in it is not shown. It speaks of no grant: that
is an office's own decision on one case (``cases/sharing.py``), and opens what ``cases/bundle/reader.py`` says.

Where the table of the facts says "masked", nothing is shown of which nothing can be masked by a machine: a photograph
may show faces, so nobody outside is given the proofs of others.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils.translation import get_language

from alerts.models import RiskObject
from cases.models import Case
from cases.opening import entitled
from responsibility import access, clock, directory
from responsibility.acting import Actor
from responsibility.models import Role


class Standing(StrEnum):
    """By what an outsider sees a case."""

    INSURER = "insurer"
    BROKER = "broker"
    FIRM = "firm"
    ENTERPRISE = "enterprise"


INSURER, BROKER, FIRM, ENTERPRISE = Standing
ALL, WORKING = frozenset(Standing), frozenset({INSURER, FIRM, ENTERPRISE})
NOBODY: frozenset[Standing] = frozenset()
# Fields of the interface, and beside them ``evidence`` (that there is proof, of which kind and when), ``files`` (the
# proofs themselves), ``story`` (the milestones) and ``bundle`` (what may be carried away; a firm keeps nothing).
TABLE: dict[str, frozenset[Standing]] = {
    "number": ALL,
    "state": ALL,
    "grade": WORKING,
    "category": WORKING,
    "scenario": WORKING,
    "title": WORKING,
    "territory": WORKING,
    "object": WORKING,
    "location": WORKING,
    "opened_at": WORKING,
    "filed_at": WORKING,
    "contained_at": WORKING,
    "closed_at": WORKING,
    "alert_count": WORKING,
    "rework_count": WORKING,
    "deadlines": WORKING,
    "chain": frozenset({INSURER, ENTERPRISE}),
    # Whom to turn to on the spot, and whom the district has made responsible for one's own object.
    "holder": frozenset({FIRM, ENTERPRISE}),
    "lead": frozenset({FIRM, ENTERPRISE}),
    "loop": frozenset({ENTERPRISE}),
    "evidence": frozenset({INSURER, ENTERPRISE}),
    "story": WORKING,
    "bundle": frozenset({INSURER, ENTERPRISE}),
    "files": NOBODY,
}
# Of a secret object (a pipe, a key site) the place is told to whom it needs, by no means to insurers.
SECRET = frozenset({FIRM, ENTERPRISE})
# The clocks of those in office are theirs; how long a repair may take concerns everybody who works on it.
CLOCKS = frozenset({"rectify"})
STORY = frozenset(
    {
        "case.open", "case.file", "alert.joined", "case.arrive", "case.contain", "case.rectify", "case.report",
        "case.rework", "case.close", "case.reopen", "case.suspend", "case.resume", "case.void", "case.annul",
    }
)  # fmt: skip
# What an entry of the story may say; an entry that says more is proved by its digest alone.
SAID = frozenset({"state", "grade", "category", "scenario", "territory", "object", "alert_count", "alert"})
# The fields that a filter of the list asks about; whoever is not shown one finds nothing by it. Words (``q``) are those
# of whoever reported it.
ASKED_BY = {
    "state": "state", "grade": "grade", "territory": "territory", "category": "category", "loop": "loop",
    "q": "words", "unit": "parties", "overdue": "due_at", "vacant": "duties", "drill": "number",
}  # fmt: skip
Concern = Callable[[Actor, datetime], Iterable[tuple[Standing, Q]]]


def _own(actor: Actor, now: datetime) -> Iterable[tuple[Standing, Q]]:
    """An enterprise: the cases at its own objects."""
    mine = tuple(post for post in actor.posts if post.role == Role.ENTERPRISE)
    if mine:
        units = access.units_below(Actor(actor.user, mine), directory.current().units)
        yield ENTERPRISE, Q(risk_object__main_body__in=units)


# The floors above add theirs: what they give holds at the instant ``now`` and no longer.
CONCERNS: list[Concern] = [_own]


def concerning(actor: Actor, asked: Collection[str] = ()) -> Q:
    """Cases that concern the actor as an outsider now; with ``asked`` (names of filters) only by what shows these."""
    wanted = [ASKED_BY.get(name, name) for name in asked]
    found = Q(pk__in=[])
    for standing, which in _by_standing(actor):
        if all(standing in TABLE.get(field, NOBODY) for field in wanted):
            found |= which
    return found & Q(drill__isnull=True)


def standings(actor: Actor, ids: Collection[int]) -> dict[int, frozenset[Standing]]:
    """By what the actor sees each of these cases; those that do not concern him are left out. One query a kind."""
    found: dict[int, set[Standing]] = defaultdict(set)
    for standing, which in _by_standing(actor):
        for pk in Case.objects.real().filter(which, pk__in=ids).values_list("pk", flat=True):
            found[pk].add(standing)
    return {pk: frozenset(by) for pk, by in found.items()}


def _by_standing(actor: Actor) -> list[tuple[Standing, Q]]:
    now = clock.now()
    return [pair for concern in CONCERNS for pair in concern(actor, now)]


def shows(by: Collection[Standing], field: str) -> bool:
    """Whether somebody who sees a case ``by`` these is shown ``field``."""
    return not TABLE.get(field, NOBODY).isdisjoint(by)


def places(by: Collection[Standing], case: Case) -> bool:
    """Whether he is told where it is."""
    return shows(by, "location") and finds(by, case.risk_object)


def finds(by: Collection[Standing], thing: RiskObject | None) -> bool:
    """Whether he is told where ``thing`` is, as far as it may be secret."""
    return thing is None or not thing.attributes.get("secret") or not SECRET.isdisjoint(by)


def title(case: Case) -> str:
    """What the case is called outside: place and danger as registered, never in the words of whoever reported it."""
    what = case.category.label if case.category else case.category_code
    where = case.risk_object.label if case.risk_object else case.territory.label if case.territory else ""
    # Chinese says place and danger in one breath; what is told of them in English stands apart.
    return " · ".join(filter(None, (where, what))) if (get_language() or "").startswith("en") else entitled(where, what)


def told(given: dict, case: Case, by: Collection[Standing]) -> dict:
    """``given``, the case as the interface writes it, with nothing of what is not shown: lists empty, else null."""
    kept = {
        name: value if shows(by, name) else [] if isinstance(value, list) else None for name, value in given.items()
    }
    kept["deadlines"] = [each for each in kept["deadlines"] if each["kind"] in CLOCKS]
    kept["title"] = title(case) if shows(by, "title") else None
    kept["location"] = given["location"] if places(by, case) else None
    return kept
