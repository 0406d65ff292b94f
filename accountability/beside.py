"""What stands beside the accountability of a case and is no part of it: a higher floor adds it here, in its ``ready``.

It is shown with the rest and judged as little; the case is neither read for it nor written.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cases.aside import heard
from cases.models import Case
from responsibility.models import Unit


@dataclass(frozen=True)
class Voice:
    """What ``unit`` said of its duty on a case: ``stance`` in words, ``disputes`` it or not, its own ``text``."""

    at: datetime
    unit: Unit
    stance: str
    disputes: bool
    text: str


# Each gives what was said on a case, oldest first; one statement.
VOICES: list[Callable[[Case], Iterable[Voice]]] = []


def voices(case: Case) -> list[Voice]:
    """Everything that was said, oldest first."""
    return sorted((voice for say in VOICES for voice in heard(say, case)), key=lambda voice: voice.at)
