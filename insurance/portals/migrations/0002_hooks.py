"""Pushed data and contacts: their tables, and what the database keeps of them."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import responsibility.chains

# As in 0001: what the database keeps by itself.
RULES = import_module("insurance.portals.migrations.0001_rules")
KEPT = ("portals_hook", "portals_contact")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("portals", "0001_rules"),
        ("responsibility", "0016_archived_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "chain",
                    models.UUIDField(
                        default=responsibility.chains.standing, editable=False, unique=True, verbose_name="闭环链"
                    ),
                ),
                ("label", models.CharField(max_length=100, verbose_name="名称")),
                ("url", models.CharField(max_length=500, verbose_name="地址")),
                ("secret", models.CharField(blank=True, max_length=100, verbose_name="签名密钥")),
                ("events", models.JSONField(default=list, verbose_name="事件")),
                ("whole", models.BooleanField(default=False, verbose_name="含颜色和时间")),
                ("made_at", models.DateTimeField(verbose_name="设置时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="停用时间")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="设置人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responsibility.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "数据推送",
                "verbose_name_plural": "数据推送",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(unique=True, verbose_name="消息编号")),
                ("event", models.CharField(max_length=40, verbose_name="事件")),
                ("subject", models.CharField(max_length=64, verbose_name="对象")),
                ("at", models.DateTimeField(verbose_name="发生时间")),
                ("body", models.JSONField(verbose_name="内容")),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "待发送"), ("sent", "已送达"), ("failed", "发送失败")],
                        default="waiting",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="次数")),
                ("try_at", models.DateTimeField(verbose_name="下次发送")),
                ("until", models.DateTimeField(verbose_name="重试至")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="送达时间")),
                ("answer", models.PositiveSmallIntegerField(null=True, verbose_name="应答")),
                ("error", models.CharField(blank=True, max_length=40, verbose_name="失败原因")),
                (
                    "hook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="portals.hook",
                        verbose_name="推送",
                    ),
                ),
            ],
            options={
                "verbose_name": "推送记录",
                "verbose_name_plural": "推送记录",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Told",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10, verbose_name="类型")),
                ("subject", models.BigIntegerField(verbose_name="对象编号")),
                ("said", models.CharField(max_length=200, verbose_name="已告知的状态")),
                (
                    "hook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="portals.hook",
                        verbose_name="推送",
                    ),
                ),
            ],
            options={
                "verbose_name": "推送进度",
                "verbose_name_plural": "推送进度",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "chain",
                    models.UUIDField(
                        default=responsibility.chains.standing, editable=False, unique=True, verbose_name="闭环链"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="姓名")),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="联系电话")),
                ("duty", models.CharField(blank=True, max_length=60, verbose_name="职责")),
                ("kept_at", models.DateTimeField(verbose_name="登记时间")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="移除时间")),
                (
                    "kept_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responsibility.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "联系人",
                "verbose_name_plural": "联系人",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at__isnull", True)), fields=["unit"], name="contact_of_unit"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_at__isnull", True),
                            models.Q(("duty", ""), ("name", ""), ("phone", "")),
                            _connector="OR",
                        ),
                        name="contact_forgotten",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="hook",
            index=models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["unit"], name="hook_running"),
        ),
        migrations.AddConstraint(
            model_name="hook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), models.Q(("secret", ""), _negated=True)),
                    models.Q(("ended_at__isnull", False), ("secret", "")),
                    _connector="OR",
                ),
                name="hook_secret_ends_with_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="hook",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__startswith", "https://")), name="hook_by_https"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["hook", "try_at"], name="hook_delivery_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["hook", "-id"], name="hook_delivery_newest"),
        ),
        migrations.AddConstraint(
            model_name="told",
            constraint=models.UniqueConstraint(fields=("hook", "kind", "subject"), name="told_once"),
        ),
        *(
            migrations.RunSQL(
                RULES.STANDS.format(table) + RULES.ACCOUNTED.format(table, "", "") + RULES.GUARDS["kept"].format(table),
                RULES.BACK.format(table),
            )
            for table in KEPT
        ),
    ]
