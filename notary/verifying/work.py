"""What a process of the pool is given. Nothing of Django is imported before it has been set up there."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


def ready() -> None:
    """Set a fresh process up."""
    # Ctrl-C is for the process that speaks to the person.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import django

    django.setup()


def links(range_: tuple):
    """``passes.links`` of one range, in the order of the index."""
    from notary.verifying import passes

    with _along_the_index():
        return passes.links(*range_)


def places(range_: tuple):
    """``passes.places`` of one range."""
    from notary.verifying import passes

    return passes.places(*range_)


@contextmanager
def _along_the_index() -> Iterator[None]:
    """Rows come in the order of the index, whatever the planner thinks of sorting a small table."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_sort', 'on', true), set_config('enable_seqscan', 'on', true)")
