"""指挥部: who commands a case in the large loop, what is told every two hours, and what is written down afterwards."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from responsibility.models import Post, User


class Phase(models.TextChoices):
    """What the command is at."""

    MOBILISE = "mobilise", _("集结力量")
    CONTROL = "control", _("控制险情")
    CLEAR = "clear", _("消除隐患")
    RECOVER = "recover", _("恢复秩序")


class Command(models.Model):
    """指挥部: opened by the district for one case, ended by the district alone.

    ``commander`` is a post with its person. ``summary`` is the after-action summary, written once at the stand-down:
    see ``cases/summary.py``.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="commands", verbose_name=_("案件"))
    commander = models.ForeignKey(Post, models.PROTECT, related_name="+", verbose_name=_("指挥长"))
    phase = models.CharField(_("阶段"), max_length=10, choices=Phase, default=Phase.MOBILISE)
    objectives = models.CharField(_("目标"), max_length=500)
    opened_at = models.DateTimeField(_("启动时间"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("启动人"))
    stood_down_at = models.DateTimeField(_("解除时间"), null=True)
    stood_down_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("解除人"))
    conclusion = models.CharField(_("结论"), max_length=500, blank=True)
    summary = models.JSONField(_("处置总结"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("指挥部")
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(stood_down_at__isnull=True), name="command_one_open"),
            models.CheckConstraint(condition=~Q(objectives=""), name="command_has_objectives"),
            models.CheckConstraint(
                condition=Q(stood_down_at__isnull=True, summary__isnull=True)
                | (Q(stood_down_at__isnull=False, summary__isnull=False) & ~Q(conclusion="")),
                name="command_ends_with_summary",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_phase_display()}"

    @property
    def is_open(self) -> bool:
        return self.stood_down_at is None


class SituationReport(models.Model):
    """情况报告: six fields, most of them filled in by the case itself. Never changed afterwards."""

    command = models.ForeignKey(Command, models.PROTECT, related_name="reports", verbose_name=_("指挥部"))
    number = models.PositiveIntegerField(_("期号"))
    at = models.DateTimeField(_("报告时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("报告人"))
    situation = models.CharField(_("现场情况"), max_length=1000)
    done = models.CharField(_("已采取措施"), max_length=1000, blank=True)
    forces = models.CharField(_("投入力量"), max_length=1000, blank=True)
    casualties = models.PositiveIntegerField(_("伤亡人数"), default=0)
    ahead = models.CharField(_("下一步"), max_length=1000, blank=True)
    needs = models.CharField(_("需要支援"), max_length=1000, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("情况报告")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["command", "number"], name="situation_report_once"),
            models.CheckConstraint(condition=~Q(situation=""), name="situation_report_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.command} {self.number}"
