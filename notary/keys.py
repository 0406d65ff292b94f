"""The keys that the log signs with: files that only the server may read, beside the last checkpoint it signed.

Made at set-up. A file holds a key in the form of Go's ``note`` package, ``PRIVATE+KEY+name+hash+base64``, so it can be
used elsewhere too. Whoever rules the database does not have it; whoever has it cannot sign a shorter or another past,
for the last signed checkpoint is kept here and every new one must grow out of it (``last``).
"""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from notary import notes

PREFIX = "PRIVATE+KEY+"
CURRENT, RETIRED, LAST = "signing-key", "retired-keys", "last-checkpoint"


class NoKey(RuntimeError):
    """There is no usable key; the message says which file is meant."""


class Signer:
    """A key that can sign."""

    def __init__(self, name: str, private: Ed25519PrivateKey):
        self.name, self.private = name, private
        self.key = notes.Key(name, notes.ED25519, notes.raw(private))

    def __str__(self) -> str:
        body = base64.b64encode(bytes([notes.ED25519]) + self.private.private_bytes_raw()).decode()
        return f"{PREFIX}{self.name}+{self.key.hash.hex()}+{body}"

    @classmethod
    def read(cls, text: str) -> "Signer":
        """The key that a file spells; ``NoKey`` when it spells none."""
        name, _mark, rest = text.strip().removeprefix(PREFIX).partition("+")
        _hash, _mark, body = rest.partition("+")
        try:
            content = base64.b64decode(body, validate=True)
            return cls(name, Ed25519PrivateKey.from_private_bytes(content[1:]))
        except ValueError as error:
            raise NoKey(f"{_place(CURRENT)}: {error}") from None

    def sign(self, text: str) -> notes.Signature:
        """The line under a note."""
        return notes.sign(text, self.name, self.private)


def folder() -> Path:
    """Where the keys are."""
    return Path(settings.LEDGER_KEYS)


def _place(name: str) -> Path:
    return folder() / name


def signer() -> Signer:
    """The key of this installation, made when there is none."""
    kept = _place(CURRENT)
    if not kept.exists():
        _keep(kept, str(_new()))
    return Signer.read(kept.read_text())


def _new() -> Signer:
    if not notes.name_fits(settings.LEDGER_ORIGIN):
        raise NoKey("LEDGER_ORIGIN 不可含空格或加号 / must hold neither blanks nor a plus")
    return Signer(settings.LEDGER_ORIGIN, Ed25519PrivateKey.generate())


def replace() -> tuple[Signer, Signer]:
    """Put a new key in the place of the present one; both, the old one first. The old file is kept aside."""
    old, new = signer(), _new()
    _keep(_place(RETIRED) / old.key.hash.hex(), str(old))
    _keep(_place(CURRENT), str(new))
    return old, new


def last() -> notes.Checkpoint | None:
    """The last checkpoint that was signed here, whatever the database says."""
    kept = _place(LAST)
    return notes.Checkpoint.read(notes.Note.read(kept.read_text()).text) if kept.exists() else None


def remember(note: str) -> None:
    """Keep what has just been signed."""
    _keep(_place(LAST), note)


def hide(name: str, secret: str) -> None:
    """Keep a ``secret`` that is told later beside the keys, under ``name``."""
    _keep(_place(name), secret)


def hidden(name: str) -> str | None:
    """The secret that was kept under ``name``; ``None`` when there is none."""
    kept = _place(name)
    return kept.read_text().strip() if kept.exists() else None


def _keep(place: Path, text: str) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    # Never readable by others, not even for an instant; on the disk before it takes the place of the old one.
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text if text.endswith("\n") else text + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)
