"""Stock and readiness are changed by hand only with a word in the ledger; what a case uses up is told by its case."""

from django.db import migrations

KEPT = """
CREATE FUNCTION bihuan_resource_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(md5('resource:' || NEW.id)::uuid) THEN
        RAISE EXCEPTION 'resource % changed without a ledger entry', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'resource_kept';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER resource_kept AFTER UPDATE OF stock, ready ON resources_resource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND (NEW.stock, NEW.ready) IS DISTINCT FROM (OLD.stock, OLD.ready))
    EXECUTE FUNCTION bihuan_resource_kept();
"""
BACK = "DROP TRIGGER resource_kept ON resources_resource; DROP FUNCTION bihuan_resource_kept();"


class Migration(migrations.Migration):
    dependencies = [("resources", "0003_third_of_a_kit"), ("responsibility", "0002_rules")]
    operations = [migrations.RunSQL(KEPT, BACK)]
