"""The entries of a case, their proofs in one checkpoint, and the files that were given as proof."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cases import files, originals
from cases.bundle.beside import Beside, Sight
from cases.bundle.reader import Reader
from cases.filetypes import SUFFIXES
from cases.models import Case, Evidence
from notary import checkpoints, keys, notes, proofs
from notary.models import Checkpoint, SigningKey
from notary.proofs import Inclusion
from responsibility import confining, ledger, sealing
from responsibility.models import LedgerEntry
from responsibility.refusals import Refused

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Record:
    """The entries of a chain from the first on, each with its place in ``checkpoint``, and of those ``beside`` it."""

    entries: list[LedgerEntry]
    proofs: dict[int, Inclusion]
    checkpoint: Checkpoint
    beside: list[tuple[Beside, list[LedgerEntry]]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """The verifier keys by which the checkpoint is signed."""
        note = notes.Note.read(self.checkpoint.note)
        known = SigningKey.objects.order_by("since").values_list("verifier", flat=True)
        return [key for key in known if note.signed_by(notes.Key.read(key))]


def record(case: Case, besides: Sequence[Beside] = ()) -> Record:
    """All entries of ``case`` and of the chains beside it under one checkpoint, made when there is none yet.

    ``Refused`` when no checkpoint can be made: the key is missing, or the ledger is not what was signed before.
    """
    entries = list(ledger.story(case.chain))
    further = [(beside, list(ledger.story(beside.chain))) for beside in besides]
    proved = prove(entries + [entry for _beside, theirs in further for entry in theirs])
    return replace(proved, entries=entries, beside=further)


def prove(entries: list[LedgerEntry]) -> Record:
    """``entries`` under one checkpoint, whichever chains they are of. ``Refused`` as in ``record``."""
    newest = proofs.newest()
    found = _proofs(entries, newest)
    if len(found) < len(entries):
        _sign()
        newest = proofs.newest()
        found = _proofs(entries, newest)
    if newest is None or len(found) < len(entries):
        raise Refused("not_in_the_tree", _("台账刚有新条目，尚未存证，请稍后再试。"))
    return Record(entries, found, newest)


def _proofs(entries: list[LedgerEntry], checkpoint: Checkpoint | None) -> dict[int, Inclusion]:
    if checkpoint is None:
        return {}
    return {found.entry: found for found in proofs.inclusions([entry.pk for entry in entries], checkpoint)}


def _sign() -> None:
    try:
        with confining.lifted("bundle"):
            checkpoints.make()
    except (checkpoints.Forked, keys.NoKey) as error:
        log.exception("bundle_without_checkpoint")
        raise Refused("ledger_not_signed", _("台账现在无法签名存证，请联系系统管理员核查台账。")) from error


def line(entry: LedgerEntry, proof: Inclusion, reader: Sight) -> dict:
    """One entry as it stands in the bundle.

    ``body`` is the text that was hashed, byte for byte; ``opened`` the value and salt of each sealed part that the
    reader may see, ``erased`` the names of those that nobody sees any more.
    """
    told: dict = {"seq": entry.seq, "digest": entry.digest}
    if reader.shows(entry):
        row = vars(entry)
        salts, gone = sealing.salts(row), entry.erased or {}
        told["body"] = ledger.canonical(entry).decode()
        told["opened"] = {
            part: {"salt": salts[part], "value": value}
            for part, value in sealing.inner(row).items()
            if part in salts and reader.opens(part)
        }
        told["erased"] = sorted(gone)
    return told | {"proof": {"index": proof.index, "path": [base64.b64encode(node).decode() for node in proof.path]}}


@dataclass(frozen=True)
class Kept:
    """A file of the bundle. ``name``: its place in it; ``form``: ``original`` as received, else ``copy``."""

    name: str
    form: str
    path: Path | None
    evidence: Evidence


def files_of(case: Case, record: Record, reader: Reader) -> Iterator[Kept]:
    """The proofs of ``case``: the originals to who may see them, to others the copies without metadata.

    Those of which the ledger tells that they went under retention are not looked for.
    """
    if not reader.reads("files"):
        return
    seen = {entry.after.get("sha256") for entry in record.entries if entry.verb == originals.REMOVE}
    for evidence in case.evidence.select_related("unit", "uploaded_by"):
        if evidence.sha256 in seen:
            continue
        seen.add(evidence.sha256)
        original = settings.EVIDENCE_ROOT / evidence.path
        path = original if reader.originals else files.shareable(evidence, settings.EVIDENCE_ROOT)
        form = "original" if path == original else "copy"
        name = f"evidence/{form}-{evidence.sha256}{SUFFIXES[evidence.content_type]}"
        yield Kept(name, form, path, evidence)
