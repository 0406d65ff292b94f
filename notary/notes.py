"""Signed notes and checkpoints as C2SP writes them down (signed-note, tlog-checkpoint, tlog-cosignature).

A note is a text that ends in a newline, an empty line, and one line for each signature. A checkpoint is a note of three
lines: the origin of the log, its size, the root of its tree in base64. Existing verifiers read both.
"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 0x01, 0x04
DASH = "— "
LONGEST = 64 * 1024


class BadNote(ValueError):
    """What was given is not a note, a key or a checkpoint; the message says what is wrong with it."""


@dataclass(frozen=True)
class Key:
    """A public key as verifiers are given it: ``name+hash+base64``."""

    name: str
    kind: int
    public: bytes

    @property
    def hash(self) -> bytes:
        """The four bytes that a signature line begins with."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{_b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def read(cls, text: str) -> "Key":
        """The key that ``text`` spells; ``BadNote`` when it spells none."""
        name, mark, rest = text.strip().partition("+")
        given, mark, body = rest.partition("+")
        content = _bytes(body)
        if not name_fits(name) or not mark or len(content) != 33 or content[0] not in (ED25519, COSIGNATURE):
            raise BadNote("not a verifier key of kind Ed25519: name+hash+base64")
        key = cls(name, content[0], content[1:])
        if key.hash.hex() != given:
            raise BadNote("the hash in the key is not that of its name and bytes")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether ``signature`` (without the key hash) is this key's over ``text``."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            message, signature = cosigned(text, struct.unpack(">Q", signature[:8])[0]), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One line under a note."""

    name: str
    key_hash: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {_b64(self.key_hash + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A text and who signed it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    @classmethod
    def read(cls, given: str) -> "Note":
        """The note that ``given`` is; ``BadNote`` when it is none. No signature is checked."""
        if len(given) > LONGEST:
            raise BadNote("longer than any note")
        text, mark, lines = given.rpartition("\n\n")
        if not mark or not lines.endswith("\n"):
            raise BadNote("no empty line between text and signatures")
        return cls(text + "\n", tuple(map(_signature, lines[:-1].split("\n"))))

    def signed_by(self, key: Key) -> Signature | None:
        """The signature of ``key`` that holds."""
        for line in self.signatures:
            if line.name == key.name and line.key_hash == key.hash and key.verifies(self.text, line.signature):
                return line
        return None


@dataclass(frozen=True)
class Checkpoint:
    """A tree at one size."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """The checkpoint that the text of a note is; ``BadNote`` when it is none. Further lines are allowed."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0]:
            raise BadNote("not a checkpoint: origin, size and root are three lines")
        size, root = lines[1], _bytes(lines[2])
        if not (size.isascii() and size.isdigit() and len(size) <= 18 and str(int(size)) == size) or len(root) != 32:
            raise BadNote("not a checkpoint: size or root cannot be read")
        return cls(lines[0], int(size), root)


def sign(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    """The signature of a log over a note."""
    return Signature(name, Key(name, ED25519, raw(private)).hash, private.sign(text.encode()))


def cosign(text: str, name: str, private: Ed25519PrivateKey, at: int) -> Signature:
    """The signature of a witness over a checkpoint, seen ``at`` seconds since 1970."""
    signed = struct.pack(">Q", at) + private.sign(cosigned(text, at))
    return Signature(name, Key(name, COSIGNATURE, raw(private)).hash, signed)


def cosigned(text: str, at: int) -> bytes:
    """What a witness signs: when, and the text."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def raw(private: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public half."""
    return private.public_key().public_bytes_raw()


def name_fits(name: str) -> bool:
    """Whether ``name`` may stand on a signature line."""
    return 0 < len(name) <= 200 and "+" not in name and not any(map(str.isspace, name))


def _signature(line: str) -> Signature:
    name, mark, body = line.removeprefix(DASH).partition(" ")
    content = _bytes(body)
    if not line.startswith(DASH) or not mark or not name_fits(name) or len(content) < 5:
        raise BadNote("a signature line cannot be read")
    return Signature(name, content[:4], content[4:])


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("not base64") from None
