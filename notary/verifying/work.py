"""What the processes of the pool do."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from notary.verifying import passes
from notary.verifying.passes import Part


def ready() -> None:
    """Set a fresh process up."""
    # Ctrl-C is for the process that speaks to the person.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def links(range_: tuple[UUID, UUID]) -> Part:
    """``passes.links`` of one range, in the order of the index."""
    with _along_the_index():
        return passes.links(*range_)


def places(range_: tuple[int, int, int]) -> Part:
    """``passes.places`` of one range."""
    return passes.places(*range_)


@contextmanager
def _along_the_index() -> Iterator[None]:
    """Rows come in the order of the index, whatever the planner thinks of sorting a small table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_sort', 'on', true), set_config('enable_seqscan', 'on', true)")
