"""A selection of entries in a folder of an archive: entries, proofs, checkpoint, and the scripts that check them."""

import json
import zipfile
from pathlib import Path

from cases.bundle import gathering, reader
from cases.bundle.packing import SCRIPT
from responsibility import clock, sealing
from responsibility.models import LedgerEntry

FORM = "bihuan-selection/1"
CHECKS = Path(__file__).with_name("verify_selection.py")
FOLDER = "entries"
READ_ME = """台账摘选 / selected entries of the ledger
manifest.json        包内清单 / what is here
entries.jsonl        台账条目与存在证明 / entries of the ledger, with proofs of inclusion
checkpoint.txt       存证点与签名 / signed checkpoint
verify_selection.py  校验 / checks it:  pip install cryptography && python verify_selection.py
verify.py            前者所用 / used by the former
"""


def pack(entries: list[LedgerEntry], archive: zipfile.ZipFile) -> None:
    """Put ``entries`` into the folder ``entries/``. ``Refused`` when the ledger cannot be signed now.

    They are numbered here from 1 in the order of the ledger; their own numbers stand in what was hashed.
    """
    record, whole = gathering.prove(entries), reader.whole()
    lines = [
        json.dumps(gathering.line(entry, record.proofs[entry.pk], whole) | {"seq": number}, ensure_ascii=False)
        for number, entry in enumerate(record.entries, 1)
    ]
    manifest = {
        "form": FORM,
        "made_at": sealing.instant(clock.now()),
        "entries": len(lines),
        "checkpoint_size": record.checkpoint.size,
        "keys": record.keys,
    }
    told = {
        "entries.jsonl": "\n".join(lines) + "\n",
        "checkpoint.txt": record.checkpoint.note,
        "manifest.json": json.dumps(manifest, ensure_ascii=False, indent=1) + "\n",
        "README.txt": READ_ME,
        "verify.py": SCRIPT.read_text("utf-8"),
        CHECKS.name: CHECKS.read_text("utf-8"),
    }
    for name, text in told.items():
        archive.writestr(f"{FOLDER}/{name}", text)
