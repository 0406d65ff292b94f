"""The search follows the tree: entries are taken in the order of their leaves, in batches, after the fact.

A leaf is given to every entry once, however late its transaction commits (``notary.growing``), so nothing is passed
over and an interrupted batch begins again where the last one ended. Nothing of this is paid for by who writes.
"""

import json
from functools import cache

from django.db import connection, transaction
from django.utils.translation import override

from cases.sentences import SENTENCES, named
from notary import growing
from responsibility import shelf

BATCH = 5_000
# One at a time over all processes, and never beside an erasure, which waits; who takes in comes again, so that no
# thread of a worker waits for another. The number is only ours.
LOCK, TRY = "SELECT pg_advisory_xact_lock(7311)", "SELECT pg_try_advisory_xact_lock(7311)"
POSITION = "SELECT coalesce(max(position), 0) FROM desk_taken"
# What an entry says, and what it is asked for by; the same for what is taken in and for what is not yet.
SAYS = """
    bihuan_desk_words(e.subject_label, e.subject_id, e.actor_label, e.unit_label, e.post_label, e.note, e.before,
        e.after, %(verbs)s::jsonb ->> e.verb)
"""
# Whom an act met beside who acted: whose request was decided, who gave the answer that another wrote down, who is
# named. An entry of a decision names the request, and no request is ever removed.
MET = """
    ARRAY(
        SELECT key FROM (
            SELECT 'a:' || r.asked_by_id AS key FROM cases_request r WHERE r.id = bihuan_desk_request(e.verb, e.after)
            UNION SELECT 'u:' || u.code FROM cases_request r JOIN responsibility_unit u ON u.id = r.unit_id
                WHERE r.id = bihuan_desk_request(e.verb, e.after)
            UNION SELECT 'a:' || (e.after ->> 'answerer') UNION SELECT 'p:' || (e.after ->> 'person')
        ) met WHERE key IS NOT NULL
    )
"""
KEYS = f"""
    (bihuan_desk_keys(e.at, e.verb, e.actor_id, e.actor_label, e.unit_label, e.chain, e.subject_type, e.subject_id,
        e.before, e.after) || {MET})
"""
TAKE = f"""
    WITH fresh AS (
        SELECT position, entry FROM notary_leaf WHERE position >= %(position)s ORDER BY position LIMIT %(most)s
    ), put AS (
        INSERT INTO desk_indexed (entry, at, words, keys)
        SELECT e.id, e.at, {SAYS}, {KEYS} FROM responsibility_ledgerentry e
        WHERE e.id BETWEEN (SELECT min(entry) FROM fresh) AND (SELECT max(entry) FROM fresh)
            AND e.id IN (SELECT entry FROM fresh)
        ON CONFLICT (entry) DO NOTHING
    )
    SELECT count(*), max(position) + 1 FROM fresh
"""  # noqa: S608, no word of it comes from outside
ARRIVED = """
    INSERT INTO desk_taken (single, position) VALUES (true, %s)
    ON CONFLICT (single) DO UPDATE SET position = EXCLUDED.position
"""
AGAIN = f"""
    INSERT INTO desk_indexed (entry, at, words, keys)
    SELECT e.id, e.at, {SAYS}, {KEYS} FROM responsibility_ledgerentry e
    WHERE e.id = %(entry)s AND EXISTS (SELECT 1 FROM desk_indexed d WHERE d.entry = e.id)
    ON CONFLICT (entry) DO UPDATE SET words = EXCLUDED.words, keys = EXCLUDED.keys
"""  # noqa: S608
# Entries of a batch that were in a file before they were taken in, and how they are read from there.
LEFT = """
    SELECT l.entry FROM notary_leaf l WHERE l.position >= %s AND l.position < %s
        AND NOT EXISTS (SELECT 1 FROM desk_indexed d WHERE d.entry = l.entry)
"""
PUT = f"""
    INSERT INTO desk_indexed (entry, at, words, keys)
    SELECT e.id, e.at, {SAYS}, {KEYS}
    FROM jsonb_populate_recordset(NULL::responsibility_ledgerentry, %(rows)s::jsonb) e
    ON CONFLICT (entry) DO UPDATE SET words = EXCLUDED.words, keys = EXCLUDED.keys
"""  # noqa: S608
IS_IN = "SELECT EXISTS (SELECT 1 FROM desk_indexed WHERE entry = %s)"
# Whatever is up to here is taken in: the tree holds all of it below the checkpoint, and the search all of the tree.
FLOOR = """
    SELECT coalesce(max(settled), 0) FROM notary_checkpoint
    WHERE size <= (SELECT coalesce(max(position), 0) FROM desk_taken)
"""


@cache
def verbs() -> str:
    """The words of each verb in the first language, as JSON: 签收 is found by who types it."""
    with override("zh-hans"):
        return json.dumps({verb: named(verb) for verb in SENTENCES}, ensure_ascii=False)


def catch_up() -> int:
    """Take in everything that is in the tree; how many entries. Each batch in a transaction of its own."""
    taken = 0
    while batch := take():
        taken += batch
    return taken


@transaction.atomic
def take() -> int:
    """Take in the next entries of the tree, wherever they lie; how many, none while somebody else is at it.

    ``Refused`` (``archive_missing``) when some lie in a file that cannot be read: nothing is passed over.
    """
    with connection.cursor() as cursor:
        cursor.execute(TRY)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(POSITION)
        (position,) = cursor.fetchone()
        cursor.execute(TAKE, {"position": position, "most": BATCH, "verbs": verbs()})
        count, arrived = cursor.fetchone()
        if count:
            cursor.execute(LEFT, [position, arrived])
            _put(cursor, [entry for (entry,) in cursor.fetchall()])
            cursor.execute(ARRIVED, [arrived])
    return count


def _put(cursor, entries: list[int]) -> None:
    if entries and (rows := shelf.rows_by_id(entries)):
        cursor.execute(PUT, {"rows": shelf.packed(list(rows.values())), "verbs": verbs()})


def take_again(entry: int) -> None:
    """Read ``entry`` anew into the search if it is there: words of it were erased in the present transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(AGAIN, {"entry": entry, "verbs": verbs()})
        if cursor.rowcount == 0:
            cursor.execute(IS_IN, [entry])
            _put(cursor, [entry] if cursor.fetchone()[0] else [])


def behind() -> int:
    """How many entries of the tree have not been taken in."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION)
        return max(0, growing.size() - cursor.fetchone()[0])
