"""The secret behind the draw of a month, sealed before the month begins."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DrawSeed(models.Model):
    """抽查种子: the commitment to a secret before the month ``begins``, and the secret after it has ended.

    ``secret`` (hex) stays empty when the file that held it was lost. ``size``: the checkpoint up to which cases count.
    ``lines``: what witnesses signed after the month, one line each. Opened once, and otherwise never changed.
    """

    month = models.CharField(_("月份"), max_length=7, unique=True)
    chain = models.UUIDField(unique=True)
    begins = models.DateTimeField(_("月初"))
    commitment = models.CharField(_("承诺"), max_length=64)
    at = models.DateTimeField(_("封存时间"))
    secret = models.CharField(_("秘密"), max_length=64, blank=True)
    size = models.BigIntegerField(_("条数"), null=True)
    lines = models.TextField(_("见证签名"), blank=True)
    opened_at = models.DateTimeField(_("公布时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("抽查种子")
        ordering = ["month"]
        constraints = [
            models.CheckConstraint(condition=Q(at__lt=F("begins")), name="drawseed_sealed_before_the_month"),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, size__isnull=True, secret="", lines="")
                | Q(opened_at__isnull=False, size__isnull=False),
                name="drawseed_opened_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.month
