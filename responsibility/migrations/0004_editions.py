"""Matrix rows belong to editions; what stands already becomes the first."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange


def first_edition(apps, schema_editor):
    """What was in force before there were editions is the first of them."""
    duties = apps.get_model("responsibility", "Duty").objects
    oldest = min((valid.lower for valid in duties.values_list("valid", flat=True)), default=None)
    if oldest is None:
        return
    first = apps.get_model("responsibility", "Edition").objects.create(
        number=1,
        title="责任清单",
        state="published",
        valid=DateTimeTZRange(oldest, None),
        drafted_at=oldest,
        published_at=oldest,
    )
    duties.update(edition=first, live=True)


class Migration(migrations.Migration):
    dependencies = [
        ("responsibility", "0003_no_truncate"),
    ]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="版次")),
                ("title", models.CharField(max_length=200, verbose_name="名称")),
                ("document", models.CharField(blank=True, max_length=100, verbose_name="文号")),
                ("chain", models.UUIDField(default=uuid.uuid4, unique=True, verbose_name="闭环链")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "起草"),
                            ("comment", "征求意见"),
                            ("approved", "已核准"),
                            ("published", "已发布"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField(null=True, verbose_name="有效期")),
                ("accepted_gaps", models.JSONField(default=list, verbose_name="确认保留的空白")),
                ("origin", models.CharField(blank=True, max_length=64, verbose_name="数据文件摘要")),
                ("drafted_at", models.DateTimeField(verbose_name="起草时间")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="征求意见时间")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="核准时间")),
                ("published_at", models.DateTimeField(null=True, verbose_name="发布时间")),
            ],
            options={
                "verbose_name": "清单版本",
                "verbose_name_plural": "清单版本",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Opinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stance",
                    models.CharField(
                        choices=[("accept", "同意"), ("object", "有异议")], max_length=10, verbose_name="意见"
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=500, verbose_name="理由")),
                ("given_at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "意见",
                "verbose_name_plural": "意见",
                "ordering": ["given_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="duty",
            name="duty_has_basis",
        ),
        migrations.RemoveConstraint(
            model_name="duty",
            name="duty_one_lead",
        ),
        migrations.AddField(
            model_name="duty",
            name="domain",
            field=models.CharField(blank=True, max_length=50, verbose_name="领域"),
        ),
        migrations.AddField(
            model_name="duty",
            name="live",
            field=models.BooleanField(default=False, editable=False, verbose_name="已发布"),
        ),
        migrations.AddField(
            model_name="unit",
            name="closed_on",
            field=models.DateField(blank=True, null=True, verbose_name="撤销日期"),
        ),
        migrations.AlterField(
            model_name="duty",
            name="basis",
            field=models.TextField(blank=True, verbose_name="法律依据"),
        ),
        migrations.AlterField(
            model_name="duty",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="responsibility.category",
                verbose_name="风险类别",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="approved_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="核准人",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="based_on",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responsibility.edition",
                verbose_name="依据版次",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="drafted_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="起草人",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="published_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="发布人",
            ),
        ),
        migrations.AddField(
            model_name="duty",
            name="edition",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duties",
                to="responsibility.edition",
                verbose_name="清单版本",
            ),
        ),
        migrations.RunPython(first_edition, migrations.RunPython.noop),
        # The rows just written have checks that are put off; a table with such rows cannot be altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="duty",
            name="edition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duties",
                to="responsibility.edition",
                verbose_name="清单版本",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(("live", False), models.Q(("basis", ""), _negated=True), _connector="OR"),
                name="duty_has_basis",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category__isnull", False), ("domain", "")),
                    models.Q(("category__isnull", True), models.Q(("domain", ""), _negated=True)),
                    _connector="OR",
                ),
                name="duty_of_category_or_domain",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("live", True), ("role", "lead")),
                expressions=[
                    (models.F("edition"), "="),
                    (django.db.models.functions.comparison.Coalesce("category", models.Value(0)), "="),
                    (models.F("domain"), "="),
                    (django.db.models.functions.comparison.Coalesce("scenario", models.Value(0)), "="),
                    (django.db.models.functions.comparison.Coalesce("territory", models.Value(0)), "="),
                    (models.F("stage"), "="),
                    (models.F("valid"), "&&"),
                ],
                name="duty_one_lead",
                violation_error_message="同一类别、场景、属地与时段只能有一个牵头单位。",
            ),
        ),
        migrations.AddField(
            model_name="opinion",
            name="duty",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="opinions",
                to="responsibility.duty",
                verbose_name="职责",
            ),
        ),
        migrations.AddField(
            model_name="opinion",
            name="given_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="提出人",
            ),
        ),
        migrations.AddField(
            model_name="opinion",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responsibility.unit",
                verbose_name="单位",
            ),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), ("valid__isnull", False)),
                    models.Q(models.Q(("state", "published"), _negated=True), ("valid__isnull", True)),
                    _connector="OR",
                ),
                name="edition_valid_when_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("state", "published")),
                expressions=[(models.F("valid"), "&&")],
                name="edition_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="opinion",
            constraint=models.UniqueConstraint(fields=("duty", "unit"), name="opinion_once"),
        ),
        migrations.AddConstraint(
            model_name="opinion",
            constraint=models.CheckConstraint(
                condition=models.Q(("stance", "accept"), models.Q(("text", ""), _negated=True), _connector="OR"),
                name="opinion_objects_with_reason",
            ),
        ),
    ]
