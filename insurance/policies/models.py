"""风控保单: what is insured with whom, from when to when, and which case it covers."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases.models import Case
from insurance import money
from responsibility import access, chains
from responsibility.acting import Actor
from responsibility.acts import Scope
from responsibility.models import Grade, Territory, Unit, User

# The claim tail where a policy names none: two years, Insurance Law art. 26.
TAIL_DAYS = 730


class Line(models.TextChoices):
    """险种."""

    SAFETY = "safety", _("安全生产责任险")
    COMPREHENSIVE = "comprehensive", _("城市安全综合保险")
    PUBLIC = "public", _("公众责任险")
    PROPERTY = "property", _("财产险")
    WORKS = "works", _("建筑安装工程险")
    POLLUTION = "pollution", _("环境污染责任险")


def named(actor: Actor) -> set[int]:
    """The ids of the units in which ``actor`` reads policies because they name the unit."""
    return {post.unit_id for post in actor.posts if access.scope("policy.read", post.role) == Scope.NAMED}


class PolicyQuerySet(models.QuerySet):
    """Policies by time and by whom they concern."""

    def in_force(self, at):
        """Policies that run at the instant ``at``: from their first second up to, and without, that of their end."""
        return self.filter(starts_at__lte=at, ends_at__gt=at).filter(
            Q(cancelled_at__isnull=True) | Q(cancelled_at__gt=at)
        )

    def ended(self, at):
        """Policies whose last second, or cancellation, lies before ``at``."""
        return self.filter(Q(ends_at__lte=at) | Q(cancelled_at__lte=at))

    def of_insurers(self, units):
        """Policies that one of ``units`` (ids) carries, alone or with a share."""
        return self.filter(pk__in=Share.objects.filter(insurer__in=units).values("policy"))

    def naming(self, units):
        """Policies that name one of ``units`` (ids): as who carries it, brokers it, or is insured."""
        carried = Q(pk__in=Share.objects.filter(insurer__in=units).values("policy"))
        return self.filter(carried | Q(broker__in=units) | Q(insured__in=units))

    def visible_to(self, actor: Actor):
        """Policies that the actor may read: all for the district's desks, else those that name his unit."""
        if access.everywhere(actor, "policy.read"):
            return self
        return self.naming(named(actor))


class Policy(models.Model):
    """风控保单. ``insurer`` leads where several carry it together (``Share``); amounts are yuan.

    It covers what happens from ``starts_at`` up to, and without, ``ends_at`` (or ``cancelled_at``, where that is
    earlier), at its ``Covered`` objects and places, or at every object of the insured (``whole``). Those who carry it
    see the cases it covers until ``tail_days`` after that end. ``premium`` is what was agreed; what was received
    stands in ``Premium``. ``content`` is the SHA-256 of what was registered, by which the same is known again.
    """

    chain = models.UUIDField(_("闭环链"), unique=True, default=chains.dated, editable=False)
    number = models.CharField(_("保单号"), max_length=64)
    line = models.CharField(_("险种"), max_length=20, choices=Line)
    insurer = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("首席承保人"))
    broker = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("保险经纪"))
    insured = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("被保险人"))
    whole = models.BooleanField(_("承保被保险人全部监测对象"), default=False)
    starts_at = models.DateTimeField(_("保险期间起"))
    ends_at = models.DateTimeField(_("保险期间止"))
    tail_days = models.PositiveIntegerField(_("索赔期（天）"), default=TAIL_DAYS)
    premium = money.field(_("签单保费"))
    limit_total = money.field(_("累计责任限额"))
    limit_each = money.field(_("每次事故责任限额"))
    deductible = money.field(_("每次事故免赔额"), default=money.ZERO)
    fast_limit = money.field(_("快赔限额"), default=money.ZERO)
    renews = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="renewed_by", verbose_name=_("续保自")
    )
    cancelled_at = models.DateTimeField(_("解除时间"), null=True)
    registered_at = models.DateTimeField(_("登记时间"))
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    content = models.CharField(_("登记内容摘要"), max_length=64, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("风控保单")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["insurer", "number"], name="policy_number_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="policy_ends_after"),
            models.CheckConstraint(condition=~Q(insurer=F("insured")), name="policy_not_for_itself"),
            models.CheckConstraint(
                condition=Q(premium__gte=0, limit_total__gt=0, limit_each__gt=0, deductible__gte=0, fast_limit__gte=0)
                & Q(limit_each__lte=F("limit_total"), fast_limit__lte=F("limit_each")),
                name="policy_amounts",
            ),
            models.CheckConstraint(condition=Q(tail_days__lte=3650), name="policy_tail_in_range"),
        ]
        indexes = [models.Index(fields=["insured", "ends_at"], name="policy_of_insured")]

    def __str__(self) -> str:
        return self.number

    @property
    def over_at(self) -> datetime:
        """The first instant that it no longer covers: its end, or its cancellation where that is earlier."""
        return min(self.ends_at, self.cancelled_at or self.ends_at)

    @property
    def seen_until(self) -> datetime:
        """Until when its insurers see what it covers: the end of the claim tail."""
        return self.over_at + timedelta(days=self.tail_days)

    def state(self, at: datetime) -> "Standing":
        """Where it is at ``at``."""
        if self.cancelled_at and self.cancelled_at <= at:
            return Standing.CANCELLED
        if self.ends_at <= at:
            return Standing.ENDED
        return Standing.COMING if at < self.starts_at else Standing.IN_FORCE


