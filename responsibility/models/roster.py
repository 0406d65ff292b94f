"""Who is on duty when, and how one hands the duty to the next."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from responsibility.models.district import Unit
from responsibility.models.people import Post, Role, User


class ShiftQuerySet(models.QuerySet):
    """Shifts in the words of the duty room."""

    def visible_to(self, actor, units: dict[int, Unit]):
        """Shifts of the units whose roster the actor may read."""
        from responsibility import access

        return self.filter(unit__in=access.units(actor, "roster.read", units))

    def standing(self, at):
        """Shifts that run at ``at``, of people who hold their post then."""
        held = Q(post__until__isnull=True) | Q(post__until__gt=at)
        return self.filter(held, during__contains=at, post__since__lte=at, user__is_active=True)


class Shift(models.Model):
    """值班: a post on duty from–to, with another post of the same unit as its deputy.

    ``user``, ``unit`` and ``role`` repeat what the post says, held equal by the database, so that it can refuse one
    person twice at once in the same unit and role. ``chain`` is the ledger chain of the unit's roster.
    """

    post = models.ForeignKey(Post, models.PROTECT, related_name="shifts", verbose_name=_("岗位"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("值班人"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("单位"))
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    deputy = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("副班"))
    during = DateTimeRangeField(_("起止"))
    chain = models.UUIDField(_("闭环链"))
    planned_at = models.DateTimeField(_("排班时间"))
    planned_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("排班人"))

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("值班")
        ordering = ["during", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
                name="shift_ends_after",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("post")), name="shift_deputy_is_another"
            ),
            ExclusionConstraint(
                name="shift_once_at_a_time",
                expressions=[
                    (F("user"), RangeOperators.EQUAL),
                    (F("unit"), RangeOperators.EQUAL),
                    (F("role"), RangeOperators.EQUAL),
                    (F("during"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("同一人在同一岗位的同一时段只能排一班。"),
            ),
        ]
        indexes = [GistIndex(fields=["unit", "during"], name="shift_of_unit")]

    def __str__(self) -> str:
        return f"{self.post} {self.during.lower:%Y-%m-%d %H:%M}"


class HandOver(models.Model):
    """交接班: what the one who goes tells the one who comes. Until it is taken, the duty stays where it was."""

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="hand_overs", verbose_name=_("值班"))
    note = models.TextField(_("交班事项"), blank=True)
    handed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("交班人"))
    handed_at = models.DateTimeField(_("交班时间"))
    to = models.ForeignKey(Post, models.PROTECT, related_name="+", verbose_name=_("接班岗位"))
    taken_at = models.DateTimeField(_("接班时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("交接班")
        ordering = ["-handed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shift"], condition=Q(taken_at__isnull=True), name="hand_over_one_open_per_shift"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(taken_at__gte=F("handed_at")), name="hand_over_taken_after"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift} → {self.to}"
