"""理赔: from the notice of a loss to its settlement or refusal, what is paid for it and what comes back."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from cases.models.kept import KeptFile
from insurance import money
from insurance.policies.models import Policy
from responsibility import access, chains
from responsibility.acting import Actor
from responsibility.models import Role, Unit, User


class ClaimState(models.TextChoices):
    """Where a claim is."""

    NOTICED = "noticed", _("已报案")
    ASSESSING = "assessing", _("定损核赔")
    AGREED = "agreed", _("已达成协议")
    SETTLED = "settled", _("已赔付")
    REFUSED = "refused", _("已拒赔")
    WITHDRAWN = "withdrawn", _("已撤回")


ENDED = (ClaimState.SETTLED, ClaimState.REFUSED, ClaimState.WITHDRAWN)


class ClaimQuerySet(models.QuerySet):
    """Claims by whom they concern."""

    def visible_to(self, actor: Actor):
        """Claims that ``actor`` may read: of policies that his unit carries, is insured by or brings; all to auditors.

        That he sees one says nothing of how much of it: see ``seeing.whole``.
        """
        if access.everywhere(actor, "claim.read"):
            return self
        return self.filter(policy__in=Policy.objects.filter(naming(actor, "claim.read")))

    def running(self):
        """Neither settled, refused nor withdrawn."""
        return self.exclude(state__in=ENDED)


def naming(actor: Actor, act: str) -> Q:
    """Policies that name a unit of ``actor`` in the part in which he may do ``act``: carrier, broker or insured."""
    units: dict[str, set[int]] = {}
    for post in actor.posts:
        if access.scope(act, post.role):
            units.setdefault(post.role, set()).add(post.unit_id)
    carried = Policy.objects.of_insurers(units.get(Role.INSURER, set()))
    return (
        Q(pk__in=carried.values("pk"))
        | Q(broker__in=units.get(Role.BROKER, set()))
        | Q(insured__in=units.get(Role.ENTERPRISE, set()))
    )


class Claim(models.Model):
    """理赔 on one policy for one case, in yuan. ``number`` is ``LP-YYYYMMDD-NNNNNN``, ``theirs`` the insurer's.

    ``reserve`` is what the insurer sets aside, ``agreed`` what both sides agreed on, ``committed`` what it takes of the
    limits of its policy at present: what was assessed and not objected to, or paid ahead. ``fast``: within the limit
    that the policy agreed for the fast track.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    number = models.CharField(_("编号"), max_length=40, unique=True)
    theirs = models.CharField(_("保险公司案号"), max_length=64, blank=True)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="claims", verbose_name=_("保单"))
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("案件"))
    claimant = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("报案单位"))
    state = models.CharField(_("状态"), max_length=10, choices=ClaimState, default=ClaimState.NOTICED)
    loss = models.TextField(_("损失情况"))
    estimate = money.field(_("报损金额（元）"), null=True)
    reserve = money.field(_("未决赔款准备金（元）"), default=money.ZERO)
    committed = money.field(_("占用限额（元）"), default=money.ZERO)
    agreed = money.field(_("协议金额（元）"), null=True)
    fast = models.BooleanField(_("快赔"), default=False)
    noticed_at = models.DateTimeField(_("报案时间"))
    noticed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("报案人"))
    ended_at = models.DateTimeField(_("结案时间"), null=True)
    reason = models.CharField(_("理由"), max_length=500, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("理赔")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "case"], condition=~Q(state__in=["withdrawn"]), name="claim_once_a_case"
            ),
            models.CheckConstraint(condition=Q(reserve__gte=0), name="claim_reserve_positive"),
            models.CheckConstraint(condition=Q(committed__gte=0), name="claim_committed_positive"),
            models.CheckConstraint(
                condition=Q(agreed__isnull=True) & ~Q(state__in=["agreed", "settled"])
                | Q(agreed__gte=0, committed=F("agreed"), state__in=["agreed", "settled"]),
                name="claim_agreed_when",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, state__in=[s.value for s in ENDED])
                | Q(ended_at__isnull=True) & ~Q(state__in=[s.value for s in ENDED]),
                name="claim_ended_when",
            ),
        ]
        indexes = [
            models.Index(fields=["case"], name="claim_of_case"),
            models.Index(fields=["policy", "state"], name="claim_of_policy"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.state not in ENDED


class TermKind(models.TextChoices):
    """时限 that the Insurance Law gives the insurer."""

    COMPLETENESS = "completeness", _("答复材料是否齐全")
    ASSESS = "assess", _("核定")
    ADVANCE = "advance", _("先予支付可确定部分")
    PAY = "pay", _("支付赔款")
    REFUSAL = "refusal", _("发出拒赔通知书")


class Term(models.Model):
    """法定时限 of a claim. Late is a fact that is shown, never a state.

    ``held_at``: it stands still since then, because documents that were asked for have not come. ``lapsed``: the claim
    was withdrawn before.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="terms", verbose_name=_("理赔"))
    kind = models.CharField(_("时限"), max_length=12, choices=TermKind)
    started_at = models.DateTimeField(_("起算"))
    due_at = models.DateTimeField(_("到期"))
    held_at = models.DateTimeField(_("中止自"), null=True)
    met_at = models.DateTimeField(_("完成时间"), null=True)
    lapsed = models.BooleanField(_("不再适用"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("理赔时限")
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "kind"], name="term_once"),
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="term_due_after"),
            models.CheckConstraint(condition=Q(held_at__isnull=True) | Q(met_at__isnull=True), name="term_held_or_met"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(met_at__isnull=True), name="term_running")]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def late(self, now: datetime) -> bool:
        """Whether it was met, or still runs, after its end."""
        return not self.lapsed and (self.met_at or self.held_at or now) > self.due_at


class Ask(models.Model):
    """补充材料通知: what the insurer asks for, at once and completely, and so once only (Insurance Law art. 22)."""

    claim = models.OneToOneField(Claim, models.PROTECT, related_name="ask", verbose_name=_("理赔"))
    wanted = models.TextField(_("所需材料"))
    asked_at = models.DateTimeField(_("通知时间"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("通知人"))
    supplied_at = models.DateTimeField(_("补齐时间"), null=True)
    supplied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("补齐人"))

    class Meta:
        verbose_name = verbose_name_plural = _("补充材料通知")
        constraints = [
            models.CheckConstraint(
                condition=Q(supplied_at__isnull=True, supplied_by__isnull=True)
                | Q(supplied_at__isnull=False, supplied_by__isnull=False),
                name="ask_supplied_by",
            )
        ]

    def __str__(self) -> str:
        return str(self.claim)


class Paper(KeptFile):
    """理赔材料: a document that was given; kept as proofs of a case are (``cases/files.py``)."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="papers", verbose_name=_("理赔"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("提交单位"))
    note = models.CharField(_("说明"), max_length=500, blank=True)
    given_at = models.DateTimeField(_("提交时间"))
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提交人"))

    class Meta:
        verbose_name = verbose_name_plural = _("理赔材料")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["claim", "sha256"], name="paper_once")]


