"""服务需求: the insured, or its broker, asks the insurer for a service; what comes of it are orders."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insurance.policies import assent
from insurance.policies.models import Policy
from insurance.service import given, seeing, telling
from insurance.service.models import ServiceOrder, ServiceRequest
from responsibility import access, acting, clock
from responsibility.acting import Actor
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid


def askable(actor: Actor) -> QuerySet[Policy]:
    """The policies in force for which ``actor`` may ask: those of which his unit is the insured or the broker."""
    units = {post.unit_id for post in actor.posts if access.scope("service.request", post.role)}
    running = Policy.objects.in_force(clock.now()).select_related("insured", "insurer")
    return running.filter(Q(insured__in=units) | Q(broker__in=units))


def visible_to(actor: Actor) -> QuerySet[ServiceRequest]:
    """What was asked, newest first: one's own, and that of policies whose service one reads. ``ordered``: whether such
    a service was ordered since."""
    since = ServiceOrder.objects.filter(
        policy=OuterRef("policy"), item=OuterRef("item"), ordered_at__gte=OuterRef("asked_at")
    )
    found = ServiceRequest.objects.select_related("policy", "unit", "asked_by").annotate(ordered=Exists(since))
    readable = seeing.policies(actor, "service.read").values("pk")
    return found.filter(Q(unit__in=actor.unit_ids) | Q(policy__in=readable))


def unanswered(found: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """Of those of ``visible_to`` those upon which nothing was ordered."""
    return found.filter(ordered=False)  # type: ignore[misc]


@transaction.atomic
def ask(policy: Any, item: Any, text: Any, *, by: User) -> ServiceRequest:
    """Ask for ``item`` under the policy (id); its lead insurer is told. ``Forbidden``, ``Invalid``.

    ``Refused`` while the insured has not confirmed the policy.
    """
    actor = acting.of(by)
    if not access.may(actor, "service.request"):
        raise Forbidden("wrong_role", _("服务需求由被保险人或者其保险经纪提出。"))
    pk, item, text = given.row(policy, "policy"), given.item(item), given.text(text, "text")
    found = askable(actor).select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
    if found is None:
        raise Invalid("unknown_policy", _("没有这份有效的保单。"), "policy")
    assent.owed(found, clock.now())
    post = access.post_for(actor, "service.request", named={found.insured_id, found.broker_id or 0})
    if post is None:
        raise Forbidden("not_yours", _("这不是由您办理的保单。"))
    now = clock.now()
    made = ServiceRequest.objects.create(policy=found, item=item, text=text, unit=post.unit, asked_at=now, asked_by=by)
    telling.tell_policy(
        found, "service.request", "servicerequest", made.pk, by=actor, post=post, at=now, page=reverse("service-home"),
        to=[found.insurer], after={"item": item, "unit": post.unit.code}, note=text,
    )  # fmt: skip
    return made
