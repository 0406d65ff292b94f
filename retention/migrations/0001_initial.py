"""How long each class is kept, and holds."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import responsibility.chains


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("alerts", "0009_dated_chains"),
        ("cases", "0024_evidence_removed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Period",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, verbose_name="类别")),
                ("days", models.PositiveIntegerField(null=True, verbose_name="天数")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                ("at", models.DateTimeField(verbose_name="设定时间")),
                (
                    "chain",
                    models.UUIDField(
                        default=responsibility.chains.dated, editable=False, unique=True, verbose_name="闭环链"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="设定人",
                    ),
                ),
            ],
            options={
                "verbose_name": "保存期限",
                "verbose_name_plural": "保存期限",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(null=True, verbose_name="自")),
                ("until", models.DateTimeField(null=True, verbose_name="至")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                ("chain", models.UUIDField(verbose_name="闭环链")),
                ("laid_at", models.DateTimeField(verbose_name="封存时间")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="解除时间")),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                        verbose_name="案件",
                    ),
                ),
                (
                    "laid_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="封存人",
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="解除人",
                    ),
                ),
                (
                    "risk_object",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.riskobject",
                        verbose_name="监测对象",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存",
                "verbose_name_plural": "封存",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)), fields=("case",), name="hold_once_a_case"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="hold_has_reason"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("case__isnull", False),
                                ("risk_object__isnull", True),
                                ("since__isnull", True),
                                ("until__isnull", True),
                            ),
                            models.Q(("case__isnull", True), ("risk_object__isnull", False)),
                            models.Q(("case__isnull", True), ("since__isnull", False), ("until__isnull", False)),
                            _connector="OR",
                        ),
                        name="hold_of_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("since__isnull", True),
                            ("until__isnull", True),
                            ("until__gt", models.F("since")),
                            _connector="OR",
                        ),
                        name="hold_ends_after",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                models.Q(("lifted_by", models.F("laid_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="hold_lifted_by_another",
                    ),
                ],
            },
        ),
    ]
