"""What somebody was shown by a grant: the first page of whoever works no case of his own."""

from cases.models import Grant
from responsibility import access, clock
from responsibility.acting import Actor

MOST = 100


def held(actor: Actor) -> list[Grant]:
    """The grants that open a case to ``actor`` now, what ends first before what ends later, up to 100. One query.

    A case that was shown to a unit and to a person of it stands there once, by the grant that lasts longer. Nothing for
    whoever sees all cases.
    """
    if access.everywhere(actor, "case.read"):
        return []
    found = Grant.objects.live(clock.now()).given_to(actor).select_related("case__territory", "case__category", "unit")
    longest = {grant.case_id: grant for grant in found.order_by("until")}
    return sorted(longest.values(), key=lambda grant: (grant.until, grant.pk))[:MOST]
