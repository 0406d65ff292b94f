"""Hand out a bundle, and write down who carried away what."""

import hashlib
from collections.abc import Collection
from io import BufferedRandom
from tempfile import TemporaryFile
from typing import cast
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from cases.bundle import beside, gathering, packing, reader
from cases.bundle.packing import Packed
from cases.bundle.reader import Reader
from cases.models import Case
from responsibility import acting, chains, confining, directory, ledger
from responsibility.models import User
from responsibility.refusals import Forbidden

RELATED = ("category", "scenario", "risk_object", "territory", "lead", "holder")


def export(case_id: int, *, by: User | None) -> BufferedRandom:
    """The bundle of a case as ``by`` may carry it away, as an open file at its beginning that goes when it is closed.

    ``None`` is whoever rules the server. Raises ``Http404`` for who does not see the case, ``Forbidden`` for who sees
    but a part of it that may not be carried away, ``Refused`` when the ledger cannot be signed now.
    """
    made = cast(BufferedRandom, TemporaryFile())  # noqa: SIM115, whoever asked closes it
    try:
        case = Case.objects.select_related(*RELATED).get(pk=case_id)
        actor, to = _reader(case, by)
        record = gathering.record(case, beside.of(case, actor))
        packed = packing.pack(case, record, to, directory.current(), made)
        made.seek(0)
        digest = hashlib.file_digest(made, "sha256").hexdigest()
        made.seek(0)
        _tell(case_id, actor, to, packed, digest, {found.chain for found, _entries in record.beside})
    except BaseException:
        made.close()
        raise
    return made


def _reader(case: Case, by: User | None) -> tuple[acting.Actor, Reader]:
    if by is None:
        return acting.SYSTEM, reader.whole()
    actor, known = acting.of(by), directory.current()
    found = reader.of(actor, case, known)
    if found is None:
        if Case.objects.filter(pk=case.pk).read_by(actor, known.units).exists():
            raise Forbidden("no_bundle", _("您只能查看本案与您有关的部分，不能导出证据包。"))
        raise Http404
    return actor, found


def _tell(
    case_id: int, actor: acting.Actor, to: Reader, packed: Packed, digest: str, carried: Collection[UUID]
) -> None:
    """The entry has a chain of its own: in that of the case it would make each bundle old as it is made.

    What may be seen is asked again under the lock of the case, for a grant may have been taken back meanwhile.
    """
    with confining.lifted("bundle"), transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).get(pk=case_id)
        if actor.user is not None and reader.of(acting.of(actor.user), case, directory.current()) != to:
            raise Http404
        now = acting.of(actor.user) if actor.user else actor
        if set(carried) - {found.chain for found in beside.of(case, now)}:
            raise Http404
        told = {
            "sha256": digest, "checkpoint": packed.size, "entries": packed.entries, "hidden": packed.hidden,
            "withheld": packed.withheld, "originals": packed.originals, "copies": packed.copies,
            "left_out": packed.left_out, "whole": to.inside, **({"drill": case.drill_id} if case.drill_id else {}),
            **({"beside": len(carried)} if carried else {}),
        }  # fmt: skip
        act = ledger.Act(chains.dated(), "case.export", "case", case.number, case.title, after=told)
        ledger.record([act], by=actor, post=actor.posts[0] if actor.posts else None, new_chains=True)
