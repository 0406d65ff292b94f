"""The originals of the proofs on disk, against the hashes that were written down when they came.

An original that went when its period was over (``retention``) is no fault, as long as the ledger tells of it.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BufferedReader
from itertools import chain as chain_of
from pathlib import Path
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Subquery, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from cases.models import Evidence
from responsibility.auditing import Mismatch
from responsibility.models import ArchivedChain, LedgerEntry

CHUNK = 500
REMOVE = "evidence.remove"
# Of a file: its folder, what it belongs to in words, the chain, digest, place, and when it went as the ledger tells.
Kept = tuple[Path, str, UUID, str, str, datetime | None]
# Registered by higher floors: their files, all of them or those of one chain.
SOURCES: list[Callable[[UUID | None], Iterator[Kept]]] = []


def same(file: BufferedReader, sha256: str) -> bool:
    """Whether ``file`` is what was received. Read to its end and wound back."""
    found = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return found == sha256


def of(chain: UUID | None = None):
    """The proofs of one case, or of all."""
    proofs = Evidence.objects.order_by("pk")
    return proofs.filter(case__chain=chain) if chain else proofs


def mismatches(root: Path, chain: UUID | None = None, done: Callable[[int], None] = lambda _: None):
    """Proofs whose original under ``root`` is altered (``differs``), ``gone``, or ``removed`` as the ledger tells.

    ``stored`` of the last is the instant at which it went. ``done`` hears how many were read.
    """
    # What lies in a file of an archived month is told there.
    shelved = When(Exists(ArchivedChain.objects.filter(chain=OuterRef("case__chain"))), then="removed_at")
    told = Coalesce(Subquery(_told()), Case(shelved))
    asked = of(chain).annotate(told_at=Case(When(removed_at__isnull=False, then=told)))
    rows = asked.values_list("case__number", "case__chain", "sha256", "path", "told_at").iterator(chunk_size=CHUNK)
    ours = ((root, *row) for row in rows)
    for count, (folder, number, of_chain, sha256, path, told_at) in enumerate(chain_of(ours, _others(chain)), 1):
        if told_at is not None:
            yield Mismatch("removed", number, of_chain, "original", told_at.isoformat(), sha256)
        else:
            yield from _fault(folder / path, number, of_chain, sha256)
        done(count)


def _others(chain: UUID | None) -> Iterator[Kept]:
    for source in SOURCES:
        yield from source(chain)


def _told():
    """The instant of the entry that tells of the removal of a proof."""
    of_case = LedgerEntry.objects.filter(chain=OuterRef("case__chain"), verb=REMOVE)
    told = of_case.annotate(original=KT("after__sha256")).filter(original=OuterRef("sha256"))
    return told.order_by("seq").values("at")[:1]


def _fault(path: Path, number: str, chain: UUID, sha256: str) -> Iterator[Mismatch]:
    try:
        with path.open("rb") as file:
            if not same(file, sha256):
                yield Mismatch("differs", number, chain, "original", path.name, sha256)
    except OSError:
        yield Mismatch("gone", number, chain, "original", None, sha256)
