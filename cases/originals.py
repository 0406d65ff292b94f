"""The originals of the proofs on disk, against the hashes that were written down when they came."""

import hashlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from uuid import UUID

from cases.models import Evidence
from responsibility.auditing import Mismatch

CHUNK = 500


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
    """Proofs whose original under ``root`` is altered (``differs``) or ``gone``. ``done`` hears how many were read."""
    rows = of(chain).values_list("case__number", "case__chain", "sha256", "path").iterator(chunk_size=CHUNK)
    for count, (number, case_chain, sha256, path) in enumerate(rows, 1):
        yield from _fault(root / path, number, case_chain, sha256)
        done(count)


def _fault(path: Path, number: str, chain: UUID, sha256: str) -> Iterator[Mismatch]:
    try:
        with path.open("rb") as file:
            if not same(file, sha256):
                yield Mismatch("differs", number, chain, "original", path.name, sha256)
    except OSError:
        yield Mismatch("gone", number, chain, "original", None, sha256)
