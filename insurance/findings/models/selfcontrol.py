"""风险单元自控: what an enterprise keeps of its objects: lists, checks, people in charge, certificates, its duty."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from handbook.models import Version
from insurance.findings.models.finding import File
from responsibility import chains
from responsibility.acting import Actor
from responsibility.models import Unit, User


class Period(models.TextChoices):
    """自查周期: by calendar day, week from Monday, or month, in the district's time."""

    DAILY = "daily", _("每日")
    WEEKLY = "weekly", _("每周")
    MONTHLY = "monthly", _("每月")


class RegisterQuerySet(models.QuerySet):
    """Registers by who asks."""

    def visible_to(self, actor: Actor, units: dict[int, Unit]):
        """The enterprise its own, a department those of its industry, an insurer those whom it covers now."""
        from insurance.findings import scoping

        return self.filter(scoping.registers(actor, units))


class Register(models.Model):
    """自控台账 of one object. ``lines``: ``[{"step": kin of the handbook's step or null, "text"}]``.

    ``version`` is the handbook that the lines were drawn from. Checks are owed for every whole or begun ``period``
    since ``since``.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.standing, editable=False)
    risk_object = models.OneToOneField(RiskObject, models.PROTECT, related_name="+", verbose_name=_("监测对象"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("主体责任单位"))
    period = models.CharField(_("自查周期"), max_length=10, choices=Period)
    since = models.DateTimeField(_("自"))
    lines = models.JSONField(_("自查项目"))
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+", verbose_name=_("手册版本"))
    kept_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("风险单元自控台账")
        ordering = ["risk_object__code"]
        indexes = [models.Index(fields=["unit", "period"], name="register_of_unit")]

    def __str__(self) -> str:
        return str(self.risk_object)


class InCharge(models.Model):
    """自控负责人 of an object, from–to."""

    register = models.ForeignKey(Register, models.PROTECT, related_name="people", verbose_name=_("台账"))
    name = models.CharField(_("姓名"), max_length=100)
    task = models.CharField(_("职责"), max_length=100)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("自控负责人")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="in_charge_ends")
        ]

    def __str__(self) -> str:
        return self.name


class Certificate(models.Model):
    """证照 of an object or of somebody who works there, valid until a day, that day in."""

    register = models.ForeignKey(Register, models.PROTECT, related_name="certificates", verbose_name=_("台账"))
    name = models.CharField(_("证照名称"), max_length=100)
    number = models.CharField(_("证照编号"), max_length=64)
    holder = models.CharField(_("持有人"), max_length=100, blank=True)
    until = models.DateField(_("有效期止"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("证照")
        ordering = ["until", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["register", "number"], condition=Q(ended_at__isnull=True), name="certificate_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class SelfCheck(models.Model):
    """自查: the check of the period that begins on ``day``. ``results``: ``[{"text", "met", "note"}]`` line by line."""

    register = models.ForeignKey(Register, models.PROTECT, related_name="checks", verbose_name=_("台账"))
    day = models.DateField(_("自查期起始日"))
    at = models.DateTimeField(_("自查时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("填报人"))
    person = models.CharField(_("自查人"), max_length=100)
    results = models.JSONField(_("自查结果"))
    unmet = models.PositiveSmallIntegerField(_("不符合项数"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("自查")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["register", "day"], name="self_check_once_a_period")]

    def __str__(self) -> str:
        return f"{self.register} {self.day}"


class CheckPhoto(File):
    """自查照片."""

    self_check = models.ForeignKey(SelfCheck, models.PROTECT, related_name="photos", verbose_name=_("自查"))

    class Meta:
        verbose_name = verbose_name_plural = _("自查照片")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["self_check", "sha256"], name="self_check_photo_once")]


class Stance(models.TextChoices):
    """What the unit says of its duty."""

    CONFIRMED = "confirmed", _("确认")
    DISPUTED = "disputed", _("异议")


class DutyAnswer(models.Model):
    """主体责任 on a case at the unit's own object: confirmed, or disputed for a reason. The newest holds."""

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("案件"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    stance = models.CharField(_("意见"), max_length=10, choices=Stance)
    text = models.TextField(_("理由"), blank=True)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("填报人"))

    class Meta:
        verbose_name = verbose_name_plural = _("主体责任确认")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(stance="confirmed") | ~Q(text=""), name="duty_disputed_with_reason")
        ]
        indexes = [models.Index(fields=["case", "-id"], name="duty_answer_of_case")]

    def __str__(self) -> str:
        return f"{self.case} {self.stance}"
