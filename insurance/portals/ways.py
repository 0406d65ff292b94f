"""Where an outsider goes on from a case: his duty, a loss to give notice of, findings, orders, the whole chain."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from cases.aside import Aside
from cases.models import Case
from insurance.claims import seeing as claims_seeing
from insurance.findings import duty
from insurance.findings import seeing as findings_seeing
from insurance.findings.models import DutyAnswer
from insurance.portals import mine, places, reach
from responsibility import access, directory
from responsibility.acting import Actor
from responsibility.models import Role


def of(actor: Actor, case: Case, now: datetime) -> list[Aside]:
    """Of what the reader sees beside ``case``; a broker, who is told states, is led to claims alone."""
    found = reach.of(actor, case, directory.current())
    if found is None:
        return []
    ways = _duty(actor, case)
    for one in findings_seeing.shown(found.findings, actor, now):
        number = one.finding.number
        said = _("隐患 %(number)s：%(next)s") % {"number": number, "next": one.next}
        ways.append(Aside(said, reverse("finding", args=[number]), "rectify" in findings_seeing.allowed(one)))
    for order in found.orders:
        words = {"number": order.number, "state": order.get_state_display()}
        ways.append(Aside(_("服务委托 %(number)s：%(state)s") % words, reverse("insurance-order", args=[order.number])))
    for claim, _level in found.claims:
        words = {"number": claim.number, "state": claim.get_state_display()}
        ways.append(Aside(_("理赔 %(number)s：%(state)s") % words, reverse("claim", args=[claim.number])))
    return ways + _notice(actor, case, now)


def _duty(actor: Actor, case: Case) -> list[Aside]:
    own = mine.outside(actor, Role.ENTERPRISE)
    if not access.may(own, "selfcontrol.duty") or not duty.own_cases(own).filter(pk=case.pk).exists():
        return []
    units = access.units(own, "selfcontrol.duty", directory.current().units)
    told = DutyAnswer.objects.filter(case=case, unit__in=units).order_by("pk").last()
    url = f"{reverse('duties')}?case={case.number}#{case.number}"
    ways = [Aside(_("确认本单位的主体责任，或提出异议"), url, todo=True)]
    if told is not None:
        ways = [Aside(_("主体责任：%(stance)s（可以更改）") % {"stance": told.get_stance_display()}, url)]
    if access.may(own, "statement.own"):
        ways.append(Aside(_("对本单位的要求和结果，可以申诉"), places.at("own-case", case.number)))
    return ways


def _notice(actor: Actor, case: Case, now: datetime) -> list[Aside]:
    if not access.may(actor, "claim.notice"):
        return []
    url = places.at("claim-notice")
    covers = claims_seeing.noticeable(actor, now).filter(case=case).select_related("policy")
    return [
        Aside(_("就本案报案（保单 %(number)s）") % {"number": cover.policy.number}, f"{url}?cover={cover.pk}")
        for cover in covers
    ]
