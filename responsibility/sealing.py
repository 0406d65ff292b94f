"""What an entry of the ledger says to everybody, and what it says under seal.

Names, words and reasons are sealed one by one: the digest of the entry covers a salted digest of each. Whoever may not
read one is given that digest instead, and the proof of the entry holds; when a person's data must be erased (PIPL art.
47), value and salt go and the digest stays. One salt an entry, from which that of each part is derived, so that a part
can be opened to somebody without the others. (Facts, no. 6 of section 5; peers: salted digest, value beside it.)
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

# Of what was before and after, these are people's words and names; the rest is open.
INNER = frozenset(
    {
        "address", "answer", "answerer", "attributes", "called", "commander", "conclusion", "deputy_of", "email",
        "expert", "experts", "first_name", "full_name", "last_name", "leader", "name", "objectives", "person", "phone",
        "posts", "reason", "recipient", "reply", "reporter", "situation", "text", "user", "username", "users", "who",
        "why", "with",
    }
)  # fmt: skip
# The blind: makes the digest of an entry unguessable for one who is shown nothing else of it.
BLIND = ""


def instant(value: datetime) -> str:
    """As the canonical form spells a time: UTC, microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def compact(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def salt_of(salt: bytes, part: str) -> bytes:
    """The salt of one part, 32 bytes, out of that of its entry."""
    return hmac.digest(salt, part.encode(), "sha256")


def seal(salt: bytes, value: object) -> str:
    """The digest of a sealed ``value`` under the ``salt`` of its part: SHA-256, hex, over salt and canonical JSON."""
    return hashlib.sha256(salt + compact(value)).hexdigest()


def inner(row: Mapping) -> dict[str, object]:
    """What of an entry is sealed, by the name of the part; parts that are empty are not there."""
    parts: dict[str, object] = {"subject": row["subject_label"]}
    if row["actor_id"] is not None:
        parts["actor"] = [row["actor_id"], row["actor_label"]]
    if row["note"]:
        parts["note"] = row["note"]
    for side in ("before", "after"):
        said = row[side]
        for key in INNER.intersection(said):
            parts[f"{side}.{key}"] = said[key]
    return parts


def seals(row: Mapping) -> dict[str, str]:
    """The digest of each sealed part and the blind of an entry, whether or not something of it has been erased."""
    salt = row["salt"]
    if salt is not None:
        return {part: seal(salt_of(salt, part), value) for part, value in inner(row).items()}
    kept = row["salts"]
    there = {part: seal(bytes.fromhex(kept[part]), value) for part, value in inner(row).items() if part in kept}
    return there | row["erased"]


def salts(row: Mapping) -> dict[str, str]:
    """The salts of the parts that have not been erased, and the blind, hex, by part; none where nothing was sealed."""
    salt = row["salt"]
    if salt is None:
        return row["salts"] or {}
    return {part: salt_of(salt, part).hex() for part in (*inner(row), BLIND)}


def blind(row: Mapping) -> str:
    """The blind of an entry, hex."""
    return row["salts"][BLIND] if row["salt"] is None else salt_of(row["salt"], BLIND).hex()


def canonical(row: Mapping) -> bytes:
    """What the digest of an entry covers. ``row`` holds its columns; its times may be texts in canonical spelling."""
    at, recorded_at = row["at"], row["recorded_at"]
    told = {
        "chain": str(row["chain"]),
        "seq": row["seq"],
        "at": at if isinstance(at, str) else instant(at),
        "recorded_at": recorded_at if isinstance(recorded_at, str) else instant(recorded_at),
        "verb": row["verb"],
        "request_id": row["request_id"],
        "previous": row["previous"],
    }
    if row["salt"] is None and not row["salts"]:
        told |= _unsealed(row)
    else:
        told |= {
            "subject": [row["subject_type"], row["subject_id"]],
            "unit": row["unit_label"],
            "post": row["post_label"],
            "before": _open(row["before"]),
            "after": _open(row["after"]),
            "blind": blind(row),
            "sealed": seals(row),
        }
    return compact(told)


def _unsealed(row: Mapping) -> dict:
    """The first form of the ledger, before anything was sealed: what has no salt was written in it."""
    return {
        "subject": [row["subject_type"], row["subject_id"], row["subject_label"]],
        "actor": [row["actor_id"], row["actor_label"], row["unit_label"], row["post_label"]],
        "before": row["before"],
        "after": row["after"],
        "note": row["note"],
    }


def _open(said: dict) -> dict:
    return said if INNER.isdisjoint(said) else {key: value for key, value in said.items() if key not in INNER}
