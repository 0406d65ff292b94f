"""What waits for the word of the insured, as he, the insurers and the district are shown it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from insurance.policies import assent, registering, seeing
from insurance.policies.models import Covered, Policy, PolicyQuerySet
from responsibility import access
from responsibility.acting import Actor

# A word that was asked for so long ago is late.
LATE = timedelta(days=7)
PAGE = 200


@dataclass(frozen=True)
class Asked:
    """A policy that waits: ``since`` when, of what ``edition``; ``things`` that are to be confirmed.

    ``whole``: nothing of it has been confirmed; else it was widened.
    """

    policy: Policy
    edition: int
    since: datetime
    late: bool
    whole: bool
    things: int

    @property
    def key(self) -> str:
        """How the form names it: the policy in the edition that is shown."""
        return f"{self.policy.pk}.{self.edition}"


@dataclass(frozen=True)
class Word:
    """How it stands with the word of the insured on one policy. ``speaks``: the reader gives it; ``reminds``: he may
    ask for it now. ``since``: empty where nothing waits, or it was declined."""

    edition: int
    whole: bool
    open: bool
    since: datetime | None
    late: bool
    speaks: bool
    reminds: bool


def insured(actor: Actor) -> set[int]:
    """The ids of the units for which ``actor`` confirms policies."""
    return {post.unit_id for post in actor.posts if access.scope(assent.CONFIRM, post.role)}


def waiting(actor: Actor, now: datetime) -> PolicyQuerySet:
    """The policies that wait for the word of a unit of ``actor``, the oldest first."""
    return Policy.objects.waiting(now).filter(insured__in=insured(actor)).order_by("waits_since", "pk")


def rows(actor: Actor, now: datetime) -> tuple[list[Asked], int]:
    """Up to 200 of them with how many there are. Four statements."""
    found = waiting(actor, now)
    return _asked(list(seeing.with_names(found)[:PAGE]), now), found.count()


def declined(actor: Actor, now: datetime) -> list[Asked]:
    """What the units of ``actor`` denied and may still confirm, the newest 200 first."""
    found = Policy.objects.unconfirmed().filter(insured__in=insured(actor), declined_at__isnull=False)
    found = found.annotate(waits_since=F("declined_at")).order_by("-declined_at")
    return _asked(list(seeing.with_names(found)[:PAGE]), now)


def _asked(policies: list, now: datetime) -> list[Asked]:
    ids = [policy.pk for policy in policies]
    new = Q(confirmed_at__isnull=True, until__gt=F("since"))
    things = dict(
        Covered.objects.filter(new, policy__in=ids).order_by().values_list("policy").annotate(count=Count("pk"))
    )
    return [
        Asked(policy, policy.edition, policy.waits_since, policy.waits_since <= now - LATE,
              policy.confirmed_until is None, things.get(policy.pk, 0))
        for policy in policies
    ]  # fmt: skip


def word(policy, actor: Actor, now: datetime) -> Word:
    """How it stands with ``policy`` (of ``seeing.with_names``). One statement."""
    waits = Policy.objects.waiting(now).filter(pk=policy.pk).values_list("waits_since", flat=True).first()
    leads = access.post_for(actor, registering.ACT, named={policy.insurer_id}) is not None
    speaks = access.post_for(actor, assent.CONFIRM, named={policy.insured_id}) is not None
    return Word(
        edition=policy.edition, whole=policy.confirmed_until is None, open=policy.unconfirmed, since=waits,
        late=waits is not None and waits <= now - LATE, speaks=speaks and policy.unconfirmed,
        reminds=leads and waits is not None and assent.asked_last(policy) <= now - assent.PAUSE,
    )  # fmt: skip


def names_things(policy: Policy, actor: Actor) -> bool:
    """Whether the reader is told what the things are called that the insured has not confirmed: not who named them by
    their codes alone."""
    return access.everywhere(actor, "policy.read") or policy.insured_id in insured(actor)
