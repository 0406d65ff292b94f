"""Posts on duty and hand-overs; what a tier may do."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What a shift repeats of its post stays equal to it, and a deputy is of the same unit: held by keys over several columns.
WHOLE = """
CREATE UNIQUE INDEX post_whole ON responsibility_post (id, user_id, unit_id, role);
CREATE UNIQUE INDEX post_in_unit ON responsibility_post (id, unit_id);
ALTER TABLE responsibility_shift
    ADD CONSTRAINT shift_is_of_its_post FOREIGN KEY (post_id, user_id, unit_id, role)
        REFERENCES responsibility_post (id, user_id, unit_id, role),
    ADD CONSTRAINT shift_deputy_of_unit FOREIGN KEY (deputy_id, unit_id) REFERENCES responsibility_post (id, unit_id);
"""
WHOLE_BACK = """
ALTER TABLE responsibility_shift DROP CONSTRAINT shift_is_of_its_post, DROP CONSTRAINT shift_deputy_of_unit;
DROP INDEX post_whole; DROP INDEX post_in_unit;
"""

# Who was on duty decides who is asked afterwards, so no shift changes without its entry in the ledger.
ACCOUNTED = """
CREATE FUNCTION bihuan_shift_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(CASE TG_OP WHEN 'DELETE' THEN OLD.chain ELSE NEW.chain END) THEN
        RAISE EXCEPTION 'a shift changed without a ledger entry'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shift_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER shift_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_shift
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_shift_accounted();
CREATE TRIGGER shift_no_truncate BEFORE TRUNCATE ON responsibility_shift
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_authority
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_revise();
"""
ACCOUNTED_BACK = """
DROP TRIGGER revise ON responsibility_authority;
DROP TRIGGER shift_no_truncate ON responsibility_shift;
DROP TRIGGER shift_accounted ON responsibility_shift;
DROP FUNCTION bihuan_shift_accounted();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("responsibility", "0005_edition_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Authority",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("district_office", "区级机构"),
                            ("department", "部门"),
                            ("street", "街道"),
                            ("town", "镇"),
                            ("zone", "功能区"),
                            ("community", "社区"),
                            ("enterprise", "企业"),
                            ("insurer", "保险公司"),
                            ("broker", "保险经纪"),
                            ("firm", "第三方机构"),
                            ("oversight", "监督机构"),
                        ],
                        max_length=20,
                        verbose_name="单位类型",
                    ),
                ),
                ("function", models.CharField(blank=True, max_length=40, verbose_name="职能")),
                (
                    "verbs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("report", "报告"),
                                ("first_action", "先期处置"),
                                ("dissuade", "劝阻"),
                                ("assist", "配合"),
                                ("order", "责令整改"),
                                ("enforce", "行政执法"),
                                ("urge", "督办"),
                                ("designate", "指定责任单位"),
                                ("command", "统一指挥"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                        verbose_name="可为事项",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                ("name_en", models.CharField(blank=True, max_length=100, verbose_name="英文名称")),
                ("basis", models.TextField(verbose_name="法律依据")),
                ("basis_en", models.TextField(blank=True, verbose_name="法律依据（英文）")),
                ("source", models.TextField(blank=True, verbose_name="来源")),
            ],
            options={
                "verbose_name": "责权",
                "verbose_name_plural": "责权",
                "ordering": ["kind", "function"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "function"), name="authority_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", ""), models.Q(("function", ""), _negated=True)),
                            models.Q(("function", ""), models.Q(("kind", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="authority_of_kind_or_function",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis", ""), _negated=True), name="authority_has_basis"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "verbs__contained_by",
                                [
                                    "report",
                                    "first_action",
                                    "dissuade",
                                    "assist",
                                    "order",
                                    "enforce",
                                    "urge",
                                    "designate",
                                    "command",
                                ],
                            ),
                            ("verbs__len__gte", 1),
                        ),
                        name="authority_verbs_are_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("duty_officer", "值守员"),
                            ("handler", "处置员"),
                            ("head", "街镇分管领导"),
                            ("manager", "部门负责人"),
                            ("shift_leader", "值班长"),
                            ("checker", "核查员"),
                            ("emergency_office", "区城运应急办"),
                            ("committee_office", "区安委办"),
                            ("auditor", "审计员"),
                            ("insurer", "保险专员"),
                            ("broker", "经纪专员"),
                            ("firm", "第三方服务人员"),
                            ("enterprise", "企业安全负责人"),
                            ("admin", "系统管理员"),
                        ],
                        max_length=20,
                        verbose_name="角色",
                    ),
                ),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="起止")),
                ("chain", models.UUIDField(verbose_name="闭环链")),
                ("planned_at", models.DateTimeField(verbose_name="排班时间")),
                (
                    "deputy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responsibility.post",
                        verbose_name="副班",
                    ),
                ),
                (
                    "planned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="排班人",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shifts",
                        to="responsibility.post",
                        verbose_name="岗位",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responsibility.unit",
                        verbose_name="单位",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="值班人",
                    ),
                ),
            ],
            options={
                "verbose_name": "值班",
                "verbose_name_plural": "值班",
                "ordering": ["during", "id"],
            },
        ),
        migrations.CreateModel(
            name="HandOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("note", models.TextField(blank=True, verbose_name="交班事项")),
                ("handed_at", models.DateTimeField(verbose_name="交班时间")),
                ("taken_at", models.DateTimeField(null=True, verbose_name="接班时间")),
                (
                    "handed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="交班人",
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responsibility.post",
                        verbose_name="接班岗位",
                    ),
                ),
                (
                    "shift",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_overs",
                        to="responsibility.shift",
                        verbose_name="值班",
                    ),
                ),
            ],
            options={
                "verbose_name": "交接班",
                "verbose_name_plural": "交接班",
                "ordering": ["-handed_at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="shift",
            index=django.contrib.postgres.indexes.GistIndex(fields=["unit", "during"], name="shift_of_unit"),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("during__isempty", False), ("during__lower_inf", False), ("during__upper_inf", False)
                ),
                name="shift_ends_after",
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deputy__isnull", True), models.Q(("deputy", models.F("post")), _negated=True), _connector="OR"
                ),
                name="shift_deputy_is_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("user"), "="),
                    (models.F("unit"), "="),
                    (models.F("role"), "="),
                    (models.F("during"), "&&"),
                ],
                name="shift_once_at_a_time",
                violation_error_message="同一人在同一岗位的同一时段只能排一班。",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_at__isnull", True)), fields=("shift",), name="hand_over_one_open_per_shift"
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taken_at__isnull", True), ("taken_at__gte", models.F("handed_at")), _connector="OR"
                ),
                name="hand_over_taken_after",
            ),
        ),
        migrations.RunSQL(WHOLE, WHOLE_BACK),
        migrations.RunSQL(ACCOUNTED, ACCOUNTED_BACK),
    ]
