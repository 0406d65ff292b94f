"""一本管理手册: for each category, who does what, how, within which minutes and with which proof."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.translation import gettext_lazy as _

from responsibility import chains
from responsibility.models import Category, EvidenceKind, Grade, Loop, Unit, User
from responsibility.models.district import by_language
from responsibility.models.matrix import DutyRole

if TYPE_CHECKING:
    from responsibility.acting import Actor
    from responsibility.directory import Directory


# How a district file marks what no document stands behind, and what each mark says to a reader.
SOURCES = {
    "own knowledge, unverified": _("自有知识，未经核实"),
    "own knowledge, unverified; doers, minutes, proofs, colours and loops are our own defaults, to be confirmed": _(
        "自有知识，未经核实；执行者、时限、凭证、颜色和闭环层级为本系统默认值，须由主管部门确认"
    ),
}


class VersionState(models.TextChoices):
    """Draft by the owner → laid before the safety committee → published by somebody else."""

    DRAFT = "draft", _("起草")
    SUBMITTED = "submitted", _("送审")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")


class VersionQuerySet(models.QuerySet):
    """Versions by who asks."""

    def open(self):
        """Those that somebody still works on."""
        return self.filter(state__in=(VersionState.DRAFT, VersionState.SUBMITTED))

    def visible_to(self, actor: "Actor", known: "Directory"):
        """What was published, for everybody; the others for their owner and for those who oversee the district."""
        from responsibility import access

        mine = access.units(actor, "handbook.read", known.units)
        return self.filter(Q(state=VersionState.PUBLISHED) | Q(owner__in=mine))


class Version(models.Model):
    """手册版本: steps that come into force together. Of one category one is in force at any instant.

    ``owner`` may edit it: the department that led on the category when it was drawn up. ``valid`` is empty until
    publication; a newer version sets its end. ``origin`` is the digest of the data file that it was read from.
    """

    category = models.ForeignKey(Category, models.PROTECT, related_name="handbooks", verbose_name=_("风险类别"))
    number = models.PositiveIntegerField(_("版次"))
    chain = models.UUIDField(_("闭环链"), default=chains.standing, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=VersionState, default=VersionState.DRAFT)
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("编制单位"))
    source = models.CharField(_("来源"), max_length=500, blank=True)
    origin = models.CharField(_("数据文件摘要"), max_length=64, blank=True)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", verbose_name=_("依据版次"))
    valid = DateTimeRangeField(_("有效期"), null=True)
    drafted_at = models.DateTimeField(_("起草时间"))
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("起草人"))
    submitted_at = models.DateTimeField(_("送审时间"), null=True)
    approved_at = models.DateTimeField(_("发布时间"), null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("核准人"))

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("手册版本")
        ordering = ["category", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["category", "number"], name="handbook_number_once"),
            models.CheckConstraint(
                condition=Q(state="published", valid__isnull=False, approved_at__isnull=False)
                | (~Q(state="published") & Q(valid__isnull=True, approved_at__isnull=True)),
                name="handbook_valid_when_published",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(drafted_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="handbook_approved_by_another",
            ),
            ExclusionConstraint(
                name="handbook_one_in_force",
                expressions=[(F("category"), RangeOperators.EQUAL), (F("valid"), RangeOperators.OVERLAPS)],
                condition=Q(state="published"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category.label}（{self.number}）"

    @property
    def source_label(self) -> str:
        """The source as written; the usual marks of what is unverified in the reader's language."""
        return str(SOURCES.get(self.source, self.source))

    @property
    def is_open(self) -> bool:
        """Whether its steps may be changed."""
        return self.state == VersionState.DRAFT


class Blocks(models.TextChoices):
    """What cannot be pressed before the step is done."""

    CONTAIN = "contain", _("受控")
    CLOSE = "close", _("结案")


class Step(models.Model):
    """One step. No ``grades``: whatever the colour. ``loop``: from which loop on it holds; none lower is released.

    Who does it is a ``role`` of the matrix, found anew on each case, or one ``unit``. ``minutes`` are natural minutes
    from the instant the step holds for the case. ``kin`` is the same for one step in several versions.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="steps", verbose_name=_("手册版本"))
    kin = models.UUIDField(_("同一步骤"), default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField(_("序号"))
    grades = ArrayField(models.CharField(max_length=6, choices=Grade), verbose_name=_("适用颜色"), default=list)
    loop = models.CharField(_("自哪一层闭环起"), max_length=10, choices=Loop, default=Loop.SMALL)
    role = models.CharField(_("责任角色"), max_length=20, choices=DutyRole, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("执行单位"))
    text = models.CharField(_("做什么"), max_length=500)
    text_en = models.CharField(_("做什么（英文）"), max_length=500, blank=True)
    how = models.CharField(_("怎么做"), max_length=1000, blank=True)
    how_en = models.CharField(_("怎么做（英文）"), max_length=1000, blank=True)
    minutes = models.PositiveIntegerField(_("时限（分钟）"), null=True)
    proof = models.CharField(_("须附凭证"), max_length=10, choices=EvidenceKind, blank=True)
    blocks = models.CharField(_("未完成不得"), max_length=10, choices=Blocks, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("手册步骤")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="handbook_step_position", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=~Q(text=""), name="handbook_step_says_what"),
            models.CheckConstraint(condition=Q(role="") | Q(unit__isnull=True), name="handbook_step_one_doer"),
            models.CheckConstraint(condition=Q(grades__contained_by=Grade.values), name="handbook_step_known_colours"),
            models.CheckConstraint(condition=Q(minutes__isnull=True) | Q(minutes__gte=1), name="handbook_step_minutes"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.text[:40]}"

    def holds(self, grade: str, loop: str) -> bool:
        """Whether it holds for a case of this colour that has reached ``loop``."""
        order = Loop.values
        return (not self.grades or grade in self.grades) and order.index(self.loop) <= order.index(loop)

    @property
    def label(self) -> str:
        return by_language(self.text, self.text_en)

    @property
    def how_label(self) -> str:
        return by_language(self.how, self.how_en)

    @property
    def doer_label(self) -> str:
        """The unit or the role; empty where nobody is named."""
        if self.unit:
            return self.unit.label
        return str(DutyRole(self.role).label) if self.role else ""
