"""The names of chains: those of cases and alerts bear their date, those of standing things stand beyond every date.

The ledger is parted by month along the name of the chain, so that all that was ever said of a case lies together and
can go into the archive together. What never ends (a unit's roster, an edition of the matrix) has no month.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

from uuid_utils import compat

# The first bit set: a date (the first 48 bits, in milliseconds) reaches it in the year 6429.
BEYOND = 1 << 127
VERSION_7 = 7


def dated() -> UUID:
    """A new chain of something that begins now and will end: a version 7 UUID (RFC 9562, 5.7)."""
    return compat.uuid7()


def standing() -> UUID:
    """A new chain of something that has no end: a version 4 UUID that sorts behind every dated one."""
    return UUID(int=uuid4().int | BEYOND)


def archive() -> UUID:
    """The one chain on which it stands what went into the archive and came back."""
    told = hashlib.md5(b"archive", usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(told) | BEYOND)


def ends(chain: UUID) -> bool:
    """Whether the name is that of something that began on a day and will end."""
    return chain.int < BEYOND and chain.version == VERSION_7


def monthly(what: str, now: datetime) -> UUID:
    """The chain of ``what`` in the month of ``now``: as dated as a new one, and the same for all who name it."""
    rest = int.from_bytes(hashlib.sha256(what.encode()).digest()[:10])
    # Version 7 and the variant of the RFC stand where they stand in every other.
    rest = rest & ~(0xF << 76) & ~(0x3 << 62) | VERSION_7 << 76 | 0x2 << 62
    return UUID(int=first_of(now).int | rest)


def first_of(month: datetime) -> UUID:
    """The lowest chain of the month of ``month``, by the clock of the machine in UTC."""
    start = month.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return UUID(int=int(start.timestamp() * 1000) << 80)
