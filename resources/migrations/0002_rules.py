"""What is promised follows the dispatches: no other hand moves the count."""

from django.db import migrations

RESERVED = """
CREATE FUNCTION bihuan_reserved_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Deeper than one: moved by the trigger of the lines of a dispatch, see cases.
    IF pg_trigger_depth() = 1 AND NEW.reserved <> (CASE TG_OP WHEN 'INSERT' THEN 0 ELSE OLD.reserved END) THEN
        RAISE EXCEPTION 'what is promised of % is told by its dispatches', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'resource_reserved_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resource_reserved_follows BEFORE INSERT OR UPDATE OF reserved ON resources_resource
    FOR EACH ROW EXECUTE FUNCTION bihuan_reserved_follows();
"""
BACK = "DROP TRIGGER resource_reserved_follows ON resources_resource; DROP FUNCTION bihuan_reserved_follows();"


class Migration(migrations.Migration):
    dependencies = [("resources", "0001_initial")]
    operations = [migrations.RunSQL(RESERVED, BACK)]
