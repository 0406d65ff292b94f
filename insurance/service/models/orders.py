"""预防服务: what a firm is asked to do at an insured unit, and the visit that is the record of it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from cases.models.kept import KeptPicture
from insurance.firms.models import Inspector, Item
from insurance.policies.models import Policy, Share
from responsibility import access, acting, chains, clock
from responsibility.acts import Scope
from responsibility.models import Unit, User


class OrderState(models.TextChoices):
    """Where an order is. ``done``: both sides have signed, and it is filed; ``disputed``: the insured would not."""

    ORDERED = "ordered", _("待接受")
    ACCEPTED = "accepted", _("待约定时间")
    AGREED = "agreed", _("已约定")
    VISITED = "visited", _("待被保险人确认")
    DISPUTED = "disputed", _("被保险人有异议")
    DONE = "done", _("已完成")
    DECLINED = "declined", _("已婉拒")
    WITHDRAWN = "withdrawn", _("已撤回")


# Orders that somebody still has to work.
RUNNING = (OrderState.ORDERED, OrderState.ACCEPTED, OrderState.AGREED, OrderState.VISITED, OrderState.DISPUTED)


class Purpose(models.TextChoices):
    """What an order is for: a service of the plan, or to look again at what others put right."""

    SERVICE = "service", _("预防服务")
    RECHECK = "recheck", _("复查核验")


class ServiceOrderQuerySet(models.QuerySet):
    """Orders by who may see them."""

    def visible_to(self, actor: acting.Actor) -> "ServiceOrderQuerySet":
        """The orders that ``actor`` may see: all, or those that name a unit of his;

        Named are who ordered, the firm, the insured, and of its policy, once the insured has confirmed it, the insurers
        and the broker (facts 3.5).
        """
        if access.everywhere(actor, "service.read"):
            return self
        of = [post for post in actor.posts if access.scope("service.read", post.role)]
        outside = {post.unit_id for post in of if access.scope("policy.read", post.role) == Scope.NAMED}
        shared = Share.objects.filter(insurer__in=outside).values("policy")
        return self.filter(
            Q(by_unit__in={post.unit_id for post in of})
            | Q(firm__in={post.unit_id for post in of})
            | Q(insured__in=outside)
            | Q(policy__confirmed_until__isnull=False)
            & (Q(policy__insurer__in=outside) | Q(policy__broker__in=outside) | Q(policy__in=shared))
        )

    def running(self) -> "ServiceOrderQuerySet":
        """Those that somebody still has to work."""
        return self.filter(state__in=RUNNING)

    def to_be_placed(self) -> "ServiceOrderQuerySet":
        """Those that were taken from a firm that was stopped, have not been placed anew, and still can be."""
        running = Q(policy=None) | Q(policy__in=Policy.objects.in_force(clock.now()))
        return self.filter(running, to_place=True, moved_to__isnull=True)


class ServiceOrder(models.Model):
    """服务委托: a firm is asked by ``by_unit`` (an insurer, or a body of the district) to do ``item`` at the insured.

    ``case``: the case that it serves; the firm sees it while the order runs. ``number`` is ``FW-YYYYMMDD-NNNNNN``.
    ``moved_from``: the order that was taken from another firm, ``to_place`` there: it waits to be placed anew. ``goal``
    and ``text`` are what is asked. ``proposed_at`` is the time that ``proposed_by`` (the firm or the insured) named and
    the other side has not agreed to; ``appointed_at`` the one agreed.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    number = models.CharField(_("编号"), max_length=40, unique=True)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="orders", verbose_name=_("保单"))
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name=_("案件"))
    line = models.ForeignKey("PlanLine", models.PROTECT, null=True, related_name="orders", verbose_name=_("方案内容"))
    by_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("委托单位"))
    firm = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("第三方机构"))
    insured = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("被保险人"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"))
    item = models.CharField(_("服务事项"), max_length=20, choices=Item)
    purpose = models.CharField(_("目的"), max_length=10, choices=Purpose, default=Purpose.SERVICE)
    text = models.CharField(_("委托内容"), max_length=500)
    goal = models.CharField(_("目标"), max_length=500, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=OrderState, default=OrderState.ORDERED)
    due_at = models.DateTimeField(_("应完成时间"))
    proposed_at = models.DateTimeField(_("提议时间"), null=True)
    proposed_by = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("提议单位"))
    appointed_at = models.DateTimeField(_("约定时间"), null=True)
    ordered_at = models.DateTimeField(_("委托时间"))
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("委托人"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    reason = models.CharField(_("结束理由"), max_length=500, blank=True)
    moved_from = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="moved_to", verbose_name=_("转自")
    )
    to_place = models.BooleanField(_("待转派"), default=False)

    objects = ServiceOrderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("服务委托")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(firm=F("insured")), name="order_not_for_itself"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, state__in=[s.value for s in RUNNING])
                | Q(ended_at__isnull=False) & ~Q(state__in=[s.value for s in RUNNING]),
                name="service_order_ended_when",
            ),
            models.CheckConstraint(
                condition=Q(proposed_at__isnull=True, proposed_by__isnull=True)
                | Q(proposed_at__isnull=False, proposed_by__isnull=False),
                name="order_proposed_by_one",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(appointed_at__isnull=False),
                name="order_appointed_first",
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "state", "due_at"], name="order_of_firm"),
            models.Index(fields=["insured", "-id"], name="order_of_insured"),
            models.Index(fields=["by_unit", "-id"], name="order_by_unit"),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="order_of_case"),
        ]

    def __str__(self) -> str:
        return self.number


