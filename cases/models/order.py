"""派单: what the unit in command asks of a supporting unit, and what experts told it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from cases.models.case import Case
from cases.models.clock import Deadline
from cases.models.work import Evidence, EvidenceKind
from responsibility.models import Power, Unit, User


class OrderState(models.TextChoices):
    """Where an order stands. A returned one waits for who gave it, never for a third."""

    GIVEN = "given", _("待签收")
    ACKNOWLEDGED = "acknowledged", _("办理中")
    DONE = "done", _("已办结")
    RETURNED = "returned", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤回")


# What still binds somebody; a mandatory one of these keeps the case from being contained.
PENDING = (OrderState.GIVEN, OrderState.ACKNOWLEDGED, OrderState.RETURNED)


class OrderQuerySet(models.QuerySet):
    """Orders by what they wait for."""

    def open(self):
        """Orders that the supporting unit still owes."""
        return self.filter(state__in=(OrderState.GIVEN, OrderState.ACKNOWLEDGED))

    def binding(self):
        """Mandatory orders that keep the case from being contained, returned ones among them."""
        return self.filter(mandatory=True, state__in=PENDING)


class Order(models.Model):
    """派单: one thing that one unit is to do on the case, with its own answer, clock and proof.

    ``power`` is what is asked of the unit in the words of the authority table, so that nobody is ordered to do what it
    may not. ``minutes`` is the limit written on the order, natural time from the moment it is given; ``clock`` runs for
    it, ``call`` for the answer where the unit had already answered for the case.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="orders", verbose_name=_("案件"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("承办单位"))
    by_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("派单单位"))
    power = models.CharField(_("事项"), max_length=20, choices=Power)
    text = models.CharField(_("要求"), max_length=500)
    mandatory = models.BooleanField(_("必办"), default=True)
    minutes = models.PositiveIntegerField(_("时限（分钟）"))
    wanted = models.CharField(_("所需凭证"), max_length=10, choices=EvidenceKind, blank=True)
    state = FSMField(_("状态"), default=OrderState.GIVEN, choices=OrderState)
    given_at = models.DateTimeField(_("派单时间"))
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("派单人"))
    acknowledged_at = models.DateTimeField(_("签收时间"), null=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("签收人"))
    ended_at = models.DateTimeField(_("办结时间"), null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("办结人"))
    answer = models.CharField(_("办理情况"), max_length=500, blank=True)
    clock = models.OneToOneField(Deadline, models.PROTECT, related_name="order", verbose_name=_("时限"))
    call = models.OneToOneField(Deadline, models.PROTECT, null=True, related_name="called", verbose_name=_("签收时限"))
    proof = models.ManyToManyField(Evidence, related_name="orders", verbose_name=_("处置凭证"))

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("派单")
        ordering = ["given_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="order_says_what"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="order_has_limit"),
            models.CheckConstraint(condition=~Q(unit=models.F("by_unit")), name="order_to_another"),
            models.CheckConstraint(
                condition=~Q(state__in=("returned", "withdrawn")) | ~Q(answer=""), name="order_returned_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("given", "acknowledged"), ended_at__isnull=True)
                | Q(state__in=("done", "returned", "withdrawn"), ended_at__isnull=False),
                name="order_ended_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "given_at"], condition=Q(state__in=("given", "acknowledged")), name="order_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.text[:40]}"

    @property
    def is_open(self) -> bool:
        """Whether the supporting unit still owes it."""
        return self.state in (OrderState.GIVEN, OrderState.ACKNOWLEDGED)

    @transition(state, OrderState.GIVEN, OrderState.ACKNOWLEDGED)
    def acknowledge(self):
        """签收: a named person of the unit has answered."""

    @transition(state, OrderState.ACKNOWLEDGED, OrderState.DONE)
    def finish(self):
        """办结: done, with the proof that was wanted."""

    @transition(state, [OrderState.GIVEN, OrderState.ACKNOWLEDGED], OrderState.RETURNED)
    def give_back(self):
        """退回: back to who gave it, with a reason."""

    @transition(state, list(PENDING), OrderState.WITHDRAWN)
    def withdraw(self):
        """撤回: whoever gave it no longer asks for it."""


class AdviceKind(models.TextChoices):
    """What one expert says, or what they recommend together."""

    ADVICE = "advice", _("专家意见")
    RECOMMENDATION = "recommendation", _("会商结论")


class Advice(models.Model):
    """会商: named advice of one expert, or the collective recommendation that a head of the commanding unit signs.

    ``expert`` names the person, or for a recommendation everybody who joined in it. Facts 1.2: consultation is a legal
    duty where it is needed (Emergency Response Law art. 62).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="advice", verbose_name=_("案件"))
    kind = models.CharField(_("类别"), max_length=20, choices=AdviceKind)
    expert = models.CharField(_("专家"), max_length=200)
    text = models.CharField(_("内容"), max_length=1000)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("记录人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("记录单位"))
    signed_at = models.DateTimeField(_("签发时间"), null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("签发人"))

    class Meta:
        verbose_name = verbose_name_plural = _("会商意见")
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(expert="") & ~Q(text=""), name="advice_is_named"),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | Q(kind="recommendation", signed_at__isnull=False, signed_by__isnull=False),
                name="advice_signed_recommendation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expert} · {self.get_kind_display()}"
