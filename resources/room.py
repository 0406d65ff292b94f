"""The room of resources: who sees which of them."""

from django.db.models import QuerySet

from resources.models import Resource
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Unit


def visible(actor: Actor, units: dict[int, Unit]) -> QuerySet[Resource]:
    """The resources that ``actor`` may read, by station: the district's desks all, a unit its own."""
    found = Resource.objects.select_related("station__unit").prefetch_related("offers__capability")
    if not access.everywhere(actor, "resources.read"):
        found = found.filter(station__unit__in=access.units(actor, "resources.read", units))
    return found.order_by("station__code", "kind", "code")
