"""What is over age in folders: originals of proofs, and sealed exports that have expired.

Files go after the commit that tells of it: a file that is told and still there is taken by the next run, a file that is
gone and not told would look like tampering.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from accountability.models import Consequence
from cases import files
from cases.models import Evidence
from cases.originals import REMOVE
from desk import exporting
from desk.models import Sealed
from responsibility import acting, clock, ledger
from retention.models import Hold
from retention.works import COUNTED, After, Picked, rows

# Proofs a transaction: each has an entry in the chain of its case.
PROOFS = 500
# Seconds between a file and its row, at the most.
FRESH = 3600
GOING = """
    SELECT {what} FROM cases_evidence t JOIN cases_case c ON c.id = t.case_id
    WHERE t.removed_at IS NULL AND c.state IN ('closed', 'void') AND coalesce(c.closed_at, t.uploaded_at) < %(before)s
    AND bihuan_file_goes(t.case_id, t.uploaded_at, %(before)s)
"""
GONE = "UPDATE cases_evidence SET removed_at = %(at)s WHERE id = ANY(%(ids)s)"


class Proofs:
    """The files of proofs. Row, note and digest stay; an entry in the chain of the case tells when the file went."""

    code, table = "evidence", "cases_evidence"

    def pick(self, before: datetime, limit: int, picked: Picked) -> list[int]:
        """Numbers of proofs, locked with their cases; cases that others work on are passed by."""
        asked = GOING.format(what="t.id") + " ORDER BY t.id LIMIT %(limit)s FOR NO KEY UPDATE OF t, c SKIP LOCKED"
        return [key for (key,) in rows(asked, {"before": before, "limit": min(limit, PROOFS)})]

    def count(self, before: datetime) -> int:
        """How many would go, up to ``COUNTED``."""
        asked = f"SELECT count(*) FROM ({GOING.format(what='1')} LIMIT {COUNTED}) AS counted"  # noqa: S608
        return rows(asked, {"before": before})[0][0]

    def oldest(self) -> datetime | None:
        """When the oldest was uploaded whose file is there."""
        found = Evidence.objects.filter(removed_at=None).order_by("uploaded_at")
        return found.values_list("uploaded_at", flat=True).first()

    def digest(self, ids: list[int]) -> str:
        """Over the digests of the files in the order of the proofs."""
        return digest_of(Evidence.objects.filter(pk__in=ids).order_by("pk").values_list("sha256", flat=True))

    def take(self, ids: list[int], run: UUID) -> After:
        """Tell each in the chain of its case; the files are left for afterwards."""
        now, found = clock.now(), list(Evidence.objects.filter(pk__in=ids).select_related("case").order_by("pk"))
        ledger.record([_act(proof, run) for proof in found], by=acting.SYSTEM, at=now)
        with connection.cursor() as cursor:
            cursor.execute(GONE, {"at": now, "ids": ids})
        return lambda: unlink(found)


def _act(proof: Evidence, run: UUID) -> ledger.Act:
    case, told = proof.case, {"kind": proof.kind, "sha256": proof.sha256, "size": proof.size, "run": str(run)}
    return ledger.Act(case.chain, REMOVE, "case", case.number, case.title, after=told)


def unlink(gone: Iterable[Evidence]) -> None:
    """Remove the files of proofs that are told to be gone, but for those that something else still needs."""
    by_digest = {proof.sha256: proof for proof in gone}
    needed = set(Evidence.objects.filter(sha256__in=by_digest, removed_at=None).values_list("sha256", flat=True)) | set(
        Consequence.objects.filter(sha256__in=by_digest).values_list("sha256", flat=True)
    )
    for sha256, proof in by_digest.items():
        original = settings.EVIDENCE_ROOT / proof.path
        if sha256 not in needed and not is_fresh(original):
            copies = (files.thumbnail(proof, settings.EVIDENCE_ROOT), files.shareable(proof, settings.EVIDENCE_ROOT))
            for place in (*copies, original):
                if place is not None:
                    place.unlink(missing_ok=True)


def is_fresh(original: Path) -> bool:
    """Whether the same file has just been received, by somebody whose row is not written yet."""
    return original.exists() and original.stat().st_mtime > clock.now().timestamp() - FRESH


def finish() -> None:
    """Take the files that a run told of and was killed before it took."""
    told = Evidence.objects.exclude(removed_at=None).iterator()
    unlink(proof for proof in told if (settings.EVIDENCE_ROOT / proof.path).exists())


class SealedFiles:
    """Sealed exports that have expired, but for those with a case that is held."""

    code, table = "sealed", "files"

    def pick(self, before: datetime, limit: int, picked: Picked) -> list[Path]:
        """All of them; ``before`` is now."""
        held = set(Hold.objects.filter(lifted_at=None, case__isnull=False).values_list("case__number", flat=True))
        found = exporting.expired()
        if not held:
            return found
        staying = {str(pk) for pk, cases in Sealed.objects.values_list("pk", "cases") if held & set(cases)}
        return [path for path in found if path.name.partition(".")[0] not in staying]

    def count(self, before: datetime) -> int:
        """How many there are."""
        return len(self.pick(before, 0, {}))

    def oldest(self) -> None:
        """Not told: each has a day of its own."""

    def digest(self, ids: list[Path]) -> str:
        """Over their names, which are those of the exports; what each held, ``sealed.seal`` tells."""
        return digest_of(sorted(path.name for path in ids))

    def take(self, ids: list[Path], run: UUID) -> After:
        """After the commit."""
        return lambda: exporting.remove(ids)


def digest_of(lines: Iterable[str]) -> str:
    """SHA-256, hex, over ``lines``, one under the other."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
