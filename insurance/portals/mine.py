"""What is an outsider's own: the table of facts 3.5 as queries, one kind of outsider beside the other.

Everything that a portal shows, counts or draws goes through here. Whoever holds posts of two kinds sees both.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.models import RiskObject
from cases.models import Case
from cases.outside import concerning
from insurance.claims.models import Claim, ClaimQuerySet
from insurance.findings.models import Finding
from insurance.policies.models import Cover, Covered, Policy
from insurance.service.models import RUNNING, ServiceOrder
from responsibility import clock, directory
from responsibility.acting import Actor
from responsibility.models import Role

NOTHING = Q(pk__in=[])
KINDS = (Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE)


def units(actor: Actor, *roles: str) -> set[int]:
    """The ids of the units in which ``actor`` holds a post of ``roles``; of any outsider without."""
    return {post.unit_id for post in actor.posts if post.role in (roles or KINDS)}


def is_outsider(actor: Actor) -> bool:
    """Whether ``actor`` is of an insurer, a broker, a firm or an enterprise."""
    return bool(units(actor))


def outside(actor: Actor, *roles: str) -> Actor:
    """``actor`` with no posts but those of ``roles`` (of any outsider without): an office held besides opens nothing
    here."""
    return Actor(actor.user, tuple(post for post in actor.posts if post.role in (roles or KINDS)))


def policies(actor: Actor) -> QuerySet[Policy]:
    """Those that the actor's unit carries, alone or with a share, has brokered, or is insured by."""
    return Policy.objects.visible_to(outside(actor))


def orders(actor: Actor) -> QuerySet[ServiceOrder]:
    """Those that name the unit, or stand on a policy that does."""
    return ServiceOrder.objects.filter(pk__in=ServiceOrder.objects.visible_to(outside(actor)).values("pk"))


def findings(actor: Actor) -> QuerySet[Finding]:
    """Those of the unit's orders or insured, those it found itself, those it has to put right; each once."""
    seen = Finding.objects.visible_to(outside(actor), directory.current().units)
    return Finding.objects.filter(pk__in=seen.values("pk"))


def claims(actor: Actor) -> ClaimQuerySet:
    """Those on the policies of the unit."""
    return Claim.objects.visible_to(outside(actor))


def covers(actor: Actor) -> QuerySet[Cover]:
    """Of the policies that the unit carries or brokered: covers that are confirmed and have not run out."""
    return Cover.objects.visible_to(outside(actor, Role.INSURER, Role.BROKER), clock.now())


def cases(actor: Actor, *fields: str) -> QuerySet[Case]:
    """Those that concern the actor (``cases/outside.py``); of ``fields`` that are counted by, where these are shown."""
    return Case.objects.filter(concerning(actor, fields))


def objects(actor: Actor) -> QuerySet[RiskObject]:
    """What a confirmed policy in force covers by name or as a whole, where a firm's order runs, what is one's own."""
    now = clock.now()
    asked = NOTHING
    if units(actor, Role.INSURER, Role.BROKER):
        running = policies(outside(actor, Role.INSURER, Role.BROKER)).assented(now)  # type: ignore[attr-defined]
        named = Covered.objects.filter(policy__in=running, since__lte=now, until__gt=now, confirmed_at__isnull=False)
        named = named.filter(risk_object=OuterRef("pk"))
        # Of what others run in an insured street no more is shown than its cases.
        shown = Q(Exists(named.filter(policy__insured=OuterRef("main_body")))) | Q(Exists(named), main_body=None)
        shown |= Q(main_body__in=running.filter(whole=True).values("insured"))
        # Where a pipe or a key site lies is told to whoever works there or runs it, never to insurers (facts 3.5).
        asked |= shown & (~Q(attributes__has_key="secret") | Q(attributes__secret=False))
    if firm := units(actor, Role.FIRM):
        given = ServiceOrder.objects.filter(firm__in=firm, state__in=RUNNING, risk_object__isnull=False)
        asked |= Q(pk__in=given.values("risk_object"))
    if own := units(actor, Role.ENTERPRISE):
        asked |= Q(main_body__in=own)
    return RiskObject.objects.filter(asked)
