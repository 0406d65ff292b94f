"""What the database keeps of measures and complaints: as of the other tables (``insurance/portals`` 0001)."""

from django.db import migrations

TABLES = ("firms_measure", "firms_complaint")
KEPT = """
CREATE TRIGGER row_born AFTER INSERT ON {0} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('id', '');
CREATE TRIGGER row_moved AFTER UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_row_moved('id', '');
CREATE CONSTRAINT TRIGGER {0}_accounted AFTER INSERT OR UPDATE OR DELETE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_root_accounted('firms_firm', 'firm_id');
CREATE TRIGGER {0}_no_truncate BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER {0}_kept BEFORE DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
"""
BACK = """
DROP TRIGGER {0}_kept ON {0}; DROP TRIGGER {0}_no_truncate ON {0}; DROP TRIGGER {0}_accounted ON {0};
DROP TRIGGER row_moved ON {0}; DROP TRIGGER row_born ON {0};
"""


class Migration(migrations.Migration):
    dependencies = [("firms", "0002_measures"), ("portals", "0001_rules")]
    operations = [migrations.RunSQL(KEPT.format(table), BACK.format(table)) for table in TABLES]
