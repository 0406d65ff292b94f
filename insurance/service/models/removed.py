"""What of the files of this floor went when its period was over (``retention``)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RemovedFile(models.Model):
    """文件清除: that the file of a row went under retention. The row itself, its words and its digest stay.

    ``kind`` is the table of the row, ``row_id`` its id; ``chain`` that on which the entry ``file.remove`` tells of it.
    """

    kind = models.CharField(_("类型"), max_length=30)
    row_id = models.BigIntegerField(_("记录编号"))
    sha256 = models.CharField("SHA-256", max_length=64)
    chain = models.UUIDField(_("闭环链"))
    at = models.DateTimeField(_("清除时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("已清除的文件")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["kind", "row_id"], name="removed_file_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id}"
