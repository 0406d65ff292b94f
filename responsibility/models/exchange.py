"""A file that was brought to be imported, and what became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from responsibility import chains
from responsibility.models.people import User


class UploadState(models.TextChoices):
    """waiting → judged or faulty; judged → applying → applied. What waits and what applies is the worker's queue."""

    WAITING = "waiting", _("等待核对")
    JUDGED = "judged", _("已核对")
    FAULTY = "faulty", _("有差错")
    APPLYING = "applying", _("正在导入")
    APPLIED = "applied", _("已导入")


class Upload(models.Model):
    """上传: one file for one table. ``chain`` is its closed loop in the ledger and its address.

    ``scope`` names the part of the table (the number of an edition), empty for all of it. ``lines`` is about how long
    the file is. ``counts``: ``{"created", "changed", "removed", "unchanged"}``. ``faults``: ``[{"code", "cell",
    "column", "words"}]``, the first of ``fault_count``. ``shown``: the first changes, ``[{"line", "kind", "key",
    "fields": [[column, before, after]]}]``. ``plan`` is the digest of all changes that the dry run found; ``stale``
    tells that the data changed after an earlier one.
    """

    chain = models.UUIDField(_("闭环链"), default=chains.dated, unique=True)
    table = models.CharField(_("表"), max_length=20)
    scope = models.CharField(_("范围"), max_length=20, blank=True)
    file_name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("文件摘要"), max_length=64)
    size = models.PositiveBigIntegerField(_("字节数"))
    lines = models.PositiveIntegerField(_("行数"))
    state = models.CharField(_("状态"), max_length=10, choices=UploadState, default=UploadState.WAITING)
    stale = models.BooleanField(_("数据有变"), default=False)
    counts = models.JSONField(_("结果"), default=dict)
    faults = models.JSONField(_("差错"), default=list)
    fault_count = models.PositiveIntegerField(_("差错数"), default=0)
    shown = models.JSONField(_("变化"), default=list)
    plan = models.CharField(_("变化摘要"), max_length=64, blank=True)
    brought_at = models.DateTimeField(_("上传时间"))
    brought_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    applied_at = models.DateTimeField(_("导入时间"), null=True)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("导入人"))

    class Meta:
        verbose_name = verbose_name_plural = _("上传")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=UploadState.APPLIED, applied_at__isnull=False, fault_count=0)
                | (~Q(state=UploadState.APPLIED) & Q(applied_at__isnull=True)),
                name="upload_applied_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=[UploadState.WAITING, UploadState.APPLYING]),
                name="upload_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_underway(self) -> bool:
        """Whether it waits for the worker, or is in its hands."""
        return self.state in (UploadState.WAITING, UploadState.APPLYING)

    @property
    def effective(self) -> int:
        """How many rows would not stay as they are."""
        return sum(count for kind, count in self.counts.items() if kind != "unchanged")
