"""The parts of the ledger, one for each month along the names of its chains; see ``chains`` and migration 0012."""

from datetime import date

from django.db import connection

AHEAD = 12


def prepare(ahead: int = AHEAD) -> list[date]:
    """Make the parts of this month and of the ``ahead`` next ones where they are missing; the months made.

    What is written before its part is there lies in the default part, and nothing is refused for want of one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT month FROM (SELECT (date_trunc('month', now() AT TIME ZONE 'UTC')"
            " + make_interval(months => n))::date AS month FROM generate_series(0, %s) AS n) months"
            " WHERE bihuan_ledger_part(month)",
            [ahead],
        )
        return [month for (month,) in cursor.fetchall()]


def make(month: date) -> None:
    """Make the part of one month, where it is missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT bihuan_ledger_part(%s)", [month])
