"""One edition of the responsibility list (责任清单): how it comes to be, and what the units named in it say."""

from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from responsibility import chains
from responsibility.models.district import Unit
from responsibility.models.people import User

if TYPE_CHECKING:
    from responsibility.acting import Actor


class EditionState(models.TextChoices):
    """Draft → comments of all named units → approval → publication; facts 2.3, change control."""

    DRAFT = "draft", _("起草")
    COMMENT = "comment", _("征求意见")
    APPROVED = "approved", _("已核准")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")


class EditionQuerySet(models.QuerySet):
    """Editions by who asks."""

    def visible_to(self, actor: "Actor"):
        """The published editions, and the others too for who draws up, agrees, speaks to it or oversees the district.

        A published one is a public list (Work Safety Law, art. 17).
        """
        from responsibility import access

        return self if access.may(actor, "edition.read") else self.filter(state=EditionState.PUBLISHED)


class Edition(models.Model):
    """清单版本: rows that come into force together. One is in force at any instant; a newer one ends an older.

    ``valid`` is empty until publication. ``accepted_gaps`` are the keys of the gaps that the publisher acknowledged.
    ``origin`` is the digest of the data file that it was read from, empty for one drawn up by people.
    """

    number = models.PositiveIntegerField(_("版次"), unique=True)
    title = models.CharField(_("名称"), max_length=200)
    document = models.CharField(_("文号"), max_length=100, blank=True)
    chain = models.UUIDField(_("闭环链"), default=chains.standing, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=EditionState, default=EditionState.DRAFT)
    valid = DateTimeRangeField(_("有效期"), null=True)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", verbose_name=_("依据版次"))
    accepted_gaps = models.JSONField(_("确认保留的空白"), default=list)
    origin = models.CharField(_("数据文件摘要"), max_length=64, blank=True)
    drafted_at = models.DateTimeField(_("起草时间"))
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("起草人"))
    sent_at = models.DateTimeField(_("征求意见时间"), null=True)
    approved_at = models.DateTimeField(_("核准时间"), null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("核准人"))
    published_at = models.DateTimeField(_("发布时间"), null=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("发布人"))

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("清单版本")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=EditionState.PUBLISHED, valid__isnull=False)
                | (~Q(state=EditionState.PUBLISHED) & Q(valid__isnull=True)),
                name="edition_valid_when_published",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(drafted_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="edition_approved_by_another",
            ),
            ExclusionConstraint(
                name="edition_one_in_force",
                expressions=[(F("valid"), RangeOperators.OVERLAPS)],
                condition=Q(state=EditionState.PUBLISHED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    @property
    def is_open(self) -> bool:
        """Whether its rows may still be changed."""
        return self.state in (EditionState.DRAFT, EditionState.COMMENT)


class Stance(models.TextChoices):
    """What a named unit says to a row."""

    ACCEPT = "accept", _("同意")
    OBJECT = "object", _("有异议")


class Opinion(models.Model):
    """意见: what a unit named in a draft row says to it. The latest word counts; earlier ones stand in the ledger."""

    duty = models.ForeignKey("Duty", models.CASCADE, related_name="opinions", verbose_name=_("职责"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    stance = models.CharField(_("意见"), max_length=10, choices=Stance)
    text = models.CharField(_("理由"), max_length=500, blank=True)
    given_at = models.DateTimeField(_("时间"))
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("提出人"))

    class Meta:
        verbose_name = verbose_name_plural = _("意见")
        ordering = ["given_at"]
        constraints = [
            models.UniqueConstraint(fields=["duty", "unit"], name="opinion_once"),
            models.CheckConstraint(condition=Q(stance=Stance.ACCEPT) | ~Q(text=""), name="opinion_objects_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_stance_display()}"
