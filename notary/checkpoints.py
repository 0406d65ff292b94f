"""A checkpoint: the tree of the whole ledger at this moment, signed, so that it cannot be told otherwise later."""

import structlog
from django.db import connection, transaction

from notary import growing, keys, merkle, notes
from notary.models import Checkpoint, SigningKey
from responsibility import clock

log = structlog.get_logger(__name__)


class Forked(RuntimeError):
    """The tree does not grow out of what was signed before. Nothing is signed: somebody must look."""


def make() -> Checkpoint | None:
    """Take into the tree what is new, and sign it; ``None`` when nothing is. Its cost is that of what is new.

    Raises ``Forked`` when the tree is not a continuation of the last checkpoint that was signed, here or in the
    database, and ``keys.NoKey`` without a key. At once from several processes, one after the other.
    """
    signer, above = keys.signer(), 0
    while True:
        with transaction.atomic():
            _only_one()
            seen, running_from = growing.moment()
            # Before the taking, which then is certain to see all of it.
            settled = growing.settled()
            taken, last = _take(above)
            if above or taken == growing.BATCH:
                above = last if taken == growing.BATCH else 0
                continue
            return _sign([signer], settled, seen, running_from)


def rotate(record) -> Checkpoint:
    """Put a new key in the place of the present one; the checkpoint is signed by both.

    ``record(old, new)`` writes the entry of it into the ledger, with the verifier keys as texts.
    """
    signer = keys.signer()
    while make():
        pass
    with transaction.atomic():
        _only_one()
        old, new = keys.replace()
        record(str(old.key), str(new.key))
        seen, running_from = growing.moment()
        settled = growing.settled()
        _take()
        made = _sign([new, old], settled, seen, running_from)
    if made is None:
        raise Forked(f"the rotation of {signer.name} has not come into the tree")
    return made


def _only_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute(growing.LOCK)


def _take(above: int = 0) -> tuple[int, int]:
    try:
        return growing.take(above)
    except LookupError as error:
        log.exception("ledger_tree_broken")
        raise Forked(str(error)) from error


def _sign(signers: list[keys.Signer], settled: int, seen: int, running_from: int) -> Checkpoint | None:
    size, tree = growing.size(), merkle.Tree(growing.fetch)
    newest = Checkpoint.objects.order_by("-size").first()
    kept = notes.Checkpoint(signers[0].name, newest.size, bytes(newest.root)) if newest else None
    for earlier in (keys.last(), kept):
        _continues(tree, size, earlier)
    if size == (newest.size if newest else 0):
        return None
    _keep_public(signers[0].key, size)
    text = str(notes.Checkpoint(signers[0].name, size, tree.root(size)))
    note = str(notes.Note(text, tuple(signer.sign(text) for signer in signers)))
    made = Checkpoint.objects.create(
        size=size, root=tree.root(size), note=note, made_at=clock.now(),
        settled=settled, seen=seen, running_from=running_from,
    )  # fmt: skip
    # After the commit: a checkpoint that was rolled back has not been given to anybody.
    transaction.on_commit(lambda: keys.remember(note))
    return made


def _continues(tree: merkle.Tree, size: int, earlier: notes.Checkpoint | None) -> None:
    if earlier is None:
        return
    try:
        fits = earlier.size <= size and tree.root(earlier.size) == earlier.root
    except LookupError:
        fits = False
    if not fits:
        log.error("ledger_forked", signed=earlier.size, size=size)
        raise Forked(f"the ledger no longer contains the checkpoint of {earlier.size} entries that was signed")


def _keep_public(key: notes.Key, size: int) -> None:
    """The verifier key of who signs from now on."""
    if SigningKey.objects.filter(verifier=str(key), until=None).exists():
        return
    SigningKey.objects.filter(until=None).update(until=size)
    SigningKey.objects.create(verifier=str(key), since=size)
