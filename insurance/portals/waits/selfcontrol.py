"""Self-control: checks that are due or were missed, what they found unmet, and duties that nobody has answered."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cases.models import Case
from cases.models.machine import ENDED
from insurance.findings import duty, selfseeing
from insurance.findings.models import DutyAnswer, Register
from insurance.portals import mine, places
from insurance.portals.waiting import FEW, One, Waiting, told
from responsibility import access, directory
from responsibility.acting import Actor
from responsibility.models import Role


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the enterprise the checks of the running period, what is not met, and its duty on cases; for insurers what of
    their insured was missed or is not met."""
    found: list[Waiting] = []
    if mine.units(actor, Role.ENTERPRISE):
        own = _registers(actor, Role.ENTERPRISE)
        found += _kind(_("自查待做"), own.filter(selfseeing.undone(now)), "due", now, late=selfseeing.missed(now))
        found += _kind(_("自查不符合，还没改好"), own.filter(selfseeing.unmet()), "late", now, late=Q(pk__isnull=False))
        unanswered = _unanswered(mine.outside(actor, Role.ENTERPRISE))
        found += told(_("案件的主体责任，待确认或提出异议"), unanswered, "opened_at", _duty, url=places.at("duties"))
    if mine.units(actor, Role.INSURER):
        late = selfseeing.narrowed(_registers(actor, Role.INSURER), "late", now)
        found += _kind(_("被保险人的自查逾期或有不符合"), late, "late", now, late=Q(pk__isnull=False), named=True)
    return found


def _registers(actor: Actor, role: Role) -> QuerySet[Register]:
    return Register.objects.visible_to(mine.outside(actor, role), directory.current().units)


def _kind(
    label: str, rows: QuerySet[Register], state: str, now: datetime, *, late: Q, named: bool = False
) -> list[Waiting]:  # fmt: skip
    """``rows`` as one kind that waits, each until its running period ends. Six statements, one for none."""
    rows = rows.select_related("risk_object", "unit")
    count = rows.count()
    if not count:
        return []
    few = tuple(_register(one, named=named) for one in selfseeing.standings(list(rows.order_by("pk")[:FEW]), now))
    url = f"{places.at('self-control')}?state={state}"
    return [Waiting(label, count, url, rows.filter(late).count(), few[0].at, few, "due_at")]


def _register(standing: selfseeing.Standing, *, named: bool) -> One:
    register, thing = standing.register, standing.register.risk_object
    said = [str(register.unit.label)] if named else []
    said += [_("上期未自查")] if standing.was_missed else []
    said += [_("%(n)d 项不符合未整改") % {"n": standing.unmet}] if standing.unmet else []
    said += [] if said or named else [str(register.get_period_display())]
    at = None if standing.is_done else standing.due_at
    return One(str(thing.label), " · ".join(said), places.at("self-control-object", thing.code), at)


def _unanswered(actor: Actor) -> QuerySet[Case]:
    """Open cases at own objects on which the unit has said nothing of its duty."""
    own = access.units(actor, "selfcontrol.duty", directory.current().units)
    answered = DutyAnswer.objects.filter(case=OuterRef("pk"), unit__in=own)
    open_ = duty.own_cases(actor).exclude(state__in=ENDED)
    return open_.filter(~Exists(answered)).select_related("risk_object")


def _duty(case: Case) -> One:
    thing = case.risk_object
    name = str(thing.label) if thing else case.number
    return One(
        name, str(case.get_state_display()), f"{places.at('duties')}?case={case.number}#{case.number}", case.opened_at
    )
