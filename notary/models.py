"""The tree over the ledger, its signed checkpoints, and the keys that verify them. No private key is ever here."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Leaf(models.Model):
    """Which entry of the ledger stands at which place of the tree. Append-only."""

    position = models.BigIntegerField(_("位置"), primary_key=True)
    # Not a foreign key: a month of entries may lie in the archive.
    entry = models.BigIntegerField(_("台账条目"), unique=True)

    class Meta:
        verbose_name = verbose_name_plural = _("存证叶")

    def __str__(self) -> str:
        return f"{self.position}: {self.entry}"


class Tile(models.Model):
    """Up to 256 neighbouring nodes of every eighth level of the tree, 32 bytes each. Only grows to the right."""

    level = models.PositiveSmallIntegerField(_("层"))
    place = models.BigIntegerField(_("序"))
    hashes = models.BinaryField(_("摘要"))

    class Meta:
        verbose_name = verbose_name_plural = _("存证树")
        constraints = [models.UniqueConstraint(fields=["level", "place"], name="tile_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"


class SigningKey(models.Model):
    """The public half of a key of the log. ``since`` and ``until`` are sizes of the tree, the latter excluded."""

    verifier = models.CharField(_("验证公钥"), max_length=300, unique=True)
    since = models.BigIntegerField(_("自"))
    until = models.BigIntegerField(_("至"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("签名密钥")
        constraints = [
            models.UniqueConstraint(fields=["until"], condition=Q(until__isnull=True), nulls_distinct=False,
                                    name="key_one_at_a_time"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.verifier


class Checkpoint(models.Model):
    """The root of the tree at one size, signed. Append-only.

    ``note`` is the signed note as it is given out. ``settled``: every entry with an id up to here is in the tree or
    was rolled back. ``seen`` and ``running_from``: the last id that was drawn and the first transaction that had not
    begun, when this was made; they become the next ``settled`` when all earlier transactions have ended.
    """

    size = models.BigIntegerField(_("条数"), unique=True)
    root = models.BinaryField(_("根"), max_length=32)
    note = models.TextField(_("签名文本"))
    made_at = models.DateTimeField(_("时间"))
    settled = models.BigIntegerField()
    seen = models.BigIntegerField()
    running_from = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("存证点")
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {bytes(self.root).hex()}"
