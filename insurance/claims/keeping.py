"""Documents of claims on disk, apart from the proofs of cases (``cases/files.py``).

Apart, because a proof of a case goes when its class is over age (``retention``), and the same file may be both.
"""

from pathlib import Path

from django.conf import settings

from cases import files
from cases.filetypes import IMAGES
from responsibility.refusals import Invalid

TYPES = ("application/pdf", *IMAGES)


def root() -> Path:
    """The folder they lie in."""
    return settings.EVIDENCE_ROOT / "claims"


def receive(upload) -> files.Stored:
    """Take ``upload`` in before anything is locked. ``Invalid`` (field ``file``) for another type or too large."""
    try:
        return files.receive(upload, root=root(), limit=settings.EVIDENCE_MAX_BYTES, types=TYPES)
    except files.FileRefused as refused:
        raise Invalid(refused.code, refused.detail, "file") from None
