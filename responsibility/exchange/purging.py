"""What was brought and never imported goes after a while: files of people's names are not kept for nothing.

What was imported stays, for it proves the import. The ledger goes on telling who brought which file.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from responsibility import clock
from responsibility.exchange.importing import path_of, sheet_of
from responsibility.models import Upload, UploadState

BATCH = 500
# What waits or is being imported is in the worker's hands.
LEFT = [UploadState.JUDGED, UploadState.FAULTY]


def purge() -> int:
    """Remove the dry runs older than ``EXCHANGE_KEEP_DAYS`` with their files; how many.

    Run twice at once, each file goes once. A file that another upload still needs stays.
    """
    before, gone = clock.now() - timedelta(days=settings.EXCHANGE_KEEP_DAYS), 0
    while True:
        with transaction.atomic():
            old = Upload.objects.select_for_update(skip_locked=True).filter(state__in=LEFT, brought_at__lt=before)
            found = list(old.order_by("pk")[:BATCH])
            Upload.objects.filter(pk__in=[upload.pk for upload in found]).delete()
        if not found:
            return gone
        gone += len(found)
        # After the commit: a row without its file would be worse than a file without its row.
        needed = set(Upload.objects.filter(sha256__in=[u.sha256 for u in found]).values_list("sha256", flat=True))
        for upload in found:
            sheet_of(upload).unlink(missing_ok=True)
            if upload.sha256 not in needed and not _fresh(upload, before.timestamp()):
                path_of(upload).unlink(missing_ok=True)


def _fresh(upload: Upload, before: float) -> bool:
    """Whether the same file has been brought again since, by somebody whose row is not written yet."""
    path = path_of(upload)
    return path.exists() and path.stat().st_mtime >= before
