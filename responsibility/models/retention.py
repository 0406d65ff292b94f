"""How long what is kept, and what must not go whatever its age."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from responsibility.models.people import User


class Retention(models.Model):
    """保存期限 of one class of data, in days; ``days`` empty: for ever. ``minimum`` is that of the law in ``source``.

    The rows are reference data of a migration; a district changes ``days`` only, and never below the minimum.
    """

    code = models.CharField(_("代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=100)
    minimum = models.PositiveIntegerField(_("法定最短（天）"))
    days = models.PositiveIntegerField(_("保存（天）"), null=True)
    source = models.CharField(_("依据"), max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = _("保存期限")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(days__isnull=True) | Q(days__gte=F("minimum")), name="retention_lawful")
        ]

    def __str__(self) -> str:
        return self.code


class Hold(models.Model):
    """封存: nothing that belongs to ``chain`` goes until the hold is lifted. ``label`` is the number of the case."""

    chain = models.UUIDField(_("闭环链"))
    label = models.CharField(_("编号"), max_length=40)
    reason = models.CharField(_("理由"), max_length=500)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("封存人"))
    at = models.DateTimeField(_("封存时间"))
    lifted_at = models.DateTimeField(_("解除时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("封存")
        constraints = [
            models.UniqueConstraint(fields=["chain"], condition=Q(lifted_at__isnull=True), name="held_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
        ]

    def __str__(self) -> str:
        return self.label
