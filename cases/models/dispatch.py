"""调度: what was sent to a case from one station at one time, and what became of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from cases.models.case import Case
from cases.models.clock import Deadline
from resources.models import Resource, Station
from responsibility.models import User


class DispatchState(models.TextChoices):
    """Where it is. What was used up is told by the lines."""

    RESERVED = "reserved", _("已预留")
    EN_ROUTE = "en_route", _("途中")
    ARRIVED = "arrived", _("已到场")
    RELEASED = "released", _("已归还")


OUT = (DispatchState.RESERVED, DispatchState.EN_ROUTE, DispatchState.ARRIVED)


class DispatchQuerySet(models.QuerySet):
    """Dispatches by where they are."""

    def out(self):
        """What still belongs to its case."""
        return self.filter(state__in=OUT)


class Dispatch(models.Model):
    """调度: people, equipment and material of one station that go together, with one arrival clock.

    ``km`` and ``minutes`` are the estimate at the time of sending, empty for a case without a place; ``lat`` and
    ``lon`` (WGS84) where the arrival was recorded.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="dispatches", verbose_name=_("案件"))
    station = models.ForeignKey(Station, models.PROTECT, related_name="+", verbose_name=_("站点"))
    state = FSMField(_("状态"), default=DispatchState.RESERVED, choices=DispatchState)
    clock = models.OneToOneField(Deadline, models.PROTECT, related_name="dispatch", verbose_name=_("到场时限"))
    km = models.FloatField(_("路程（公里）"), null=True)
    minutes = models.FloatField(_("预计行程（分钟）"), null=True)
    approximate = models.BooleanField(_("估算"), default=True)
    sent_at = models.DateTimeField(_("调派时间"))
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("调派人"))
    departed_at = models.DateTimeField(_("出动时间"), null=True)
    arrived_at = models.DateTimeField(_("到场时间"), null=True)
    arrived_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("到场报告人"))
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)
    released_at = models.DateTimeField(_("归还时间"), null=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("归还人"))

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("调度")
        ordering = ["sent_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False)
                | (~Q(state="released") & Q(released_at__isnull=True)),
                name="dispatch_released_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="arrived") | Q(arrived_at__isnull=False), name="dispatch_arrived_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.station} → {self.case}"

    @property
    def is_out(self) -> bool:
        """Whether it still belongs to the case."""
        return self.state in OUT

    @transition(state, DispatchState.RESERVED, DispatchState.EN_ROUTE)
    def depart(self):
        """出动: the crew has answered and is on its way."""

    @transition(state, [DispatchState.RESERVED, DispatchState.EN_ROUTE], DispatchState.ARRIVED)
    def arrive(self):
        """到场: the crew stands there."""

    @transition(state, list(OUT), DispatchState.RELEASED)
    def release(self):
        """归还: what was not used up is free again."""


class DispatchLine(models.Model):
    """One resource of a dispatch: ``quantity`` of it is promised until ``ended_at``, ``used`` of it never came back."""

    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="lines", verbose_name=_("调度"))
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="+", verbose_name=_("应急资源"))
    quantity = models.PositiveIntegerField(_("数量"))
    used = models.PositiveIntegerField(_("消耗"), default=0)
    ended_at = models.DateTimeField(_("归还时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("调度明细")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "resource"], name="dispatch_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="dispatch_line_of_some"),
            models.CheckConstraint(condition=Q(used__lte=F("quantity")), name="dispatch_line_used_of_it"),
            models.CheckConstraint(condition=Q(used=0) | Q(ended_at__isnull=False), name="dispatch_line_used_at_end"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} × {self.quantity}"
