"""The rung of the call ladder is a clock with a level, accounted for like the rest of it."""

from django.db import migrations, models

COLUMNS = "id, case_id, unit_id, kind, started_at, due_at, paused_at, stopped_at, missed_at, provisional"
DEADLINE = """
DROP TRIGGER deadline_accounted ON cases_deadline;
CREATE CONSTRAINT TRIGGER deadline_accounted AFTER UPDATE OF {columns} OR DELETE ON cases_deadline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""
KINDS = [
    ("triage", "研判"), ("acknowledge", "签收"), ("arrive", "到场"), ("contain", "受控"), ("medium_limit", "中闭环时限"),
    ("rectify", "整改"), ("verify", "核查"), ("review", "挂账复查"), ("arbitrate", "裁定"), ("determine", "指定牵头"),
    ("decide", "审批"), ("rung", "叫应"), ("order_call", "签收派单"), ("order", "派单"), ("dispatch", "资源到场"),
    ("situation_report", "情况报告"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_requests_with_clocks")]
    operations = [
        migrations.AddField("deadline", "level", models.PositiveSmallIntegerField(default=0, verbose_name="叫应级")),
        migrations.AlterField("deadline", "kind", models.CharField(choices=KINDS, max_length=20, verbose_name="类别")),
        migrations.AddConstraint(
            "deadline",
            models.CheckConstraint(
                condition=models.Q(("kind", "rung"), ("level__gte", 1))
                | models.Q(models.Q(("kind", "rung"), _negated=True), ("level", 0)),
                name="deadline_rung_has_level",
            ),
        ),
        migrations.RunSQL(DEADLINE.format(columns=f"{COLUMNS}, level"), DEADLINE.format(columns=COLUMNS)),
    ]
