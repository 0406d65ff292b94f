"""An alert that waits for the shift leader waits against a clock; a request can be overtaken by what happens."""

from django.db import migrations, models

KINDS = [
    ("triage", "研判"), ("acknowledge", "签收"), ("arrive", "到场"), ("contain", "受控"), ("medium_limit", "中闭环时限"),
    ("rectify", "整改"), ("verify", "核查"), ("review", "挂账复查"),
]  # fmt: skip
STATES = [("pending", "待审批"), ("approved", "已同意"), ("refused", "已驳回"), ("overtaken", "已失效")]


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_accounted_further")]
    operations = [
        migrations.AlterField("deadline", "kind", models.CharField(choices=KINDS, max_length=20, verbose_name="类别")),
        migrations.AlterField(
            "request",
            "state",
            models.CharField(choices=STATES, default="pending", max_length=10, verbose_name="状态"),
        ),
    ]
