"""TRUNCATE fires no row trigger, so the ledger refuses it by a trigger of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0002_rules")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON responsibility_ledgerentry"
            " FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();",
            "DROP TRIGGER ledger_no_truncate ON responsibility_ledgerentry;",
        )
    ]
