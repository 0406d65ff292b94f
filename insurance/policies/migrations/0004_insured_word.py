"""What the insured has confirmed of a policy. Policies from before are not confirmed: nobody asked the insured."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STAND = "SELECT bihuan_rows_stand('policies_policy', 'id', '', '{decline_reason}')"


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0024_evidence_removed"),
        ("config", "0005_tokens_counted"),
        ("policies", "0003_judged_place"),
        ("responsibility", "0016_archived_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="cover",
            name="cover_of_policy",
        ),
        migrations.AddField(
            model_name="cover",
            name="shown_until",
            field=models.DateTimeField(null=True, verbose_name="可见至"),
        ),
        migrations.AddField(
            model_name="covered",
            name="confirmed_at",
            field=models.DateTimeField(null=True, verbose_name="确认时间"),
        ),
        migrations.AddField(
            model_name="policy",
            name="asked_at",
            field=models.DateTimeField(null=True, verbose_name="扩大承保待确认自"),
        ),
        migrations.AddField(
            model_name="policy",
            name="confirmed_at",
            field=models.DateTimeField(null=True, verbose_name="确认时间"),
        ),
        migrations.AddField(
            model_name="policy",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="确认人",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="confirmed_tail",
            field=models.PositiveIntegerField(null=True, verbose_name="确认的索赔期（天）"),
        ),
        migrations.AddField(
            model_name="policy",
            name="confirmed_until",
            field=models.DateTimeField(null=True, verbose_name="确认的保险期间止"),
        ),
        migrations.AddField(
            model_name="policy",
            name="decline_reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="否认理由"),
        ),
        migrations.AddField(
            model_name="policy",
            name="declined_at",
            field=models.DateTimeField(null=True, verbose_name="否认时间"),
        ),
        migrations.AddField(
            model_name="policy",
            name="declined_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="否认人",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="reminded_at",
            field=models.DateTimeField(null=True, verbose_name="上次提醒确认"),
        ),
        migrations.AlterField(
            model_name="cover",
            name="until",
            field=models.DateTimeField(verbose_name="索赔期至"),
        ),
        migrations.AddIndex(
            model_name="cover",
            index=models.Index(fields=["policy", "shown_until"], name="cover_shown"),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at__isnull", True),
                        ("confirmed_by__isnull", True),
                        ("confirmed_tail__isnull", True),
                        ("confirmed_until__isnull", True),
                    ),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("confirmed_tail__lte", models.F("tail_days")),
                        ("confirmed_until__lte", models.F("ends_at")),
                        ("confirmed_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="policy_confirmed_within",
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("declined_at__isnull", True), ("declined_by__isnull", True)),
                    models.Q(("declined_at__isnull", False), ("declined_by__isnull", False)),
                    _connector="OR",
                ),
                name="policy_declined_by_one",
            ),
        ),
        # Told with the column that came: every policy from before has it filled.
        migrations.RunSQL(STAND, migrations.RunSQL.noop),
    ]
