"""What the desk keeps for itself: what is searched, saved questions, sealed exports."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import CombinedExpression
from django.utils.translation import gettext_lazy as _

from responsibility import clock
from responsibility.models import User


class Grams(Func):
    """Every two neighbouring signs of a text."""

    function = "bihuan_grams"
    output_field = ArrayField(models.TextField())


class Indexed(models.Model):
    """One entry of the ledger as it is searched; may be made anew from the ledger at any time.

    ``words``: what it says, in small letters. ``keys``: what it is asked for by, each with a letter before it: ``v:``
    verb, ``a:`` id of the actor or of whom the act met, ``p:`` such a name, ``n:`` name of the actor's unit, ``u:``
    code of a unit it speaks of, ``c:`` chain, ``s:`` number of a case, ``m:`` month in UTC. One index answers for both.
    """

    # Not a foreign key: a month of entries may lie in the archive.
    entry = models.BigIntegerField(_("台账条目"), primary_key=True)
    at = models.DateTimeField(_("发生时间"))
    words = models.TextField(_("文字"))
    keys = ArrayField(models.TextField())

    class Meta:
        verbose_name = verbose_name_plural = _("台账检索")
        indexes = [
            models.Index("at", "entry", name="indexed_at"),
            GinIndex(CombinedExpression(Grams("words"), "||", F("keys")), name="indexed_terms"),
        ]

    def __str__(self) -> str:
        return str(self.entry)


class Taken(models.Model):
    """How far along the tree the search has taken entries in. One row."""

    single = models.BooleanField(primary_key=True, default=True)
    position = models.BigIntegerField(_("位置"))

    class Meta:
        verbose_name = verbose_name_plural = _("检索进度")
        constraints = [models.CheckConstraint(condition=Q(single=True), name="taken_one_row")]

    def __str__(self) -> str:
        return str(self.position)


class Question(models.Model):
    """常用检索: a question of the desk under a name; ``query`` is as it stands in the address."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("建立人"))
    name = models.CharField(_("名称"), max_length=60)
    query = models.CharField(_("条件"), max_length=1000)
    shared = models.BooleanField(_("共享"), default=False)
    chain = models.UUIDField(_("闭环链"), unique=True)
    made_at = models.DateTimeField(_("建立时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("常用检索")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="question_once")]

    def __str__(self) -> str:
        return self.name


class Sealed(models.Model):
    """密封导出: what was given to the discipline body, for what, to whom and until when. Append-only.

    The file lies in ``settings.DESK_ROOT`` under the id until it expires; what it is locked with is kept nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("导出人"))
    at = models.DateTimeField(_("导出时间"))
    until = models.DateTimeField(_("有效期至"))
    purpose = models.CharField(_("用途"), max_length=500)
    recipient = models.CharField(_("接收方"), max_length=200)
    cases = models.JSONField(_("案件"), default=list)
    query = models.CharField(_("条件"), max_length=1000, blank=True)
    entries = models.PositiveIntegerField(_("台账条目"))
    sha256 = models.CharField(_("文件摘要"), max_length=64)
    size = models.BigIntegerField(_("字节"))
    chain = models.UUIDField(_("闭环链"), unique=True)

    class Meta:
        verbose_name = verbose_name_plural = _("密封导出")
        ordering = ["-at"]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("at")), name="sealed_ends_after")]

    def __str__(self) -> str:
        return f"{self.recipient} {self.sha256[:16]}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken."""
        return self.until > clock.now()
