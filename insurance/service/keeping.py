"""Files of service: photos of visits and vouchers, under a root of their own.

Apart from the proofs of cases, because what is kept under its digest is one file for all who name it, and a proof that
goes under retention takes its file with it.
"""

from collections.abc import Collection
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model
from django.http import HttpResponse
from django.utils.translation import gettext as _

from cases import files
from cases.templatetags.display import full_moment
from insurance.service.models import RemovedFile
from responsibility.refusals import Invalid


def root() -> Path:
    """Where they stand."""
    return settings.EVIDENCE_ROOT / "service"


def gone(found: Model) -> HttpResponse | None:
    """What is answered instead of the file of the row ``found`` where it went under retention: 410 and the day."""
    removed = RemovedFile.objects.filter(kind=found._meta.db_table, row_id=found.pk).first()
    if removed is None:
        return None
    said = _("文件已依保存期限于%(at)s清除。") % {"at": full_moment(removed.at)}
    return HttpResponse(f"{said}\nSHA-256 {removed.sha256}\n", status=410, content_type="text/plain; charset=utf-8")


def receive(upload, name: str, types: Collection[str]) -> files.Stored:
    """Put a file away on disk. ``Invalid`` for the field ``name`` when it is of none of ``types`` or too large."""
    try:
        return files.receive(
            upload, root=root(), limit=settings.EVIDENCE_MAX_BYTES, tz=ZoneInfo(settings.TIME_ZONE), types=types
        )
    except files.FileRefused as refused:
        raise Invalid(refused.code, refused.detail, name) from None
