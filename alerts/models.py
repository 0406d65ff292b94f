"""Floor 2: who sends, what is watched, and what was said."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from responsibility import soundness
from responsibility.models import Category, Grade, Scenario, Territory, Unit
from responsibility.models.district import Named


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

    ``chain`` is the closed loop it belongs to; a case and all its alerts carry the same one.
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

    class Meta:
        verbose_name = verbose_name_plural = _("预警")
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="alert_once")]
        indexes = [
            models.Index(
                fields=["object_code"],
                condition=Q(risk_object__isnull=True) & ~Q(object_code=""),
                name="alert_unregistered",
            )
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
