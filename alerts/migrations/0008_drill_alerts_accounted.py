"""An alert of a drill comes into its script, and is fed, only with a word in the ledger of the drill."""

from django.db import migrations

ACCOUNTED = """
CREATE FUNCTION bihuan_drill_alert_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry((SELECT chain FROM alerts_drill WHERE id = NEW.drill_id)) THEN
        RAISE EXCEPTION 'alert % of drill % changed without a ledger entry', NEW.number, NEW.drill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_alert_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER drillalert_accounted AFTER INSERT OR UPDATE ON alerts_drillalert
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_drill_alert_accounted();
"""
BACK = "DROP TRIGGER drillalert_accounted ON alerts_drillalert; DROP FUNCTION bihuan_drill_alert_accounted();"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0007_drills")]
    operations = [migrations.RunSQL(ACCOUNTED, BACK)]
