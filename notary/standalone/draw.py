"""Repeat the draw of closed cases: ``python draw.py FILE``. Needs Python and nothing else; the product uses it too.

FILE is what the page of the draw gives out (JSON). By rule 2 a secret of 32 random bytes was made before the month
began, and its commitment written into the ledger, where it was signed and witnessed. After the month the secret was
told, and joined with what the witnesses signed after its end: before that nobody could know who would be drawn, and
afterwards nobody could choose. By rule 1, the older one, the seed is the log's signature on the first checkpoint after
the month, given as ``signature`` (base64).
"""

import base64
import hashlib
import json
import math
import sys
from pathlib import Path

ONE_IN = 20


def commitment(month: str, secret: bytes) -> str:
    """The commitment (SHA-256, hex) to the ``secret`` of a ``month`` written ``2026-12``."""
    return hashlib.sha256(f"bihuan draw {month}\n".encode() + secret).hexdigest()


def seed(secret: bytes, cosignatures: list[str]) -> bytes:
    """The seed by rule 2: SHA-256 over the secret and the lines of the witnesses, sorted, each ending in a newline."""
    return hashlib.sha256(secret + "".join(sorted(cosignatures)).encode()).digest()


def seed_of_signature(signature: bytes) -> bytes:
    """The seed by rule 1: SHA-256 over the 64 bytes of the log's signature."""
    return hashlib.sha256(signature).digest()


def lowest(seed: bytes, numbers: list[str], one_in: int = ONE_IN) -> list[str]:
    """One of ``one_in`` of the case numbers, rounded up: those whose digest with ``seed`` is lowest, in their order."""
    ranked = sorted(numbers, key=lambda number: hashlib.sha256(seed + number.encode()).digest())
    return ranked[: math.ceil(len(numbers) / one_in)]


def faults(told: dict) -> list[str]:
    """What does not hold in the file of a draw; empty when everything does."""
    found = []
    if told["rule"] == 2:
        secret = bytes.fromhex(told["secret"])
        if commitment(told["month"], secret) != told["commitment"]:
            found.append("秘密与月初之前的承诺不符 / the secret is not the one committed to before the month began")
        made = seed(secret, told["cosignatures"])
    else:
        made = seed_of_signature(base64.b64decode(told["signature"]))
    if made.hex() != told["seed"]:
        found.append("种子不是由所列材料得出 / the seed does not follow from what is given")
    if lowest(made, told["closed"], told["one_in"]) != told["drawn"]:
        found.append("抽中的案件不是由种子得出 / the drawn cases do not follow from the seed")
    return found


def main() -> int:
    """Check one file; 0 when it holds, 1 when it does not, 2 when it cannot be read."""
    try:
        told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        found = faults(told)
    except (IndexError, OSError, KeyError, ValueError, TypeError) as error:
        print(f"无法读取 / cannot be read: {error}", file=sys.stderr)
        return 2
    for fault in found:
        print(f"不符 / FAILED: {fault}")
    if not found:
        print(f"{told['month']}：{len(told['closed'])} 件中抽中 {len(told['drawn'])} 件，抽取无误 / the draw holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
