"""Who is engaged in a case, what they proved and what they asked."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.kept import KeptPicture
from responsibility.models import Unit, User
from responsibility.models.matrix import DutyRole, EvidenceKind


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


class Evidence(KeptPicture):
    """处置凭证: a file with its hash, place and time. Never changed, never removed.

    The file itself may go when its period is over (``retention``): then ``removed_at`` tells when, with an entry
    ``evidence.remove`` in the chain of the case.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="evidence", verbose_name=_("案件"))
    kind = models.CharField(_("类别"), max_length=10, choices=EvidenceKind, default=EvidenceKind.PHOTO)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("上传单位"))
    removed_at = models.DateTimeField(_("文件清除时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("处置凭证")
        ordering = ["uploaded_at", "id"]
        constraints = [models.UniqueConstraint(fields=["case", "sha256", "kind"], name="evidence_once")]

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


class RequestKind(models.TextChoices):
    """What may be asked of another unit. A determination and a redispatch are asked by the system itself."""

    ESCALATE = "escalate", _("提级")
    EXTEND = "extend", _("延期")
    SUSPEND = "suspend", _("挂账")
    VOID = "void", _("作废")
    RETURN = "return", _("退回")
    DETERMINE = "determine", _("指定")
    REDISPATCH = "redispatch", _("改派")
    STAND_DOWN = "stand_down", _("解除大闭环")
    SHARE = "share", _("授权查阅")


class ReturnReason(models.TextChoices):
    """退回理由: why a unit says that a case is not its own; design 4.3."""

    OTHER_INDUSTRY = "other_industry", _("不属本行业主管范围")
    OTHER_TERRITORY = "other_territory", _("不在本属地")
    SOURCE_ELSEWHERE = "source_elsewhere", _("源头在他处")
    NO_POWER = "no_power", _("没有相应执法权限")
    LAW_CHANGED = "law_changed", _("职责依据已变更")


class Reason(models.TextChoices):
    """理由: why anything else is asked. ``REASONS`` says which fit which kind."""

    BEYOND_POWER = "beyond_power", _("超出本级处置能力")
    SECOND_DEPARTMENT = "second_department", _("需其他部门配合")
    CASUALTIES = "casualties", _("有人员伤亡")
    SPREADING = "spreading", _("险情扩大")
    SITE_CONDITIONS = "site_conditions", _("现场条件所限")
    WAITING_RESOURCES = "waiting_resources", _("人员或设备未到")
    WAITING_PARTS = "waiting_parts", _("待料或待施工")
    SEASON = "season", _("季节或天气所限")
    WAITING_OTHERS = "waiting_others", _("待他方配合")
    FALSE_ALARM = "false_alarm", _("误报")
    DUPLICATE = "duplicate", _("重复立案")
    UNDER_CONTROL = "under_control", _("险情已受控")
    CLAIM = "claim", _("保险理赔")
    EXPERT = "expert", _("专家会商")
    JOINT_WORK = "joint_work", _("联合处置")
    OTHER = "other", _("其他")


REASONS: dict[str, list[ReturnReason] | list[Reason]] = {
    RequestKind.ESCALATE: [
        Reason.BEYOND_POWER, Reason.SECOND_DEPARTMENT, Reason.CASUALTIES, Reason.SPREADING, Reason.OTHER,
    ],
    RequestKind.EXTEND: [Reason.SITE_CONDITIONS, Reason.WAITING_RESOURCES, Reason.WAITING_OTHERS, Reason.OTHER],
    RequestKind.SUSPEND: [Reason.WAITING_PARTS, Reason.SEASON, Reason.WAITING_OTHERS, Reason.OTHER],
    RequestKind.VOID: [Reason.FALSE_ALARM, Reason.DUPLICATE, Reason.OTHER],
    RequestKind.RETURN: list(ReturnReason),
    RequestKind.STAND_DOWN: [Reason.UNDER_CONTROL, Reason.OTHER],
    RequestKind.SHARE: [Reason.CLAIM, Reason.EXPERT, Reason.JOINT_WORK, Reason.OTHER],
}  # fmt: skip


class Decided(models.TextChoices):
    """By what a request was decided: a person, a deputy, the clock (以默认处理), or a rule that asks nobody."""

    PERSON = "person", _("审批人")
    DEPUTY = "deputy", _("代为审批")
    LAPSE = "lapse", _("逾期未批")
    RULE = "rule", _("免予审批")


class RequestState(models.TextChoices):
    """Whether it has been decided."""

    PENDING = "pending", _("待审批")
    APPROVED = "approved", _("已同意")
    REFUSED = "refused", _("已驳回")
    OVERTAKEN = "overtaken", _("已失效")


class Request(models.Model):
    """请示/申请: something one unit asks another to decide.

    ``act`` is the row of the permission table that decides it, ``deadline`` the clock of the decision; a dispute has a
    clock of the case instead. ``appeal_of`` is the refused request that this one takes to arbitration, once.
    ``answers_for``: ``[{"id", "title", "title_en", "person"}]``, the posts that let it lapse, or whose deputy decided.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests", verbose_name=_("案件"))
    kind = models.CharField(_("类别"), max_length=10, choices=RequestKind)
    reason = models.CharField(_("理由"), max_length=200)
    note = models.TextField(_("说明"), blank=True)
    minutes = models.PositiveIntegerField(_("分钟数"), null=True)
    code = models.CharField(_("理由类别"), max_length=20, choices=[*ReturnReason.choices, *Reason.choices], blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+", verbose_name=_("凭证"))
    act = models.CharField(_("审批权限"), max_length=40, blank=True)
    deadline = models.OneToOneField(
        "cases.Deadline", models.PROTECT, null=True, related_name="request", verbose_name=_("审批时限")
    )
    appeal_of = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="appeal", verbose_name=_("申诉所指请示")
    )
    proposed = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("建议单位"))
    designated = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("指定单位"))
    state = models.CharField(_("状态"), max_length=10, choices=RequestState, default=RequestState.PENDING)
    asked_at = models.DateTimeField(_("申请时间"))
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("申请人"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("申请单位"))
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("审批人"))
    decided_how = models.CharField(_("审批方式"), max_length=10, choices=Decided, blank=True)
    answers_for = models.JSONField(_("所代或失职岗位"), default=list)
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
            models.CheckConstraint(
                condition=~Q(decided_how__in=["lapse", "rule"]) | Q(decided_by__isnull=True),
                name="request_lapsed_by_nobody",
            ),
            models.CheckConstraint(condition=~Q(kind="share") | Q(proposed__isnull=False), name="request_share_whom"),
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(state="pending"), name="request_pending")]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_kind_display()}"
