"""打勾: what was said of the steps of the handbook on one case."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.work import Evidence
from handbook.models import Step
from responsibility.models import Unit, User


class ChecklistMark(models.Model):
    """打勾: a step is done, or with ``done`` false is not after all, which needs a reason. The latest word counts.

    Never changed, never removed.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="marks", verbose_name=_("案件"))
    step = models.ForeignKey(Step, models.PROTECT, related_name="+", verbose_name=_("手册步骤"))
    done = models.BooleanField(_("已完成"), default=True)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("打勾人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    note = models.CharField(_("说明"), max_length=500, blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+", verbose_name=_("凭证"))

    class Meta:
        verbose_name = verbose_name_plural = _("手册打勾")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(done=True) | ~Q(note=""), name="checklist_undone_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {'✓' if self.done else '✗'}"
