"""承保: which case a policy covers, and what of it those who carry it may see."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from insurance.policies.models.policy import Policy, Share, named
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Grade, Territory


class Judgement(models.Model):
    """承保判定: that it was asked which policies cover a case, for the instant ``at`` of its first alert.

    A case without this row is the work list, and so is one that is no longer ``settled``: a policy that may concern it
    has changed since, or it had no place yet. So is one that stands elsewhere by now than ``territory`` and
    ``risk_object``, or has ended or been reopened since. What was found stands in ``Cover``; none there means covered
    by none.
    """

    # Without a constraint in the database, which would lock the case for as long as a batch takes.
    case = models.OneToOneField(Case, models.PROTECT, related_name="+", verbose_name=_("案件"), db_constraint=False)
    at = models.DateTimeField(_("事发时间"))
    judged_at = models.DateTimeField(_("判定时间"))
    settled = models.BooleanField(_("已判定"), default=True)
    ended = models.BooleanField(_("已结束"), default=False)
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, related_name="+", verbose_name=_("属地"), db_constraint=False,
        db_index=False,
    )  # fmt: skip
    risk_object = models.ForeignKey(
        RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"), db_constraint=False,
        db_index=False,
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = _("承保判定")
        indexes = [
            models.Index(fields=["id"], condition=Q(settled=False), name="judgement_unsettled"),
            models.Index(fields=["id"], condition=Q(ended=False), name="judgement_running"),
        ]

    def __str__(self) -> str:
        return str(self.case)


class CoverQuerySet(models.QuerySet):
    """Covers by whom they may be shown to."""

    def shown(self, at):
        """Covers that insurers and brokers of the policy see at ``at``: confirmed by the insured, the tail not over."""
        return self.filter(shown_until__gt=at)

    def visible_to(self, actor: Actor, at):
        """Covers that the actor may read at ``at``: all for the district's desks; insurers and brokers those of their
        policies that the insured has confirmed, until the claim tail ends (facts 3.5); the insured its own."""
        if access.everywhere(actor, "policy.read"):
            return self
        units = named(actor)
        carried = Share.objects.filter(insurer__in=units).values("policy")
        theirs = Q(policy__in=carried) | Q(policy__broker__in=units)
        return self.filter(Q(policy__insured__in=units) | theirs & Q(shown_until__gt=at))


class Cover(models.Model):
    """承保: a policy that covers a case. ``until`` is when the claim tail ends.

    ``shown_until`` is when its insurers and its broker no longer see it, empty where the insured has not confirmed what
    covers it; the sweep and the word of the insured set it (``covering``). ``told_grade`` and ``told_ended`` are what
    its insurers were told of the case last.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("案件"), db_constraint=False)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="covers", verbose_name=_("保单"))
    at = models.DateTimeField(_("事发时间"))
    until = models.DateTimeField(_("索赔期至"))
    shown_until = models.DateTimeField(_("可见至"), null=True)
    found_at = models.DateTimeField(_("判定时间"))
    told_grade = models.CharField(_("已告知颜色"), max_length=6, choices=Grade, blank=True)
    told_ended = models.BooleanField(_("已告知结束"), default=False)

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("承保")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["case", "policy"], name="cover_once")]
        indexes = [
            models.Index(fields=["policy", "shown_until"], name="cover_shown"),
            models.Index(fields=["case"], condition=Q(told_ended=False), name="cover_running"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.policy}"
