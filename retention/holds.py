"""封存: lay a hold on a case, an object or a period, and lift it, by another person."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases import typed
from cases.changes import locked
from cases.models import Case
from responsibility import access, acting, chains, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused
from retention.models import Hold
from retention.periods import lock

CODE = 64


@dataclass(frozen=True)
class Wanted:
    """What is to be held: a case, or an object and a period, one of them at least."""

    case: Case | None = None
    risk_object: RiskObject | None = None
    since: datetime | None = None
    until: datetime | None = None


def read(given) -> Wanted:
    """What the fields ``case`` (number), ``object`` (code), ``since``, ``until`` (local days, both in) name.
    ``Invalid``."""
    number = typed.text(given.get("case", ""), "case", limit=CODE, needed=False)
    code = typed.text(given.get("object", ""), "object", limit=CODE, needed=False)
    since, until = _day(given, "since"), _day(given, "until", timedelta(days=1))
    case = Case.objects.filter(number=number).first() if number else None
    found = RiskObject.objects.filter(code=code).first() if code else None
    if number and case is None:
        raise Invalid("unknown_case", _("没有编号为“%(number)s”的案件。") % {"number": number}, "case")
    if code and found is None:
        raise Invalid("unknown_object", _("监测对象未登记。"), "object")
    if case is not None and (found or since or until):
        raise Invalid("too_much", _("封存案件时不再填对象和期间。"), "case")
    if case is None and found is None and not (since and until):
        raise Invalid("nothing", _("请填写案件、监测对象，或起止日期。"), "case")
    if since and until and until <= since:
        raise Invalid("bad_period", _("止日早于起日。"), "until")
    return Wanted(case, found, since, until)


@transaction.atomic
def lay(wanted: Wanted, reason: str, *, by: User) -> Hold:
    """Hold it: a run that is at work ends its batch first, and nothing of it is removed after.

    ``Forbidden``, ``Invalid`` without a reason, ``Refused`` when the case is held already.
    """
    lock()
    actor, post = office(by, "retention.hold")
    reason = typed.text(reason, "reason")
    if wanted.case is not None:
        locked(pk=wanted.case.pk).values_list("pk").get()
        if Hold.objects.filter(case=wanted.case, lifted_at=None).exists():
            raise Refused("held", _("该案已经封存。"))
    hold = Hold.objects.create(
        case=wanted.case, risk_object=wanted.risk_object, since=wanted.since, until=wanted.until, reason=reason,
        chain=wanted.case.chain if wanted.case else chains.dated(), laid_at=clock.now(), laid_by=by,
    )  # fmt: skip
    _tell("retention.hold", hold, reason, hold.laid_at, actor, post)
    return hold


@transaction.atomic
def lift(pk: int, reason: str, *, by: User) -> Hold:
    """Let go what was held. ``Forbidden`` for whoever laid it, ``Refused`` when it is lifted or not there."""
    lock()
    actor, post = office(by, "retention.lift")
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if hold is None or hold.lifted_at is not None:
        raise Refused("not_held", _("没有这项封存，或已经解除。"))
    if hold.laid_by_id == by.pk:
        raise Forbidden("same_person", _("封存须由另一人解除。"))
    reason = typed.text(reason, "reason")
    if hold.case_id is not None:
        locked(pk=hold.case_id).values_list("pk").get()
    hold.lifted_at, hold.lifted_by = clock.now(), by
    hold.save(update_fields=["lifted_at", "lifted_by"])
    _tell("retention.lift", hold, reason, hold.lifted_at, actor, post)
    return hold


def office(by: User, act: str) -> tuple[acting.Actor, Post]:
    """The actor and the post in which he may; ``Forbidden``."""
    actor = acting.of(by)
    post = access.post_for(actor, act)
    if post is None:
        raise Forbidden("wrong_role", _("封存由区安委办和区城运应急办办理。"))
    return actor, post


def _day(given, name: str, plus: timedelta = timedelta(0)) -> datetime | None:
    text = typed.text(given.get(name, ""), name, limit=20, needed=False)
    try:
        day = parse_date(text) if text else None
        if text and (day is None or not 1949 < day.year < 2199):
            raise ValueError
    except ValueError:
        raise Invalid("bad_date", _("日期应为 2026-11-01 的形式。"), name) from None
    return make_aware(datetime.combine(day + plus, time.min)) if day else None


def _tell(verb: str, hold: Hold, reason: str, at: datetime, actor: acting.Actor, post: Post) -> None:
    # In the chain of a case nothing is said but the hold: the rest would be taken for news of the case.
    told: dict[str, object] = {"hold": hold.pk}
    if hold.case is None:
        told["object"] = hold.risk_object.code if hold.risk_object else None
        told["since"] = hold.since.isoformat() if hold.since else None
        told["until"] = hold.until.isoformat() if hold.until else None
    of = ("case", hold.case.number, hold.case.title) if hold.case else ("hold", str(hold.pk), str(hold.pk))
    ledger.record([ledger.Act(hold.chain, verb, *of, after=told, note=reason)], by=actor, post=post, at=at)
