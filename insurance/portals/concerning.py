"""Which cases concern an insurer, a broker and a firm: the facts from which ``cases/outside.py`` opens them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from cases.outside import Standing
from insurance.policies.models import Cover, Policy
from insurance.service.models import RUNNING, ServiceOrder
from responsibility.acting import Actor
from responsibility.models import Role


def concerns(actor: Actor, now: datetime) -> Iterable[tuple[Standing, Q]]:
    """Covered cases until the claim tail ends, for whoever carries the policy and who brokered it, once the insured has
    confirmed it; the case of an order for its firm, while the order runs."""
    held: dict[str, set[int]] = {}
    for post in actor.posts:
        held.setdefault(post.role, set()).add(post.unit_id)
    if carrying := held.get(Role.INSURER):
        covers = Cover.objects.shown(now).filter(policy__in=Policy.objects.of_insurers(carrying))
        yield Standing.INSURER, Q(pk__in=covers.values("case"))
    if brokering := held.get(Role.BROKER):
        covers = Cover.objects.shown(now).filter(policy__broker__in=brokering)
        yield Standing.BROKER, Q(pk__in=covers.values("case"))
    if working := held.get(Role.FIRM):
        orders = ServiceOrder.objects.filter(firm__in=working, state__in=RUNNING, case__isnull=False)
        yield Standing.FIRM, Q(pk__in=orders.values("case"))
