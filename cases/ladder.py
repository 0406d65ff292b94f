"""叫应: who is called when an acknowledgement is not given, one rung after the other, until somebody answers.

The second post of the unit, whoever commands in it, the district. Each rung is a deadline like any other, so it is
swept once whoever is killed, and ends in the transaction of the answer. A read mark is not an answer (facts 0, no. 5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cases.models import Case, Deadline
from notices.models import Audience
from notices.people import People
from responsibility import acting, roster
from responsibility.models import Post
from responsibility.refusals import Refused

# How long each rung is waited for before the next is called, in minutes. The order of the rungs is that of issue and
# field study (facts 1.9: second post, then leader); their minutes are defaults of ours that the client must confirm,
# and a category may set its own.
RUNGS = {"second": 5, "leader": 5, "above": 10}
KINDS = ("acknowledge", "rung")
AUDIENCE = {"second": Audience.SECOND, "leader": Audience.COMMAND, "above": Audience.DUTY}
ABOVE = "large_loop_command"
# Whoever answers for all when the command itself does not.
ABOVE_THAT = "overall_coordination"


@dataclass
class Rung:
    """A place on the ladder, counted from 1, and who is called there."""

    number: int
    to: str
    unit_id: int
    posts: list[Post]

    @property
    def called(self) -> str:
        """The people, as the ledger tells them."""
        return "、".join(f"{post.user}（{post.title}）" for post in self.posts)


def climb(changes, missed: list[tuple[Case, Deadline]]) -> dict[int, dict]:
    """Move each ladder one rung up; what the ledger tells of it besides, by the id of the missed deadline.

    ``missed``: acknowledgements and rungs that have passed, their cases locked. A rung on which nobody stands is
    passed over. Two statements however many there are, none for none.
    """
    if not missed:
        return {}
    above = {pk: above_of(changes.known, pk) for pk in {d.unit_id for _case, d in missed if d.unit_id}}
    people = People([*above, *filter(None, above.values())], changes.now)
    told = {}
    for case, deadline in missed:
        rung = _next(deadline, above, people)
        told[deadline.pk] = _call(changes, case, deadline, rung) if rung else _exhausted(changes, case, deadline)
    return told


def above_of(known, unit_id: int) -> int | None:
    """The id of the next tier up: the district's command, and above that the office that co-ordinates."""
    command, office = known.unit_with(ABOVE), known.unit_with(ABOVE_THAT)
    unit = office if command is None or command.pk == unit_id else command
    return unit.pk if unit and unit.pk != unit_id else None


def _next(deadline: Deadline, above: dict[int, int | None], people: People) -> Rung | None:
    unit_id = deadline.unit_id or 0
    left = (rung for rung in rungs(unit_id, above.get(unit_id), people) if rung.number > deadline.level)
    return next(left, None)


def rungs(unit_id: int, above: int | None, people: People) -> Iterator[Rung]:
    """The rungs of the ladder of a unit on which somebody stands who has not been called, and the last one always."""
    called: set[int] = set()
    for number, to in enumerate(RUNGS, 1):
        there = above if to == "above" else unit_id
        posts = people.find(there, AUDIENCE[to]) if there else []
        fresh = [post for post in posts if post.user_id not in called]
        called |= {post.user_id for post in posts}
        if fresh or (to == "above" and there):
            yield Rung(number, to, there or 0, fresh or posts)


def _call(changes, case: Case, deadline: Deadline, rung: Rung) -> dict:
    minutes = case.policy.get("ladder", RUNGS).get(rung.to, RUNGS[rung.to])
    changes.start(case, "rung", changes.known.units.get(deadline.unit_id), minutes=minutes, level=rung.number)
    told = {"rung": rung.number, "to": rung.to, "called": rung.called}
    words = _words(changes, deadline) | {"rung": rung.number, "to": rung.to}
    called: list[int | None] = [post.pk for post in rung.posts]
    for post_id in called or [None]:
        changes.outbox.call(case, rung.unit_id, AUDIENCE[rung.to], words, changes.now, post_id)
    return told


def _exhausted(changes, case: Case, deadline: Deadline) -> dict:
    """Nobody has answered on any rung: the shift leader is told, and goes on by voice."""
    desk = changes.known.unit_with("dispatch")
    if desk:
        changes.outbox.call(case, desk.pk, Audience.DUTY, _words(changes, deadline), changes.now)
    return {"exhausted": True}


def _words(changes, deadline: Deadline) -> dict:
    owing = changes.known.units.get(deadline.unit_id)
    return {"kind": str(deadline.kind), "due_at": deadline.due_at.isoformat(), "unit": owing.code if owing else None}


def standing(case: Case, answerer: acting.Actor, post: Post, at: datetime) -> roster.Standing:
    """How ``answerer`` answers ``case`` for the unit of ``post``; ``Refused`` (``not_on_duty``) if he may not.

    By the roster; once the acknowledgement has been missed the ladder calls beyond it, and whoever answers is heard.
    """
    try:
        return roster.standing(answerer, post, at)
    except Refused:
        missed = Deadline.objects.running().filter(case=case, unit=post.unit_id, kind="acknowledge")
        if missed.filter(missed_at__isnull=False).exists():
            return roster.Standing(post, "called")
        raise
