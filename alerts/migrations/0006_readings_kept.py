"""Readings are never edited, for the guard of closing believes them; an alert that comes without an entry is refused.

The alerts of a batch are asked for in one statement, when they are written: their entries stand there by then.
"""

from django.db import migrations

READINGS = """
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER reading_no_truncate BEFORE TRUNCATE ON alerts_reading
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
READINGS_BACK = """
DROP TRIGGER reading_no_truncate ON alerts_reading;
DROP TRIGGER reading_append_only ON alerts_reading;
"""
ALERTS = """
-- By the index however small the ledger was when the plan was made: the plan is kept, and the ledger grows.
CREATE FUNCTION bihuan_alerts_accounted() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    present bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a WHERE present IS DISTINCT FROM
            (SELECT xact FROM responsibility_ledgerentry e WHERE e.chain = a.chain ORDER BY seq DESC LIMIT 1)
    ) THEN
        RAISE EXCEPTION 'an alert came without a ledger entry'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'alert_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER alert_accounted AFTER INSERT ON alerts_alert REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_alerts_accounted();
"""
ALERTS_BACK = "DROP TRIGGER alert_accounted ON alerts_alert; DROP FUNCTION bihuan_alerts_accounted();"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0005_doors"), ("responsibility", "0003_no_truncate")]
    operations = [
        migrations.RunSQL(READINGS, READINGS_BACK),
        migrations.RunSQL(ALERTS, ALERTS_BACK),
    ]
