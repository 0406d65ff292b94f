"""Policies that end soon and were not renewed; cases that are covered newly."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from cases.models.machine import ENDED
from insurance.policies.models import Cover, Policy
from insurance.policies.seeing import ENDING
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from responsibility.acting import Actor
from responsibility.models import Role

NEW = timedelta(days=3)
PRESSING = timedelta(days=15)


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For insurers, brokers and the insured: ends within 60 days, late within 15; for insurers new covers besides."""
    found: list[Waiting] = []
    if mine.units(actor, Role.INSURER, Role.BROKER, Role.ENTERPRISE):
        ending = mine.policies(actor).in_force(now).filter(ends_at__lte=now + ENDING, renewed_by=None)  # type: ignore[attr-defined]
        url, late = f"{places.at('insurance-policies')}?state=ending", Q(ends_at__lte=now + PRESSING)
        found += told(
            _("保单将在 60 天内到期"), ending.select_related("insured"), "ends_at", _policy, url=url, late=late
        )
    if mine.units(actor, Role.INSURER):
        fresh = mine.covers(actor).filter(found_at__gte=now - NEW, case__drill=None).exclude(case__state__in=ENDED)
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


def _cover(cover: Cover) -> One:
    return One(cover.case.number, cover.case.get_state_display(), places.at("case", cover.case.number), cover.at)
