"""What is written down of every file that was received, of whatever room (``cases/files.py`` stores it)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeptFile(models.Model):
    """A received file: its digest, ``size`` in bytes, and where below the room's folder it lies."""

    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("字节数"))
    content_type = models.CharField(_("文件类型"), max_length=60)
    path = models.CharField(_("存放位置"), max_length=200)
    original_name = models.CharField(_("原文件名"), max_length=255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.original_name


class KeptPicture(KeptFile):
    """A received file that may be a photo: when and where it says that it was taken."""

    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)

    class Meta(KeptFile.Meta):
        abstract = True
