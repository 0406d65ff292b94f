"""How the self-control of objects stands: what is due, what was missed, what is not met. Asked by query, never kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localdate

from insurance.findings import periods
from insurance.findings.models import Certificate, Finding, FindingState, Period, Register, SelfCheck

# A certificate that ends within so many days is told beforehand.
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Standing:
    """A register at an instant: ``day`` is the first of the running period, which ends at ``due_at``."""

    register: Register
    day: date
    due_at: datetime
    is_done: bool
    was_missed: bool
    unmet: int
    expired: int
    expiring: int

    @property
    def until(self) -> str:
        """The end of the running period."""
        return periods.said(self.due_at)

    @property
    def is_late(self) -> bool:
        """Whether the sector department and the insurer are to look at it."""
        return self.was_missed or bool(self.unmet) or bool(self.expired)


def missed(now: datetime) -> Q:
    """Registers whose last whole period went by without a check."""
    found = Q(pk__in=[])
    for period in Period.values:
        day = periods.first_day(period, now)
        checked = SelfCheck.objects.filter(register=OuterRef("pk"), day=periods.before(period, day))
        found |= Q(period=period, since__lt=periods.begins_at(day)) & Q(~Exists(checked))
    return found


def undone(now: datetime) -> Q:
    """Registers whose running period has no check yet."""
    found = Q(pk__in=[])
    for period in Period.values:
        checked = SelfCheck.objects.filter(register=OuterRef("pk"), day=periods.first_day(period, now))
        found |= Q(period=period) & Q(~Exists(checked))
    return found


def unmet() -> Q:
    """Registers at whose object something is not put right."""
    return Q(Exists(_open_findings().filter(risk_object=OuterRef("risk_object"))))


def standings(registers: Sequence[Register], now: datetime) -> list[Standing]:
    """How each stands; three statements for however many."""
    days = {period: periods.first_day(period, now) for period in Period.values}
    wanted = {*days.values(), *(periods.before(period, day) for period, day in days.items())}
    done = set(SelfCheck.objects.filter(register__in=registers, day__in=wanted).values_list("register", "day"))
    open_at = Counter(
        _open_findings()
        .filter(risk_object__in=[r.risk_object_id for r in registers])
        .values_list("risk_object", flat=True)
    )
    today, over, soon = localdate(now), Counter[int](), Counter[int]()
    certificates = Certificate.objects.filter(register__in=registers, ended_at__isnull=True, until__lt=today + SOON)
    for register, until in certificates.values_list("register", "until"):
        (over if until < today else soon)[register] += 1
    return [
        _standing(register, days[Period(register.period)], done, now, open_at, over, soon) for register in registers
    ]


def narrowed(found: QuerySet[Register], state: str, now: datetime) -> QuerySet[Register]:
    """``found`` narrowed to ``due`` (not checked in the running period), ``late`` (missed or not met), or all."""
    if state == "due":
        return found.filter(undone(now))
    return found.filter(missed(now) | unmet()) if state == "late" else found


def _open_findings() -> QuerySet[Finding]:
    return Finding.objects.filter(how="self").exclude(state=FindingState.CLOSED)


def _standing(register: Register, day: date, done: set, now: datetime, open_at, over, soon) -> Standing:
    last = periods.before(register.period, day)
    owed = register.since < periods.begins_at(day)
    return Standing(
        register, day, periods.ends_at(register.period, day), (register.pk, day) in done,
        owed and (register.pk, last) not in done, open_at[register.risk_object_id], over[register.pk],
        soon[register.pk],
    )  # fmt: skip
