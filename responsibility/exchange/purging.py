"""What was brought and never imported goes after a while: files of people's names are not kept for nothing.

What was imported stays, for it proves the import. The ledger goes on telling who brought which file. What is old is
picked by the one run that removes anything (``retention``).
"""

from collections.abc import Collection

from responsibility.exchange.importing import path_of, sheet_of
from responsibility.models import Upload, UploadState

# Seconds between a file and its row, at the most.
FRESH = 3600
# What waits or is being imported is in the worker's hands.
LEFT = [UploadState.JUDGED, UploadState.FAULTY]


def remove(ids: Collection[int]) -> list[Upload]:
    """Delete these rows in the present transaction; what ``unlink`` is given after its commit."""
    found = list(Upload.objects.filter(pk__in=ids, state__in=LEFT))
    Upload.objects.filter(pk__in=[upload.pk for upload in found]).delete()
    return found


def unlink(gone: list[Upload]) -> None:
    """Remove the files of rows that are gone. A file that another upload still needs stays."""
    needed = set(Upload.objects.filter(sha256__in=[u.sha256 for u in gone]).values_list("sha256", flat=True))
    for upload in gone:
        sheet_of(upload).unlink(missing_ok=True)
        if upload.sha256 not in needed and not _fresh(upload):
            path_of(upload).unlink(missing_ok=True)


def _fresh(upload: Upload) -> bool:
    """Whether the same file has been brought again since, by somebody whose row is not written yet."""
    path = path_of(upload)
    return path.exists() and path.stat().st_mtime > upload.brought_at.timestamp() + FRESH
