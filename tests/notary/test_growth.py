"""A log ten times as large takes the same time per checkpoint: the same statements, the same rows."""

from statistics import median
from time import perf_counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notary import checkpoints, growing, merkle, proofs

pytestmark = pytest.mark.django_db
BATCH = 1000
# Multiples of a tile, so that a batch falls on the same places in it.
SMALL, LARGE = 40 * merkle.WIDTH, 400 * merkle.WIDTH
FILL = """
    INSERT INTO responsibility_ledgerentry (chain, seq, at, recorded_at, verb, subject_type, subject_id, subject_label,
        actor_label, unit_label, post_label, before, after, note, request_id, previous, digest)
    SELECT gen_random_uuid(), 1, now(), now(), 'test.note', 'test', n::text, '', 'system', '', '', '{}', '{}', '', '',
        '', encode(sha256(n::text::bytea), 'hex') FROM generate_series(1, %s) n
"""
TOUCHED = """
    SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid))
    FROM pg_class WHERE relkind = 'r' AND relname IN ('notary_leaf', 'notary_tile', 'notary_checkpoint')
"""


def told(question: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()[0] if cursor.description else None


def grow_to(size: int) -> None:
    checkpoints.make()
    told(FILL, size - growing.size())
    while checkpoints.make():
        pass
    assert growing.size() == size
    told("ANALYZE responsibility_ledgerentry")
    told("ANALYZE notary_leaf")


def one_batch() -> tuple[int, int, float]:
    """Statements, rows and seconds of the checkpoint over a thousand new entries."""
    told(FILL, BATCH)
    before, began = told(TOUCHED), perf_counter()
    with CaptureQueriesContext(connection) as asked:
        made = checkpoints.make()
    seconds = perf_counter() - began
    assert made.size == growing.size()
    return len(asked), told(TOUCHED) - before, seconds


def test_a_checkpoint_costs_the_same_in_a_log_ten_times_as_large():
    grow_to(SMALL)
    small = [one_batch() for _ in range(3)]
    first = proofs.newest()
    grow_to(LARGE)
    large = [one_batch() for _ in range(3)]
    # The tree is one level of tiles higher: that level is read, and its one tile written when those below are full.
    assert max(asked for asked, *_rest in large) <= max(asked for asked, *_rest in small) + 2
    assert max(rows for _asked, rows, _s in large) <= max(rows for _asked, rows, _s in small) + 1
    assert BATCH < max(rows for _asked, rows, _s in small) < BATCH + 10
    assert median(s for *_rest, s in large) < 3 * median(s for *_rest, s in small) + 0.05
    assert proofs.consistency(first.size, proofs.newest().size)
