"""Each entry of the ledger gets its place in the tree, once, in whatever order their transactions commit.

An entry is in the tree or it is not, and that is asked row by row above a mark; so a transaction that commits late is
taken late and never passed over. The mark moves up only to ids that were drawn before a moment of which every
transaction has since ended: what below it is not there was rolled back.
"""

from datetime import datetime, timedelta

from django.db import connection

from notary import merkle
from notary.models import Checkpoint, Tile
from responsibility import clock

# One at a time over all processes; the number is only ours.
LOCK = "SELECT pg_advisory_xact_lock(7305)"
BATCH = 50_000
# An id is drawn an instant before its transaction has a number. Ten thousand times that instant.
SETTLING = timedelta(minutes=1)
TAKE = """
    WITH fresh AS (
        SELECT e.id, e.digest FROM responsibility_ledgerentry e
        WHERE e.id > %(mark)s AND NOT EXISTS (SELECT 1 FROM notary_leaf l WHERE l.entry = e.id)
        ORDER BY e.id LIMIT %(most)s
    ), placed AS (
        INSERT INTO notary_leaf (position, entry)
        SELECT %(size)s + row_number() OVER (ORDER BY id) - 1, id FROM fresh
    )
    SELECT id, digest FROM fresh ORDER BY id
"""
SIZE = "SELECT coalesce(max(position) + 1, 0) FROM notary_leaf"
SEEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ledgerentry_id"
RUNNING_FROM = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
SETTLED = """
    SELECT seen FROM notary_checkpoint
    WHERE running_from <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint AND made_at <= %s
    ORDER BY size DESC LIMIT 1
"""
WAITING = """
    SELECT count(*) FROM (
        SELECT 1 FROM responsibility_ledgerentry e
        WHERE e.id > %s AND NOT EXISTS (SELECT 1 FROM notary_leaf l WHERE l.entry = e.id) LIMIT 1000
    ) waiting
"""
OLDEST = """
    SELECT e.recorded_at FROM responsibility_ledgerentry e
    WHERE e.id > %s AND NOT EXISTS (SELECT 1 FROM notary_leaf l WHERE l.entry = e.id) ORDER BY e.id LIMIT 1
"""
KEEP = """
    INSERT INTO notary_tile (level, place, hashes) VALUES (%s, %s, %s)
    ON CONFLICT (level, place) DO UPDATE SET hashes = EXCLUDED.hashes
"""


def fetch(level: int, place: int) -> bytes:
    """The hashes of one tile; none when it is not there."""
    found = Tile.objects.filter(level=level, place=place).values_list("hashes", flat=True).first()
    return bytes(found or b"")


def size() -> int:
    """How many leaves the tree has."""
    return _ask(SIZE)


def moment() -> tuple[int, int]:
    """``(seen, running_from)`` of a checkpoint made now: the id first, so that whoever drew it counts as running."""
    return _ask(SEEN), _ask(RUNNING_FROM)


def mark() -> int:
    """Up to which id the tree needs no more looking."""
    return Checkpoint.objects.order_by("-size").values_list("settled", flat=True).first() or 0


def settled() -> int:
    """Up to which id it needs none once it has been looked through: nothing that was drawn before is still running."""
    return max(mark(), _ask(SETTLED, clock.now() - SETTLING))


def take(above: int = 0) -> tuple[int, int]:
    """Give a place to the next entries above the mark that have none; how many, and the last id. The lock is held.

    ``above``: look above this id only. Of a great backlog each batch then costs the same; what was passed by meanwhile
    is found by looking from the mark at the end.
    """
    before = size()
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"mark": max(mark(), above), "most": BATCH, "size": before})
        found = cursor.fetchall()
        if found:
            fresh = [merkle.leaf(bytes.fromhex(digest)) for _entry, digest in found]
            cursor.executemany(KEEP, list(_grown(before, fresh)))
    return len(found), found[-1][0] if found else above


def _grown(before: int, fresh: list[bytes]) -> list[tuple[int, int, bytes]]:
    """The tiles that change when ``fresh`` nodes come to the ``before`` ones of the lowest level."""
    changed, level = [], 0
    while fresh:
        first, offset = divmod(before, merkle.WIDTH)
        hashes = (fetch(level, first) if offset else b"") + b"".join(fresh)
        if len(hashes) != (offset + len(fresh)) * merkle.SIZE:
            raise LookupError(f"tile {level}/{first} does not hold {offset} nodes")
        step, fresh = merkle.WIDTH * merkle.SIZE, []
        for place, start in enumerate(range(0, len(hashes), step), first):
            tile = hashes[start : start + step]
            changed.append((level, place, tile))
            if len(tile) == step:
                fresh.append(merkle.fold([tile[at : at + merkle.SIZE] for at in range(0, step, merkle.SIZE)]))
        before, level = first, level + 1
    return changed


def _ask(question: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        found = cursor.fetchone()
    return found[0] if found else 0


def waiting() -> int:
    """How many entries are not in the tree yet; counted up to a thousand."""
    return _ask(WAITING, mark())


def oldest_waiting() -> datetime | None:
    """When the first entry that is not in the tree yet was written down; ``None`` when all are."""
    return _ask(OLDEST, mark()) or None
