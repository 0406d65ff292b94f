"""Kits, stations and what a resource can do come from the district file, and change only with a word in the ledger."""

from django.db import migrations

TABLES = ("kitline", "station", "offer")
FUNCTION = """
CREATE FUNCTION bihuan_resources_loaded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(md5('resources')::uuid) THEN
        RAISE EXCEPTION 'a row of % changed without a ledger entry', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'resources_loaded';
    END IF;
    RETURN NULL;
END $$;
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER {0}_loaded AFTER INSERT OR UPDATE OR DELETE ON resources_{0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_resources_loaded();
CREATE TRIGGER {0}_no_truncate BEFORE TRUNCATE ON resources_{0}
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
BACK = "DROP TRIGGER {0}_no_truncate ON resources_{0}; DROP TRIGGER {0}_loaded ON resources_{0};"


class Migration(migrations.Migration):
    dependencies = [("resources", "0004_kept"), ("responsibility", "0002_rules")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION bihuan_resources_loaded();"),
        *(migrations.RunSQL(TRIGGER.format(table), BACK.format(table)) for table in TABLES),
    ]
