"""Who is engaged in a case, what they proved and what they asked."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from responsibility.models import Unit, User
from responsibility.models.matrix import DutyRole


class Answered(models.TextChoices):
    """How a call was answered (叫应). A read mark is none of these."""

    SCREEN = "screen", _("系统签收")
    VOICE = "voice", _("电话叫应")
    IN_PERSON = "in_person", _("当面告知")


class Party(models.Model):
    """责任方: a unit engaged in a case, in a role, from–to, with its own acknowledgement.

    ``due_at`` and ``live`` are the key of the unit's worklist: its own nearest deadline, the case's where it has none
    of its own, and whether the case is open.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="parties", verbose_name=_("案件"))
    # Found by ``party_archive``.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("单位"))
    role = models.CharField(_("责任角色"), max_length=20, choices=DutyRole)
    since = models.DateTimeField(_("介入时间"))
    until = models.DateTimeField(_("退出时间"), null=True)
    acknowledged_at = models.DateTimeField(_("签收时间"), null=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("签收人"))
    answered_by = models.CharField(_("叫应方式"), max_length=10, choices=Answered, blank=True)
    due_at = models.DateTimeField(_("最近时限"), null=True)
    live = models.BooleanField(_("在办"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("责任方")
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(role="lead", until__isnull=True), name="party_one_lead"
            ),
            models.UniqueConstraint(fields=["case", "unit"], condition=Q(until__isnull=True), name="party_unit_once"),
        ]
        indexes = [
            models.Index(fields=["unit", "due_at", "case"], condition=Q(live=True), name="party_worklist"),
            models.Index(fields=["unit", "-case"], name="party_archive"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_role_display()}"


class EvidenceKind(models.TextChoices):
    """What sort of proof a file is."""

    PHOTO = "photo", _("现场照片")
    READING = "reading", _("检测读数")
    DOCUMENT = "document", _("文书")
    VIDEO = "video", _("视频")


class Evidence(models.Model):
    """处置凭证: a file with its hash, place and time. Never changed, never removed."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="evidence", verbose_name=_("案件"))
    kind = models.CharField(_("类别"), max_length=10, choices=EvidenceKind, default=EvidenceKind.PHOTO)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("字节数"))
    content_type = models.CharField(_("文件类型"), max_length=60)
    path = models.CharField(_("存放位置"), max_length=200)
    original_name = models.CharField(_("原文件名"), max_length=255)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("上传单位"))

    class Meta:
        verbose_name = verbose_name_plural = _("处置凭证")
        ordering = ["uploaded_at", "id"]
        constraints = [models.UniqueConstraint(fields=["case", "sha256", "kind"], name="evidence_once")]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


class RequestKind(models.TextChoices):
    """What may be asked of another unit. The last two are asked by the system itself."""

    ESCALATE = "escalate", _("提级")
    EXTEND = "extend", _("延期")
    SUSPEND = "suspend", _("挂账")
    VOID = "void", _("作废")
    RETURN = "return", _("退回")
    DETERMINE = "determine", _("指定")
    REDISPATCH = "redispatch", _("改派")


class ReturnReason(models.TextChoices):
    """退回理由: why a unit says that a case is not its own; design 4.3."""

    OTHER_INDUSTRY = "other_industry", _("不属本行业主管范围")
    OTHER_TERRITORY = "other_territory", _("不在本属地")
    SOURCE_ELSEWHERE = "source_elsewhere", _("源头在他处")
    NO_POWER = "no_power", _("没有相应执法权限")
    LAW_CHANGED = "law_changed", _("职责依据已变更")


class RequestState(models.TextChoices):
    """Whether it has been decided."""

    PENDING = "pending", _("待审批")
    APPROVED = "approved", _("已同意")
    REFUSED = "refused", _("已驳回")
    OVERTAKEN = "overtaken", _("已失效")


class Request(models.Model):
    """请示/申请: something one unit asks another to decide."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests", verbose_name=_("案件"))
    kind = models.CharField(_("类别"), max_length=10, choices=RequestKind)
    reason = models.CharField(_("理由"), max_length=200)
    note = models.TextField(_("说明"), blank=True)
    minutes = models.PositiveIntegerField(_("分钟数"), null=True)
    code = models.CharField(_("退回理由"), max_length=20, choices=ReturnReason, blank=True)
    proposed = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("建议单位"))
    designated = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("指定单位"))
    state = models.CharField(_("状态"), max_length=10, choices=RequestState, default=RequestState.PENDING)
    asked_at = models.DateTimeField(_("申请时间"))
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("申请人"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("申请单位"))
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("审批人"))
    answer = models.TextField(_("审批意见"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("请示")
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(state="pending"), name="request_one_pending_per_kind"
            ),
            models.CheckConstraint(condition=~Q(kind="return") | ~Q(code=""), name="request_return_has_reason"),
            models.CheckConstraint(
                condition=Q(kind__in=["determine", "redispatch"]) | Q(asked_by__isnull=False, unit__isnull=False),
                name="request_asked_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(state="pending"), name="request_pending")]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_kind_display()}"
