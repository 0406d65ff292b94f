"""Who sees which firm and which complaint."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from responsibility import access
from responsibility.acting import Actor
from responsibility.acts import Scope

# As ``Standing`` has them; named here because the models name this module.
PUBLIC = ("listed", "suspended", "removed")


def reads(actor: Actor, firm_unit: int) -> bool:
    """Whether ``actor`` sees of a firm what the public does not: people, scorecard, measures."""
    return access.post_for(actor, "firm.read", named={firm_unit}) is not None


def own(actor: Actor, act: str) -> set[int]:
    """The units of ``actor``'s posts in which he may do ``act`` as the one named."""
    return {post.unit_id for post in actor.posts if access.scope(act, post.role) == Scope.NAMED}


class FirmQuerySet(models.QuerySet):
    """The register."""

    def visible_to(self, actor: Actor) -> "FirmQuerySet":
        """Whoever has signed in sees who is on the list or was dropped from it; all others are seen by the offices, by
        themselves, and by whoever complained of them."""
        if access.everywhere(actor, "firm.read"):
            return self
        mine, made = own(actor, "firm.read"), own(actor, "complaint.make")
        seen = Q(standing__in=PUBLIC) | Q(unit_id__in=mine) | Q(complaints__by_unit_id__in=made)
        return self.filter(seen).distinct()

    def listed(self, at: datetime) -> "FirmQuerySet":
        """Those that may be given orders at ``at``: on the list, or suspended until an instant that has passed."""
        return self.filter(Q(standing="listed") | Q(standing="suspended", suspended_until__lte=at))


class ComplaintQuerySet(models.QuerySet):
    """Complaints."""

    def visible_to(self, actor: Actor) -> "ComplaintQuerySet":
        """The offices see all, a firm those about it, an insurer or an insured unit its own."""
        if access.everywhere(actor, "complaint.read"):
            return self
        mine = own(actor, "complaint.read")
        return self.filter(Q(firm__unit_id__in=mine) | Q(by_unit_id__in=mine))
