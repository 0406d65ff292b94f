"""The case itself."""

from collections.abc import Collection

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from alerts.models import Drill, RiskObject
from cases.models.machine import ENDED, CaseMachine, State
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.models import Category, Grade, Scenario, Territory, Unit

# Where a danger is not contained yet, and an answer that is owed cannot wait.
RAW = (State.TRIAGE, State.DISPATCHED, State.ACKNOWLEDGED, State.ON_SITE)


class CaseQuerySet(models.QuerySet):
    """Cases in the words of the field."""

    def open(self):
        """Cases that are still worked."""
        return self.exclude(state__in=ENDED)

    def real(self):
        """Cases that are no drill: the only ones that are counted."""
        return self.filter(drill__isnull=True)

    def drills(self):
        """Cases of a drill."""
        return self.filter(drill__isnull=False)

    def shared_with(self, actor: Actor):
        """Cases that a grant opens to the actor now."""
        return self.filter(self._shared(actor))

    def _shared(self, actor: Actor) -> Q:
        from cases.models.grant import Grant

        return Q(pk__in=Grant.objects.live(clock.now()).given_to(actor).values("case"))

    def visible_to(self, actor: Actor, units: dict[int, Unit]):
        """Cases the actor may read: all for the district's own desks, else those of the actor's units.

        A unit sees a case it was ever engaged in or asked to decide on, and a department the cases of its own industry;
        an outsider what was shown to it by a grant that holds now.
        """
        if access.everywhere(actor, "case.read"):
            return self
        return self.filter(self._own(actor, units) | self._shared(actor))

    def read_by(self, actor: Actor, units: dict[int, Unit], asked: Collection[str] = ()):
        """Cases of which the actor may read something: those ``visible_to`` him, and what concerns him as an outsider.

        What of the latter he reads is told field by field in ``cases/outside.py``; by ``asked``, the names of filters,
        he finds only what shows what they ask about. Nothing else is open to him on them.
        """
        from cases import outside

        concerning = outside.concerning(actor, asked)
        seen = self.visible_to(actor, units)
        return seen if access.everywhere(actor, "case.read") else self.filter(Q(pk__in=seen.values("pk")) | concerning)

    def inside_for(self, actor: Actor, units: dict[int, Unit]):
        """Cases that the actor reads by office. Whoever reads by a grant alone is not told how those in office ask,
        order, advise and urge each other (facts 3.5)."""
        return self if access.everywhere(actor, "case.read") else self.filter(self._own(actor, units))

    def _own(self, actor: Actor, units: dict[int, Unit]) -> Q:
        from cases.models.clock import Deadline
        from cases.models.work import Party

        mine = access.units(actor, "case.read", units)
        if not mine:
            return Q(pk__in=[])
        engaged = Party.objects.filter(case=OuterRef("pk"), unit__in=mine)
        return Q(lead__in=mine) | Exists(engaged) | Q(pk__in=Deadline.objects.deciding(mine).values("case"))


