"""The tree over the ledger, its signed checkpoints, and the keys that verify them. No private key is ever here."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notary.sighting import Sighting as Sighting
from responsibility.models import Unit


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


class Witness(models.Model):
    """见证方: a party that countersigns checkpoints with a key of its own. ``unit`` sends them in."""

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"))
    verifier = models.CharField(_("验证公钥"), max_length=300, unique=True)
    added_at = models.DateTimeField(_("登记时间"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("见证方")

    def __str__(self) -> str:
        return self.verifier

    @property
    def name(self) -> str:
        """The name that stands on its signatures."""
        return self.verifier.partition("+")[0]


class Cosignature(models.Model):
    """见证: one witness has seen one checkpoint, and that it continues what it had seen before. Append-only.

    ``line`` stands under the note; ``at`` is the time that the witness signed.
    """

    witness = models.ForeignKey(Witness, models.PROTECT, related_name="cosignatures", verbose_name=_("见证方"))
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures", verbose_name=_("存证点"))
    line = models.TextField(_("签名"))
    at = models.DateTimeField(_("签名时间"))
    received_at = models.DateTimeField(_("收到时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("见证")
        ordering = ["checkpoint__size"]
        constraints = [models.UniqueConstraint(fields=["witness", "checkpoint"], name="cosigned_once")]

    def __str__(self) -> str:
        return f"{self.witness_id}: {self.checkpoint_id}"


class Outlet(models.Model):
    """外送: where checkpoints go out of the house. ``url`` is an address as channels of notices have it; a secret.

    ``size`` is the checkpoint that was last taken there. What failed is tried again at ``next_at``.
    """

    label = models.CharField(_("名称"), max_length=100)
    kind = models.CharField(_("方式"), max_length=20)
    url = models.CharField(_("地址"), max_length=1000)
    minutes = models.PositiveIntegerField(_("间隔（分钟）"))
    added_at = models.DateTimeField(_("登记时间"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)
    size = models.BigIntegerField(_("已送至"), default=0)
    sent_at = models.DateTimeField(_("上次送出"), null=True)
    next_at = models.DateTimeField(_("下次"), db_index=True)
    failures = models.PositiveIntegerField(_("连续失败"), default=0)
    error = models.CharField(_("失败原因"), max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("外送")

    def __str__(self) -> str:
        return self.label
