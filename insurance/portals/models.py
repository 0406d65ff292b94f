"""What the portals keep of their own: where data are pushed to, what was pushed, and whom to ring."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from responsibility import chains
from responsibility.models import Unit, User


class Event(models.TextChoices):
    """What a unit's program may be told of. ``claim`` stands for every state that a claim reaches."""

    COVERED = "case.covered", _("案件有了承保")
    CHANGED = "case.changed", _("承保案件的状态或颜色变化")
    TOLD = "finding.told", _("隐患已书面告知")
    MOVED = "finding.changed", _("隐患整改、复查、逾期或转为案件")
    CLOSED = "finding.closed", _("隐患已销号")
    ORDER = "order.changed", _("服务委托状态变化（含因机构被停止而收回）")
    VISITED = "order.visited", _("服务记录已提交")
    CLAIM = "claim", _("理赔状态变化")


# A broker follows states alone (facts 3.5): of findings and visits it is told nothing.
OF_BROKERS = (Event.COVERED, Event.CHANGED, Event.CLAIM)


class Hook(models.Model):
    """数据推送: where a unit's own system is told of what it may see.

    ``secret`` is shown once and kept, because each message is signed with it; once the hook has ended it is gone.
    ``whole``: told with grades and times, as insurers see them; otherwise states alone. ``events``: of ``Event``.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.standing, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    label = models.CharField(_("名称"), max_length=100)
    url = models.CharField(_("地址"), max_length=500)
    secret = models.CharField(_("签名密钥"), max_length=100, blank=True)
    events = models.JSONField(_("事件"), default=list)
    whole = models.BooleanField(_("含颜色和时间"), default=False)
    made_at = models.DateTimeField(_("设置时间"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("设置人"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("数据推送")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) & ~Q(secret="") | Q(ended_at__isnull=False, secret=""),
                name="hook_secret_ends_with_it",
            ),
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="hook_by_https"),
        ]
        indexes = [models.Index(fields=["unit"], condition=Q(ended_at__isnull=True), name="hook_running")]

    def __str__(self) -> str:
        return self.label


class Told(models.Model):
    """已告知: what a hook knows of a thing. Where the thing has become something else, there is news.

    Written when the hook is set up, without telling, so that it begins with what happens from then on.
    """

    hook = models.ForeignKey(Hook, models.CASCADE, related_name="+", verbose_name=_("推送"))
    kind = models.CharField(_("类型"), max_length=10)
    subject = models.BigIntegerField(_("对象编号"))
    said = models.CharField(_("已告知的状态"), max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = _("推送进度")
        constraints = [models.UniqueConstraint(fields=["hook", "kind", "subject"], name="told_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Reminded(models.Model):
    """已提醒: that whoever is concerned was told that a clock of a thing ran out, or is about to, at ``due_at``.

    A clock that is set anew is told anew. Not there: still to be told.
    """

    kind = models.CharField(_("类型"), max_length=30)
    subject = models.BigIntegerField(_("对象编号"))
    due_at = models.DateTimeField(_("时限"))

    class Meta:
        verbose_name = verbose_name_plural = _("到期提醒")
        constraints = [models.UniqueConstraint(fields=["kind", "subject", "due_at"], name="reminded_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class DeliveryState(models.TextChoices):
    """Where a message is."""

    WAITING = "waiting", _("待发送")
    SENT = "sent", _("已送达")
    FAILED = "failed", _("发送失败")


class Delivery(models.Model):
    """推送记录: one message to one hook; the row is the work.

    ``key`` is its name towards the receiver, the same however often it is tried. It is tried at ``try_at``, and no more
    after ``until``. ``answer`` is the HTTP status that came back, ``error`` a word for why it was not taken.
    """

    hook = models.ForeignKey(Hook, models.PROTECT, related_name="deliveries", verbose_name=_("推送"))
    key = models.UUIDField(_("消息编号"), unique=True)
    event = models.CharField(_("事件"), max_length=40)
    subject = models.CharField(_("对象"), max_length=64)
    at = models.DateTimeField(_("发生时间"))
    body = models.JSONField(_("内容"))
    status = models.CharField(_("状态"), max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(_("次数"), default=0)
    try_at = models.DateTimeField(_("下次发送"))
    until = models.DateTimeField(_("重试至"))
    sent_at = models.DateTimeField(_("送达时间"), null=True)
    answer = models.PositiveSmallIntegerField(_("应答"), null=True)
    error = models.CharField(_("失败原因"), max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("推送记录")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["hook", "try_at"], condition=Q(status="waiting"), name="hook_delivery_waiting"),
            models.Index(fields=["hook", "-id"], name="hook_delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject}"


class Contact(models.Model):
    """联系人: whom to ring at a unit, kept by the unit itself.

    The number is shown masked; who looked at the whole of it stands on ``chain``. Removed, it is forgotten.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.standing, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    phone = models.CharField(_("联系电话"), max_length=20, blank=True)
    duty = models.CharField(_("职责"), max_length=60, blank=True)
    kept_at = models.DateTimeField(_("登记时间"))
    kept_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    removed_at = models.DateTimeField(_("移除时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("联系人")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(name="", phone="", duty=""), name="contact_forgotten"
            ),
        ]
        indexes = [models.Index(fields=["unit"], condition=Q(removed_at__isnull=True), name="contact_of_unit")]

    def __str__(self) -> str:
        return str(self.unit)
