"""An archived entry is found by its id in few blocks of its volume."""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
from django.db import migrations

import responsibility.models.archive


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0015_archive")]
    operations = [
        migrations.AddField(
            model_name="archivedchain",
            name="ids",
            field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(
                default=responsibility.models.archive.any_id, verbose_name="条目编号"
            ),
        ),
        migrations.AddIndex(
            model_name="archivedchain",
            index=django.contrib.postgres.indexes.GistIndex(fields=["ids"], name="archived_ids"),
        ),
    ]
