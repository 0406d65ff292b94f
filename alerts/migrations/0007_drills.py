"""A drill is ended once and never rewritten; its alerts are fed once. What is pretended can never become real later."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The report is written at the end and stands; a scenario that could be changed afterwards would score anything.
KEPT = """
CREATE FUNCTION bihuan_drill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR (NEW.chain, NEW.title, NEW.title_en, NEW.scenario, NEW.speed, NEW.unit_id,
            NEW.started_at, NEW.started_by_id, NEW.ends_at)
        IS DISTINCT FROM (OLD.chain, OLD.title, OLD.title_en, OLD.scenario, OLD.speed, OLD.unit_id,
            OLD.started_at, OLD.started_by_id, OLD.ends_at) THEN
        RAISE EXCEPTION 'a drill is ended once and otherwise never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER drill_ended_once BEFORE UPDATE ON alerts_drill FOR EACH ROW EXECUTE FUNCTION bihuan_drill();
CREATE TRIGGER drill_kept BEFORE DELETE ON alerts_drill FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER drill_no_truncate BEFORE TRUNCATE ON alerts_drill
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE FUNCTION bihuan_drill_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(NEW.chain) THEN
        RAISE EXCEPTION 'drill % changed without a ledger entry', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER drill_accounted AFTER INSERT OR UPDATE ON alerts_drill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_drill_accounted();
CREATE FUNCTION bihuan_drill_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.fed_at IS NOT NULL OR (NEW.drill_id, NEW.number, NEW.due_at, NEW.body)
        IS DISTINCT FROM (OLD.drill_id, OLD.number, OLD.due_at, OLD.body) THEN
        RAISE EXCEPTION 'an alert of a drill is fed once and never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'drill_alert_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER drillalert_fed_once BEFORE UPDATE ON alerts_drillalert
    FOR EACH ROW EXECUTE FUNCTION bihuan_drill_alert();
CREATE TRIGGER drillalert_kept BEFORE DELETE ON alerts_drillalert
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER drillalert_no_truncate BEFORE TRUNCATE ON alerts_drillalert
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
KEPT_BACK = """
DROP TRIGGER drillalert_no_truncate ON alerts_drillalert;
DROP TRIGGER drillalert_kept ON alerts_drillalert;
DROP TRIGGER drillalert_fed_once ON alerts_drillalert;
DROP FUNCTION bihuan_drill_alert();
DROP TRIGGER drill_accounted ON alerts_drill;
DROP FUNCTION bihuan_drill_accounted();
DROP TRIGGER drill_no_truncate ON alerts_drill;
DROP TRIGGER drill_kept ON alerts_drill;
DROP TRIGGER drill_ended_once ON alerts_drill;
DROP FUNCTION bihuan_drill();
"""


def _key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _to(model: str, name: str, **more):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, verbose_name=name, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0006_readings_kept"),
        ("responsibility", "0010_editions_accounted"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Drill",
            fields=[
                ("id", _key()),
                ("chain", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="闭环链")),
                ("title", models.CharField(max_length=200, verbose_name="标题")),
                ("title_en", models.CharField(blank=True, max_length=200, verbose_name="英文标题")),
                ("scenario", models.JSONField(verbose_name="脚本")),
                ("speed", models.PositiveSmallIntegerField(default=1, verbose_name="倍速")),
                ("started_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="最晚结束")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("report", models.JSONField(null=True, verbose_name="评估报告")),
                ("ended_by", _to(settings.AUTH_USER_MODEL, "结束人", null=True, related_name="+")),
                ("started_by", _to(settings.AUTH_USER_MODEL, "发起人", related_name="+")),
                ("unit", _to("responsibility.unit", "发起单位", related_name="+")),
            ],
            options={"verbose_name": "演练", "verbose_name_plural": "演练", "ordering": ["-started_at", "-id"]},
        ),
        migrations.CreateModel(
            name="DrillAlert",
            fields=[
                ("id", _key()),
                ("number", models.PositiveSmallIntegerField(verbose_name="序号")),
                ("due_at", models.DateTimeField(verbose_name="应发时间")),
                ("body", models.JSONField(verbose_name="预警内容")),
                ("fed_at", models.DateTimeField(null=True, verbose_name="发出时间")),
                ("outcome", models.CharField(blank=True, max_length=12, verbose_name="结果")),
                ("case_number", models.CharField(blank=True, max_length=40, verbose_name="案件编号")),
                ("drill", _to("alerts.drill", "演练", related_name="script")),
            ],
            options={"verbose_name": "演练预警", "verbose_name_plural": "演练预警", "ordering": ["number"]},
        ),
        migrations.AddField(
            model_name="alert", name="drill", field=_to("alerts.drill", "演练", db_index=False, null=True)
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(condition=models.Q(("drill__isnull", False)), fields=["drill"], name="alert_of_drill"),
        ),
        migrations.AddIndex(
            model_name="drill",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["ends_at"], name="drill_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.CheckConstraint(
                condition=models.Q(("speed__range", (1, 600))), name="drill_speed_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True), ("report__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("report__isnull", False)),
                    _connector="OR",
                ),
                name="drill_ends_with_report",
            ),
        ),
        migrations.AddIndex(
            model_name="drillalert",
            index=models.Index(
                condition=models.Q(("fed_at__isnull", True)), fields=["due_at"], name="drill_alert_to_feed"
            ),
        ),
        migrations.AddConstraint(
            model_name="drillalert",
            constraint=models.UniqueConstraint(fields=("drill", "number"), name="drill_alert_once"),
        ),
        migrations.AddConstraint(
            model_name="drillalert",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome", ""), ("fed_at__isnull", False), _connector="OR"),
                name="drill_alert_fed_when",
            ),
        ),
        migrations.RunSQL(KEPT, KEPT_BACK),
    ]