class Standing(models.TextChoices):
    """Where a policy is at an instant."""

    COMING = "coming", _("未生效")
    IN_FORCE = "in_force", _("有效")
    ENDED = "ended", _("已到期")
    CANCELLED = "cancelled", _("已解除")


class Share(models.Model):
    """共保份额: who carries a policy, and how much of it, in percent. The shares of a policy are 100 together."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="shares", verbose_name=_("保单"))
    insurer = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("保险公司"))
    percent = models.DecimalField(_("份额（%）"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = _("共保份额")
        ordering = ["-percent", "id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "insurer"], name="share_once"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="share_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.insurer} {self.percent} %"


class Covered(models.Model):
    """承保标的: an object, or a whole street or town, that a policy covers, ``since`` ≤ instant < ``until``.

    Within the period of its policy; an endorsement adds one or ends one.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="covered", verbose_name=_("保单"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"))
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+", verbose_name=_("属地"))
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"))

    class Meta:
        verbose_name = verbose_name_plural = _("承保标的")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(risk_object__isnull=False, territory__isnull=True)
                | Q(risk_object__isnull=True, territory__isnull=False),
                name="covered_is_one",
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="covered_ends_after"),
        ]
        indexes = [
            models.Index(fields=["risk_object", "since", "until"], name="covered_object"),
            models.Index(fields=["territory", "since", "until"], name="covered_territory"),
        ]

    def __str__(self) -> str:
        return str(self.risk_object or self.territory)


class Endorsement(models.Model):
    """批单: a change of a policy from ``effective_at`` on. ``changes``: ``{field: [before, after]}`` in plain texts."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="endorsements", verbose_name=_("保单"))
    number = models.CharField(_("批单号"), max_length=64)
    effective_at = models.DateTimeField(_("生效时间"))
    changes = models.JSONField(_("变更内容"))
    note = models.CharField(_("说明"), max_length=500, blank=True)
    made_at = models.DateTimeField(_("登记时间"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    class Meta:
        verbose_name = verbose_name_plural = _("批单")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="endorsement_once")]

    def __str__(self) -> str:
        return self.number

    @property
    def told(self) -> list[tuple[str, object, object]]:
        """What changed, in the reader's words: name, before, after. Of objects: those ended, those added."""
        names: dict[str, object] = {field.name: field.verbose_name for field in Policy._meta.concrete_fields}
        names |= {"objects": _("承保监测对象"), "territories": _("承保属地")}
        return [
            (str(names[name]), _spoken(name, was), _spoken(name, becomes))
            for name, (was, becomes) in self.changes.items()
        ]


def _spoken(name: str, value: object) -> object:
    """A plain text of the ledger as a reader has it: the instant of ``ends_at`` in local time."""
    if name != "ends_at":
        return value
    return localtime(datetime.fromisoformat(str(value))).strftime("%Y-%m-%d %H:%M:%S")


class Premium(models.Model):
    """实收保费: what came in, or went back (negative), in yuan; ``reference`` is that of the insurer's books."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="premiums", verbose_name=_("保单"))
    amount = money.field(_("金额（元）"))
    received_at = models.DateTimeField(_("到账时间"))
    reference = models.CharField(_("凭证号"), max_length=64)
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))

    class Meta:
        verbose_name = verbose_name_plural = _("实收保费")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "reference"], name="premium_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="premium_some"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.amount}"


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

    def live(self, at):
        """Covers whose claim tail has not ended at ``at``."""
        return self.filter(until__gt=at)

    def visible_to(self, actor: Actor, at):
        """Covers that the actor may read at ``at``: all for the district's desks; insurers and brokers those of their
        policies until the claim tail ends (facts 3.5); the insured those of its own policies."""
        if access.everywhere(actor, "policy.read"):
            return self
        units = named(actor)
        carried = Share.objects.filter(insurer__in=units).values("policy")
        theirs = Q(policy__in=carried) | Q(policy__broker__in=units)
        return self.filter(Q(policy__insured__in=units) | theirs & Q(until__gt=at))


class Cover(models.Model):
    """承保: a policy that covers a case. ``until`` is when the claim tail ends and its insurers no longer see it.

    ``told_grade`` and ``told_ended`` are what its insurers were told of the case last.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("案件"), db_constraint=False)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="covers", verbose_name=_("保单"))
    at = models.DateTimeField(_("事发时间"))
    until = models.DateTimeField(_("可见至"))
    found_at = models.DateTimeField(_("判定时间"))
    told_grade = models.CharField(_("已告知颜色"), max_length=6, choices=Grade, blank=True)
    told_ended = models.BooleanField(_("已告知结束"), default=False)

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("承保")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["case", "policy"], name="cover_once")]
        indexes = [
            models.Index(fields=["policy", "until"], name="cover_of_policy"),
            models.Index(fields=["case"], condition=Q(told_ended=False), name="cover_running"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.policy}"
