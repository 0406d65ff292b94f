"""事故预防费专账: what a policy's insurer may spend on prevention, and what it did spend."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from insurance import money
from insurance.firms.models import Item
from insurance.policies.models import Policy
from insurance.service.models.orders import ServiceOrder
from responsibility.models import Unit, User


class Budget(models.Model):
    """预算: how much of the premium received is for prevention. The newest holds; none is changed.

    The database refuses more than 21 % of what was received (应急〔2025〕27号) and less than was spent.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="budgets", verbose_name=_("保单"))
    amount = money.field(_("预算（元）"))
    reason = models.CharField(_("说明"), max_length=500, blank=True)
    set_at = models.DateTimeField(_("编制时间"))
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("编制人"))

    class Meta:
        verbose_name = verbose_name_plural = _("预防费预算")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="budget_not_negative")]

    def __str__(self) -> str:
        return f"{self.policy} {self.amount}"


class Expense(models.Model):
    """支出: real cost of a service that was done, with its voucher, in yuan. Never changed.

    ``counters``: the entry that this one takes back, whole; its ``amount`` is then negative. ``insurer`` is that of the
    policy, in whose books a voucher stands once.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="expenses", verbose_name=_("保单"))
    insurer = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("保险公司"))
    order = models.ForeignKey(ServiceOrder, models.PROTECT, related_name="expenses", verbose_name=_("委托"))
    item = models.CharField(_("服务事项"), max_length=20, choices=Item)
    amount = money.field(_("金额（元）"))
    voucher = models.CharField(_("凭证号"), max_length=64)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    sha256 = models.CharField(_("凭证文件 SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("字节数"))
    content_type = models.CharField(_("文件类型"), max_length=60)
    path = models.CharField(_("存放位置"), max_length=200)
    counters = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="countered_by", verbose_name=_("冲销")
    )
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    class Meta:
        verbose_name = verbose_name_plural = _("预防费支出")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(counters__isnull=True, amount__gt=0) | Q(counters__isnull=False, amount__lt=0),
                name="expense_signed",
            ),
            models.CheckConstraint(condition=~Q(counters=F("id")), name="expense_counters_another"),
            models.CheckConstraint(condition=~Q(voucher=""), name="expense_has_voucher"),
        ]
        indexes = [
            models.Index(fields=["policy", "-id"], name="expense_of_policy"),
            models.Index(fields=["insurer", "voucher"], name="expense_voucher"),
        ]

    def __str__(self) -> str:
        return f"{self.voucher} {self.amount}"
