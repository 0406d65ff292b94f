"""What happens again within the minute is counted here, and written into the ledger as one entry."""

from django.db import migrations

TABLE = """
CREATE TABLE responsibility_repeat (
    key text PRIMARY KEY,
    chain uuid NOT NULL,
    verb text NOT NULL,
    subject text[] NOT NULL,
    told jsonb NOT NULL,
    actor_id bigint,
    subjects text[] NOT NULL DEFAULT '{}',
    times integer NOT NULL DEFAULT 1,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX repeat_began ON responsibility_repeat (began_at);
"""


class Migration(migrations.Migration):
    dependencies = [("config", "0001_rows_told")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE responsibility_repeat;")]
