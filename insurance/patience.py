"""How long the insurance side waits for others: it works beside the sweeps of cases and never fills their places."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection

# A tick comes every few seconds; what could not be had by then is had by a later one.
LOCK_MS, STATEMENT_MS = 2_000, 20_000


@contextmanager
def bounded() -> Iterator[None]:
    """Inside, whoever waits for a lock or asks for long is refused by the database (``OperationalError``)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)",
                       [str(LOCK_MS), str(STATEMENT_MS)])  # fmt: skip
    try:
        yield
    finally:
        # A connection that broke takes its settings with it.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout; RESET statement_timeout")
