"""隐患: what was found at an insured unit, until somebody other than whoever put it right has looked again."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models.kept import KeptPicture
from insurance.service.models import ServiceOrder
from responsibility import chains
from responsibility.acting import Actor
from responsibility.models import Category, Territory, Unit, User


class Severity(models.TextChoices):
    """隐患分级: Work Safety Law art. 41."""

    GENERAL = "general", _("一般隐患")
    MAJOR = "major", _("重大隐患")


class FoundBy(models.TextChoices):
    """How it was found."""

    VISIT = "visit", _("第三方服务")
    INSURER = "insurer", _("保险公司查勘")
    SELF = "self", _("企业自查")


class FindingState(models.TextChoices):
    """Where it is. Only a body of the district closes it."""

    OPEN = "open", _("待整改")
    RECTIFIED = "rectified", _("待复查")
    CLOSED = "closed", _("已销号")


class FindingQuerySet(models.QuerySet):
    """Findings by who asks and by what is asked of them."""

    def visible_to(self, actor: Actor, units: dict[int, Unit]):
        """Those that ``actor`` may read (facts 3.5): each outsider its own, those in office their own streets and
        industries, the district's desks all."""
        # Here, because it asks these models.
        from insurance.findings import scoping

        return self.filter(scoping.findings(actor, units))

    def overdue(self, now: datetime):
        """Not put right, and the last second of its term is over at ``now``."""
        return self.filter(state=FindingState.OPEN, due_at__lte=now)

    def unraised(self, now: datetime):
        """What is to become an alert and has not: major ones at once, others when they are overdue."""
        wanted = Q(severity=Severity.MAJOR) | Q(state=FindingState.OPEN, due_at__lte=now)
        return self.filter(wanted, external_id="").exclude(state=FindingState.CLOSED)


class Finding(models.Model):
    """隐患. ``found_by_unit`` found it, ``insured`` has to put it right until ``due_at``, and was told in writing.

    ``external_id`` is how it was called as an alert, once it became one, ``case_number`` what came of that.
    ``worked_by`` is the unit that did the work: neither it nor who found it for its own client looks again. Proofs and
    re-inspections count from ``proof_since`` on, which is set anew when the work is sent back.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    number = models.CharField(_("编号"), max_length=40, unique=True)
    order = models.ForeignKey(ServiceOrder, models.PROTECT, null=True, related_name="findings", verbose_name=_("委托"))
    how = models.CharField(_("来源"), max_length=10, choices=FoundBy)
    found_by_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("发现单位"))
    found_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("发现人"))
    insured = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("整改单位"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"))
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+", verbose_name=_("属地"))
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+", verbose_name=_("风险类别"))
    severity = models.CharField(_("隐患等级"), max_length=10, choices=Severity)
    text = models.TextField(_("隐患内容"))
    basis = models.CharField(_("依据"), max_length=300, blank=True)
    advice = models.TextField(_("整改建议"), blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=FindingState, default=FindingState.OPEN)
    found_at = models.DateTimeField(_("发现时间"))
    told_at = models.DateTimeField(_("书面告知时间"))
    due_at = models.DateTimeField(_("整改期限"))
    proof_since = models.DateTimeField(_("凭证起算"))
    rectified_at = models.DateTimeField(_("整改完成时间"), null=True)
    rectified_note = models.CharField(_("整改情况"), max_length=500, blank=True)
    rectified_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("整改填报人"))
    worked_by = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("整改施工单位"))
    closed_at = models.DateTimeField(_("销号时间"), null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("销号人"))
    external_id = models.CharField(_("预警编号"), max_length=200, blank=True)
    case_number = models.CharField(_("案件编号"), max_length=40, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("隐患")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("told_at")), name="finding_due_after"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False, closed_by__isnull=False)
                | ~Q(state="closed") & Q(closed_at__isnull=True, closed_by__isnull=True),
                name="finding_closed_when",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(rectified_at__isnull=False), name="finding_rectified_first"
            ),
            models.CheckConstraint(
                condition=Q(rectified_at__isnull=True, worked_by__isnull=True)
                | Q(rectified_at__isnull=False, worked_by__isnull=False),
                name="finding_worked_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["insured", "state", "due_at"], name="finding_of_insured"),
            models.Index(fields=["found_by_unit", "-id"], name="finding_of_finder"),
            models.Index(fields=["due_at"], condition=~Q(state="closed"), name="finding_running"),
            models.Index(fields=["due_at", "id"], condition=Q(external_id=""), name="finding_unraised"),
            models.Index(fields=["risk_object", "found_at"], name="finding_of_object"),
            models.Index(fields=["territory", "-id"], name="finding_of_territory"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_overdue(self, now: datetime) -> bool:
        """Whether its term ran out before it was put right; the instant of ``due_at`` is over already."""
        return self.state == FindingState.OPEN and self.due_at <= now


class File(KeptPicture):
    """A received file, kept as proofs of a case are (``cases/files.py``), under ``keeping.ROOT``."""

    uploaded_at = models.DateTimeField(_("提交时间"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提交人"))

    class Meta:
        abstract = True


class Proof(File):
    """整改凭证: a photo or a document that shows the work on a finding."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="proofs", verbose_name=_("隐患"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("提交单位"))
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("整改凭证")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["finding", "sha256"], name="finding_proof_once")]


class Recheck(models.Model):
    """隐患复查: somebody else looked again. ``genuine``: there had been a danger as it was told.

    Not ``passed``: the work is sent back, with ``note`` as the reason.
    """

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="rechecks", verbose_name=_("隐患"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("复查单位"))
    passed = models.BooleanField(_("复查合格"))
    genuine = models.BooleanField(_("隐患属实"), default=True)
    note = models.CharField(_("复查意见"), max_length=500, blank=True)
    at = models.DateTimeField(_("复查时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("复查人"))

    class Meta:
        verbose_name = verbose_name_plural = _("隐患复查")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(passed=True) | ~Q(note=""), name="recheck_sent_back_with_reason")
        ]
        indexes = [models.Index(fields=["unit", "at"], name="recheck_of_unit")]

    def __str__(self) -> str:
        return f"{self.finding} {self.at:%Y-%m-%d}"
