"""The one writer of the ledger, and its checker.

``record`` is called inside the transaction of the act. Entries of one chain are numbered from 1 and each
digest covers the digest before it, so an edited, removed or reordered entry shows. Two writers of one chain
are kept apart by the row lock of what they act upon; should they ever meet, ``ledger_chain_seq`` refuses one.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone, translation

from responsibility import acting, clock, confining, erasing, sealing, shelf
from responsibility.copying import copy
from responsibility.models import LedgerEntry

GENESIS = ""
NOTHING: Mapping = {}
# Bytes of chance in an entry.
SALT = 16
HEADS = """
    SELECT asked.chain, newest.seq, newest.digest FROM unnest(%s::uuid[]) AS asked (chain)
    CROSS JOIN LATERAL (
        (SELECT seq, digest FROM responsibility_ledgerentry e WHERE e.chain = asked.chain ORDER BY seq DESC LIMIT 1)
        UNION ALL (SELECT seq, digest FROM responsibility_archivedchain a WHERE a.chain = asked.chain
            ORDER BY seq DESC LIMIT 1)
        ORDER BY seq DESC LIMIT 1
    ) newest
"""


@dataclass
class Act:
    """One act to be written down. ``before`` and ``after`` hold plain texts, whole numbers, booleans and nulls."""

    chain: UUID
    verb: str
    subject_type: str
    subject_id: str
    subject_label: str
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    note: str = ""


def record(
    acts: Iterable[Act], *, by: acting.Actor, post=None, at: datetime | None = None, new_chains: bool = False
) -> None:
    """Append ``acts`` in the present transaction. Two statements however many there are, one for new chains.

    ``post`` is the post in which the actor acted, ``at`` the instant that the act wrote onto what it changed (now where
    it wrote none), ``new_chains`` promises that no chain has entries yet.
    """
    acts = list(acts)
    if not acts:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a ledger entry belongs in the transaction of its act")
    heads = {} if new_chains else _heads({act.chain for act in acts})
    at, recorded_at = at or clock.now(), timezone.now()
    shared = _who(by, post) | {"request_id": acting.request_id(), "salts": None, "erased": None}
    spelled = {"at": sealing.instant(at), "recorded_at": sealing.instant(recorded_at)}
    salts, rows = secrets.token_bytes(SALT * len(acts)), []
    for place, act in enumerate(acts):
        seq, previous = heads.get(act.chain, (0, GENESIS))
        row = vars(act) | shared | spelled
        row |= {"seq": seq + 1, "previous": previous, "salt": salts[SALT * place : SALT * (place + 1)]}
        row["digest"] = digest(row)
        row |= {"at": at, "recorded_at": recorded_at}
        heads[act.chain] = (row["seq"], row["digest"])
        rows.append(row)
    with confining.lifted("ledger"):
        copy(LedgerEntry, rows, leave_out=["id", "xact"])


def _who(by: acting.Actor, post) -> dict:
    # Texts in the first language of the district, whatever the reader's screen is set to.
    with translation.override("zh-hans"):
        return {
            "actor_id": by.user.pk if by.user else None,
            "actor_label": by.label,
            "unit_label": post.unit.name if post else "",
            "post_label": post.title if post else "",
        }


def _heads(chains: set[UUID]) -> dict[UUID, tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(HEADS, [list(chains)])
        return {chain: (seq, digest) for chain, seq, digest in cursor.fetchall()}


def canonical(entry: LedgerEntry | Mapping) -> bytes:
    """The canonical JSON of the entry and the digest before it; names and words in it as digests (``sealing``)."""
    return sealing.canonical(vars(entry) if isinstance(entry, LedgerEntry) else entry)


def digest(entry: LedgerEntry | Mapping) -> str:
    """SHA-256, hex, over what ``canonical`` gives."""
    return hashlib.sha256(canonical(entry)).hexdigest()


@dataclass
class Fault:
    """A broken place in the ledger. ``kind``: ``edited``, ``relinked`` or ``missing``. ``chain`` as it was given."""

    kind: str
    chain: UUID | str
    seq: int
    entry_id: int


def verify(entries: Iterable[LedgerEntry | Mapping], heads: Mapping[str, tuple[int, str]] = NOTHING) -> Iterator[Fault]:
    """The faults of ``entries``, which come ordered by chain and number. Constant memory.

    ``heads``: number and digest after which a chain goes on, of those whose beginning lies elsewhere.

    ``edited``: the content does not give its digest. ``missing``: a number is left out, so an entry was removed.
    ``relinked``: the entry does not name the digest before it, so a neighbour was replaced.
    """
    chain, seq, previous = None, 0, GENESIS
    for entry in entries:
        row = vars(entry) if isinstance(entry, LedgerEntry) else entry
        if row["chain"] != chain:
            chain = row["chain"]
            seq, previous = heads.get(str(chain), (0, GENESIS)) if heads else (0, GENESIS)
        if row["seq"] != seq + 1:
            yield Fault("missing", row["chain"], seq + 1, row["id"])
        elif row["previous"] != previous:
            yield Fault("relinked", row["chain"], row["seq"], row["id"])
        if not holds(row):
            yield Fault("edited", row["chain"], row["seq"], row["id"])
        seq, previous = row["seq"], row["digest"]


def holds(row: Mapping) -> bool:
    """Whether the content of an entry gives its digest."""
    if row["actor_id"] is None and row["actor_label"] != acting.SYSTEM.label and not _tells_actor(row):
        return False
    try:
        return digest(row) == row["digest"] and not (row["erased"] and row["salt"] is None and _speaks(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        # Columns in which nothing of ours was ever written: what is left of the salts is not a set of parts, say.
        return False


def _tells_actor(row: Mapping) -> bool:
    """Whether an entry that names no account may bear a name: it covers it, or the person has been erased."""
    return row["salt"] is None and (not row["salts"] or "actor" in (row["erased"] or ()))


def _speaks(row: Mapping) -> bool:
    """Whether words stand where some were erased: the digest covers only those that were."""
    columns = {"subject": "subject_label", "actor": "actor_label", "note": "note"}
    for part in row["erased"]:
        side, _dot, name = part.partition(".")
        if not erasing.is_empty(row[side].get(name) if name else row[columns[part]]):
            return True
    return False


def story(chain: UUID):
    """The entries of one chain, oldest first, wherever they lie (``shelf.reading``)."""
    return shelf.reading(LedgerEntry.objects.filter(chain=chain).order_by("seq"), [chain])
