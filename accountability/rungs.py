"""What follows a finding: reminded, talked to, handed over. It is recorded; what it means is decided elsewhere."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Post, Unit, User


class Rung(models.TextChoices):
    """The rungs that are kept here, the mildest first; 督办 and 通报 between them are urgings of the case."""

    REMINDER = "reminder", _("提醒")
    TALK = "talk", _("约谈")
    HANDOVER = "handover", _("移交")


class Ground(models.TextChoices):
    """To which finding it refers."""

    CASE = "case", _("案件")
    COLLECTIVE = "collective", _("集体失职")
    ENDLESS = "endless", _("大白象")


class ConsequenceQuerySet(models.QuerySet):
    """Consequences by who may read them."""

    def visible_to(self, actor: Actor, units: dict[int, Unit]):
        """All for whoever reads findings across cases; for others those of their own units, or of themselves."""
        if access.everywhere(actor, "consequence.read"):
            return self
        mine = access.units(actor, "consequence.read", units)
        return self.filter(Q(unit__in=mine) | Q(post__user=actor.user))


class Consequence(models.Model):
    """监督措施: ``unit`` (or the holder of ``post`` in it) was reminded, summoned to a talk, or handed over.

    It refers to a ``case``, or to a ``risk`` that never ends (code of its object, or number of its case). ``chain`` is
    where it stands in the ledger: that of the case, or one of its own. ``by_post`` is in which office it was ordered.
    A talk is ordered for ``meets_at`` and recorded when it was held, once. A handing over names the ``body`` that takes
    it and the SHA-256 of each evidence bundle. What was ordered is never deleted; it may be withdrawn, with a reason.
    """

    kind = models.CharField(_("措施"), max_length=12, choices=Rung)
    ground = models.CharField(_("依据事项"), max_length=12, choices=Ground)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="consequences", verbose_name=_("案件"))
    risk = models.CharField(_("风险"), max_length=100, blank=True)
    chain = models.UUIDField(db_index=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("所涉单位"))
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", verbose_name=_("所涉岗位"))
    text = models.CharField(_("事由"), max_length=500)
    basis = models.CharField(_("法规依据"), max_length=200, blank=True)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("决定人"))
    by_post = models.ForeignKey(Post, models.PROTECT, related_name="+", verbose_name=_("决定岗位"))
    meets_at = models.DateTimeField(_("约谈时间"), null=True)
    place = models.CharField(_("约谈地点"), max_length=200, blank=True)
    chair = models.CharField(_("主持人"), max_length=100, blank=True)
    held_at = models.DateTimeField(_("记录时间"), null=True)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("记录人"))
    minutes = models.CharField(_("约谈记录"), max_length=2000, blank=True)
    outcome = models.CharField(_("约谈结果"), max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    path = models.CharField(max_length=200, blank=True)
    body = models.CharField(_("移交给"), max_length=100, blank=True)
    purpose = models.CharField(_("移交目的"), max_length=500, blank=True)
    bundles = models.JSONField(_("移交的证据包"), default=list)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("撤回人"))
    withdraw_note = models.CharField(_("撤回理由"), max_length=500, blank=True)

    objects = ConsequenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("监督措施")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="consequence_says_why"),
            models.CheckConstraint(
                condition=Q(ground="endless", case__isnull=True) & ~Q(risk="")
                | ~Q(ground="endless") & Q(case__isnull=False, risk=""),
                name="consequence_refers_to_one",
            ),
            models.CheckConstraint(
                condition=Q(kind="talk", meets_at__isnull=False) & ~Q(place="") & ~Q(chair="") & ~Q(basis="")
                | ~Q(kind="talk") & Q(meets_at__isnull=True, place="", chair="", held_at__isnull=True),
                name="consequence_talk_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind="handover") & ~Q(body="") & ~Q(purpose="") & ~Q(basis="") & ~Q(bundles=[])
                | ~Q(kind="handover") & Q(body="", purpose="", bundles=[]),
                name="consequence_handover_whole",
            ),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True, held_by__isnull=True, minutes="", outcome="", sha256="")
                | Q(held_at__isnull=False, held_by__isnull=False) & ~Q(outcome="") & ~Q(minutes="", sha256=""),
                name="consequence_held_whole",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdraw_note="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdraw_note=""),
                name="consequence_withdrawn_whole",
            ),
        ]
        indexes = [models.Index(fields=["unit", "-id"], name="consequence_of_unit")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_kind_display()}"

    @property
    def subject(self) -> str:
        """The number of the case, or the name of the risk."""
        return self.case.number if self.case else self.risk


class Answer(models.Model):
    """陈述: what the unit or the person concerned says. It stands beside the consequence for good, never changed."""

    consequence = models.ForeignKey(Consequence, models.PROTECT, related_name="answers", verbose_name=_("监督措施"))
    text = models.CharField(_("陈述内容"), max_length=2000)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("陈述人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))

    class Meta:
        verbose_name = verbose_name_plural = _("陈述")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="answer_says_something")]

    def __str__(self) -> str:
        return f"{self.consequence_id}: {self.unit}"
