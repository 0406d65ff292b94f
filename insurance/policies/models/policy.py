"""风控保单: what is insured with whom, from when to when, and how much of it the insured has confirmed."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from insurance import money
from responsibility import access, chains
from responsibility.acting import Actor
from responsibility.acts import Scope
from responsibility.models import Territory, Unit, User

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


def later(moment, tail: str, days: int):
    """``moment`` (an expression) and so many ``days`` times what the column ``tail`` counts."""
    span = ExpressionWrapper(F(tail) * Value(timedelta(days=days), DurationField()), output_field=DurationField())
    return ExpressionWrapper(moment + span, output_field=DateTimeField())


def named(actor: Actor) -> set[int]:
    """The ids of the units in which ``actor`` reads policies because they name the unit."""
    return {post.unit_id for post in actor.posts if access.scope("policy.read", post.role) == Scope.NAMED}


def _unconfirmed() -> Q:
    added = Covered.objects.filter(policy=OuterRef("pk"), confirmed_at__isnull=True, until__gt=F("since"))
    longer = Q(confirmed_until__lt=F("ends_at")) | Q(confirmed_tail__lt=F("tail_days"))
    return Q(confirmed_until__isnull=True) | longer | Q(Exists(added))


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

    def confirmed(self):
        """Policies that the insured has confirmed, all of it or a part: without that nobody sees anything by them."""
        return self.filter(confirmed_until__isnull=False)

    def assented(self, at):
        """Policies that run at ``at`` within the period that the insured has confirmed."""
        return self.in_force(at).filter(confirmed_until__gt=at)

    def unconfirmed(self):
        """Policies of which something has not been confirmed: all of it, or what an endorsement added."""
        return self.filter(_unconfirmed())

    def with_word(self):
        """Policies with ``unconfirmed``, and ``edition``, which changes with each endorsement and the cancellation.

        Nothing else of a policy ever changes that the insured assents to.
        """
        made = Endorsement.objects.filter(policy=OuterRef("pk")).order_by().values("policy").annotate(made=Count("pk"))
        return self.annotate(
            edition=1 + Coalesce(Subquery(made.values("made")), 0)
            + Case(When(cancelled_at__isnull=False, then=1), default=0),
            unconfirmed=ExpressionWrapper(_unconfirmed(), output_field=BooleanField()),
        )  # fmt: skip

    def waiting(self, at):
        """Policies that wait for the word of the insured, ``waits_since`` when; until the claim tail has ended."""
        over = Least("ends_at", Coalesce("cancelled_at", "ends_at"))
        found = self.unconfirmed().filter(declined_at__isnull=True)
        found = found.annotate(waits_since=Coalesce("asked_at", "registered_at"), last=later(over, "tail_days", 1))
        return found.filter(last__gt=at)

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
    earlier), at its ``Covered`` objects and places, or at every object of the insured (``whole``). ``premium`` is what
    was agreed; what was received stands in ``Premium``. ``content`` is the SHA-256 of what was registered, by which the
    same is known again.

    Those who carry or broker it see of the insured what happened before ``confirmed_until``, and until
    ``confirmed_tail`` days after that: so far goes the word of the insured, which an endorsement narrows and never
    widens (``assent``). ``asked_at``: since when a widening waits for its word; ``reminded_at``: when it was asked
    again; ``declined_at``: when it said that there is no such policy.
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
    confirmed_until = models.DateTimeField(_("确认的保险期间止"), null=True)
    confirmed_tail = models.PositiveIntegerField(_("确认的索赔期（天）"), null=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("确认人"))
    asked_at = models.DateTimeField(_("扩大承保待确认自"), null=True)
    reminded_at = models.DateTimeField(_("上次提醒确认"), null=True)
    declined_at = models.DateTimeField(_("否认时间"), null=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("否认人"))
    decline_reason = models.CharField(_("否认理由"), max_length=500, blank=True)

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
            models.CheckConstraint(
                condition=Q(
                    confirmed_until__isnull=True,
                    confirmed_tail__isnull=True,
                    confirmed_at__isnull=True,
                    confirmed_by__isnull=True,
                )
                | Q(confirmed_until__lte=F("ends_at"), confirmed_tail__lte=F("tail_days"), confirmed_at__isnull=False)
                & Q(confirmed_by__isnull=False),
                name="policy_confirmed_within",
            ),
            models.CheckConstraint(
                condition=Q(declined_at__isnull=True, declined_by__isnull=True)
                | Q(declined_at__isnull=False, declined_by__isnull=False),
                name="policy_declined_by_one",
            ),
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
        """The end of the claim tail."""
        return self.over_at + timedelta(days=self.tail_days)

    @property
    def confirmed_over(self) -> datetime | None:
        """The first instant that its insurers see nothing of: its end, or that of the insured's word if earlier."""
        return min(self.over_at, self.confirmed_until) if self.confirmed_until else None

    @property
    def shown_until(self) -> datetime | None:
        """Until when its insurers and its broker see what it covers; ``None``: the insured has confirmed nothing."""
        over = self.confirmed_over
        if over is None or self.confirmed_tail is None:
            return None
        return over + timedelta(days=min(self.tail_days, self.confirmed_tail))

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

    Within the period of its policy; an endorsement adds one or ends one. ``confirmed_at``: the word of the insured.
    """

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="covered", verbose_name=_("保单"))
    risk_object = models.ForeignKey(RiskObject, models.PROTECT, null=True, related_name="+", verbose_name=_("监测对象"))
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+", verbose_name=_("属地"))
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"))
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)

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