class Visit(models.Model):
    """现场服务记录: one visit, written on the phone. ``sent_as`` is the phone's own name for it: it is taken once.

    ``readings``: ``[{"what", "value", "unit"}]``; ``found``: the dangers as they were told on the spot, ``[{"severity",
    "text", "basis", "advice", "days"}]``. The firm signs by sending it, the insured by ``confirmed_by``; ``refused_at``
    is when the insured would not, for the reason in ``remark``.
    """

    order = models.OneToOneField(ServiceOrder, models.PROTECT, related_name="visit", verbose_name=_("委托"))
    sent_as = models.UUIDField(_("终端编号"), unique=True, default=uuid.uuid4)
    arrived_at = models.DateTimeField(_("到场时间"))
    left_at = models.DateTimeField(_("离场时间"))
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)
    people = models.ManyToManyField(Inspector, related_name="+", verbose_name=_("服务人员"))
    work = models.TextField(_("服务过程"))
    readings = models.JSONField(_("现场读数"), default=list)
    found = models.JSONField(_("发现的隐患"), default=list)
    follow_up = models.TextField(_("后续措施"), blank=True)
    sent_at = models.DateTimeField(_("提交时间"))
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提交人"))
    confirmed_at = models.DateTimeField(_("被保险人确认时间"), null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("确认人"))
    refused_at = models.DateTimeField(_("被保险人异议时间"), null=True)
    remark = models.TextField(_("被保险人意见"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("现场服务记录")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(left_at__gte=F("arrived_at")), name="visit_left_after"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="visit_confirmed_by_one",
            ),
        ]

    def __str__(self) -> str:
        return str(self.order)


class SentPhoto(KeptPicture):
    """收到的照片: a photo that came from a phone before its record, under the record's own name there (``sent_as``).

    The record takes up those that it names; what was sent and then left out stays here.
    """

    order = models.ForeignKey(ServiceOrder, models.PROTECT, related_name="sent_photos", verbose_name=_("委托"))
    sent_as = models.UUIDField(_("终端编号"))
    sent_at = models.DateTimeField(_("收到时间"))
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提交人"))

    class Meta:
        verbose_name = verbose_name_plural = _("收到的照片")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "sent_as", "sha256"], name="sent_photo_once")]


class Photo(KeptPicture):
    """现场照片 of a visit; kept as proofs of a case are (``cases/files.py``)."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="photos", verbose_name=_("记录"))
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("现场照片")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["visit", "sha256"], name="visit_photo_once")]
