"""Files of service: photos of visits and vouchers, under a root of their own.

Apart from the proofs of cases, because what is kept under its digest is one file for all who name it, and a proof that
goes under retention takes its file with it.
"""

from collections.abc import Collection
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from cases import files
from responsibility.refusals import Invalid


def root() -> Path:
    """Where they stand."""
    return settings.EVIDENCE_ROOT / "service"


def receive(upload, name: str, types: Collection[str]) -> files.Stored:
    """Put a file away on disk. ``Invalid`` for the field ``name`` when it is of none of ``types`` or too large."""
    try:
        return files.receive(
            upload, root=root(), limit=settings.EVIDENCE_MAX_BYTES, tz=ZoneInfo(settings.TIME_ZONE), types=types
        )
    except files.FileRefused as refused:
        raise Invalid(refused.code, refused.detail, name) from None
