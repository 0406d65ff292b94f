"""服务方案 and 年度评估: what was agreed to be done for an insured unit in a year, and what became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from insurance.firms.models import Item
from insurance.policies.models import Policy
from responsibility.models import Unit, User


class PlanState(models.TextChoices):
    """Where a plan is: before the insured, agreed, or sent back."""

    PROPOSED = "proposed", _("待被保险人确认")
    AGREED = "agreed", _("已确认")
    RETURNED = "returned", _("已退回")


class Plan(models.Model):
    """服务方案 of a policy for a calendar year (AQ 9010-2019): drawn up by the lead insurer, agreed by the insured.

    Told on the policy's chain. Once agreed it stands; what comes besides is ordered by itself.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="plans", verbose_name=_("保单"))
    year = models.PositiveSmallIntegerField(_("年度"))
    goal = models.CharField(_("总体目标"), max_length=500, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=PlanState, default=PlanState.PROPOSED)
    proposed_at = models.DateTimeField(_("提交时间"))
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("编制人"))
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("答复人"))
    remark = models.CharField(_("被保险人意见"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("服务方案")
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "year"], name="plan_once_a_year"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2199), name="plan_year_in_range"),
            models.CheckConstraint(
                condition=Q(state="proposed", answered_at__isnull=True, answered_by__isnull=True)
                | ~Q(state="proposed") & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="plan_answered_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.year}"


class PlanLine(models.Model):
    """One line of a plan: which of the seven items, how, how often in the year, by whom, to what end."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="lines", verbose_name=_("服务方案"))
    item = models.CharField(_("服务事项"), max_length=20, choices=Item)
    measures = models.CharField(_("服务措施"), max_length=500)
    times = models.PositiveSmallIntegerField(_("每年次数"))
    firm = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("第三方机构"))
    people = models.CharField(_("服务人员要求"), max_length=200, blank=True)
    goal = models.CharField(_("目标"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("方案内容")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(times__gte=1, times__lte=366), name="plan_line_times")]

    def __str__(self) -> str:
        return f"{self.get_item_display()} × {self.times}"


class ServiceRequest(models.Model):
    """服务需求: what the insured, or its broker, asks the insurer for. Never changed; told on the policy's chain."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="service_requests", verbose_name=_("保单"))
    item = models.CharField(_("服务事项"), max_length=20, choices=Item)
    text = models.CharField(_("需求内容"), max_length=500)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("提出单位"))
    asked_at = models.DateTimeField(_("提出时间"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提出人"))

    class Meta:
        verbose_name = verbose_name_plural = _("服务需求")
        ordering = ["-id"]
        indexes = [models.Index(fields=["policy", "-id"], name="service_request_of_policy")]

    def __str__(self) -> str:
        return f"{self.policy} {self.get_item_display()}"


class Assessment(models.Model):
    """年度评估 of a policy and year, signed by the insurer and never changed.

    ``figures``: what was planned, done, found, put right and spent when it was signed, as ``assessing.figures`` has it.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="assessments", verbose_name=_("保单"))
    year = models.PositiveSmallIntegerField(_("年度"))
    figures = models.JSONField(_("评估数据"))
    conclusion = models.TextField(_("评估结论"))
    signed_at = models.DateTimeField(_("签署时间"))
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("签署人"))

    class Meta:
        verbose_name = verbose_name_plural = _("年度评估")
        ordering = ["-year", "-id"]
        constraints = [models.UniqueConstraint(fields=["policy", "year"], name="assessment_once_a_year")]

    def __str__(self) -> str:
        return f"{self.policy} {self.year}"
