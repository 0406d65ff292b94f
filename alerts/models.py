"""Floor 2: who sends, what is watched, and what was said."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from responsibility import chains, soundness
from responsibility.models import Category, Grade, Scenario, Territory, Unit, User
from responsibility.models.district import Named, by_language


class Source(Named):
    """子平台: who sends alerts. It has an owner (谁主管、谁建设、谁使用) and a key of which only the hash is kept."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("建设使用单位"))
    key_digest = models.CharField(_("密钥摘要"), max_length=64, unique=True)
    heartbeat_at = models.DateTimeField(_("最近心跳"), null=True, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    demo = models.BooleanField(_("演示数据"), default=False)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("子平台")

    @property
    def is_authenticated(self) -> bool:
        """The API framework asks this of whoever it has let in."""
        return True


class RiskObject(Named):
    """监测对象: a bridge, a manhole, a lift, with its place, its kind and the unit that runs it."""

    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("风险类别"))
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, blank=True, verbose_name=_("场景"))
    territory = models.ForeignKey(Territory, models.PROTECT, verbose_name=_("属地"))
    main_body = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("主体责任单位"))
    lat = models.FloatField(_("纬度"))
    lon = models.FloatField(_("经度"))
    attributes = models.JSONField(_("属性"), default=dict, blank=True)
    demo = models.BooleanField(_("演示数据"), default=False)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("监测对象")
        indexes = [models.Index(Lower("code"), name="object_code_lower")]
        constraints = [
            models.CheckConstraint(condition=Q(lat__range=(-90, 90), lon__range=(-180, 180)), name="object_on_earth")
        ]

    def faults(self) -> dict:
        return soundness.of_place(self)


class DrillQuerySet(models.QuerySet):
    """Drills by where they are."""

    def running(self):
        """Begun and not ended."""
        return self.filter(ended_at__isnull=True)


class Drill(models.Model):
    """演练: a pretended danger, worked on the real screens, told nobody outside and counted nowhere.

    ``speed`` divides every clock of its cases: at 60 an hour is a minute. ``scenario`` is the file as it was read (see
    ``alerts/scenarios.py``), ``unit`` that of who started it. It ends at ``ends_at`` at the latest; ``report`` is
    written then, once (see ``cases/scoring.py``).
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    title = models.CharField(_("标题"), max_length=200)
    title_en = models.CharField(_("英文标题"), max_length=200, blank=True)
    scenario = models.JSONField(_("脚本"))
    speed = models.PositiveSmallIntegerField(_("倍速"), default=1)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("发起单位"))
    started_at = models.DateTimeField(_("开始时间"))
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("发起人"))
    ends_at = models.DateTimeField(_("最晚结束"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("结束人"))
    report = models.JSONField(_("评估报告"), null=True)

    objects = DrillQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("演练")
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(speed__range=(1, 600)), name="drill_speed_in_range"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, report__isnull=True)
                | Q(ended_at__isnull=False, report__isnull=False),
                name="drill_ends_with_report",
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], condition=Q(ended_at__isnull=True), name="drill_running")]

    def __str__(self) -> str:
        return self.title

    @property
    def label(self) -> str:
        """The title in the reader's language."""
        return by_language(self.title, self.title_en)


class DrillAlert(models.Model):
    """An alert of a scenario and when it is to come. The row is the work: it is fed once, whoever is killed."""

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="script", verbose_name=_("演练"))
    number = models.PositiveSmallIntegerField(_("序号"))
    due_at = models.DateTimeField(_("应发时间"))
    body = models.JSONField(_("预警内容"))
    fed_at = models.DateTimeField(_("发出时间"), null=True)
    outcome = models.CharField(_("结果"), max_length=12, blank=True)
    case_number = models.CharField(_("案件编号"), max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("演练预警")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["drill", "number"], name="drill_alert_once"),
            models.CheckConstraint(condition=Q(outcome="") | Q(fed_at__isnull=False), name="drill_alert_fed_when"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(fed_at__isnull=True), name="drill_alert_to_feed")]

    def __str__(self) -> str:
        return f"{self.drill} · {self.number}"


class Outcome(models.TextChoices):
    """What became of an alert."""

    OPENED = "opened", _("已立案")
    JOINED = "joined", _("已并入")
    TRIAGE = "triage", _("待研判")
    OBSERVED = "observed", _("已记录")
    SUPPRESSED = "suppressed", _("已抑制")
    CLEARED = "cleared", _("已解除")


class Alert(models.Model):
    """预警: what a source said, as it said it, with the answer it was given. Never edited: the database refuses.

    ``chain`` is the closed loop it belongs to; a case and all its alerts carry the same one. ``drill`` is set for what
    was only pretended.
    Points are WGS84 degrees; ``stated`` keeps place and system as they were sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("子平台"))
    external_id = models.CharField(_("外部编号"), max_length=200)
    chain = models.UUIDField(_("闭环链"), db_index=True)
    outcome = models.CharField(_("结果"), max_length=12, choices=Outcome)
    case_number = models.CharField(_("案件编号"), max_length=40, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, verbose_name=_("风险类别"))
    category_code = models.CharField(_("类别代码"), max_length=200)
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, verbose_name=_("场景"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, verbose_name=_("监测对象"))
    object_code = models.CharField(_("对象代码"), max_length=64, blank=True)
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, verbose_name=_("属地"))
    observed_at = models.DateTimeField(_("监测时间"))
    received_at = models.DateTimeField(_("接收时间"))
    grade = models.CharField(_("颜色"), max_length=6, choices=Grade, blank=True)
    value = models.FloatField(_("数值"), null=True)
    unit = models.CharField(_("单位"), max_length=40, blank=True)
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)
    stated = models.JSONField(_("原始位置"), default=dict)
    title = models.CharField(_("标题"), max_length=300, blank=True)
    payload = models.JSONField(_("原始数据"), default=dict, encoder=DjangoJSONEncoder)
    drill = models.ForeignKey(Drill, models.PROTECT, null=True, db_index=False, verbose_name=_("演练"))

    class Meta:
        verbose_name = verbose_name_plural = _("预警")
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="alert_once")]
        indexes = [
            models.Index(
                fields=["object_code"],
                condition=Q(risk_object__isnull=True) & ~Q(object_code=""),
                name="alert_unregistered",
            ),
            models.Index(fields=["drill"], condition=Q(drill__isnull=False), name="alert_of_drill"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} {self.title}"


class Reading(models.Model):
    """监测读数: one measured value of one object for one category. The grade is empty below blue."""

    source = models.ForeignKey(Source, models.PROTECT)
    risk_object = models.ForeignKey(RiskObject, models.PROTECT)
    category = models.ForeignKey(Category, models.PROTECT)
    value = models.FloatField(_("数值"))
    grade = models.CharField(_("颜色"), max_length=6, choices=Grade, blank=True)
    observed_at = models.DateTimeField(_("监测时间"))
    received_at = models.DateTimeField(_("接收时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("监测读数")
        constraints = [
            models.UniqueConstraint(fields=["risk_object", "category", "observed_at", "source"], name="reading_once")
        ]
