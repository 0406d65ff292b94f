"""What can go wrong, where, and whose it is."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from responsibility import soundness
from responsibility.models.district import Named, Territory, Unit, by_language
from responsibility.models.edition import Edition


class Scenario(Named):
    """场景: the venue that changes the owner (a drain, a factory, an estate, a refuse station)."""

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("场景")


class EvidenceKind(models.TextChoices):
    """What sort of proof a file is."""

    PHOTO = "photo", _("现场照片")
    READING = "reading", _("检测读数")
    DOCUMENT = "document", _("文书")
    VIDEO = "video", _("视频")


class Category(Named):
    """风险类别: what can go wrong, how it is graded, and how fast it must be answered.

    ``thresholds``: ``{colour: {"value": number or null, "label", "label_en", "source"}}``, compared with
    ``operator`` (``>=``, ``<=``, ``event``, ``external_signal``) in ``unit``.
    ``minutes``: ``{"acknowledge", "arrive", "contain", "small_loop", "medium", "verify", "call_second", "call_leader",
    "call_above"}``, natural minutes; the last three are those of the rungs of the call ladder.
    ``evidence``: kinds of proof without which no case of it is contained or closed.
    ``clear_readings``: how many readings below blue a sensor must give before the case can be closed.
    """

    domain = models.CharField(_("领域"), max_length=50)
    domain_en = models.CharField(_("领域（英文）"), max_length=50, blank=True)
    metric = models.CharField(_("指标"), max_length=200, blank=True)
    metric_en = models.CharField(_("指标（英文）"), max_length=200, blank=True)
    operator = models.CharField(_("比较方式"), max_length=20)
    unit = models.CharField(_("计量单位"), max_length=40, blank=True)
    thresholds = models.JSONField(_("分级阈值"), default=dict)
    minutes = models.JSONField(_("时限（分钟）"), default=dict)
    rectify_days = models.PositiveSmallIntegerField(_("整改时限（工作日）"), null=True, blank=True)
    clear_readings = models.PositiveSmallIntegerField(_("解除所需正常读数"), default=0)
    evidence = models.JSONField(_("必需凭证"), default=list)
    cap_category = models.CharField(_("CAP 类别"), max_length=20, blank=True)
    details = models.JSONField(_("其他资料与来源"), default=dict)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("风险类别")

    def faults(self) -> dict:
        return soundness.of_category(self)

    @property
    def metric_label(self) -> str:
        return by_language(self.metric, self.metric_en)

    @property
    def domain_label(self) -> str:
        return by_language(self.domain, self.domain_en)


class DutyRole(models.TextChoices):
    """The role a unit has in a matrix row or on a case."""

    LEAD = "lead", _("行业主管（牵头）")
    BUSINESS = "business", _("业务主管")
    SUPERVISION = "supervision", _("综合监管")
    SPECIAL = "special", _("专项监管")
    TERRITORY = "territory", _("属地")
    MAIN_BODY = "main_body", _("主体责任")
    LEADER = "leader", _("领导责任")
    SUPPORT = "support", _("协同配合")
    COMMAND = "command", _("指挥")


class Duty(models.Model):
    """职责: one matrix row of one edition. ``unit`` empty on a lead row declares a gap: nobody has been named yet.

    It speaks of one category or of a whole ``domain``. An empty scenario, stage or territory means any; the more
    specific row wins. ``live`` rows are those of published editions: no constraint binds a draft, and nothing changes
    a published row, by trigger.
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="duties", verbose_name=_("清单版本"))
    live = models.BooleanField(_("已发布"), default=False, editable=False)
    domain = models.CharField(_("领域"), max_length=50, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("风险类别"))
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, blank=True, verbose_name=_("场景"))
    stage = models.CharField(_("生命周期阶段"), max_length=40, blank=True)
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, verbose_name=_("属地"))
    role = models.CharField(_("责任角色"), max_length=20, choices=DutyRole)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("责任单位"))
    basis = models.TextField(_("法律依据"), blank=True)
    basis_en = models.TextField(_("法律依据（英文）"), blank=True)
    valid = DateTimeRangeField(_("有效期"))
    source = models.TextField(_("来源"), blank=True)
    note = models.TextField(_("备注"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("职责")
        ordering = ["category", "scenario", "role", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(live=False) | ~Q(basis=""), name="duty_has_basis"),
            models.CheckConstraint(
                condition=Q(category__isnull=False, domain="") | (Q(category__isnull=True) & ~Q(domain="")),
                name="duty_of_category_or_domain",
            ),
            models.CheckConstraint(condition=Q(unit__isnull=False) | Q(role=DutyRole.LEAD), name="duty_gap_is_a_lead"),
            ExclusionConstraint(
                name="duty_one_lead",
                expressions=[
                    (F("edition"), RangeOperators.EQUAL),
                    (Coalesce("category", Value(0)), RangeOperators.EQUAL),
                    (F("domain"), RangeOperators.EQUAL),
                    (Coalesce("scenario", Value(0)), RangeOperators.EQUAL),
                    (Coalesce("territory", Value(0)), RangeOperators.EQUAL),
                    (F("stage"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
                condition=Q(role=DutyRole.LEAD, live=True),
                violation_error_message=_("同一类别、场景、属地与时段只能有一个牵头单位。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.get_role_display()} {self.unit or '—'}"

    @property
    def what(self) -> str:
        """The category or the domain it speaks of."""
        return self.category.label if self.category else self.domain

    @property
    def key(self) -> tuple:
        """What may have one lead only at one instant: ``(category, domain, scenario, stage, territory)``."""
        return (self.category_id, self.domain, self.scenario_id, self.stage, self.territory_id)

    @cached_property
    def span(self) -> DateTimeTZRange:
        """When it speaks: its own validity within that of its edition; a draft's own validity alone."""
        edition = self.edition.valid
        if edition is None:
            return self.valid
        starts = [at for at in (self.valid.lower, edition.lower) if at]
        ends = [at for at in (self.valid.upper, edition.upper) if at]
        start, end = max(starts, default=None), min(ends, default=None)
        return DateTimeTZRange(start, end) if not (start and end) or start < end else DateTimeTZRange(empty=True)

    @property
    def basis_label(self) -> str:
        return by_language(self.basis, self.basis_en)
