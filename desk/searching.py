"""Which entries answer a question, newest first, by the one index of ``desk_indexed`` and a look at what is not in it.

Months are asked one after the other from the newest on, more at a time as long as little is found: a common word fills
its page from the last month, a rare one is looked up in all years at once, and no answer ever sorts what it does not
show. What was not taken in yet is read from the ledger itself, first, so that nothing is missed between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction

from desk import indexing
from desk.asking import Place, Question

# Beyond so many an answer is "more than".
COUNTED = 1_000
TERMS = "(bihuan_grams(words) || keys)"
BOUNDS = "SELECT min(at), max(at) FROM desk_indexed"
# The index alone finds them; what is dear is not asked of rows.
WINDOW = "WITH hit AS MATERIALIZED (SELECT at, entry FROM desk_indexed WHERE {asked}) SELECT at, entry FROM hit {order}"
PLAIN = "SELECT at, entry FROM desk_indexed {where} {order}"
TAIL = f"""
    WITH tail AS MATERIALIZED (
        SELECT e.at, e.id AS entry, {indexing.SAYS} AS words, {indexing.KEYS} AS keys
        FROM responsibility_ledgerentry e
        WHERE e.id > %(floor)s AND NOT EXISTS (SELECT 1 FROM desk_indexed d WHERE d.entry = e.id)
    )
    SELECT at, entry FROM tail {{where}} {{order}}
"""  # noqa: S608, no word of it comes from outside
ORDER = "ORDER BY at DESC, entry DESC LIMIT %(most)s"


@dataclass(frozen=True)
class Found:
    """``places`` of one page. ``count``: of all that answer, at most ``COUNTED``, on the first page; ``more``: beyond.

    ``following``: where the next page begins.
    """

    places: list[Place]
    count: int | None
    more: bool
    following: Place | None


def search(question: Question, *, after: Place | None = None, size: int = 50) -> Found:
    """The entries behind ``after`` that answer ``question``; counted where the page is the first."""
    most = size + 1 if after else max(size, COUNTED) + 1
    found = list(_merged(question, after, most))
    following = found[size - 1] if len(found) > size else None
    count = None if after else min(len(found), COUNTED)
    return Found(found[:size], count, not after and len(found) > COUNTED, following)


def _merged(question: Question, after: Place | None, most: int) -> list[Place]:
    with transaction.atomic(), connection.cursor() as cursor:
        # Room for the places of a common word; whoever gets none is read again row by row.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        # An entry that is taken in between the two is found twice, never missed.
        tail = _tail(cursor, question, after, most)
        found = {place.entry: place for place in [*tail, *_indexed(cursor, question, after, most)]}
    return sorted(found.values(), key=lambda place: (place.at, place.entry), reverse=True)[:most]


def _tail(cursor, question: Question, after: Place | None, most: int) -> list[Place]:
    cursor.execute(indexing.FLOOR)
    values = _values(question, after) | {"floor": cursor.fetchone()[0], "verbs": indexing.verbs(), "most": most}
    asked = [*_narrowed(question, "keys"), *_within(question, after)]
    return _places(cursor, TAIL.format(where=_where(asked), order=ORDER), values)


def _indexed(cursor, question: Question, after: Place | None, most: int) -> list[Place]:
    values = _values(question, after)
    within = list(_within(question, after))
    if not question.is_narrow:
        return _places(cursor, PLAIN.format(where=_where(within), order=ORDER), values | {"most": most})
    found: list[Place] = []
    asked = " AND ".join([f"{TERMS} && %(months)s", *_narrowed(question, TERMS), *within])
    for months in _windows(cursor, question, after):
        more = {"months": months, "most": most - len(found)}
        found += _places(cursor, WINDOW.format(asked=asked, order=ORDER), values | more)
        if len(found) >= most:
            break
    return found


def _values(question: Question, after: Place | None) -> dict:
    values: dict = {"all_of": question.all_of, "since": question.since, "until": question.until}
    values |= {f"any{number}": keys for number, keys in enumerate(question.any_of)}
    values |= {f"word{number}": word for number, word in enumerate(question.words)}
    return values | ({"at": after.at, "entry": after.entry} if after else {})


def _narrowed(question: Question, terms: str) -> Iterator[str]:
    """The conditions on keys and words; two signs of a word may stand apart, so the word itself is asked as well."""
    if question.all_of:
        yield f"{terms} @> %(all_of)s"
    for number in range(len(question.any_of)):
        yield f"{terms} && %(any{number})s"
    for number in range(len(question.words)):
        if terms == TERMS:
            yield f"{terms} @> bihuan_grams(lower(%(word{number})s))"
        yield f"strpos(words, lower(%(word{number})s)) > 0"


def _within(question: Question, after: Place | None) -> Iterator[str]:
    if question.since:
        yield "at >= %(since)s"
    if question.until:
        yield "at < %(until)s"
    if after:
        yield "(at, entry) < (%(at)s, %(entry)s)"


def _where(asked: list[str] | Iterator[str]) -> str:
    told = " AND ".join(asked)
    return f"WHERE {told}" if told else ""


def _places(cursor, statement: str, values: dict) -> list[Place]:
    cursor.execute(statement, values)
    return [Place(at, entry) for at, entry in cursor.fetchall()]


def _windows(cursor, question: Question, after: Place | None) -> Iterator[list[str]]:
    """The keys of the months in question from the newest on: one, then two, then four of them."""
    cursor.execute(BOUNDS)
    first, last = cursor.fetchone()
    if first is None:
        return
    newest = min(at for at in (last, question.until, after.at if after else None) if at)
    oldest = max(at for at in (first, question.since) if at)
    months, width = _months(newest, oldest), 1
    while months:
        yield [f"m:{month}" for month in months[:width]]
        months, width = months[width:], width * 2


def _months(newest: datetime, oldest: datetime) -> list[str]:
    newest, oldest = newest.astimezone(UTC), oldest.astimezone(UTC)
    span = range(newest.year * 12 + newest.month - 1, oldest.year * 12 + oldest.month - 2, -1)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in span]
