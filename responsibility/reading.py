"""The ledger read for the checker: by COPY, in the order of its index, with no more made of a row than it needs.

A row is a mapping such as ``sealing.canonical`` takes, its times already spelled as the canonical form spells them.
"""

import re
from collections.abc import Iterator
from uuid import UUID

import orjson
from django.db import connection
from psycopg import sql

# No column is null in the answer, so that a backslash in a line always means an escaped sign.
ROWS = """
    COPY (
        SELECT id, chain, seq, at AT TIME ZONE 'UTC', recorded_at AT TIME ZONE 'UTC', verb, subject_type, subject_id,
            subject_label, coalesce(actor_id::text, ''), actor_label, unit_label, post_label, before, after, note,
            request_id, previous, digest, coalesce(encode(salt, 'hex'), ''), coalesce(salts::text, ''),
            coalesce(erased::text, '')
        FROM responsibility_ledgerentry WHERE chain > {} AND chain <= {} ORDER BY chain, seq
    ) TO STDOUT
"""
ONE = ROWS.replace("chain > {} AND chain <= {}", "chain = {} AND seq > {}").replace("seq\n", "seq LIMIT {}\n")
SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPED = re.compile(r"\\(.)")
# 2026-11-22 01:28:07.123456
WHOLE = 26


def rows(above: UUID, upto: UUID) -> Iterator[dict]:
    """The entries of the chains above one name and up to another, ordered by chain and number. Constant memory.

    Above the lowest name there is means with it.
    """
    return _copied(ROWS if above.int else ROWS.replace("chain > ", "chain >= "), above, upto)


def story(chain: UUID | str, above: int, most: int) -> Iterator[dict]:
    """The first ``most`` entries of one chain that are numbered ``above`` a number."""
    return _copied(ONE, chain, above, most)


def _copied(statement: str, *values: UUID | str | int) -> Iterator[dict]:
    with connection.cursor() as cursor:
        asked = sql.SQL(statement).format(*values).as_string(cursor.connection)
        with cursor.copy(asked) as lines:
            for line in lines:
                yield row(str(line, "utf-8"))


def row(line: str) -> dict:
    """The row that one line of COPY spells."""
    parts = line[:-1].split("\t")
    if "\\" in line:
        parts = [ESCAPED.sub(_sign, part) if "\\" in part else part for part in parts]
    (
        pk, chain, seq, at, recorded_at, verb, subject_type, subject_id, subject_label, actor, actor_label, unit, post,
        before, after, note, request_id, previous, digest, salt, salts, erased,
    ) = parts  # fmt: skip
    return {
        "id": int(pk),
        "chain": chain,
        "seq": int(seq),
        "at": instant(at),
        "recorded_at": instant(recorded_at),
        "verb": verb,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "subject_label": subject_label,
        "actor_id": int(actor) if actor else None,
        "actor_label": actor_label,
        "unit_label": unit,
        "post_label": post,
        "before": orjson.loads(before) if before != "{}" else {},
        "after": orjson.loads(after) if after != "{}" else {},
        "note": note,
        "request_id": request_id,
        "previous": previous,
        "digest": digest,
        "salt": bytes.fromhex(salt) if salt else None,
        "salts": orjson.loads(salts) if salts else None,
        "erased": orjson.loads(erased) if erased else None,
    }


def instant(text: str) -> str:
    """A time of the database, UTC, as the canonical form spells it; the database leaves zeros at the end out."""
    if len(text) < WHOLE:
        text = f"{text if '.' in text else text + '.'}".ljust(WHOLE, "0")
    return f"{text[:10]}T{text[11:]}+00:00"


def _sign(found: re.Match) -> str:
    return SIGNS.get(found[1], found[1])
