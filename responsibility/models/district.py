"""The district: its units, its territories, its colours."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from responsibility import soundness


def by_language(chinese: str, english: str) -> str:
    """The text in the reader's language; Chinese stands in for an English one that is missing."""
    if english and (get_language() or "").startswith("en"):
        return english
    return chinese


class Grade(models.TextChoices):
    """Case colour. The rank runs from 1 (red, highest) to 4; stored beside the colour, never instead of it."""

    RED = "red", _("红色")
    ORANGE = "orange", _("橙色")
    YELLOW = "yellow", _("黄色")
    BLUE = "blue", _("蓝色")

    @property
    def rank(self) -> int:
        return list(Grade).index(self) + 1


class Loop(models.TextChoices):
    """How wide the work on a case is drawn, from narrow to wide."""

    SMALL = "small", _("小闭环")
    MEDIUM = "medium", _("中闭环")
    LARGE = "large", _("大闭环")


class Named(models.Model):
    """A thing with a code and a name in both languages."""

    code = models.CharField(_("代码"), max_length=64, unique=True)
    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return by_language(self.name, self.name_en)

    def faults(self) -> dict:
        """``{field: sentence}`` of what cannot be worked with; see ``soundness``."""
        return {}

    def clean(self) -> None:
        """Refuse what could stop the work of others."""
        if faults := self.faults():
            raise ValidationError(faults)


class District(Named):
    """The one district that this installation serves, with the prefix of its case numbers."""

    prefix = models.CharField(_("案件编号前缀"), max_length=8)
    lat = models.FloatField(_("纬度"))
    lon = models.FloatField(_("经度"))
    area_km2 = models.FloatField(_("面积（平方公里）"))
    levels = models.JSONField(_("颜色等级"), default=list)
    meta = models.JSONField(_("数据来源"), default=dict)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("区")

    def faults(self) -> dict:
        return soundness.of_district(self) | soundness.of_place(self)


class UnitKind(models.TextChoices):
    """What sort of body a unit is."""

    DISTRICT_OFFICE = "district_office", _("区级机构")
    DEPARTMENT = "department", _("部门")
    STREET = "street", _("街道")
    TOWN = "town", _("镇")
    ZONE = "zone", _("功能区")
    COMMUNITY = "community", _("社区")
    ENTERPRISE = "enterprise", _("企业")
    INSURER = "insurer", _("保险公司")
    BROKER = "broker", _("保险经纪")
    FIRM = "firm", _("第三方机构")
    OVERSIGHT = "oversight", _("监督机构")


class Unit(Named):
    """单位: who works. ``functions`` are the standing functions of the body, such as ``large_loop_command``."""

    short_name = models.CharField(_("简称"), max_length=100, blank=True)
    kind = models.CharField(_("类型"), max_length=20, choices=UnitKind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("上级单位"))
    functions = models.JSONField(_("职能"), default=list, blank=True)
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)
    demo = models.BooleanField(_("演示数据"), default=False)
    source = models.TextField(_("来源"), blank=True)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("单位")

    def faults(self) -> dict:
        return soundness.of_unit(self)

    @property
    def label(self) -> str:
        return by_language(self.short_name or self.name, self.name_en)


class Territory(Named):
    """属地: a street, town or zone with a boundary; a point on land belongs to exactly one."""

    kind = models.CharField(_("类型"), max_length=30)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("属地单位"))
    lat = models.FloatField(_("驻地纬度"))
    lon = models.FloatField(_("驻地经度"))
    accuracy_m = models.PositiveIntegerField(_("驻地精度（米）"))
    boundary = models.JSONField(_("边界（GeoJSON，WGS84）"))
    approximate = models.BooleanField(_("边界为近似"), default=True)
    source = models.TextField(_("来源"), blank=True)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("属地")

    def faults(self) -> dict:
        return soundness.of_boundary(self) | soundness.of_place(self)


class Revision(models.Model):
    """One row whose number grows with every change of reference data, by trigger: the key of each process's copy."""

    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="revision_is_one_row")]
