"""What this part hears of those below it, and says on their pages: what a visit found, who works where, a firm to be
scored, a year judged; what enterprises say of their duty, and self-checks that a department has to look at."""

from datetime import datetime

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import ngettext

from accountability.beside import VOICES
from cases import originals
from cases.aside import ASIDES, Aside
from insurance import patience
from insurance.findings import apart, duty, keeping, scoring, seeing, selfseeing, telling
from insurance.findings.models import CheckPhoto, Finding, FindingState, Proof, Register
from insurance.firms.scoring import MEASURES
from insurance.policies.models import Policy
from insurance.service.assessing import PUT_RIGHT
from insurance.service.models import Purpose, ServiceOrder
from insurance.service.ordering import WORKED
from insurance.service.originals import source
from insurance.service.seeing import FINDINGS, Told
from insurance.service.visiting import FOUND
from responsibility import access, clock, directory
from responsibility.acting import Actor
from responsibility.acts import Scope
from responsibility.models import Role

# So many findings are listed on an order to look again.
MOST = 50


def register() -> None:
    """Stand in the lists of the parts below, none of which knows of this one."""
    originals.SOURCES += [
        source(Proof, "finding__number", "finding__chain", keeping.root),
        source(CheckPhoto, "self_check__register__risk_object__code", "self_check__register__chain", keeping.root),
    ]
    FOUND.append(telling.at_visit)
    WORKED.append(apart.worked)
    PUT_RIGHT.append(put_right)
    MEASURES.update(scoring.MEASURES)
    VOICES.append(duty.voices)
    ASIDES.append(late_checks)
    FINDINGS.append(of_order)


def of_order(order: ServiceOrder, actor: Actor, now: datetime) -> list[Told]:
    """What ``order`` found, and for an order to look again what waits there to be looked at, as ``actor`` sees it."""
    units = directory.current().units
    seen = seeing.of_order(order.pk, actor, units, now)
    if order.purpose == Purpose.RECHECK:
        waiting = Finding.objects.visible_to(actor, units).filter(insured=order.insured, state=FindingState.RECTIFIED)
        waiting = waiting.filter(risk_object=order.risk_object) if order.risk_object else waiting
        seen += seeing.shown(list(waiting.select_related(*seeing.NAMED).order_by("pk")[:MOST]), actor, now)
    told = [(one, one.finding) for one in seen if one.words]
    return [
        Told(thing.number, thing.text, one.next, one.is_overdue, reverse("finding", args=[thing.number]))
        for one, thing in told
    ]


def late_checks(actor: Actor, now: datetime) -> list[Aside]:
    """For departments and streets: objects in their charge whose check was missed or is not met. Few statements."""
    act = "selfcontrol.read"
    own = [post for post in actor.posts if access.scope(act, post.role) == Scope.OWN and post.role != Role.ENTERPRISE]
    if not own or access.everywhere(actor, act):
        return []
    office = Actor(actor.user, tuple(own))
    known = directory.current()
    with patience.bounded():
        late = selfseeing.narrowed(Register.objects.visible_to(office, known.units), "late", now).count()
    text = ngettext("%(n)d 个监测对象的自查逾期或有不符合", "%(n)d 个监测对象的自查逾期或有不符合", late)
    text %= {"n": late}
    return [Aside(text, f"{reverse('self-control')}?state=late")] if late else []


def put_right(policy: Policy, since: datetime, until: datetime) -> dict[str, int]:
    """Of what was found by orders of ``policy`` in a span: how many were put right, how many were not in time."""
    found = Finding.objects.filter(order__policy=policy, found_at__gte=since, found_at__lt=until)
    late = Q(rectified_at__gt=F("due_at")) | Q(state=FindingState.OPEN, due_at__lte=clock.now())
    return found.aggregate(put_right=Count("pk", filter=~Q(state=FindingState.OPEN)), overdue=Count("pk", filter=late))
