"""One ZIP: entries, proofs, checkpoint, files, the paper for people and the script that checks it all."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from cases.bundle import gathering, paper
from cases.bundle.gathering import Kept, Record
from cases.bundle.reader import Reader
from cases.models import Case
from responsibility import clock, sealing
from responsibility.directory import Directory

FORM = "bihuan-bundle/1"
SCRIPT = Path(__file__).with_name("verify.py")
PIECE = 1024 * 1024
READ_ME = """证据包 / evidence bundle

report.pdf       经过与责任，供人阅读 / what happened, for people
manifest.json    包内清单 / what is here
entries.jsonl    台账条目与存在证明 / entries of the ledger, with proofs of inclusion
beside/          与本案有关的其他链 / chains of other matters that belong to the case
checkpoint.txt   存证点与签名 / signed checkpoint
evidence/        处置凭证 / files given as proof
verify.py        校验 / checks all of it:  pip install cryptography && python verify.py
"""


@dataclass
class Packed:
    """What went into a bundle, as the ledger is told of it."""

    entries: int = 0
    hidden: int = 0
    withheld: int = 0
    originals: int = 0
    copies: int = 0
    left_out: int = 0
    size: int = 0
    listed: list[dict] = field(default_factory=list)
    beside: list[dict] = field(default_factory=list)


def pack(case: Case, record: Record, reader: Reader, known: Directory, into: IO[bytes]) -> Packed:
    """Write the bundle into ``into``. The files of the proofs are read piece by piece."""
    packed, made_at = Packed(entries=len(record.entries), size=record.checkpoint.size), clock.now()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("entries.jsonl", "w") as file:
            for line in _lines(record, reader, packed):
                file.write(line)
        for number in range(len(record.beside)):
            _add_chain(archive, number, record, packed)
        archive.writestr("checkpoint.txt", record.checkpoint.note)
        printed = paper.of(case, record, reader, known)
        archive.writestr("report.pdf", printed)
        packed.listed.append({"path": "report.pdf", "is": "report", "sha256": hashlib.sha256(printed).hexdigest()})
        for kept in gathering.files_of(case, record, reader):
            _add(archive, kept, reader, packed)
        archive.writestr("manifest.json", _text(_manifest(case, record, packed, made_at)))
        archive.writestr("README.txt", READ_ME)
        archive.write(SCRIPT, "verify.py")
    return packed


def _lines(record: Record, reader: Reader, packed: Packed) -> Iterator[bytes]:
    for entry in record.entries:
        line = gathering.line(entry, record.proofs[entry.pk], reader)
        if "body" in line:
            packed.withheld += len(sealing.salts(vars(entry)).keys() - {sealing.BLIND, *line["opened"]})
        else:
            packed.hidden += 1
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _add_chain(archive: zipfile.ZipFile, number: int, record: Record, packed: Packed) -> None:
    """Put a chain beside the case in, under a name that says nothing but its kind."""
    found, entries = record.beside[number]
    path, hidden = f"beside/{number + 1}-{found.kind}.jsonl", 0
    with archive.open(path, "w") as file:
        for entry in entries:
            line = gathering.line(entry, record.proofs[entry.pk], found.sight)
            hidden += "body" not in line
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    told = {"path": path, "is": found.kind, "name": found.name, "chain": str(found.chain)}
    packed.beside.append(told | {"entries": len(entries), "hidden": hidden})


def _add(archive: zipfile.ZipFile, kept: Kept, reader: Reader, packed: Packed) -> None:
    """Put a proof in; one of which there is no copy to show, or whose file is gone, is listed as left out."""
    proof, found = kept.evidence, None
    if kept.path is not None and kept.path.is_file():
        found = hashlib.sha256()
        with kept.path.open("rb") as file, archive.open(kept.name, "w", force_zip64=True) as target:
            while piece := file.read(PIECE):
                found.update(piece)
                target.write(piece)
    told = {"kind": proof.kind, "type": proof.content_type, "uploaded_at": sealing.instant(proof.uploaded_at)}
    if reader.inside:
        told |= {"name": proof.original_name, "note": proof.note}
    if kept.form == "original":
        # What the ledger tells, not what is on the disk: whoever checks shall see where they part.
        packed.originals += 1
        packed.listed.append({"path": kept.name, "is": "original", "sha256": proof.sha256} | told)
    elif found is None:
        packed.left_out += 1
    else:
        packed.copies += 1
        listed = {"path": kept.name, "is": "copy", "sha256": found.hexdigest(), "of": proof.sha256}
        packed.listed.append(listed | told)


def _manifest(case: Case, record: Record, packed: Packed, made_at: datetime) -> dict:
    return {
        "form": FORM,
        "case": case.number,
        "chain": str(case.chain),
        "made_at": sealing.instant(made_at),
        "entries": packed.entries,
        "hidden": packed.hidden,
        "withheld": packed.withheld,
        "files_left_out": packed.left_out,
        "checkpoint_size": packed.size,
        "keys": record.keys,
        "files": packed.listed,
        "beside": packed.beside,
    }


def _text(manifest: dict) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
