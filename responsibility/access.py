"""Who may do what, asked of the one table ``responsibility.acts.ACTS``.

Asked in the actions, under the row lock, so that every door is the same door; asked again by buttons and pages, so
that nobody is offered what will be refused.
"""

from collections.abc import Collection

from responsibility.acting import Actor
from responsibility.acts import ACTS, Scope
from responsibility.models import Post, Role, Unit


def scope(act: str, role: str) -> Scope | None:
    """Where ``role`` may do ``act``; ``None`` where it may not."""
    return ACTS[act].cells.get(role)


def roles(act: str) -> list[Role]:
    """The roles that may do ``act`` somewhere, in the order of ``Role``."""
    return [role for role in Role if role in ACTS[act].cells]


def may(actor: Actor, act: str) -> bool:
    """Whether ``actor`` may do ``act`` somewhere."""
    return any(post.role in ACTS[act].cells for post in actor.posts)


def everywhere(actor: Actor, act: str) -> bool:
    """Whether ``actor`` may do ``act`` in the whole district."""
    return any(scope(act, post.role) == Scope.DISTRICT for post in actor.posts)


def post_for(actor: Actor, act: str, **places: Collection[int]) -> Post | None:
    """The first post in which ``actor`` may do ``act``.

    ``places``: the ids of the units that each scope narrower than the district means here, as ``party={3, 7}``.
    """
    for post in actor.posts:
        where = scope(act, post.role)
        if where == Scope.DISTRICT or (where and post.unit_id in places.get(where.value, ())):
            return post
    return None


def units(actor: Actor, act: str, known: dict[int, Unit]) -> set[int]:
    """The ids of the units in which ``actor`` may do ``act`` by a cell of the district or of the own unit."""
    if everywhere(actor, act):
        return set(known)
    posts = tuple(post for post in actor.posts if scope(act, post.role) == Scope.OWN)
    return units_below(Actor(actor.user, posts), known)


def units_below(actor: Actor, units: dict[int, Unit]) -> set[int]:
    """The units of the posts held, and everything below them in the tree."""
    seen = set(actor.unit_ids)
    grown = True
    while grown:
        below = {unit.pk for unit in units.values() if unit.parent_id in seen} - seen
        seen |= below
        grown = bool(below)
    return seen
