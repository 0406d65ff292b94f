"""Into whose inbox an act of this floor goes, and in which words.

Each part has one table, verb → readers, and one of sentences. The sentences are of registered words and numbers alone,
so whoever is told may read them, outsiders too (``cases/outside.py`` has no field of free text for them).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from notices import outbox, texts
from notices.models import Audience, Notice
from responsibility import directory
from responsibility.directory import Directory
from responsibility.models import Grade, Unit

# As long as the column for what a notice is about.
SUBJECT = 40
Words = Callable[[Notice, Directory], Mapping[str, object]]


@dataclass(frozen=True)
class About:
    """What is told of: its chain, never that of a case; its number, its page, whether it is of a drill."""

    chain: UUID
    number: str
    path: str
    drill: bool = False


def rows(
    event: str, about: About, units: Iterable[int | None], at: datetime, *, besides: Iterable[int | None] = (),
    grade: str = Grade.BLUE, words: dict | None = None,
) -> list[dict]:  # fmt: skip
    """One notice for each of ``units`` (ids), but for those ``besides``: nobody is told what he did himself."""
    told = {unit for unit in units if unit} - {*besides}
    return [
        outbox.row(
            event, unit_id=unit, audience=Audience.DUTY, grade=grade, at=at, chain=about.chain,
            subject=about.number[:SUBJECT], path=about.path, words=words, drill=about.drill,
        )
        for unit in sorted(told)
    ]  # fmt: skip


def standing(function: str) -> int | None:
    """The id of the unit with a standing function of the district; ``None`` where there is none."""
    unit = directory.current().unit_with(function)
    return unit.pk if unit else None


def name(notice: Notice, known: Directory, word: str = "unit") -> str:
    """What the unit is called that ``words`` name by its id."""
    unit: Unit | None = known.units.get(notice.words.get(word) or 0)
    return str(unit.label) if unit else "—"


def speak(said: Mapping[str, Promise | str], words: Words | None = None) -> None:
    """Have the events of ``said`` told in these sentences, in the language of whoever reads."""

    def speaker(notice: Notice, known: Directory) -> str:
        sentence = str(said[notice.event])
        return sentence.format(**words(notice, known)) if words else sentence

    texts.register(list(said), speaker, plain=True)
