"""A volume back into the database, or into a new edition from which words have been erased."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notary.archiving import marks, taking
from notary.models import Checkpoint
from notary.verifying import archives
from responsibility import parts, shelf, volumes
from responsibility.copying import copy
from responsibility.models import ArchivedChain, LedgerEntry, Volume
from responsibility.refusals import Refused


def restore(month: date) -> int:
    """Bring all volumes of ``month`` back into the database; how many entries. Their files then go.

    ``Refused``: ``none`` (nothing of the month is archived), ``damaged`` (a file is not what was written).
    """
    with taking.alone():
        found = list(Volume.objects.filter(month=month, restored_at=None))
        if not found:
            raise Refused("none", _("该月没有归档卷。"))
        whole(found)
        with transaction.atomic():
            parts.make(month)
            for volume in found:
                _restore(volume)
    return sum(volume.entries for volume in found)


def whole(found: list[Volume]) -> None:
    """``Refused`` (``damaged``) unless the files of ``found`` are what was written, entry by entry."""
    names = {volume.pk: volume.name for volume in found}
    bad = {sign.word for sign in archives.files(names)}
    spans = (span for span in archives.spans() if span.volume in names)
    bad |= {names[span.volume] for span in spans if archives.entries(span).found}
    if bad:
        raise Refused("damaged", _("归档文件与台账不符：%(files)s。") % {"files": "、".join(sorted(bad))})


def _restore(volume: Volume) -> None:
    file, ids = shelf.place(volume), []

    def rows() -> Iterator[dict]:
        for row in volumes.rows(file):
            ids.append(row["id"])
            yield row | {"xact": 0}

    copy(LedgerEntry, rows())
    taking.tell("archive.restore", volume)
    ArchivedChain.objects.filter(volume=volume).delete()
    marks.remove(ids)
    Volume.objects.filter(pk=volume.pk).update(restored_at=timezone.now())
    _remove_on_commit(file)


def rewrite(volume: Volume, changes: Mapping[int, Mapping]) -> None:
    """Give ``volume`` a new edition with the columns of some entries (ids) changed; the old file goes on commit.

    Called in the transaction of the erasure, whose lock is held. ``Refused`` (``damaged``) as ``restore``.
    """
    whole([volume])
    before, old = {"volume": volume.label, "sha256": volume.sha256}, shelf.place(volume)
    volume.revision += 1
    rows = (row | dict(changes.get(row["id"], {})) for row in volumes.rows(old))
    written = taking.write(volume, rows, Checkpoint.objects.filter(size=volume.checkpoint).first())
    taking.verified(volume, written)
    taking.tell("archive.rewrite", volume, before)
    volume.save()
    ArchivedChain.objects.filter(volume=volume).delete()
    taking.index(volume, written)
    _remove_on_commit(old)


def _remove_on_commit(file: Path) -> None:
    for one in (file, taking.manifest_of(file)):
        transaction.on_commit(partial(one.unlink, missing_ok=True))
