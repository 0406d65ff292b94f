"""Files of the insurance side that are over age: photos of visits, proofs of rectification, documents of claims.

As with proofs of cases (``filed.py``) the file goes after the commit that tells of it, and its row, its words and its
digest stay. Which rows there are, since when each counts and what holds it stands in the database (``bihuan_papers``),
where the same rule guards what is written down as gone.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Model

from cases import files
from insurance.claims import keeping as of_claims
from insurance.claims.models import Paper
from insurance.findings import keeping as of_findings
from insurance.findings.models import CheckPhoto, Proof
from insurance.service import keeping as of_service
from insurance.service.models import Expense, Photo, RemovedFile, SentPhoto
from insurance.service.originals import REMOVE
from responsibility import acting, clock, ledger
from retention.filed import PROOFS, digest_of, is_fresh
from retention.works import COUNTED, After, Picked, rows

# Every table whose rows name files, by their folder: a file goes when nothing there names it any more. Vouchers of the
# account are of no class here and keep theirs.
FOLDERS: list[tuple[Callable[[], Path], tuple[type[Model], ...]]] = [
    (of_service.root, (Photo, SentPhoto, Expense)),
    (of_findings.root, (Proof, CheckPhoto)),
    (of_claims.root, (Paper,)),
]
GOING = """
    SELECT {what} FROM bihuan_papers() p WHERE p.code = %(code)s AND bihuan_paper_goes(p.kind, p.row_id, %(before)s)
    AND NOT EXISTS (SELECT 1 FROM service_removedfile r WHERE r.kind = p.kind AND r.row_id = p.row_id)
"""
OLDEST = """
    SELECT min(p.came_at) FROM bihuan_papers() p WHERE p.code = %(code)s
    AND NOT EXISTS (SELECT 1 FROM service_removedfile r WHERE r.kind = p.kind AND r.row_id = p.row_id)
"""
Going = tuple[str, int, str, UUID, str]


class Papers:
    """The files of one class. What is picked: kind, row, digest, chain and what the chain is of."""

    def __init__(self, code: str):
        self.code, self.table = code, f"files of {code}"

    def pick(self, before: datetime, limit: int, picked: Picked) -> list[Going]:
        """As ``Work`` says; nobody changes what has ended."""
        asked = GOING.format(what="p.kind, p.row_id, p.sha256, p.chain, p.number") + " ORDER BY 1, 2 LIMIT %(limit)s"
        found = rows(asked, {"code": self.code, "before": before, "limit": min(limit, PROOFS)})
        return [(kind, row, sha256, chain, number) for kind, row, sha256, chain, number in found]

    def count(self, before: datetime) -> int:
        """How many would go, up to ``COUNTED``."""
        asked = f"SELECT count(*) FROM ({GOING.format(what='1')} LIMIT {COUNTED}) AS counted"  # noqa: S608
        return rows(asked, {"code": self.code, "before": before})[0][0]

    def oldest(self) -> datetime | None:
        """When the oldest came whose file is there."""
        return rows(OLDEST, {"code": self.code})[0][0]

    def digest(self, ids: list[Going]) -> str:
        """Over the digests of the files in the order in which they were picked."""
        return digest_of(sha256 for _kind, _row, sha256, _chain, _number in ids)

    def take(self, ids: list[Going], run: UUID) -> After:
        """Tell each on the chain that it belongs to; the files are left for afterwards."""
        now = clock.now()
        ledger.record([_act(going, run) for going in ids], by=acting.SYSTEM, at=now)
        RemovedFile.objects.bulk_create(
            RemovedFile(kind=kind, row_id=row, sha256=sha256, chain=chain, at=now)
            for kind, row, sha256, chain, _number in ids
        )
        return lambda: unlink({sha256 for _kind, _row, sha256, _chain, _number in ids})


ALL = [Papers("prevention"), Papers("claims")]


def _act(going: Going, run: UUID) -> ledger.Act:
    kind, row, sha256, chain, number = going
    told: dict[str, Any] = {"kind": kind, "row": row, "sha256": sha256, "run": str(run)}
    return ledger.Act(chain, REMOVE, "file", f"{kind} {row}", number, after=told)


def unlink(digests: Iterable[str]) -> None:
    """Remove the files of these digests in each folder where every row that names them is told to be gone."""
    digests = {*digests}
    for root, models in FOLDERS if digests else ():
        named: dict[str, Any] = {}
        needed: set[str] = set()
        for model in models:
            kind = model._meta.db_table
            found: list[Any] = list(model._default_manager.filter(sha256__in=digests))  # type: ignore[misc]
            gone = set(
                RemovedFile.objects.filter(kind=kind, row_id__in=[row.pk for row in found]).values_list(
                    "row_id", flat=True
                )
            )
            needed |= {row.sha256 for row in found if row.pk not in gone}
            named |= {row.sha256: row for row in found if row.pk in gone}
        for sha256 in named.keys() - needed:
            _remove(named[sha256], root())


def _remove(row: Any, root: Path) -> None:
    original = root / row.path
    if not is_fresh(original):
        for place in (files.thumbnail(row, root), files.shareable(row, root), original):
            if place is not None:
                place.unlink(missing_ok=True)


def finish() -> None:
    """Take the files that a run told of and was killed before it took."""
    for root, models in FOLDERS:
        for model in models:
            gone = RemovedFile.objects.filter(kind=model._meta.db_table).values("row_id")
            told = model._default_manager.filter(pk__in=gone).values_list("sha256", "path").iterator()
            unlink({sha256 for sha256, path in told if (root() / path).exists()})
