"""A party, a deadline or a request that comes without an entry is refused too; nothing of a case is truncated.

A party is who may see a case, so a raw INSERT would show it to somebody without a word in the ledger.
"""

from django.db import migrations

ACCOUNTED = """
CREATE OR REPLACE FUNCTION bihuan_part_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.case_id ELSE OLD.case_id END;
BEGIN
    IF NOT bihuan_has_entry((SELECT chain FROM cases_case WHERE id = parent)) THEN
        RAISE EXCEPTION '% of case % changed without a ledger entry', TG_TABLE_NAME, parent
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accounted';
    END IF;
    RETURN NULL;
END $$;
"""
BORN = """
CREATE CONSTRAINT TRIGGER {part}_born AFTER INSERT ON cases_{part}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""
NO_TRUNCATE = """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON cases_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
PARTS = ["party", "deadline", "request"]
TABLES = ["case", *PARTS, "evidence", "pause"]


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_rules")]
    operations = [
        migrations.RunSQL(ACCOUNTED, migrations.RunSQL.noop),
        *(migrations.RunSQL(BORN.format(part=part), f"DROP TRIGGER {part}_born ON cases_{part};") for part in PARTS),
        *(
            migrations.RunSQL(NO_TRUNCATE.format(table=table), f"DROP TRIGGER {table}_no_truncate ON cases_{table};")
            for table in TABLES
        ),
    ]
