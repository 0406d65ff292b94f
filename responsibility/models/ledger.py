"""The accountability ledger's one table. Written through ``responsibility/ledger.py`` only."""

from django.db import models
from django.db.models import BigIntegerField, Func, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from responsibility.models.people import User

# What machines write in masses.
ROUTINE = ("case.open", "alert.joined", "case.escalate", "deadline.missed")


class CurrentTransaction(Func):
    """The id of the writing transaction; the same inside a savepoint."""

    function = "pg_current_xact_id"
    output_field = TextField()


class LedgerEntry(models.Model):
    """台账: what happened, by whom. Append-only by trigger.

    ``at`` is the time of the act, ``recorded_at`` the wall clock of the machine that wrote it down: they part
    only in demo mode. ``seq`` counts from 1 without gaps within ``chain``; ``digest`` covers the entry and the
    digest before it in the same chain. ``xact`` names the writing transaction, so that the database itself can
    see that a changed case has its entry. Texts stand beside keys, because people leave and units are renamed.
    ``salt`` (16 bytes) seals names and words in the digest; once something has been erased, ``salts`` holds what is
    left of it by part, hex, and ``erased`` the digests of the parts that are gone. See ``responsibility/sealing.py``.
    The table is parted by month along ``chain`` (``responsibility/chains.py``).
    """

    chain = models.UUIDField(_("闭环链"))
    seq = models.PositiveIntegerField(_("序号"))
    at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    verb = models.CharField(_("行为"), max_length=40)
    subject_type = models.CharField(_("对象类型"), max_length=40)
    subject_id = models.CharField(_("对象编号"), max_length=64)
    subject_label = models.CharField(_("对象"), max_length=300)
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("行为人"))
    actor_label = models.CharField(_("行为人姓名"), max_length=150)
    unit_label = models.CharField(_("行为人单位"), max_length=200, blank=True)
    post_label = models.CharField(_("行为人岗位"), max_length=100, blank=True)
    before = models.JSONField(_("之前"), default=dict)
    after = models.JSONField(_("之后"), default=dict)
    note = models.TextField(_("说明"), blank=True)
    request_id = models.CharField(_("请求编号"), max_length=64, blank=True)
    previous = models.CharField(_("前一摘要"), max_length=64, blank=True)
    digest = models.CharField(_("摘要"), max_length=64)
    salt = models.BinaryField(_("盐"), max_length=16, null=True, editable=False)
    salts = models.JSONField(_("余盐"), null=True, editable=False)
    erased = models.JSONField(_("已删除部分"), null=True, editable=False)
    xact = models.BigIntegerField(db_default=Cast(Cast(CurrentTransaction(), TextField()), BigIntegerField()))

    class Meta:
        verbose_name = verbose_name_plural = _("台账")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="ledger_chain_seq"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="ledger_seq_from_one"),
        ]
        # Both leave out what machines write in masses: an intake pays for neither, and walking back finds those soon.
        indexes = [
            models.Index(fields=["actor", "id"], condition=Q(actor__isnull=False), name="ledger_by_person"),
            models.Index(fields=["verb", "id"], condition=~Q(verb__in=ROUTINE), name="ledger_rare_verbs"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.seq} {self.verb}"
