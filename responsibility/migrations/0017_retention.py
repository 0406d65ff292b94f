"""How long what is kept, each with the law it rests on, and what is held back.

Minimum and source are the law's: the database lets a district change the days alone.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ROWS = """
INSERT INTO responsibility_retention (code, name, minimum, days, source) VALUES
('ledger', '责任台账', 1826, NULL, '《安全生产责任保险实施办法》服务档案不少于 5 年；《中华人民共和国档案法》'),
('evidence', '证据原件', 1826, NULL, '《安全生产责任保险实施办法》服务档案不少于 5 年'),
('alerts', '预警原始报文', 1826, NULL, '案卷的一部分，随台账保存'),
('services', '第三方服务记录', 1826, NULL, '《安全生产责任保险实施办法》服务档案不少于 5 年'),
('readings', '监测读数', 183, 1096, '《中华人民共和国网络安全法》第二十一条：网络日志不少于六个月（条号待按 2026 年修正核对）'),
('notices', '通知和消息', 183, 400, '《中华人民共和国网络安全法》第二十一条：网络日志不少于六个月（条号待按 2026 年修正核对）'),
('logins', '登录记录', 183, 400, '《中华人民共和国网络安全法》第二十一条：网络日志不少于六个月（条号待按 2026 年修正核对）');
CREATE FUNCTION bihuan_retention_days_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.code, NEW.name, NEW.minimum, NEW.source)
        IS NOT DISTINCT FROM (OLD.id, OLD.code, OLD.name, OLD.minimum, OLD.source) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'of a class only the days are for the district to set'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'responsibility_retention_days_only';
END $$;
CREATE TRIGGER retention_days_only BEFORE UPDATE OR DELETE ON responsibility_retention
    FOR EACH ROW EXECUTE FUNCTION bihuan_retention_days_only();
"""
BACK = """
DROP TRIGGER retention_days_only ON responsibility_retention;
DROP FUNCTION bihuan_retention_days_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("responsibility", "0016_archived_ids"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="代码")),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                ("minimum", models.PositiveIntegerField(verbose_name="法定最短（天）")),
                ("days", models.PositiveIntegerField(null=True, verbose_name="保存（天）")),
                ("source", models.CharField(max_length=300, verbose_name="依据")),
            ],
            options={
                "verbose_name": "保存期限",
                "verbose_name_plural": "保存期限",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__isnull", True), ("days__gte", models.F("minimum")), _connector="OR"),
                        name="retention_lawful",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.UUIDField(verbose_name="闭环链")),
                ("label", models.CharField(max_length=40, verbose_name="编号")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                ("at", models.DateTimeField(verbose_name="封存时间")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="解除时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="封存人",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存",
                "verbose_name_plural": "封存",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)), fields=("chain",), name="held_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="hold_has_reason"),
                ],
            },
        ),
        migrations.RunSQL(ROWS, BACK),
    ]
