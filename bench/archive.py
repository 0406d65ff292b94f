"""Two years of cases, as many as are wanted: copies of cases that the demo people have really worked."""

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from cases.models import Case, Deadline, Party
from cases.models.machine import ENDED
from config.demo import history
from responsibility import loading

DAYS = 730
# One case of so many is still worked: three in a hundred, all of the last day.
OPEN_EVERY = 33
CHUNK = 100_000
# What these lead to goes with them: clocks, requests, orders, proofs.
WORK = ("cases_case", "alerts_alert", "alerts_reading", "responsibility_ledgerentry")
# Set up from outside, so without the triggers that keep rows and ask for a ledger entry.
UNGUARDED, GUARDED = "SET session_replication_role = replica", "RESET session_replication_role"
PATTERNS = f"""
    DROP SCHEMA IF EXISTS archive CASCADE;
    CREATE SCHEMA archive;
    CREATE TABLE archive.copy (id bigint, pattern bigint, earlier interval);
    CREATE TABLE archive.pattern AS
    SELECT id, open, row_number() OVER kind - 1 AS place, count(*) OVER (PARTITION BY open) AS among
    FROM (SELECT id, state NOT IN ({", ".join(f"'{state.value}'" for state in ENDED)}) AS open FROM cases_case) known
    WINDOW kind AS (PARTITION BY open ORDER BY id);
"""
# An open case is older than its pattern by minutes only: its clocks still show what the sweep made of them.
COPIES = f"""
    TRUNCATE archive.copy;
    INSERT INTO archive.copy
    SELECT n, id, interval '1 day' * random() * CASE WHEN open THEN 0.005 ELSE {DAYS} END
    FROM generate_series(%s, %s) n JOIN archive.pattern ON open = (n %% {OPEN_EVERY} = 0)
        AND place = (CASE WHEN open THEN n / {OPEN_EVERY} ELSE n END) %% among;
"""
OWN = {
    Case: {
        "id": "copy.id",
        "number": "split_part(number, '-', 1) || to_char((opened_at - earlier) AT TIME ZONE %(zone)s, '-YYYYMMDD-')"
        " || lpad((copy.id %% 1000000)::text, 6, '0')",
        "chain": "gen_random_uuid()",
        "object_code": "CASE object_code WHEN '' THEN '' ELSE object_code || '-' || copy.id END",
    },
    Party: {"case_id": "copy.id"},
    Deadline: {"case_id": "copy.id"},
}


def begin() -> None:
    """Empty the work and let the demo people live through one day: the patterns, made by the product's own acts."""
    with connection.cursor() as cursor:
        cursor.execute(f"{UNGUARDED}; TRUNCATE {', '.join(WORK)} CASCADE; {GUARDED}")
        # Row id and number are drawn together, so from here on they are the same.
        cursor.execute("ALTER SEQUENCE cases_id RESTART; ALTER SEQUENCE cases_number RESTART")
    history.write(loading.read(settings.DISTRICT_FILE), timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(PATTERNS)


def grow(count: int) -> None:
    """Copy the patterns until there are ``count`` cases, each with its parties and clocks, at a time of its own.

    Closed ones lie up to two years back. What no list reads is not copied: alerts, proofs, requests, the ledger.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM cases_case")
        first = cursor.fetchone()[0] + 1
        cursor.execute(UNGUARDED)
        for low in range(first, count + 1, CHUNK):
            cursor.execute(COPIES, [low, min(low + CHUNK - 1, count)])
            for model in OWN:
                cursor.execute(_insert(model), {"zone": settings.TIME_ZONE})
        cursor.execute(GUARDED)
        # What autovacuum would have done by then.
        cursor.execute("VACUUM (ANALYZE) cases_case, cases_party, cases_deadline")


def _insert(model: type[models.Model]) -> str:
    """The statement that copies the rows of ``model``: every instant earlier, keys of its own, the rest as it is."""
    values = {
        f'"{field.column}"': f'"{field.column}" - earlier' if isinstance(field, models.DateTimeField) else field.column
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    }
    values |= {f'"{name}"': value for name, value in OWN[model].items()}
    source = model._meta.db_table
    whose = "id" if model is Case else "case_id"
    return (
        f"INSERT INTO {source} ({', '.join(values)}) SELECT {', '.join(values.values())}"
        f" FROM archive.copy JOIN {source} original ON original.{whose} = copy.pattern"
    )
