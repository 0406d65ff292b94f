"""A consequence in the ledger and in the inboxes of those whom it concerns."""

from datetime import datetime
from functools import partial

from accountability.rungs import Consequence
from cases.changes import Changes
from notices import outbox
from notices.models import Audience
from responsibility import directory, ledger
from responsibility.acting import Actor
from responsibility.models import Grade, Post

# Of which the unit concerned is told; what it says itself is told to the office that ordered.
TO_UNIT = ("reminder", "talk", "handover", "hold", "withdraw")


def tell(of: Consequence, verb: str, after: dict, actor: Actor, post: Post, now: datetime, note: str = "") -> None:
    """Write the act into the ledger in the present transaction, on the chain of ``of``, and tell who is to know.

    The name of the person concerned is sealed (``person``), his unit is not.
    """
    told = {"consequence": of.pk, "ground": of.ground, "unit": of.unit.code} | after
    told |= {"risk": of.risk} if of.risk else {}
    told |= {"person": of.post.user.username} if of.post else {}
    if of.case:
        changes = Changes(directory.current(), now)
        changes.tell(of.case, verb, after=told, note=note)
        changes.write(by=actor, post=post)
    else:
        act = ledger.Act(of.chain, verb, "risk", of.risk, of.risk, after=told, note=note)
        ledger.record([act], by=actor, post=post, at=now)
    outbox.write(_notices(of, verb, now))


def _notices(of: Consequence, verb: str, now: datetime) -> list[dict]:
    to_unit = verb.partition(".")[2] in TO_UNIT
    unit = of.unit_id if to_unit else of.by_post.unit_id
    about = partial(
        outbox.row, verb, audience=Audience.COMMAND if to_unit else Audience.DUTY,
        grade=of.case.grade if of.case else Grade.BLUE, at=now, chain=of.chain, subject=of.subject,
        title=of.case.title if of.case else of.risk, path=f"/accountability/consequences/{of.pk}/",
        words={"unit": of.unit.code, "text": of.text},
    )  # fmt: skip
    rows = [about(unit_id=unit)]
    if to_unit and of.post and of.post.user.is_active:
        rows.append(about(unit_id=of.post.unit_id, post_id=of.post_id))
    return rows
