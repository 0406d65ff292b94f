"""A unit's cases, newest first, are read in order: the archive and the search of a million cases cost one page.

The new index answers whatever the foreign key's own did, so a new party costs no more than before.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_accounted_from_birth")]
    operations = [
        migrations.AddIndex("party", models.Index(fields=["unit", "-case"], name="party_archive")),
        migrations.AlterField(
            "party",
            "unit",
            models.ForeignKey(
                "responsibility.unit",
                django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                verbose_name="单位",
            ),
        ),
    ]
