"""What is told to whom: the outbox, the inbox, and the ways out of the house."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from responsibility.models import Grade, Post, Unit, User


class Audience(models.TextChoices):
    """Whom of a unit a notice is for."""

    DUTY = "duty", _("当班岗位")
    SECOND = "second", _("第二岗位")
    COMMAND = "command", _("负责人")
    CHECK = "check", _("核查员")


class Fault(models.TextChoices):
    """Why a notice has reached nobody."""

    NOBODY = "nobody", _("无人可通知")
    FAILED = "failed", _("各渠道均发送失败")


class Channel(models.Model):
    """渠道: a way to a unit, or to one post of it, outside the inbox. ``url`` is a secret: it opens somebody's door.

    ``least`` is the palest colour that is told here. Between ``quiet_from`` and ``quiet_until``, local time, everything
    but red waits.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", verbose_name=_("岗位"))
    label = models.CharField(_("名称"), max_length=100)
    kind = models.CharField(_("类型"), max_length=40)
    url = models.CharField(_("地址"), max_length=1000, blank=True)
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")
    least = models.CharField(_("最低颜色"), max_length=6, choices=Grade, default=Grade.BLUE)
    quiet_from = models.TimeField(_("免打扰起"), null=True)
    quiet_until = models.TimeField(_("免打扰止"), null=True)
    added_at = models.DateTimeField(_("设置时间"))
    removed_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通知渠道")
        ordering = ["unit", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="channel_quiet_from_until",
            ),
            # A secret that is no longer used is no longer kept.
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) & ~Q(url="") | Q(removed_at__isnull=False, url=""),
                name="channel_secret_ends_with_it",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Notice(models.Model):
    """通知: one act that a unit is to be told of, written in the transaction of the act. The row is the work.

    ``event`` is the verb of the ledger, ``words`` what its sentence needs; ``post`` is set where one named post is
    called. ``addressed_at`` is empty until people have been found for it; ``fault`` says why it has reached nobody.
    """

    event = models.CharField(_("事项"), max_length=40)
    chain = models.UUIDField(_("闭环链"), null=True)
    subject = models.CharField(_("编号"), max_length=40, blank=True)
    title = models.CharField(_("标题"), max_length=300, blank=True)
    path = models.CharField(_("页面"), max_length=200, blank=True)
    grade = models.CharField(_("颜色"), max_length=6, choices=Grade)
    words = models.JSONField(_("内容"), default=dict)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"), db_index=False)
    audience = models.CharField(_("对象"), max_length=10, choices=Audience)
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", verbose_name=_("岗位"), db_index=False)
    at = models.DateTimeField(_("时间"))
    drill = models.BooleanField(_("演练"), default=False)
    addressed_at = models.DateTimeField(_("分发时间"), null=True)
    fault = models.CharField(_("未送达原因"), max_length=10, choices=Fault, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通知")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(addressed_at__isnull=True), name="notice_to_address"),
            models.Index(fields=["at"], condition=~Q(fault=""), name="notice_faulty"),
            models.Index(fields=["chain"], condition=Q(chain__isnull=False), name="notice_of_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.event}"


class Message(models.Model):
    """消息: what one person, or the common channels of a unit, are told at once, however many notices it holds.

    ``grade_rank`` is that of the gravest. Reading it is not answering.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"), db_index=False)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("人员"))
    at = models.DateTimeField(_("时间"))
    grade_rank = models.PositiveSmallIntegerField(_("颜色序"))
    count = models.PositiveIntegerField(_("条数"))
    drill = models.BooleanField(_("演练"), default=False)
    read_at = models.DateTimeField(_("阅读时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("消息")
        ordering = ["-id"]
        indexes = [models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="message_unread")]

    def __str__(self) -> str:
        return f"{self.person or self.unit} {self.at:%Y-%m-%d %H:%M}"


class Line(models.Model):
    """One notice in one message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="lines", verbose_name=_("消息"))
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="lines", verbose_name=_("通知"))

    class Meta:
        verbose_name = verbose_name_plural = _("消息内容")
        ordering = ["id"]


class DeliveryState(models.TextChoices):
    """How far a delivery has come."""

    WAITING = "waiting", _("待发送")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("发送失败")


class Delivery(models.Model):
    """投递: a message on its way through one channel; tried at ``try_at`` and again until it is sent or given up."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries", verbose_name=_("消息"))
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="deliveries", verbose_name=_("渠道"))
    status = models.CharField(_("状态"), max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("尝试次数"), default=0)
    try_at = models.DateTimeField(_("下次尝试"))
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    error = models.CharField(_("原因"), max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("投递")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once"),
            models.CheckConstraint(condition=~Q(status="sent") | Q(sent_at__isnull=False), name="delivery_sent_when"),
        ]
        indexes = [models.Index(fields=["try_at"], condition=Q(status="waiting"), name="delivery_waiting")]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.channel}"
