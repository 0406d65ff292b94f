"""The register: firms, their licences, their people."""

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from insurance.firms.seeing import FirmQuerySet
from responsibility import chains
from responsibility.models import Unit, User


class Item(models.TextChoices):
    """服务事项: the seven of the service standard (AQ 9010-2019, facts 3.2)."""

    TRAINING = "training", _("宣传教育培训")
    ASSESSMENT = "assessment", _("风险辨识评估")
    INSPECTION = "inspection", _("隐患排查")
    STANDARDS = "standards", _("标准化建设")
    DRILLS = "drills", _("应急预案与演练")
    TECHNOLOGY = "technology", _("科技推广")
    OTHER = "other", _("其他")


class Standing(models.TextChoices):
    """状态 of a firm. Only who is listed is given orders."""

    REGISTERED = "registered", _("已登记")
    LISTED = "listed", _("在购买服务清单内")
    SUSPENDED = "suspended", _("已暂停")
    REMOVED = "removed", _("已淘汰")


class Firm(models.Model):
    """第三方机构: a unit of that kind, as the register has it. ``standing`` moves by ``Measure`` alone.

    ``suspended_until``: from that instant on a suspension is over by itself. ``credit_code``: GB 32100-2015.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.standing, editable=False)
    unit = models.OneToOneField(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True)
    standing = models.CharField(_("状态"), max_length=10, choices=Standing, default=Standing.REGISTERED)
    suspended_until = models.DateTimeField(_("暂停至"), null=True)
    registered_at = models.DateTimeField(_("登记时间"))

    objects = FirmQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("第三方机构")
        ordering = ["unit__code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(suspended_until__isnull=True) | Q(standing=Standing.SUSPENDED), name="firm_until_suspended"
            )
        ]

    def __str__(self) -> str:
        return str(self.unit)

    def stands(self, at: datetime) -> Standing:
        """Its standing at ``at``: a suspension that has run out is none."""
        over = self.suspended_until is not None and self.suspended_until <= at
        return Standing.LISTED if over else Standing(self.standing)


class Licence(models.Model):
    """资质: what a firm may do (``items``, and categories by code where it is narrower), from–to, both days in."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="licences", verbose_name=_("机构"))
    number = models.CharField(_("证书编号"), max_length=64)
    name = models.CharField(_("资质名称"), max_length=100)
    items = models.JSONField(_("服务事项"), default=list)
    categories = models.JSONField(_("风险类别"), default=list, blank=True)
    issued_by = models.CharField(_("发证机关"), max_length=100)
    since = models.DateField(_("有效期起"))
    until = models.DateField(_("有效期止"))
    withdrawn_at = models.DateTimeField(_("撤销时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("资质")
        ordering = ["until", "id"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "number"], name="licence_once"),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="licence_ends_after"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def left(self, day: date) -> int:
        """How many days it is still good for on ``day``, that day not counted; negative once it is over."""
        return (self.until - day).days


class Inspector(models.Model):
    """服务人员: a person of a firm with a certificate, until a day, that day in."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="inspectors", verbose_name=_("机构"))
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("账号"))
    name = models.CharField(_("姓名"), max_length=100)
    certificate = models.CharField(_("证书"), max_length=100)
    number = models.CharField(_("证书编号"), max_length=64)
    until = models.DateField(_("有效期止"))
    left_at = models.DateTimeField(_("离职时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("服务人员")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["firm", "number"], name="inspector_once")]

    def __str__(self) -> str:
        return self.name
