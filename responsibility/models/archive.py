"""What of the ledger has gone into files. Written through ``notary/archiving`` only."""

from django.contrib.postgres.fields import BigIntegerRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import Range


class Volume(models.Model):
    """卷: the entries of one month of chains, in a file. ``month`` is its first day, by UTC.

    A month has a further ``number`` when something was told of it after it went; a volume has a further ``revision``
    when words in it were erased. ``checkpoint`` is the size of the tree that covers it. ``restored_at``: its entries
    lie in the database again, and the file is gone.
    """

    month = models.DateField(_("月份"))
    number = models.PositiveSmallIntegerField(_("卷号"))
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.BigIntegerField(_("字节"))
    entries = models.BigIntegerField(_("条数"))
    first_position = models.BigIntegerField(_("首位"))
    last_position = models.BigIntegerField(_("末位"))
    checkpoint = models.BigIntegerField(_("存证点"))
    made_at = models.DateTimeField(_("归档时间"))
    restored_at = models.DateTimeField(_("还原时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("台账卷")
        ordering = ["month", "number"]
        constraints = [
            models.UniqueConstraint(fields=["month", "number"], name="volume_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1, revision__gte=1, entries__gte=1, size__gte=1), name="volume_holds"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Month, number and revision: ``2026-08.1``, after an erasure ``2026-08.1.r2``."""
        return f"{self.month:%Y-%m}.{self.number}" + (f".r{self.revision}" if self.revision > 1 else "")

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return f"ledger-{self.label}.jsonl.gz"


def any_id() -> Range:
    """Of what was archived before ids were kept: it may hold any."""
    return Range(0, None)


class ArchivedChain(models.Model):
    """Where the entries ``first`` to ``seq`` of a chain stand in a volume; ``digest`` is that of the last one.

    ``offset`` and ``length`` tell the bytes of the block, in which there may be other chains too; ``ids`` reaches from
    the smallest to the largest id of the entries, so that one that is asked for by its id is looked for in few blocks.
    """

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="chains", verbose_name=_("台账卷"))
    chain = models.UUIDField(_("闭环链"))
    first = models.PositiveIntegerField(_("首号"))
    seq = models.PositiveIntegerField(_("末号"))
    digest = models.CharField(_("摘要"), max_length=64)
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    ids = BigIntegerRangeField(_("条目编号"), default=any_id)

    class Meta:
        verbose_name = verbose_name_plural = _("已归档链")
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="archived_chain_once"),
            models.CheckConstraint(condition=Q(first__gte=1) & Q(seq__gte=models.F("first")), name="archived_in_order"),
        ]
        indexes = [models.Index(fields=["volume", "offset"]), GistIndex(fields=["ids"], name="archived_ids")]

    def __str__(self) -> str:
        return f"{self.chain} #{self.first}-{self.seq}"


class ArchivedBlock(models.Model):
    """Which entries are in volumes: bit ``id % 32768`` (lowest bit first) of the block ``id // 32768``."""

    WIDTH = 32_768

    place = models.BigIntegerField(_("序"), primary_key=True)
    bits = models.BinaryField(_("位图"))

    class Meta:
        verbose_name = verbose_name_plural = _("归档位图")
