"""定价参考: what happened at an object while an insurer carried it, beside its class.

What is told of the class is told of the other objects of the same category together, without those that the insurer
carries and can count for itself, and not at all where fewer than five objects, or five of what is counted, stand behind
a number. Counted is what fell into the spans of cover, for the object and for its class alike.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from statistics import median

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.timezone import localdate

from alerts.models import Alert, RiskObject
from cases.models import Case, State
from insurance import money
from insurance.claims.models import Payment, PaymentKind
from insurance.findings.models import Finding, FindingState
from insurance.policies.models import Covered, Policy
from responsibility import clock
from responsibility.acting import Actor
from responsibility.models import Role

# The insurer's act of reading figures of the district.
ACT = "outside.figures"
FEW = 5
# Months that are drawn; figures go back to the start of the first policy.
MONTHS = 24
# An instant, and the first that is no longer in it.
Span = tuple[datetime, datetime]
GRADES = ("red", "orange", "yellow", "blue")


@dataclass(frozen=True)
class Month:
    """Alerts of the object in one month by grade, and of other objects of its class for each; ``None`` is hidden."""

    first: str
    grades: dict[str, int]
    elsewhere: float | None

    @property
    def total(self) -> int:
        return sum(self.grades.values())


@dataclass(frozen=True)
class Figures:
    """Counts and medians, minutes to containment, days to the end of rectification; ``None``: hidden or nothing yet."""

    objects: int | None
    alerts: float | None
    cases: float | None
    contained_minutes: float | None
    closed_days: float | None


@dataclass(frozen=True)
class History:
    """``own`` is the object, ``others`` one other object of its class on the average."""

    thing: RiskObject
    policies: list[Policy]
    since: datetime
    until: datetime
    months: list[Month]
    own: Figures
    others: Figures
    findings_open: int
    findings_closed: int
    rectified_days: float | None
    paid: Decimal
    claims: int

    @property
    def policy_numbers(self) -> list[str]:
        return [policy.number for policy in self.policies]


def of(actor: Actor, code: str) -> History | None:
    """The history of the object ``code``; ``None`` where no policy that a unit of ``actor`` carries covers it."""
    thing = RiskObject.objects.select_related("category", "main_body").filter(code=code[:64]).first()
    units = {post.unit_id for post in actor.posts if post.role == Role.INSURER}
    policies = _policies(thing, units) if thing else []
    if thing is None or not policies:
        return None
    spans = _spans(thing, policies)
    if not spans:
        return None
    since, until = spans[0][0], spans[-1][1]
    cases, elsewhere = _cases(spans).filter(risk_object=thing), _others(thing, units)
    paid = _paid(thing, policies)
    return History(
        thing, policies, since, until, _months(thing, elsewhere, spans),
        _figures(1, _alerts(spans).filter(risk_object=thing).count(), cases, least=0),
        _class(elsewhere, spans), *_findings(thing, units, policies, since), paid["sum"] or money.ZERO,
        paid["claims"],
    )  # fmt: skip


def _policies(thing: RiskObject, units: set[int]) -> list[Policy]:
    """Confirmed policies of ``units`` that cover ``thing``, have begun, and whose claim tail has not run out."""
    now = clock.now()
    named = Covered.objects.filter(_naming(thing), since__lte=now, confirmed_at__isnull=False)
    covering = Q(pk__in=named.values("policy")) | Q(whole=True, insured=thing.main_body_id)
    found = Policy.objects.of_insurers(units).confirmed().filter(covering, starts_at__lte=now)
    found = found.select_related("insured").order_by("starts_at")
    return [policy for policy in found if policy.shown_until > now]


def _naming(thing: RiskObject) -> Q:
    """The ``Covered`` of ``thing`` or of where it stands: of whoever runs it, of anybody where nobody does."""
    here = Q(risk_object=thing) | Q(territory=thing.territory_id)
    return here & Q(policy__insured=thing.main_body_id) if thing.main_body_id else here


def _spans(thing: RiskObject, policies: list[Policy]) -> list[Span]:
    """When ``policies`` covered ``thing`` up to now, in order and without overlaps. One statement."""
    now = clock.now()
    over = {policy.pk: min(policy.confirmed_over or policy.starts_at, now) for policy in policies}
    named = Covered.objects.filter(_naming(thing), policy__in=policies, confirmed_at__isnull=False)
    listed = named.values_list("policy", "since", "until")
    found = [(since, min(until, over[pk])) for pk, since, until in listed]
    found += [(policy.starts_at, over[policy.pk]) for policy in policies if policy.whole]
    spans: list[Span] = []
    for since, until in sorted(span for span in found if span[0] < span[1]):
        if spans and since <= spans[-1][1]:
            since, until = spans[-1][0], max(until, spans.pop()[1])
        spans.append((since, until))
    return spans


def _within(name: str, spans: list[Span]) -> Q:
    return reduce(or_, (Q(**{f"{name}__gte": since, f"{name}__lt": until}) for since, until in spans))


def _alerts(spans: list[Span]) -> QuerySet[Alert]:
    return Alert.objects.filter(_within("received_at", spans), drill=None).exclude(grade="")


def _cases(spans: list[Span]) -> QuerySet[Case]:
    return Case.objects.filter(_within("opened_at", spans), drill=None).exclude(state=State.VOID)


def _others(thing: RiskObject, units: set[int]) -> QuerySet[RiskObject]:
    """Objects of the class that no policy of ``units`` ever covered: what one counts oneself could be subtracted.

    As far as the insured has confirmed: else naming an object would take it out of the class, and the difference tell
    of it.
    """
    carried = Policy.objects.of_insurers(units).confirmed().filter(starts_at__lte=clock.now())
    named = Covered.objects.filter(policy__in=carried, confirmed_at__isnull=False)
    own = Q(pk__in=named.filter(risk_object__isnull=False).values("risk_object"))
    own |= Q(territory__in=named.filter(territory__isnull=False).values("territory"))
    own |= Q(main_body__in=carried.filter(whole=True).values("insured"))
    found = RiskObject.objects.filter(category=thing.category_id, category__isnull=False)
    return found.exclude(pk=thing.pk).exclude(own)


def _class(others: QuerySet[RiskObject], spans: list[Span]) -> Figures:
    count = others.count()
    if count < FEW:
        return Figures(None, None, None, None, None)
    alerts = _alerts(spans).filter(risk_object__in=others).count()
    return _figures(count, alerts, _cases(spans).filter(risk_object__in=others), least=FEW)


def _figures(objects: int, alerts: int, cases: QuerySet[Case], *, least: int) -> Figures:
    """What happened per object; numbers on fewer than ``least`` are hidden."""
    took = list(cases.values_list("opened_at", "contained_at", "closed_at"))
    contained = [(b - a).total_seconds() / 60 for a, b, _c in took if b]
    closed = [(c - a).total_seconds() / 86400 for a, _b, c in took if c]
    return Figures(
        objects,
        round(alerts / objects, 2) if alerts >= least else None,
        round(len(took) / objects, 2) if len(took) >= least else None,
        round(median(contained), 1) if len(contained) >= max(least, 1) else None,
        round(median(closed), 1) if len(closed) >= max(least, 1) else None,
    )


def _months(thing: RiskObject, others: QuerySet[RiskObject], spans: list[Span]) -> list[Month]:
    months = _named(spans[0][0], spans[-1][1])[-MONTHS:]
    own = Counter({(m, grade): n for m, grade, n in _counted(_alerts(spans).filter(risk_object=thing), "grade")})
    count = others.count()
    theirs = {}
    if count >= FEW:
        theirs = {m: n for m, n in _counted(_alerts(spans).filter(risk_object__in=others)) if n >= FEW}
    return [
        Month(m, {grade: own[m, grade] for grade in GRADES}, round(theirs[m] / count, 2) if m in theirs else None)
        for m in months
    ]


def _counted(alerts: QuerySet[Alert], *by: str) -> Iterable[tuple]:
    rows = alerts.annotate(month=TruncMonth("received_at")).values_list("month", *by).annotate(n=Count("pk"))
    return [(f"{localdate(month):%Y-%m}", *rest) for month, *rest in rows.order_by("month")]


def _named(since: datetime, until: datetime) -> list[str]:
    """The months from ``since`` to ``until`` by local time."""
    day, last, found = localdate(since).replace(day=1), localdate(until), []
    while day <= last:
        found.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def _findings(
    thing: RiskObject, units: set[int], policies: list[Policy], since: datetime
) -> tuple[int, int, float | None]:
    """Open and closed findings at ``thing`` that concern the insurer, and the days that putting right took."""
    mine = Q(found_by_unit__in=units) | Q(order__by_unit__in=units) | Q(order__policy__in=policies)
    found = Finding.objects.filter(mine, risk_object=thing, told_at__gte=since)
    counts = found.aggregate(
        open=Count("pk", filter=~Q(state=FindingState.CLOSED)), closed=Count("pk", filter=Q(state=FindingState.CLOSED))
    )
    took = [
        span.total_seconds() / 86400
        for span in found.exclude(rectified_at=None).values_list(F("rectified_at") - F("told_at"), flat=True)
    ]
    return counts["open"], counts["closed"], round(median(took), 1) if took else None


def _paid(thing: RiskObject, policies: list[Policy]) -> dict:
    found = Payment.objects.filter(claim__policy__in=policies, claim__case__risk_object=thing)
    out = ~Q(kind=PaymentKind.RECOVERY)
    return found.aggregate(sum=Sum("amount", filter=out), claims=Count("claim", distinct=True, filter=out))
