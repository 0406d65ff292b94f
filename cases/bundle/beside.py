"""What other floors carry beside a case: chains of their own, each with what of it somebody may see.

A floor above adds a function to ``SOURCES`` in its ``ready``. What it names goes into the bundle entry by entry, proved
under the same checkpoint as the chain of the case, and is checked by ``verify.py`` as that is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cases.models import Case
from responsibility.acting import Actor
from responsibility.models import LedgerEntry


class Sight(Protocol):
    """What of a chain is shown; ``cases.bundle.reader.Reader`` is one."""

    def shows(self, entry: LedgerEntry) -> bool:
        """Whether more of ``entry`` is shown than its digest."""

    def opens(self, part: str) -> bool:
        """Whether the sealed ``part`` of a shown entry is opened."""


@dataclass(frozen=True)
class Beside:
    """A chain: ``kind`` of what it tells (``claim``), the ``name`` that people know it by, and who is shown what."""

    kind: str
    name: str
    chain: UUID
    sight: Sight


# Each is asked with the case and who carries the bundle away; ``acting.SYSTEM`` is whoever rules the server.
SOURCES: list[Callable[[Case, Actor], Iterable[Beside]]] = []


def of(case: Case, actor: Actor) -> list[Beside]:
    """The chains beside ``case`` that ``actor`` may carry away."""
    return [found for source in SOURCES for found in source(case, actor)]
