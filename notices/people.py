"""Who of a unit is meant: the posts on duty, the second post, those in command; for any number of units at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from notices.models import Audience
from responsibility import access, roster
from responsibility.acts import COMMAND
from responsibility.models import Post, Role

# Where nobody is on duty by the roster, whoever holds a post is told: the first of these that the unit has.
INSTEAD: list[set] = [
    {Role.DUTY_OFFICER, Role.SHIFT_LEADER},
    {Role.EMERGENCY_OFFICE, Role.COMMITTEE_OFFICE},
    set(access.roles("case.acknowledge")),
    set(Role.values),
]
# A second post is somebody who goes, before somebody who commands.
SECOND: list[set[str]] = [{Role.DUTY_OFFICER}, {Role.SHIFT_LEADER}, {Role.HANDLER}]


class People:
    """The people behind some units at an instant. Two statements."""

    def __init__(self, unit_ids: Iterable[int], at: datetime):
        ids = set(unit_ids)
        self.shifts = roster.on_duty(ids, at)
        self.held: dict[int, list[Post]] = defaultdict(list)
        posts = Post.objects.held(at).filter(unit__in=ids, user__is_active=True)
        for post in posts.select_related("user").order_by("pk"):
            self.held[post.unit_id].append(post)
        self._kept: dict[tuple[int, str], list[Post]] = {}

    def find(self, unit_id: int, audience: str) -> list[Post]:
        """The posts of ``audience`` in the unit, each person once; empty when there is nobody."""
        key = (unit_id, str(audience))
        if key not in self._kept:
            self._kept[key] = _once(FIND[Audience(audience)](self, unit_id))
        return self._kept[key]

    def _duty(self, unit_id: int) -> list[Post]:
        on_duty = [shift.post for shift in self.shifts.get(unit_id, ())]
        return on_duty or self._first(unit_id, INSTEAD, set())

    def _second(self, unit_id: int) -> list[Post]:
        """One who has not been called yet: the deputy of who is on duty, else another post."""
        called = {post.user_id for post in self._duty(unit_id)}
        standing_in = {shift.deputy_id for shift in self.shifts.get(unit_id, ())}
        deputies = [post for post in self.held[unit_id] if post.pk in standing_in and post.user_id not in called]
        return deputies[:1] or self._first(unit_id, SECOND, called)[:1]

    def _command(self, unit_id: int) -> list[Post]:
        return [post for post in self.held[unit_id] if post.role in COMMAND]

    def _check(self, unit_id: int) -> list[Post]:
        return [post for post in self.held[unit_id] if post.role == Role.CHECKER] or self._duty(unit_id)

    def _first(self, unit_id: int, roles: list[set[str]], besides: set[int]) -> list[Post]:
        for wanted in roles:
            found = [post for post in self.held[unit_id] if post.role in wanted and post.user_id not in besides]
            if found:
                return found
        return []


FIND = {
    Audience.DUTY: People._duty,
    Audience.SECOND: People._second,
    Audience.COMMAND: People._command,
    Audience.CHECK: People._check,
}


def _once(posts: list[Post]) -> list[Post]:
    return list({post.user_id: post for post in reversed(posts)}.values())[::-1]
