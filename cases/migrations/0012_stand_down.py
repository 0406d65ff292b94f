"""The district may hand a case back from the large loop to the medium one."""

from importlib import import_module

from django.db import migrations

LOOPS = [("large", "medium")]
MACHINE = import_module("cases.migrations.0003_rules").MACHINE.partition("CREATE TRIGGER")[0]
BEFORE = MACHINE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
AFTER = BEFORE.replace("('medium', 'large')", "('medium', 'large'), ('large', 'medium')")


class Migration(migrations.Migration):
    dependencies = [("cases", "0011_requests_with_clocks")]
    operations = [migrations.RunSQL(AFTER, BEFORE)]
