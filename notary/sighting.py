"""A witness without a key of its own: somebody of an outside body presses a button after he has looked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from responsibility.models import Unit, User


class Sighting(models.Model):
    """账号见证: ``user`` of ``unit`` saw a checkpoint, and the server showed that it continues what he saw before.

    The size and root he saw are kept here once more, so that his next one is checked against them and not against the
    tree. Worth the signature of an account, not of a key. Append-only.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("见证人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    checkpoint = models.ForeignKey(
        "notary.Checkpoint", models.PROTECT, related_name="sightings", verbose_name=_("存证点")
    )
    size = models.BigIntegerField(_("条数"))
    root = models.BinaryField(_("根"), max_length=32)
    since = models.BigIntegerField(_("上次见证"), null=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("账号见证")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "size"], name="sighting_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.size}"
