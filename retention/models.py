"""How long each class is kept here, and what is held whatever its age."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from responsibility import chains
from responsibility.models import User


class Period(models.Model):
    """保存期限: that a class (``retention/classes.py``) is kept so many days from then on, for good where empty.

    The newest holds; none is changed. The database refuses fewer days than the minimum.
    """

    code = models.CharField(_("类别"), max_length=20)
    days = models.PositiveIntegerField(_("天数"), null=True)
    reason = models.CharField(_("理由"), max_length=500)
    at = models.DateTimeField(_("设定时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("设定人"))
    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("保存期限")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.code} {self.days or '∞'}"


class Hold(models.Model):
    """封存: nothing of a case, an object or a period (``since`` ≤ moment < ``until``) is removed until it is lifted.

    What is named narrows together: an object and a period hold that object in that period. ``chain`` is that of the
    case, or one of its own.
    """

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name=_("案件"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"))
    since = models.DateTimeField(_("自"), null=True)
    until = models.DateTimeField(_("至"), null=True)
    reason = models.CharField(_("理由"), max_length=500)
    chain = models.UUIDField(_("闭环链"))
    laid_at = models.DateTimeField(_("封存时间"))
    laid_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("封存人"))
    lifted_at = models.DateTimeField(_("解除时间"), null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("解除人"))

    class Meta:
        verbose_name = verbose_name_plural = _("封存")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(lifted_at__isnull=True), name="hold_once_a_case"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(
                condition=Q(case__isnull=False, risk_object__isnull=True, since__isnull=True, until__isnull=True)
                | Q(case__isnull=True, risk_object__isnull=False)
                | Q(case__isnull=True, since__isnull=False, until__isnull=False),
                name="hold_of_something",
            ),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gt=F("since")),
                name="hold_ends_after",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_by=F("laid_by")),
                name="hold_lifted_by_another",
            ),
        ]

    def __str__(self) -> str:
        return str(self.case or self.risk_object or f"{self.since:%Y-%m-%d}")
