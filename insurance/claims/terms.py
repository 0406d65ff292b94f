"""The deadlines that the law sets an insurer, as rows: begun, held, met."""

from datetime import datetime, time, timedelta

from django.db.models import F
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext_lazy as _

from insurance.claims.models import Claim, Term, TermKind
from responsibility import directory
from responsibility.worktime import Calendar, YearNotLoaded

# Natural days. For completeness the law says only that it is to be answered in time; the number is the product's.
DAYS = {
    TermKind.COMPLETENESS: 3, TermKind.ASSESS: 30, TermKind.ADVANCE: 60, TermKind.PAY: 10, TermKind.REFUSAL: 3,
}  # fmt: skip
LAW = {
    TermKind.COMPLETENESS: _("《保险法》第二十二条：及时、一次性通知补充（天数为本系统默认）"),
    TermKind.ASSESS: _("《保险法》第二十三条：三十日内作出核定；等待补充材料的时间不计（保险法司法解释二第十五条）"),
    TermKind.ADVANCE: _("《保险法》第二十五条：六十日内先予支付可以确定的数额"),
    TermKind.PAY: _("《保险法》第二十三条：达成协议后十日内赔付"),
    TermKind.REFUSAL: _("《保险法》第二十四条：核定之日起三日内发出拒赔通知书并说明理由"),
}


def end(start: datetime, days: int, calendar: Calendar) -> datetime:
    """When a period of ``days`` natural days that begins at ``start`` is over: 24:00 of its last day.

    The day on which it begins is not counted, and a last day that is a holiday moves to the next working day (Civil
    Code art. 201 to 203). In a year whose holidays are not loaded nothing is moved.
    """
    day = localtime(start).date() + timedelta(days=days)
    try:
        while not calendar.is_workday(day):
            day += timedelta(days=1)
    except YearNotLoaded:
        pass
    return make_aware(datetime.combine(day + timedelta(days=1), time.min))


def begin(claim: Claim, now: datetime, *kinds: TermKind) -> None:
    """Start the deadlines ``kinds`` of ``claim``."""
    calendar = directory.current().calendar
    Term.objects.bulk_create(
        Term(claim=claim, kind=kind, started_at=now, due_at=end(now, DAYS[kind], calendar)) for kind in kinds
    )


def meet(claim: Claim, at: datetime, *kinds: TermKind) -> None:
    """What was owed under ``kinds`` was done ``at``; what was done before stays so."""
    claim.terms.filter(kind__in=kinds, met_at=None).update(met_at=at, held_at=None)


def hold(claim: Claim, now: datetime) -> None:
    """The time of assessing stands still: documents were asked for."""
    claim.terms.filter(kind=TermKind.ASSESS, met_at=None, held_at=None).update(held_at=now)


def go_on(claim: Claim, now: datetime) -> None:
    """They came: what it stood still is added at its end."""
    claim.terms.exclude(held_at=None).update(due_at=F("due_at") + (now - F("held_at")), held_at=None)


def lapse(claim: Claim) -> None:
    """Nothing is owed any more."""
    claim.terms.filter(met_at=None).update(lapsed=True, held_at=None)
