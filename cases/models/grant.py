"""The exception to who sees what: one case shown to one outside unit or person, until a date."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Unit, User


class GrantQuerySet(models.QuerySet):
    """Grants by time."""

    def live(self, at):
        """Grants that open something at the instant ``at``."""
        return self.filter(since__lte=at, until__gt=at).filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at))

    def given_to(self, actor: Actor):
        """Grants to the actor himself, or to a unit in which he holds a post that reads what is granted."""
        whom = Q(unit__in=[post.unit_id for post in actor.posts if access.scope("case.read_granted", post.role)])
        if actor.user is not None and actor.user.pk:
            whom |= Q(user=actor.user.pk)
        return self.filter(whom)


class Grant(models.Model):
    """特别授权: reading one case, for a unit or for a person (an expert, say), from–to, revocable. Never a verb."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="grants", verbose_name=_("案件"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("单位"))
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("人员"))
    reason = models.CharField(_("理由"), max_length=200)
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"))
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("授权人"))
    revoked_at = models.DateTimeField(_("收回时间"), null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("收回人"))

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("特别授权")
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, user__isnull=True) | Q(unit__isnull=True, user__isnull=False),
                name="grant_to_one",
            ),
            models.CheckConstraint(condition=Q(until__gt=models.F("since")), name="grant_ends_after"),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_reason"),
        ]
        indexes = [models.Index(fields=["unit", "until"]), models.Index(fields=["user", "until"])]

    def __str__(self) -> str:
        return f"{self.case} → {self.unit or self.user}"