class Assessment(models.Model):
    """定损核赔: ``amount`` is the loss as assessed, ``payable`` what of it the policy pays, and what the insured says.

    ``payable`` is the amount less the deductible, within the limits per event and in total.
    """

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="assessments", verbose_name=_("理赔"))
    amount = money.field(_("核定损失（元）"))
    deductible = money.field(_("免赔额（元）"))
    payable = money.field(_("应赔金额（元）"))
    findings = models.TextField(_("核定意见"))
    assessed_at = models.DateTimeField(_("核定时间"))
    assessed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("核定人"))
    agrees = models.BooleanField(_("被保险人同意"), null=True)
    objection = models.CharField(_("异议"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("答复人"))

    class Meta:
        verbose_name = verbose_name_plural = _("核定")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["claim"], condition=Q(agrees__isnull=True), name="assessment_one_open"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, payable__gte=0, payable__lte=F("amount")), name="assessment_amounts"
            ),
            models.CheckConstraint(
                condition=Q(agrees__isnull=True, answered_at__isnull=True)
                | Q(agrees__isnull=False, answered_at__isnull=False),
                name="assessment_answered_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.payable}"


class ReserveChange(models.Model):
    """准备金变动: what the insurer set aside before and after, and why."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="reserves", verbose_name=_("理赔"))
    before = money.field(_("变动前（元）"))
    after = money.field(_("变动后（元）"))
    reason = models.CharField(_("理由"), max_length=500)
    at = models.DateTimeField(_("变动时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("变动人"))

    class Meta:
        verbose_name = verbose_name_plural = _("准备金变动")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(after__gte=0), name="reserve_change_positive")]

    def __str__(self) -> str:
        return f"{self.claim} {self.after}"


class Pursuit(models.Model):
    """追偿: what the insurer, having paid, asks back from a third party that did the harm (Insurance Law art. 60)."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="pursuits", verbose_name=_("理赔"))
    against = models.CharField(_("被追偿人"), max_length=200)
    basis = models.CharField(_("依据"), max_length=500)
    sought = money.field(_("追偿金额（元）"))
    opened_at = models.DateTimeField(_("提起时间"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提起人"))
    ended_at = models.DateTimeField(_("终结时间"), null=True)
    outcome = models.CharField(_("结果"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("追偿")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(sought__gt=0), name="pursuit_some")]

    def __str__(self) -> str:
        return f"{self.claim} {self.against}"


class PaymentKind(models.TextChoices):
    """What an amount of money was."""

    ADVANCE = "advance", _("先予支付")
    INDEMNITY = "indemnity", _("赔款")
    RECOVERY = "recovery", _("追偿收回")


class Payment(models.Model):
    """赔款收付: money that went out, or came back by a ``pursuit``; ``reference`` is that of the insurer's books."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments", verbose_name=_("理赔"))
    kind = models.CharField(_("种类"), max_length=10, choices=PaymentKind)
    pursuit = models.ForeignKey(Pursuit, models.PROTECT, null=True, related_name="payments", verbose_name=_("追偿"))
    amount = money.field(_("金额（元）"))
    paid_at = models.DateTimeField(_("收付时间"))
    reference = models.CharField(_("凭证号"), max_length=64)
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    class Meta:
        verbose_name = verbose_name_plural = _("赔款收付")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "reference"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_some"),
            models.CheckConstraint(
                condition=Q(kind="recovery", pursuit__isnull=False) | ~Q(kind="recovery") & Q(pursuit__isnull=True),
                name="payment_of_pursuit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.amount}"


class Portion(models.Model):
    """共保分摊: what of a payment is one insurer's. ``rounding``: by how much that is more than its exact share."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="portions", verbose_name=_("收付"))
    insurer = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("保险公司"))
    percent = models.DecimalField(_("份额（%）"), max_digits=5, decimal_places=2)
    amount = money.field(_("金额（元）"))
    rounding = models.DecimalField(_("尾差（元）"), max_digits=8, decimal_places=6)

    class Meta:
        verbose_name = verbose_name_plural = _("共保分摊")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "insurer"], name="portion_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="portion_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.insurer} {self.amount}"
