"""督办: how somebody who is late, or about to be, is urged; and what he answered."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.clock import Deadline
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Unit, User


class UrgingKind(models.TextChoices):
    """The rungs of urging, the mildest first. Source: facts 2.4; what follows them is no longer software's."""

    REMINDER = "reminder", _("提醒")
    URGE = "urge", _("催办")
    SUPERVISION = "supervision", _("挂牌督办")
    CIRCULAR = "circular", _("通报")


class UrgingQuerySet(models.QuerySet):
    """Urgings by what they wait for, and by who may read them."""

    def listed(self):
        """Supervisions that have not been lifted, nor ended with their drill."""
        return self.filter(kind=UrgingKind.SUPERVISION, lifted_at__isnull=True, case__drill__ended_at__isnull=True)

    def visible_to(self, actor: Actor, units: dict[int, Unit]):
        """Everything for the district's desks; else what was sent to or by the actor's units, and all circulars.

        Nobody outside the administration reads any of it (facts 3.5), and a circular is read by its peers.
        """
        if access.everywhere(actor, "urge.read"):
            return self
        mine = access.units(actor, "urge.read", units)
        if not mine:
            return self.none()
        peers = {units[pk].kind for pk in mine if pk in units}
        circulars = Q(kind=UrgingKind.CIRCULAR, unit__kind__in=peers)
        return self.filter(Q(unit__in=mine) | Q(by_unit__in=mine) | circulars)


class Urging(models.Model):
    """督办: ``unit`` was reminded, urged, put under listed supervision or named in a circular, on one case.

    ``deadline`` is the clock it speaks of and ``due_at`` when that was due, so that an extended clock reminds anew;
    neither where a person urges for a reason of his own. ``by`` is nobody where the clock itself urged. Only a
    supervision has a ``clock`` for its answer, and only it is lifted.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="urgings", verbose_name=_("案件"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("被督办单位"))
    kind = models.CharField(_("类别"), max_length=12, choices=UrgingKind)
    deadline = models.ForeignKey(
        Deadline, models.PROTECT, null=True, related_name="urgings", db_index=False, verbose_name=_("所涉时限")
    )
    due_at = models.DateTimeField(_("该时限到期"), null=True)
    text = models.CharField(_("事由"), max_length=500, blank=True)
    at = models.DateTimeField(_("发出时间"))
    by_unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("发出单位"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("发出人"))
    clock = models.OneToOneField(
        Deadline, models.PROTECT, null=True, related_name="supervision", verbose_name=_("回复时限")
    )
    reply = models.CharField(_("回复"), max_length=500, blank=True)
    replied_at = models.DateTimeField(_("回复时间"), null=True)
    replied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("回复人"))
    lift_note = models.CharField(_("解除理由"), max_length=500, blank=True)
    lifted_at = models.DateTimeField(_("解除时间"), null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("解除人"))

    objects = UrgingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("督办")
        ordering = ["-id"]
        constraints = [
            # However many sweepers run and whoever is killed: a clock urges once of each kind.
            models.UniqueConstraint(
                fields=["deadline", "kind", "due_at"], condition=Q(by__isnull=True), name="urging_once_by_clock"
            ),
            models.UniqueConstraint(
                fields=["case", "unit"],
                condition=Q(kind="supervision", lifted_at__isnull=True),
                name="urging_listed_once",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=True, by_unit__isnull=True, deadline__isnull=False, due_at__isnull=False)
                | Q(by__isnull=False, by_unit__isnull=False) & ~Q(text=""),
                name="urging_says_why",
            ),
            models.CheckConstraint(
                condition=Q(kind="supervision", clock__isnull=False) | ~Q(kind="supervision") & Q(clock__isnull=True),
                name="urging_supervision_has_clock",
            ),
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True, replied_by__isnull=True, reply="")
                | Q(replied_at__isnull=False, replied_by__isnull=False) & ~Q(reply=""),
                name="urging_replied_whole",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_note="")
                | Q(kind="supervision", lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_note=""),
                name="urging_lifted_whole",
            ),
        ]
        indexes = [models.Index(fields=["unit", "-id"], name="urging_of_unit")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_kind_display()}"

    @property
    def number(self) -> str:
        """The number under which a supervision or a circular is quoted: 督〔2026〕17号; a drill says so in front."""
        return f"{'演练' if self.case.drill_id else ''}督〔{self.at.astimezone().year}〕{self.pk}号"

    @property
    def wants_reply(self) -> bool:
        """Whether the unit is asked for words: by a person, or by a supervision. To a clock, the deed is the answer."""
        return self.kind == UrgingKind.SUPERVISION or self.by_id is not None and self.kind != UrgingKind.CIRCULAR

    @property
    def is_listed(self) -> bool:
        """Whether it is a supervision that has not been lifted."""
        return self.kind == UrgingKind.SUPERVISION and self.lifted_at is None
