"""Found entries as they are shown: a sentence, who acted, of which case, and where its proof is."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from django.utils.translation import gettext as _

from cases.models import Case
from cases.templatetags.display import full_moment
from cases.templatetags.telling import actors, sentence
from desk import searching
from desk.asking import Place, Question
from responsibility import shelf
from responsibility.directory import Directory
from responsibility.exchange.kinds import harmless
from responsibility.models import LedgerEntry
from responsibility.refusals import Refused

# Of a file: read at a time, and in all. What is sent waits in memory for who reads slowly.
PIECE, MOST = 1_000, 100_000


@dataclass(frozen=True)
class Line:
    """One entry. ``entry`` is ``None`` where its file cannot be read; ``number`` empty where it is of no case."""

    pk: int
    at: datetime
    entry: LedgerEntry | None
    said: str
    who: str
    number: str

    @property
    def proof(self) -> str:
        """Where the proof that it is in the tree is given out."""
        return f"/api/v1/ledger/entries/{self.pk}/proof/"


def of(places: list[Place], known: Directory) -> list[Line]:
    """A line for each place, in their order. Two queries, three in English; two more where some are archived."""
    rows = _entries([place.entry for place in places])
    chains = {row.chain for row in rows.values()}
    numbers = dict(Case.objects.filter(chain__in=chains).values_list("chain", "number"))
    who = actors(rows.values(), known)
    return [_line(place, rows.get(place.entry), known, numbers, who) for place in places]


def _entries(wanted: list[int]) -> dict[int, LedgerEntry]:
    try:
        return shelf.by_id(wanted)
    except Refused:
        # One file that is lost hides its own entries and nothing else.
        return LedgerEntry.objects.in_bulk(wanted)


def _line(place: Place, row: LedgerEntry | None, known: Directory, numbers: dict, who: dict[int, str]) -> Line:
    if row is None:
        return Line(place.entry, place.at, None, _("此条目已归档，归档文件现在无法读取。"), "", "")
    number = row.subject_id if row.subject_type == "case" else numbers.get(row.chain, "")
    return Line(row.pk, row.at, row, sentence(row, known), who[row.pk], number)


def table(question: Question, known: Directory) -> Iterator[str]:
    """What answers, as CSV, piece by piece as it is read; a last line says where there is more than ``MOST``.

    Excel reads the mark at the beginning.
    """
    yield "\ufeff" + _written(
        [[_("条目"), _("时间"), _("行为"), _("经过"), _("说明"), _("行为人"), _("案件"), _("摘要")]]
    )
    after: Place | None = None
    for _piece in range(MOST // PIECE):
        found = searching.search(question, after=after, size=PIECE)
        yield _written(_cells(line) for line in of(found.places, known))
        after = found.following
        if after is None:
            return
    yield _written([["…", "", "", _("还有更多，请缩小范围后再导出。")]])


def _cells(line: Line) -> list[str]:
    row = line.entry
    told = [row.verb, line.said, row.note] if row else ["", line.said, ""]
    return [str(line.pk), full_moment(line.at), *told, line.who, line.number, row.digest if row else ""]


def _written(rows) -> str:
    out = StringIO()
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()
