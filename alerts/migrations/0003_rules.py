"""Rules that the database keeps by itself."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_initial"), ("responsibility", "0002_rules")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER alert_append_only BEFORE UPDATE OR DELETE ON alerts_alert"
            " FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();",
            "DROP TRIGGER alert_append_only ON alerts_alert;",
        )
    ]
