"""A reading may go when it is older than the law asks, in the transaction of an entry that tells of it."""

from django.db import migrations

RETAINED = """
CREATE FUNCTION bihuan_reading_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.received_at < now() - make_interval(days =>
            (SELECT minimum FROM responsibility_retention WHERE code = 'readings'))
        AND EXISTS (SELECT 1 FROM responsibility_ledgerentry
            WHERE verb = 'retention.run' AND xact = pg_current_xact_id()::text::bigint) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'alerts_reading is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'alerts_reading_append_only';
END $$;
DROP TRIGGER reading_append_only ON alerts_reading;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_reading_kept();
"""
BACK = """
DROP TRIGGER reading_append_only ON alerts_reading;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
DROP FUNCTION bihuan_reading_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0009_dated_chains"), ("responsibility", "0017_retention")]
    operations = [migrations.RunSQL(RETAINED, BACK)]
