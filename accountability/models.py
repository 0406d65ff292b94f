"""What people say about what the record says of them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accountability.drawseed import DrawSeed as DrawSeed
from accountability.rungs import Answer as Answer
from accountability.rungs import Consequence as Consequence
from cases.models import Case
from responsibility.models import Unit, User


class About(models.TextChoices):
    """The finding of which a statement speaks; the duties bear the codes of ``cases.fivefold``."""

    HOLDING = "holding", _("由谁负责")
    LEADER = "leader", _("领导责任")
    TERRITORY = "territory", _("属地责任")
    SUPERVISION = "supervision", _("监管责任")
    LEAD = "lead", _("行业责任")
    BUSINESS = "business", _("业务责任")
    MAIN_BODY = "main_body", _("主体责任")
    OTHERS = "others", _("其他责任方")
    TOLD = "told", _("告知情况")
    SHARE = "share", _("时间占比")


class Statement(models.Model):
    """申诉: what somebody concerned says against a finding on a case. Kept beside it for good, never changed.

    It decides nothing: whoever reads the finding reads it too.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="statements", verbose_name=_("案件"))
    about = models.CharField(_("针对"), max_length=20, choices=About)
    text = models.TextField(_("申诉内容"))
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("申诉人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))

    class Meta:
        verbose_name = verbose_name_plural = _("申诉")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="statement_says_something")]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_about_display()}"


class Outcome(models.TextChoices):
    """What somebody found who looked at a closed case again."""

    SOUND = "sound", _("属实")
    FAULTY = "faulty", _("发现问题")


class Recheck(models.Model):
    """抽查结果: what was found on a case that the draw of a month named. Once for each, never changed."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="rechecks", verbose_name=_("案件"))
    month = models.CharField(_("月份"), max_length=7)
    outcome = models.CharField(_("抽查结果"), max_length=10, choices=Outcome)
    note = models.CharField(_("说明"), max_length=500)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("抽查人"))

    class Meta:
        verbose_name = verbose_name_plural = _("抽查")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "month"], name="recheck_once"),
            models.CheckConstraint(condition=~Q(note=""), name="recheck_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.month}"
