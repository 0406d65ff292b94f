"""The few red cases that are not contained yet stand first in every worklist, so they have an index of their own."""

from django.db import migrations, models

RAW = ["triage", "dispatched", "acknowledged", "on_site"]


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_checklist")]
    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("grade", "red"), ("state__in", RAW)), fields=["due_at", "id"], name="case_red_raw"
            ),
        )
    ]
