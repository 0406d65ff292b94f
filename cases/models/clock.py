"""Promises with a time, and the pauses that were granted."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from responsibility.models import Unit, User

# How long a row that could not be swept is left alone.
ASIDE = timedelta(minutes=1)


class DeadlineKind(models.TextChoices):
    """What was promised."""

    TRIAGE = "triage", _("研判")
    ACKNOWLEDGE = "acknowledge", _("签收")
    ARRIVE = "arrive", _("到场")
    CONTAIN = "contain", _("受控")
    MEDIUM_LIMIT = "medium_limit", _("中闭环时限")
    RECTIFY = "rectify", _("整改")
    VERIFY = "verify", _("核查")
    REVIEW = "review", _("挂账复查")
    ARBITRATE = "arbitrate", _("裁定")
    DETERMINE = "determine", _("指定牵头")
    DECIDE = "decide", _("审批")
    RUNG = "rung", _("叫应")
    ORDER_CALL = "order_call", _("签收派单")
    ORDER = "order", _("派单")
    DISPATCH = "dispatch", _("资源到场")
    SITUATION_REPORT = "situation_report", _("情况报告")
    SUPERVISE = "supervise", _("督办回复")


# Each of these belongs to one order, team, request or supervision: a unit may owe several on one case, and they stay
# with it when the case goes to another.
SEVERAL = (
    DeadlineKind.ORDER_CALL, DeadlineKind.ORDER, DeadlineKind.DISPATCH, DeadlineKind.DECIDE, DeadlineKind.SUPERVISE,
)  # fmt: skip


class DeadlineQuerySet(models.QuerySet):
    """Deadlines by what they are doing."""

    def running(self):
        """Not stopped; a missed one keeps running until the thing is done."""
        return self.filter(stopped_at__isnull=True)

    def due(self, now: datetime):
        """Passed at ``now``, not paused, and not yet recorded as missed."""
        return self.running().filter(missed_at__isnull=True, paused_at__isnull=True, due_at__lte=now)

    def deciding(self, units):
        """What ``units`` (ids) were ever asked to decide."""
        return self.filter(kind="decide", unit__in=units)

    def sweepable(self, now: datetime):
        """Due, and not set aside after a failed attempt. A later ``retry_at`` is none of ours and hides nothing."""
        return self.due(now).exclude(retry_at__gt=now, retry_at__lte=now + ASIDE)


class Deadline(models.Model):
    """时限: a promise with a ``due_at``. Overdue is a fact about it, never a state of the case.

    ``provisional`` marks a working-day limit that runs into a year whose calendar is not loaded; ``retry_at`` sets a
    row that could not be swept aside for a while, so that it cannot stop the others. ``level`` is the rung of the call
    ladder, counted from 1; no other clock has one.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="deadlines", verbose_name=_("案件"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("承诺单位"))
    kind = models.CharField(_("类别"), max_length=20, choices=DeadlineKind)
    started_at = models.DateTimeField(_("起算"))
    due_at = models.DateTimeField(_("到期"))
    paused_at = models.DateTimeField(_("暂停于"), null=True)
    stopped_at = models.DateTimeField(_("停止于"), null=True)
    missed_at = models.DateTimeField(_("判定超时于"), null=True)
    retry_at = models.DateTimeField(_("再次判定于"), null=True)
    provisional = models.BooleanField(_("暂定"), default=False)
    level = models.PositiveSmallIntegerField(_("叫应级"), default=0)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("时限")
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "unit"],
                condition=Q(stopped_at__isnull=True) & ~Q(kind__in=[kind.value for kind in SEVERAL]),
                nulls_distinct=False,
                name="deadline_one_running",
            ),
            models.CheckConstraint(condition=Q(due_at__gte=models.F("started_at")), name="deadline_after_start"),
            models.CheckConstraint(
                condition=Q(kind="rung", level__gte=1) | ~Q(kind="rung") & Q(level=0), name="deadline_rung_has_level"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(stopped_at__isnull=True, missed_at__isnull=True, paused_at__isnull=True),
                name="deadline_to_sweep",
            ),
            models.Index(fields=["unit", "case"], condition=Q(kind="decide"), name="deadline_to_decide"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def minutes(self) -> int:
        """How many natural minutes it was given in all."""
        return int((self.due_at - self.started_at).total_seconds() // 60)

    def lamp(self, now: datetime) -> str:
        """``green`` below 80 % of the time used, ``amber`` to 100 %, ``red`` beyond. Source: design 4.5, facts 1.3."""
        at = self.stopped_at or self.paused_at or now
        if self.missed_at or at > self.due_at:
            return "red"
        whole = (self.due_at - self.started_at).total_seconds()
        used = (at - self.started_at).total_seconds()
        return "amber" if used >= 0.8 * whole else "green"


class Pause(models.Model):
    """A time during which a deadline stood still, with who granted it."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="pauses", verbose_name=_("时限"))
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"), null=True)
    ceiling = models.DateTimeField(_("最晚恢复"))
    reason = models.CharField(_("理由"), max_length=200)
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("批准人"))

    class Meta:
        verbose_name = verbose_name_plural = _("暂停")
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(fields=["deadline"], condition=Q(until__isnull=True), name="pause_one_open"),
            models.CheckConstraint(condition=Q(ceiling__gt=models.F("since")), name="pause_has_ceiling"),
        ]


class What(models.TextChoices):
    """What happens to a clock."""

    START = "start", _("起算")
    PAUSE = "pause", _("暂停")
    RESUME = "resume", _("恢复")
    EXTEND = "extend", _("延长")
    HAND_ON = "hand_on", _("移交")
    MISS = "miss", _("超时")
    STOP = "stop", _("停止")


class ClockEvent(models.Model):
    """计时事件: something that happened to a clock. Never changed, never removed; the clock is what they lead to.

    A start has natural ``minutes``, or working ``days`` and ``until`` when they end by the calendar of that day; a
    pause may last ``until`` its ceiling; an extension has ``minutes``. ``unit`` owes the clock from then on.
    """

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="events", verbose_name=_("时限"))
    what = models.CharField(_("事件"), max_length=8, choices=What)
    at = models.DateTimeField(_("时间"))
    minutes = models.FloatField(_("分钟数"), null=True)
    days = models.PositiveSmallIntegerField(_("工作日"), null=True)
    until = models.DateTimeField(_("至"), null=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("单位"))

    class Meta:
        verbose_name = verbose_name_plural = _("计时事件")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(what="start") | Q(minutes__isnull=False) | Q(until__isnull=False),
                name="clock_event_start_ends",
            ),
            models.CheckConstraint(
                condition=~Q(what="extend") | Q(minutes__isnull=False), name="clock_event_extend_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d %H:%M}"
