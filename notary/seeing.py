"""我见证: what somebody who has no key of his own can do in the portal, and what it is worth.

He is shown the newest checkpoint and the proof that it continues the one he saw last; the server verifies the proof and
keeps that he saw it. His browser verifies nothing, so whoever rules the server could deceive him now; not so easily
later, for he carries away the text of the checkpoint and anybody can hold it against the tree (``check``).
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notary import growing, merkle, notes, proofs
from notary.models import Checkpoint, SigningKey
from notary.sighting import Sighting
from notices import outbox
from notices.models import Audience
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Grade, Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

log = structlog.get_logger(__name__)
CHAINS = UUID("b0a1c8de-5a6f-4d0b-9a67-3f6a1c2d4e12")
# Standing functions of the district that are told when two histories meet: who keeps the ledger, and who oversees.
TOLD = ("overall_coordination", "accountability_read_only")
FORKED = gettext_lazy(
    "与此前见证的不是同一棵树：历史可能已被改写。本次不予见证；已通知区安委办和监督机构。请保留手中的存证点文本。"
)


@dataclass(frozen=True)
class View:
    """What is shown before the button: the newest checkpoint, what was seen last, the proof, and whether it holds."""

    newest: Checkpoint | None
    last: Sighting | None
    proof: list[str]
    holds: bool


def view(user: User) -> View:
    """What ``user`` is shown now."""
    newest, last = proofs.newest(), Sighting.objects.filter(user=user).first()
    if newest is None or last is None:
        return View(newest, last, [], holds=True)
    proof = _proof(last, newest)
    return View(newest, last, [each.hex() for each in proof or []], holds=_continues(last, newest, proof))


def see(size: int, root: str, *, by: User) -> Sighting:
    """Keep that ``by`` saw the checkpoint of ``size`` entries with ``root`` (hex), as the page showed it.

    Raises ``Forbidden``; ``Refused``: ``not_ours``, ``already_seen``, ``seen_newer``, and ``forked`` when it does
    not continue what he saw last, of which the district is told.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        actor = acting.of(by)
        post = may_see(actor)
        checkpoint = Checkpoint.objects.filter(size=size).first()
        if checkpoint is None or bytes(checkpoint.root).hex() != root:
            raise Refused("not_ours", gettext_lazy("没有这个存证点，请刷新页面后重试。"))
        last = Sighting.objects.filter(user=by).first()
        if last and last.size == size and bytes(last.root).hex() == root:
            raise Refused("already_seen", gettext_lazy("您已见证过这个存证点。"))
        if last and size < last.size and _continues(checkpoint, last, _proof(checkpoint, last)):
            raise Refused("seen_newer", gettext_lazy("您已见证过更新的存证点，请刷新页面。"))
        if last is None or _continues(last, checkpoint, _proof(last, checkpoint)):
            return _keep(checkpoint, last, actor, post)
        _alarm(actor, post, {"seen": last.size if last else 0, "size": size})
    raise Refused("forked", FORKED)


def check(given: str, *, by: User) -> int:
    """The size at which a checkpoint that was kept outside stands in the tree.

    Raises ``Forbidden``; ``Invalid`` for what is no checkpoint that this log signed; ``Refused`` (``forked``) when the
    tree is another one now, of which the district is told.
    """
    actor = acting.of(by)
    post = may_see(actor)
    told = _signed(given)
    try:
        same = merkle.Tree(growing.fetch).root(told.size) == told.root
    except LookupError:
        same = False
    if not same or told.size > growing.size():
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=by.pk)
            _alarm(actor, post, {"seen": told.size, "size": growing.size()})
        raise Refused("forked", FORKED)
    return told.size


def _signed(given: str) -> notes.Checkpoint:
    try:
        note = notes.Note.read(given.replace("\r\n", "\n"))
        told = notes.Checkpoint.read(note.text)
        keys = [notes.Key.read(key) for key in SigningKey.objects.values_list("verifier", flat=True)]
    except notes.BadNote as error:
        raise Invalid("bad_note", gettext_lazy("无法读取签名文本：%(why)s") % {"why": error}, "file") from None
    if not any(note.signed_by(key) for key in keys):
        raise Invalid(
            "not_signed", gettext_lazy("文本上没有本系统密钥的签名：可能被改动，或不是本系统的存证点。"), "file"
        )
    return told


def _proof(last: Sighting | Checkpoint, newest: Sighting | Checkpoint) -> list[bytes] | None:
    try:
        return proofs.consistency(last.size, newest.size) if last.size <= newest.size else None
    except LookupError:
        return None


def _continues(last: Sighting | Checkpoint, newest: Sighting | Checkpoint, proof: list[bytes] | None) -> bool:
    if proof is None:
        return False
    return merkle.consistent(last.size, bytes(last.root), newest.size, bytes(newest.root), proof)


def _keep(checkpoint: Checkpoint, last: Sighting | None, actor: acting.Actor, post: Post) -> Sighting:
    made = Sighting.objects.create(
        user=post.user, unit=post.unit, checkpoint=checkpoint, size=checkpoint.size, root=bytes(checkpoint.root),
        since=last.size if last else None, at=clock.now(),
    )  # fmt: skip
    _tell("witness.see", {"size": made.size, "root": bytes(made.root).hex(), "since": made.since}, actor, post)
    return made


def _alarm(actor: acting.Actor, post: Post, after: dict) -> None:
    """Two histories have met: written down, and told to those who must look."""
    log.error("ledger_witness_forked", **after)
    _tell("witness.fork", after, actor, post)
    known, now = directory.current(), clock.now()
    units = {unit.pk for unit in map(known.unit_with, TOLD) if unit}
    rows = [
        outbox.row(
            "witness.fork", unit_id=unit, audience=Audience.COMMAND, grade=Grade.RED, at=now, subject="",
            title=_("存证点"), path="/ledger/checkpoints/", words={"unit": post.unit.code, **after},
        )
        for unit in units
    ]  # fmt: skip
    outbox.write(rows)


def _tell(verb: str, after: dict, actor: acting.Actor, post: Post) -> None:
    chain = uuid5(CHAINS, str(actor.user.pk if actor.user else ""))
    told = {"unit": post.unit.code} | after
    act = ledger.Act(chain, verb, "sighting", str(after["size"]), post.unit.name, after=told)
    ledger.record([act], by=actor, post=post)


def may_see(actor: acting.Actor) -> Post:
    """The post in which ``actor`` witnesses; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "ledger.witness")
    if post is None:
        raise Forbidden("not_witness", gettext_lazy("由保险、监督等外部单位的人员见证。"))
    return post


def said(notice, known) -> str:
    """The alarm in words."""
    unit = known.units_by_code.get(notice.words.get("unit", ""))
    told = {"unit": unit.label if unit else "—", "seen": notice.words.get("seen"), "size": notice.words.get("size")}
    return _("%(unit)s持有的 %(seen)s 条处的存证点与现在的台账（%(size)s 条）不是同一棵树：历史可能已被改写。") % told
