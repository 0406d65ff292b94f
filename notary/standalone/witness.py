#!/usr/bin/env python3
"""见证 / witness: countersign the checkpoints of a ledger, and refuse one that contradicts what was seen before.

Needs Python 3.9 and `cryptography`. It stands alone: read it, copy it to a machine of your own, run it from cron.

    witness.py new NAME FOLDER                        make a key; prints the public half, to be registered
    witness.py sign FOLDER ADDRESS --log VKEY         fetch, check against what was seen, countersign, hand in

ADDRESS is https://host/api/v1/ledger/ and BIHUAN_TOKEN an access token of your unit. FOLDER keeps the key and the last
checkpoint. VKEY is the key of the log, learnt otherwise than from ADDRESS. Exit code 1 and nothing signed when the
history that was seen is not the history that is told now: keep the files named then, they are evidence.
"""

import argparse
import base64
import hashlib
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def key_hash(name, kind, public):
    """The four bytes that a signature line of the key begins with."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def split(note):
    """The text of a note and its signature lines as (name, bytes)."""
    text, _, lines = note.rpartition("\n\n")
    signed = [line[2:].partition(" ") for line in lines.splitlines() if line.startswith("— ")]
    return text + "\n", [(name, base64.b64decode(body)) for name, _, body in signed]


def checkpoint(text):
    """Origin, size and root of a checkpoint."""
    origin, size, root = text.split("\n")[:3]
    return origin, int(size), base64.b64decode(root)


def signed_by_log(note, vkey):
    """Whether the key of the log signed the note."""
    name, given, body = vkey.strip().split("+", 2)
    kind_and_key = base64.b64decode(body)
    text, lines = split(note)
    for who, line in lines:
        if who == name and line[:4].hex() == given == key_hash(name, 1, kind_and_key[1:]).hex():
            try:
                Ed25519PublicKey.from_public_bytes(kind_and_key[1:]).verify(line[4:], text.encode())
                return True
            except InvalidSignature:
                return False
    return False


def node(left, right):
    """The hash above two (RFC 6962)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def continues(old, old_root, new, new_root, proof):
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def ask(address, body=None):
    """The text at an address; a POST with ``body``, as the unit whose token it is."""
    token = os.environ.get("BIHUAN_TOKEN", "")
    headers = {"Content-Type": "text/plain", **({"Authorization": f"Token {token}"} if body else {})}
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
        return answer.read().decode()


def new(name, folder):
    """Make a key in ``folder``; prints the public half."""
    private = Ed25519PrivateKey.generate()
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(name.encode() + b"\n" + base64.b64encode(private.private_bytes_raw()) + b"\n")
    public = private.public_key().public_bytes_raw()
    print(f"{name}+{key_hash(name, 4, public).hex()}+{base64.b64encode(bytes([4]) + public).decode()}")


def refuse(folder, note, why):
    """Keep what was told, and end with code 1."""
    kept = folder / f"refused-{int(time.time())}.note"
    kept.write_text(note, encoding="utf-8")
    sys.exit(f"不予见证 / not countersigned: {why}\n  {folder / 'seen'}\n  {kept}")


def sign(folder, address, vkey):
    """Countersign the newest checkpoint if it continues what was seen."""
    name, secret = (folder / "key").read_text().split()
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret))
    note, seen = ask(f"{address}checkpoint/"), folder / "seen"
    if not signed_by_log(note, vkey):
        refuse(folder, note, "签名不是该台账密钥的 / the signature is not that of the key of the log")
    text, _ = split(note)
    _, size, root = checkpoint(text)
    if seen.exists():
        _, old, old_root = checkpoint(split(seen.read_text(encoding="utf-8"))[0])
        if size < old:
            refuse(folder, note, f"台账变短：曾见 {old} 条，现 {size} 条 / the ledger is shorter than it was")
        try:
            told = json.loads(ask(f"{address}consistency/?old={old}&new={size}"))["proof"] if size > old else []
        except urllib.error.HTTPError as error:
            refuse(folder, note, f"拿不出与所见 {old} 条相连的证明 / no proof from what was seen: {error.code}")
        if not continues(old, old_root, size, root, [base64.b64decode(each) for each in told]):
            refuse(folder, note, f"前 {old} 条已不是所见的历史 / the first {old} entries are not what was seen")
    now = int(time.time())
    signature = struct.pack(">Q", now) + private.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
    public = private.public_key().public_bytes_raw()
    line = f"— {name} {base64.b64encode(key_hash(name, 4, public) + signature).decode()}\n"
    # Kept before it is handed in: what has been signed must never be forgotten.
    fresh = folder / "seen.new"
    fresh.write_text(note + line, encoding="utf-8")
    fresh.replace(seen)
    ask(f"{address}cosign/", (note + line).encode())
    print(f"已见证 {size} 条 / countersigned {size} entries")


def main():
    """What was typed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    acts = words.add_subparsers(dest="act", required=True)
    making = acts.add_parser("new")
    making.add_argument("name")
    making.add_argument("folder", type=Path)
    signing = acts.add_parser("sign")
    signing.add_argument("folder", type=Path)
    signing.add_argument("address")
    signing.add_argument("--log", required=True)
    given = words.parse_args()
    if given.act == "new":
        new(given.name, given.folder)
    else:
        sign(given.folder, given.address.rstrip("/") + "/", given.log)


if __name__ == "__main__":
    main()
