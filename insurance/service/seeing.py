"""What of orders, plans and accounts a reader is told, and what he may do with an order now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cases import outside
from cases.outside import Standing
from insurance.policies.models import Policy, Share
from insurance.service.models import RUNNING, OrderState, ServiceOrder
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.acts import Scope
from responsibility.models import Role

SHOWN = 200


@dataclass(frozen=True)
class Told:
    """What was found by an order, or is to be looked at again by it: ``state`` in words, ``late`` past its term."""

    number: str
    text: str
    state: str
    late: bool
    url: str


# A higher part tells what became of what was found: f(order, actor, now).
FINDINGS: list[Callable[[ServiceOrder, Actor, datetime], list[Told]]] = []
WITH = (
    "policy",
    "case",
    "by_unit",
    "firm",
    "insured",
    "risk_object",
    "proposed_by",
    "moved_from",
    "moved_to",
    "visit",
    "case__risk_object",
)


def orders(actor: Actor) -> QuerySet[ServiceOrder]:
    """The orders that ``actor`` sees, with all that is shown of them in a list."""
    return ServiceOrder.objects.visible_to(actor).select_related(*WITH)


def policies(actor: Actor, act: str) -> QuerySet[Policy]:
    """The policies whose plans and account (``act``) ``actor`` may read: the insurers', those with shares', the
    insured's own; no broker's and no firm's (facts 3.5)."""
    found = Policy.objects.select_related("insurer", "insured")
    if access.everywhere(actor, act):
        return found
    named = [post for post in actor.posts if access.scope(act, post.role) == Scope.NAMED]
    carried = {post.unit_id for post in named if post.role == Role.INSURER}
    own = {post.unit_id for post in named if post.role == Role.ENTERPRISE}
    shares = Share.objects.filter(insurer__in=carried).values("policy")
    return found.filter(Q(insurer__in=carried) | Q(pk__in=shares) | Q(insured__in=own))


def of_policy(policy: Policy, actor: Actor) -> list[tuple[str, str]]:
    """Where the plan, the account and the assessment of ``policy`` are, as far as ``actor`` reads them."""
    years, now = years_of(policy), localtime(clock.now()).year
    year, found = min(max(now, years.start), years.stop - 1), []
    if policies(actor, "service.read").filter(pk=policy.pk).exists():
        found.append((_("%(year)d 年度服务方案") % {"year": year}, reverse("service-plan", args=[policy.pk, year])))
        found.append((_("%(year)d 年度评估") % {"year": year}, reverse("service-assessment", args=[policy.pk, year])))
    if policies(actor, "account.read").filter(pk=policy.pk).exists():
        found.append((_("事故预防费专账"), reverse("service-account", args=[policy.pk])))
    return found


def by_status_only(order: ServiceOrder, actor: Actor) -> bool:
    """Whether the reader is the broker of the policy and nothing else there: told how far it is, and no more."""
    sides = {order.by_unit_id, order.firm_id, order.insured_id}
    if order.policy is None or sides & actor.unit_ids or access.everywhere(actor, "service.read"):
        return False
    return order.policy.broker_id in {post.unit_id for post in actor.posts if post.role == Role.BROKER}


def by_insurance(order: ServiceOrder, actor: Actor) -> bool:
    """Whether the reader sees the order by a policy alone: faces on photos are not for him (facts 3.5)."""
    if access.everywhere(actor, "service.read"):
        return False
    near, insurance = {order.firm_id, order.insured_id, order.by_unit_id}, (Role.INSURER, Role.BROKER)
    return not any(post.unit_id in near and post.role not in insurance for post in actor.posts)


def tells_place(order: ServiceOrder, actor: Actor) -> bool:
    """Whether the reader is told where the visit was: insurers are not, at a secret object."""
    thing = order.risk_object or (order.case.risk_object if order.case else None)
    return not by_insurance(order, actor) or outside.finds({Standing.INSURER}, thing)


def names_case(order: ServiceOrder, actor: Actor) -> bool:
    """Whether the reader is told which case an order serves: who ordered, the offices, the firm while it runs."""
    if order.case is None:
        return False
    if access.everywhere(actor, "service.read") or order.by_unit_id in actor.unit_ids:
        return True
    return order.firm_id in actor.unit_ids and order.state in RUNNING


def allowed(order: ServiceOrder, actor: Actor) -> list[str]:
    """The verbs that ``actor`` may press on ``order`` now."""
    state, verbs = order.state, []
    works = access.post_for(actor, "service.work", named={order.firm_id})
    signs = access.post_for(actor, "service.agree", named={order.insured_id})
    orders_it = access.post_for(actor, "service.order", named={order.by_unit_id})
    side = access.post_for(actor, "service.appoint", named={order.firm_id, order.insured_id})
    if works and state == OrderState.ORDERED:
        verbs += ["accept"]
    if side and order.proposed_at and order.proposed_by_id != side.unit_id and state in ("accepted", "agreed"):
        verbs += ["agree"]
    if works and state == OrderState.AGREED:
        verbs += ["visit"]
    if side and state in (OrderState.ACCEPTED, OrderState.AGREED):
        verbs += ["propose"]
    if works and state in (OrderState.ORDERED, OrderState.ACCEPTED, OrderState.AGREED):
        verbs += ["decline"]
    if signs and state in (OrderState.VISITED, OrderState.DISPUTED):
        verbs += ["confirm", *(["dispute"] if state == OrderState.VISITED else [])]
    if orders_it and state in (OrderState.ORDERED, OrderState.ACCEPTED, OrderState.AGREED, OrderState.DISPUTED):
        verbs += ["withdraw"]
    if orders_it and order.to_place and not hasattr(order, "moved_to"):
        verbs += ["place"]
    return verbs


# Of the verbs those that are somebody's turn; the others are ways out.
TURNS = ("accept", "agree", "visit", "confirm", "place")


@dataclass(frozen=True)
class Line:
    """An order in a list: whose ``turn`` it is to do what (a verb, or empty), and whether it is late."""

    order: ServiceOrder
    turn: str
    late: bool
    today: bool
    brief: bool


def lines(found: Iterable[ServiceOrder], actor: Actor, now: datetime) -> list[Line]:
    """``found`` as lines, what is the reader's turn first, then by what is due."""
    made = []
    for order in found:
        verbs = allowed(order, actor)
        turn = next((verb for verb in TURNS if verb in verbs), "")
        if not turn and "propose" in verbs and order.state == OrderState.ACCEPTED and order.proposed_at is None:
            turn = "propose"
        at = order.appointed_at
        today = order.state == OrderState.AGREED and at is not None and localtime(at).date() == localtime(now).date()
        brief = by_status_only(order, actor)
        late = order.state in RUNNING and order.due_at < now and not brief
        made.append(Line(order, turn, late, today and not brief, brief))
    return sorted(made, key=_rank)


def _rank(line: Line) -> tuple:
    """One's own turn first, then what is due; what is shown by its state alone as it was given."""
    due = line.order.ordered_at if line.brief else line.order.due_at
    return not line.turn, line.order.state not in RUNNING, line.brief, due


def years_of(policy: Policy) -> range:
    """The calendar years in which ``policy`` runs."""
    last = policy.ends_at - timedelta(microseconds=1)
    return range(localtime(policy.starts_at).year, localtime(last).year + 1)
