"""The files of this floor for whoever verifies: each against the digest that was written down when it came."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from django.db.models import Case, Exists, Model, OuterRef, Subquery, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from cases import originals
from cases.originals import Kept
from insurance.service import keeping
from insurance.service.models import Expense, Photo, RemovedFile, SentPhoto
from responsibility.models import ArchivedChain, LedgerEntry

REMOVE = "file.remove"
CHUNK = 500


def source(
    model: type[Model], number: str, chain: str, root: Callable[[], Path]
) -> Callable[[UUID | None], Iterator[Kept]]:
    """The files of the rows of ``model``; ``number`` and ``chain`` lead to what they belong to."""

    def rows(wanted: UUID | None) -> Iterator[Kept]:
        removed = RemovedFile.objects.filter(kind=model._meta.db_table, row_id=OuterRef("pk"))
        told = LedgerEntry.objects.annotate(of=KT("after__sha256")).filter(
            chain=OuterRef("chain"), verb=REMOVE, of=OuterRef("sha256")
        )
        # What lies in a file of an archived month is told there.
        shelved = Case(When(Exists(ArchivedChain.objects.filter(chain=OuterRef("chain"))), then="at"))
        entry = Subquery(told.order_by("seq").values("at")[:1])
        when = removed.annotate(told=Coalesce(entry, shelved)).values("told")[:1]
        found = model._default_manager.order_by("pk").annotate(told_at=Subquery(when))
        if wanted is not None:
            found = found.filter(**{chain: wanted})
        folder = root()
        for row in found.values_list(number, chain, "sha256", "path", "told_at").iterator(chunk_size=CHUNK):
            yield folder, *row

    return rows


def register() -> None:
    """Let them be read by ``verify_ledger``."""
    order = "visit__order__number", "visit__order__chain"
    originals.SOURCES += [
        source(Photo, *order, keeping.root),
        source(SentPhoto, "order__number", "order__chain", keeping.root),
        source(Expense, "order__number", "policy__chain", keeping.root),
    ]
