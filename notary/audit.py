"""Whether each countersignature that is kept is told, and signs the checkpoint beside which it is kept."""

from collections.abc import Iterator
from uuid import UUID

from notary import notes
from notary.models import Cosignature
from responsibility.auditing import Mismatch, differing

# Two may be told of one size only where two witnesses signed it, and each has a chain of its own.
TOLD = """
    SELECT COALESCE(s.verifier, e.subject_label), COALESCE(e.chain, '00000000-0000-0000-0000-000000000000'),
        'cosignature', s.size::text, e.after ->> 'size'
    FROM (
        SELECT w.id, w.verifier, k.size FROM notary_cosignature c JOIN notary_witness w ON w.id = c.witness_id
        JOIN notary_checkpoint k ON k.id = c.checkpoint_id
    ) s FULL JOIN (SELECT * FROM responsibility_ledgerentry WHERE verb = 'witness.cosign') e
        ON e.subject_id = s.id::text AND e.after ->> 'size' = s.size::text
    WHERE (s.id IS NULL OR e.id IS NULL) AND (%(chain)s::uuid IS NULL OR e.chain = %(chain)s)
"""
CHUNK = 500


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Countersignatures without a word in the ledger, words without one, and those that do not hold."""
    yield from differing(TOLD, chain)
    if chain is not None:
        return
    for kept in Cosignature.objects.select_related("witness", "checkpoint").iterator(chunk_size=CHUNK):
        if not _holds(kept):
            where = f"{kept.witness.name} · {kept.checkpoint.size}"
            yield Mismatch("differs", where, UUID(int=0), "cosignature.line", kept.line[:80], "signature")


def _holds(kept: Cosignature) -> bool:
    try:
        note = notes.Note.read(f"{kept.checkpoint.note.rstrip()}\n{kept.line.strip()}\n")
        return note.signed_by(notes.Key.read(kept.witness.verifier)) is not None
    except ValueError:
        return False
