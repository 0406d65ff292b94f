"""Those outside who countersign: a checkpoint that two parties hold cannot be told otherwise by one of them.

A witness keeps the last checkpoint it saw, asks for the proof that the next one continues it, and signs only then
(``notary/standalone/witness.py`` does that). Here its signature is checked, and also that what it signed is ours.
"""

import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notary import notes
from notary.models import Checkpoint, Cosignature, Witness
from responsibility import access, acting, clock, directory, ledger, rows_told
from responsibility.models import Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

CHAINS = UUID("b0a1c8de-5a6f-4d0b-9a67-3f6a1c2d4e10")
# How far the clock of a witness may be ahead of ours.
AHEAD = timedelta(minutes=5)


def chain_of(witness: Witness) -> UUID:
    """The chain of one witness."""
    return uuid5(CHAINS, witness.verifier)


@transaction.atomic
def register(unit_id: int, verifier: str, *, by: User) -> Witness:
    """Take the key of a witness of the unit into the list. ``Invalid`` for what is no key of a witness (kind 4)."""
    actor = keeper(by)
    try:
        key = notes.Key.read(verifier)
    except notes.BadNote as error:
        raise Invalid(
            "bad_key", _("公钥无法读取，应为“名称+摘要+base64”：%(why)s") % {"why": error}, "verifier"
        ) from None
    if key.kind != notes.COSIGNATURE or len(str(key)) > 300:
        raise Invalid("bad_key", _("这不是见证公钥（C2SP tlog-cosignature，类型 4）。"), "verifier")
    unit = directory.current().units.get(unit_id)
    if unit is None:
        raise Invalid("unknown_unit", _("没有这个单位。"), "unit")
    Unit.objects.select_for_update(no_key=True).get(pk=unit_id)
    if Witness.objects.filter(verifier=str(key)).exists():
        raise Refused("known_key", _("该公钥已登记。"), "verifier")
    witness = Witness.objects.create(unit_id=unit_id, verifier=str(key), added_at=clock.now())
    _tell(witness, unit, "witness.register", actor)
    return witness


@transaction.atomic
def end(pk: int, *, by: User) -> Witness:
    """Stop counting on a witness; what it has signed stays. Ending it twice changes nothing."""
    actor = keeper(by)
    witness = Witness.objects.select_for_update(no_key=True).get(pk=pk)
    if witness.ended_at is None:
        witness.ended_at = clock.now()
        witness.save(update_fields=["ended_at"])
        _tell(witness, directory.current().units[witness.unit_id], "witness.end", actor)
    return witness


@transaction.atomic
def cosign(given: str, *, by: User) -> list[Cosignature]:
    """Keep the signatures of witnesses under a checkpoint of ours; those that are new.

    ``given``: the note with at least one line of a witness of the actor's unit. ``Invalid`` for what is no note or no
    signature that holds; ``Refused`` (``not_ours``) for a checkpoint that this log never made, (``ended``) for a
    witness that is no longer counted on.
    """
    actor = acting.of(by)
    try:
        note = notes.Note.read(given)
        told = notes.Checkpoint.read(note.text)
    except notes.BadNote as error:
        raise Invalid("bad_note", _("无法读取签名文本：%(why)s") % {"why": error}, "note") from None
    checkpoint = Checkpoint.objects.filter(size=told.size).first()
    if checkpoint is None or notes.Note.read(checkpoint.note).text != note.text:
        raise Refused(
            "not_ours", _("本系统没有作出过这个存证点。请保留您手中的文本，并通知纪检机构：历史可能已被改写。"), "note"
        )
    units = {post.unit_id for post in actor.posts}
    witnesses = list(Witness.objects.select_for_update(no_key=True).filter(unit__in=units))
    if not witnesses:
        raise Forbidden("not_witness", _("您的单位没有登记的见证公钥。"))
    found = [each for each in (_held(witness, note) for witness in witnesses) if each]
    if not found:
        raise Invalid("bad_signature", _("没有一条签名能用贵单位登记的公钥验证。"), "note")
    return _keep(found, checkpoint, actor)


def _held(witness: Witness, note: notes.Note) -> tuple[Witness, notes.Signature] | None:
    line = note.signed_by(notes.Key.read(witness.verifier))
    return (witness, line) if line else None


def _keep(found: list[tuple[Witness, notes.Signature]], checkpoint: Checkpoint, actor) -> list[Cosignature]:
    now, made = timezone.now(), []
    for witness, line in found:
        if witness.ended_at is not None:
            raise Refused("ended", _("该见证公钥已停用。"))
        signed = _time(line)
        if signed > now + AHEAD:
            raise Invalid("future", _("签名时间在未来，请校准时钟。"), "note")
        cosignature, new = Cosignature.objects.get_or_create(
            witness=witness, checkpoint=checkpoint, defaults={"line": str(line), "at": signed, "received_at": now}
        )
        if new:
            made.append(cosignature)
            after = {"size": checkpoint.size, "root": bytes(checkpoint.root).hex()}
            _tell(witness, directory.current().units[witness.unit_id], "witness.cosign", actor, after)
    return made


def _time(line: notes.Signature) -> datetime:
    seconds = struct.unpack(">Q", line.signature[:8])[0]
    # Far beyond every calendar: as good as the future.
    return datetime.fromtimestamp(min(seconds, 2**33), UTC)


def keeper(by: User) -> acting.Actor:
    """Who may manage witnesses and outlets; ``Forbidden`` for others."""
    actor = acting.of(by)
    if not access.may(actor, "ledger.witnesses"):
        raise Forbidden("not_allowed", _("只有区安委办可以管理见证方和外送。"))
    return actor


def _tell(witness: Witness, unit: Unit, verb: str, actor: acting.Actor, after: dict | None = None) -> None:
    told = {"unit": unit.code, "key": witness.verifier}
    act = ledger.Act(
        chain_of(witness), verb, "witness", str(witness.pk), witness.name[:300], after=told | (after or {})
    )
    ledger.record([act], by=actor, post=next(iter(actor.posts), None))
    rows_told.tell(actor)
