"""处理: what the office does to a firm, from the notice to the appeal."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from insurance.firms.models.register import Firm, Standing
from responsibility.models import Unit, User


class Kind(models.TextChoices):
    """What is done."""

    LIST = "list", _("列入清单")
    UNLIST = "unlist", _("移出清单")
    STOP = "stop", _("立即停用")
    SUSPEND = "suspend", _("暂停委托")
    REMOVE = "remove", _("淘汰")
    RESTORE = "restore", _("恢复")


class Reason(models.TextChoices):
    """Why, as a word that can be counted. False reports and lent licences: Work Safety Law art. 72."""

    QUALIFIED = "qualified", _("资质齐全")
    OWN = "own", _("机构申请")
    FALSE_RECORD = "false_record", _("服务记录或报告虚假")
    LENT = "lent", _("出租、出借资质")
    UNLICENSED = "unlicensed", _("资质失效或超出范围")
    CONFLICT = "conflict", _("利益冲突")
    POOR = "poor", _("服务质量不合格")
    UNANSWERED = "unanswered", _("投诉逾期不答复")
    PUT_RIGHT = "put_right", _("整改到位")
    OTHER = "other", _("其他")


# These need a notice and the firm's answer first; those are done at once. ``UNLIST`` at the firm's own wish is too.
AFTER_NOTICE = (Kind.SUSPEND, Kind.REMOVE, Kind.UNLIST)
AT_ONCE = (Kind.LIST, Kind.STOP, Kind.RESTORE)
# Running orders are taken from the firm.
STOPPING = (Kind.STOP, Kind.SUSPEND, Kind.REMOVE)
BECOMES = {
    Kind.LIST: Standing.LISTED, Kind.UNLIST: Standing.REGISTERED, Kind.STOP: Standing.SUSPENDED,
    Kind.SUSPEND: Standing.SUSPENDED, Kind.REMOVE: Standing.REMOVED, Kind.RESTORE: Standing.LISTED,
}  # fmt: skip
_DECIDED = Q(decided_at__isnull=False, decided_by__isnull=False, decided_unit__isnull=False, taken__isnull=False)
_OPEN = Q(decided_at__isnull=True, decided_by__isnull=True, decided_unit__isnull=True, taken__isnull=True)
_RULED = Q(ruled_at__isnull=False, ruled_by__isnull=False, upheld__isnull=False, appealed_at__isnull=False)
_UNRULED = Q(ruled_at__isnull=True, ruled_by__isnull=True, upheld__isnull=True)


class Measure(models.Model):
    """处理: ``noticed_at`` it was announced with ``reason`` and words, ``decided_at`` ``taken`` or dropped.

    ``answer_until``: till then the firm may answer and ask for a hearing; empty where nothing is taken from it.
    ``until``: when a suspension of ``days`` ends by itself; empty without end. ``upheld``: what came of an appeal.
    """

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="measures", verbose_name=_("机构"))
    kind = models.CharField(_("处理"), max_length=10, choices=Kind)
    reason = models.CharField(_("事由"), max_length=20, choices=Reason)
    text = models.CharField(_("事实和依据"), max_length=500)
    days = models.PositiveSmallIntegerField(_("暂停天数"), null=True)
    until = models.DateTimeField(_("暂停至"), null=True)
    noticed_at = models.DateTimeField(_("告知时间"))
    noticed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("告知人"))
    answer_until = models.DateTimeField(_("答辩期限"), null=True)
    answer = models.CharField(_("陈述申辩"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("陈述时间"), null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("陈述人"))
    hearing_asked_at = models.DateTimeField(_("要求听证时间"), null=True)
    hearing_on = models.DateTimeField(_("听证时间"), null=True)
    hearing_note = models.CharField(_("听证笔录"), max_length=500, blank=True)
    heard_at = models.DateTimeField(_("听证完成时间"), null=True)
    heard_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("听证主持人"))
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("决定人"))
    decided_unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("决定单位"))
    taken = models.BooleanField(_("是否处理"), null=True)
    decision = models.CharField(_("决定理由"), max_length=500, blank=True)
    appeal = models.CharField(_("申诉理由"), max_length=500, blank=True)
    appealed_at = models.DateTimeField(_("申诉时间"), null=True)
    appealed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("申诉人"))
    ruled_at = models.DateTimeField(_("裁定时间"), null=True)
    ruled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("裁定人"))
    upheld = models.BooleanField(_("是否维持"), null=True)
    ruling = models.CharField(_("裁定理由"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("机构处理")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["firm"], condition=Q(decided_at__isnull=True), name="measure_one_open"),
            models.CheckConstraint(condition=~Q(text=""), name="measure_has_words"),
            models.CheckConstraint(condition=_DECIDED | _OPEN, name="measure_decided_whole"),
            models.CheckConstraint(condition=_RULED | _UNRULED, name="measure_ruled_whole"),
            # Whoever decided does not rule upon it.
            models.CheckConstraint(
                condition=Q(ruled_by__isnull=True) | ~Q(ruled_by=F("decided_by")), name="measure_ruled_by_another"
            ),
            models.CheckConstraint(
                condition=Q(taken__isnull=True) | Q(taken=False) | Q(kind__in=AT_ONCE) | Q(reason=Reason.OWN)
                | Q(answer_until__isnull=False) & (Q(answered_at__isnull=False) | Q(decided_at__gte=F("answer_until"))),
                name="measure_heard_first",
            ),
            models.CheckConstraint(
                condition=Q(taken__isnull=True) | Q(taken=False) | Q(kind=Kind.STOP) | Q(hearing_asked_at__isnull=True)
                | Q(heard_at__isnull=False),
                name="measure_hearing_held",
            ),
            # Not led by whoever brought it forward (Administrative Penalty Law art. 64).
            models.CheckConstraint(
                condition=Q(heard_by__isnull=True) | ~Q(heard_by=F("noticed_by")), name="measure_heard_by_another"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(kind=Kind.SUSPEND, until__gt=F("noticed_at")),
                name="measure_until_after",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.noticed_at:%Y-%m-%d}"

    @property
    def holds(self) -> bool:
        """Whether it was taken and not set aside on appeal."""
        return bool(self.taken) and self.upheld is not False

    @property
    def adverse(self) -> bool:
        """Whether it takes something from the firm, so that it may be appealed against."""
        return self.kind in AFTER_NOTICE or self.kind == Kind.STOP

    @property
    def by_notice(self) -> bool:
        """Whether the firm is heard before it is decided."""
        return self.kind in AFTER_NOTICE and self.reason != Reason.OWN

    def may_answer(self, at: datetime) -> bool:
        """Whether the firm may answer, or ask for a hearing, at ``at``."""
        open_still = self.decided_at is None or self.kind == Kind.STOP
        return open_still and self.answered_at is None and self.answer_until is not None and at < self.answer_until
