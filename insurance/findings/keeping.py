"""Photos and documents of findings and self-checks on disk, apart from the proofs of cases (``cases/files.py``).

Apart, because a proof of a case goes when its class is over age (``retention``), and the same photo may prove both.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import CLOCK_SKEW
from cases import files
from cases.filetypes import IMAGES
from insurance.findings import terms
from responsibility import clock
from responsibility.models import User
from responsibility.refusals import Invalid

PAPERS = ("application/pdf", *IMAGES)
# Of one form.
MOST = 9


def root() -> Path:
    """The folder they lie in."""
    return settings.EVIDENCE_ROOT / "insurance"


def receive(uploads: Sequence, types: Collection[str] = PAPERS) -> list[files.Stored]:
    """Take ``uploads`` in before anything is locked, each file once. ``Invalid`` (field ``file``)."""
    if len(uploads) > MOST:
        raise Invalid("too_many", _("一次最多提交 %(most)d 份文件。") % {"most": MOST}, "file")
    taken: dict[str, files.Stored] = {}
    for upload in uploads:
        try:
            stored = files.receive(
                upload, root=root(), limit=settings.EVIDENCE_MAX_BYTES, tz=ZoneInfo(settings.TIME_ZONE), types=types
            )
        except files.FileRefused as refused:
            raise Invalid(refused.code, refused.detail, "file") from None
        taken.setdefault(stored.sha256, stored)
    return list(taken.values())


def columns(stored: files.Stored, by: User | None, now: datetime) -> dict:
    """The columns of ``models.File`` for what was received."""
    return {
        "sha256": stored.sha256, "size": stored.size, "content_type": stored.content_type, "path": stored.path,
        "original_name": stored.original_name[:255], "taken_at": _credible(stored.taken_at), "lat": stored.lat,
        "lon": stored.lon, "uploaded_at": now, "uploaded_by": by,
    }  # fmt: skip


def _credible(taken_at: datetime | None) -> datetime | None:
    """A camera's own clock is hearsay, and nothing where it cannot be right."""
    return taken_at if taken_at and terms.SINCE <= taken_at <= clock.now() + CLOCK_SKEW else None