class Case(CaseMachine):
    """案件: the work on one danger at one place.

    ``holder`` commands now, ``lead`` answers for the industry (empty = nobody has been named), ``duties`` is the
    copy of the matrix rows it was opened under, ``policy`` the copy of the minutes it was promised. ``due_at`` is
    the nearest running deadline and the order of every worklist. Evidence counts from ``proof_since`` on.
    ``hops`` counts changes of the lead; after a designation nobody may return the case (``no_return``); a second
    owner of the same danger has a case of its own, ``linked_to`` the first. ``drill`` marks what is only practised; its
    clocks run ``speed`` times as fast.
    """

    # Drawn beforehand from ``cases_id``, because parties and clocks of the same batch name it.
    id = models.BigIntegerField(primary_key=True, editable=False)
    number = models.CharField(_("编号"), max_length=40, unique=True)
    chain = models.UUIDField(_("闭环链"), unique=True)
    grade = models.CharField(_("颜色"), max_length=6, choices=Grade)
    grade_rank = models.PositiveSmallIntegerField(_("颜色序"))
    category = models.ForeignKey(Category, models.PROTECT, null=True, verbose_name=_("风险类别"))
    category_code = models.CharField(_("类别代码"), max_length=200)
    scenario = models.ForeignKey(Scenario, models.PROTECT, null=True, verbose_name=_("场景"))
    title = models.CharField(_("标题"), max_length=300)
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, verbose_name=_("属地"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, verbose_name=_("监测对象"))
    object_code = models.CharField(_("对象代码"), max_length=64, blank=True)
    lat = models.FloatField(_("纬度"), null=True)
    lon = models.FloatField(_("经度"), null=True)
    holder = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("当前责任单位"))
    lead = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("牵头单位"))
    duties = models.JSONField(_("责任依据"), default=list)
    policy = models.JSONField(_("时限承诺"), default=dict)
    opened_at = models.DateTimeField(_("发现时间"))
    filed_at = models.DateTimeField(_("立案时间"), null=True)
    contained_at = models.DateTimeField(_("受控时间"), null=True)
    closed_at = models.DateTimeField(_("结案时间"), null=True)
    proof_since = models.DateTimeField(_("凭证起算"))
    last_alert_at = models.DateTimeField(_("最近预警"))
    alert_count = models.PositiveIntegerField(_("预警次数"), default=1)
    rework_count = models.PositiveSmallIntegerField(_("返工次数"), default=0)
    hops = models.PositiveSmallIntegerField(_("改派次数"), default=0)
    no_return = models.BooleanField(_("不得再退回"), default=False)
    linked_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="linked", verbose_name=_("关联案件（同一链族）")
    )
    due_at = models.DateTimeField(_("最近时限"), null=True)
    drill = models.ForeignKey(
        Drill, models.PROTECT, null=True, related_name="cases", db_index=False, verbose_name=_("演练")
    )
    speed = models.PositiveSmallIntegerField(_("倍速"), default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("案件")
        ordering = ["due_at", "id"]
        constraints = [
            # The real danger and that of each drill stand beside each other.
            models.UniqueConstraint(
                fields=["object_code", "category_code", "drill"],
                condition=~Q(object_code="") & ~Q(state__in=[s.value for s in ENDED]),
                nulls_distinct=False,
                name="case_one_open_per_object",
            ),
            models.CheckConstraint(condition=Q(speed=1) | Q(drill__isnull=False), name="case_real_at_real_speed"),
            models.CheckConstraint(
                condition=Q(grade="red", grade_rank=1)
                | Q(grade="orange", grade_rank=2)
                | Q(grade="yellow", grade_rank=3)
                | Q(grade="blue", grade_rank=4),
                name="case_grade_and_rank",
            ),
            models.CheckConstraint(
                condition=Q(state="triage")
                | Q(state="void")
                | Q(holder__isnull=False, territory__isnull=False, filed_at__isnull=False),
                name="case_filed_has_holder",
            ),
            models.CheckConstraint(condition=~Q(state="closed") | Q(closed_at__isnull=False), name="case_closed_when"),
            models.CheckConstraint(condition=~Q(state="suspended", grade="red"), name="case_red_never_suspended"),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=~Q(state__in=[s.value for s in ENDED]), name="case_open_due"
            ),
            models.Index(
                fields=["due_at", "id"], condition=Q(grade="red", state__in=[s.value for s in RAW]), name="case_red_raw"
            ),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            models.Index(fields=["drill"], condition=Q(drill__isnull=False), name="case_of_drill"),
            models.Index(fields=["object_code", "category_code", "-closed_at"], name="case_of_object"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="case_title_words"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    def regrade(self, grade: str) -> None:
        """Set colour and rank together."""
        self.grade, self.grade_rank = grade, Grade(grade).rank
