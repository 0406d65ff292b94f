"""TRUNCATE fires no row trigger, so the alerts refuse it by a trigger of their own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_rules")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER alert_no_truncate BEFORE TRUNCATE ON alerts_alert"
            " FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();",
            "DROP TRIGGER alert_no_truncate ON alerts_alert;",
        )
    ]
