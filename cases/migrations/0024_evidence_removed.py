"""When the file of a proof went under retention; the rule that guards it stands in ``retention``."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0023_born_with_its_case")]
    operations = [
        migrations.AddField(
            "evidence",
            "removed_at",
            models.DateTimeField(editable=False, null=True, verbose_name="文件清除时间"),
        )
    ]
