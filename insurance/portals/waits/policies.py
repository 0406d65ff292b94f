"""Policies that end soon and were not renewed; cases that are covered newly."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from cases.models.machine import ENDED
from insurance.policies import asking
from insurance.policies.models import Cover, Policy
from insurance.policies.seeing import ENDING
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from responsibility.acting import Actor
from responsibility.models import Role

NEW = timedelta(days=3)
PRESSING = timedelta(days=15)


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For the insured what waits for its word, for the insurer what it waits for and what was denied; for both and
    brokers what ends within 60 days, late within 15; for insurers new covers besides."""
    found: list[Waiting] = []
    if mine.units(actor, Role.INSURER, Role.BROKER, Role.ENTERPRISE):
        ending = mine.policies(actor).in_force(now).filter(ends_at__lte=now + ENDING, renewed_by=None)  # type: ignore[attr-defined]
        url, late = f"{places.at('insurance-policies')}?state=ending", Q(ends_at__lte=now + PRESSING)
        found += told(
            _("保单将在 60 天内到期"), ending.select_related("insured"), "ends_at", _policy, url=url, late=late
        )
    if mine.units(actor, Role.ENTERPRISE):
        asked = asking.waiting(mine.outside(actor), now)
        url, late = places.at("insurance-policies-waiting"), Q(waits_since__lte=now - asking.LATE)
        found += told(_("保单待本单位确认"), asked.select_related("insurer"), "waits_since", _asked, url=url, late=late)
    if insurer := mine.units(actor, Role.INSURER):
        own = Policy.objects.waiting(now).filter(insurer__in=insurer).select_related("insured")
        url, late = places.at("insurance-policies") + "?state=waiting", Q(waits_since__lte=now - asking.LATE)
        found += told(_("保单等待被保险人确认"), own, "waits_since", _asking, url=url, late=late)
        denied = Policy.objects.unconfirmed().filter(insurer__in=insurer, declined_at__isnull=False)
        denied = denied.select_related("insured")
        found += told(_("被保险人否认的保单"), denied, "declined_at", _denied, url=url, late=Q(pk__isnull=False))
    if mine.units(actor, Role.INSURER):
        new = Q(found_at__gte=now - NEW) | Q(policy__confirmed_at__gte=now - NEW)
        fresh = mine.covers(actor).filter(new, case__drill=None).exclude(case__state__in=ENDED)
        found += told(
            _("三天内有了承保的案件"),
            fresh.select_related("case"),
            "found_at",
            _cover,
            url=places.at("insurance-cases"),
            news=True,
        )
    return found


def _policy(policy: Policy) -> One:
    return One(policy.number, str(policy.insured), places.at("insurance-policy", policy.pk), policy.ends_at)


def _asked(policy) -> One:
    page = places.at("insurance-policy", policy.pk)
    return One(policy.number, f"{policy.insurer} · {policy.get_line_display()}", page, policy.waits_since)


def _asking(policy) -> One:
    return One(policy.number, str(policy.insured), places.at("insurance-policy", policy.pk), policy.waits_since)


def _denied(policy: Policy) -> One:
    return One(policy.number, str(policy.insured), places.at("insurance-policy", policy.pk), policy.declined_at)


def _cover(cover: Cover) -> One:
    return One(cover.case.number, cover.case.get_state_display(), places.at("case", cover.case.number), cover.at)
