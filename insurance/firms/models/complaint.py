"""投诉: what somebody who was served says of a firm, and when it must be answered."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from insurance.firms.models.register import Firm
from insurance.firms.seeing import ComplaintQuerySet
from responsibility.models import Unit, User


class Complaint(models.Model):
    """投诉: due within 10 working days, 30 days once checking is announced, put off once by 30 days at most.

    Source: AQ 9010-2019 (facts 3.2). ``about``: the number of the order that it speaks of, where it names one.
    """

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="complaints", verbose_name=_("机构"))
    about = models.CharField(_("委托编号"), max_length=40, blank=True)
    by_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("投诉单位"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("投诉人"))
    made_at = models.DateTimeField(_("投诉时间"))
    text = models.CharField(_("投诉内容"), max_length=500)
    due_at = models.DateTimeField(_("应答复时间"))
    checking_at = models.DateTimeField(_("告知核查时间"), null=True)
    extended_at = models.DateTimeField(_("延期时间"), null=True)
    extension = models.CharField(_("延期理由"), max_length=500, blank=True)
    answer = models.CharField(_("答复"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("答复人"))

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("投诉")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="complaint_has_words"),
            models.CheckConstraint(condition=Q(due_at__gt=F("made_at")), name="complaint_due_after"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True, answer="")
                | Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="complaint_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.firm} {self.made_at:%Y-%m-%d}"

    def late(self, at: datetime) -> bool:
        """Whether the answer came, or is still missing at ``at``, after its time."""
        return self.due_at <= (self.answered_at or at)
