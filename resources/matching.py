"""What a danger needs and who has it nearest: a kit with what would come, and what is missing by name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resources import travel
from resources.models import Capability, KitLine, Offer, Resource, Third
from responsibility.models import Category


@dataclass
class Source:
    """A resource that gives a capability: how many of it are free, what they give, and how far away they are.

    ``again``: it stands under an earlier line of the kit already, and is taken there.
    """

    resource: Resource
    gives: int
    leg: travel.Leg | None
    take: int = 0
    again: bool = False

    @property
    def all_of_it(self) -> int:
        """What the free units of it give together."""
        return self.gives * self.resource.free


@dataclass
class Line:
    """One capability of the kit: needed, on its way already, and whence the rest would come, the nearest first."""

    capability: Capability
    needed: int
    sent: int
    sources: list[Source] = field(default_factory=list)

    @property
    def open(self) -> int:
        """What is still to be sent."""
        return max(0, self.needed - self.sent)

    @property
    def lacking(self) -> int:
        """What nobody in the district has free."""
        return max(0, self.open - sum(source.all_of_it for source in self.sources))


@dataclass
class Kit:
    """What a category needs. ``missing`` are thirds of which the district can bring nothing of some line."""

    lines: list[Line]

    @property
    def lacking(self) -> list[Line]:
        """The lines that cannot be filled."""
        return [line for line in self.lines if line.lacking]

    @property
    def is_sent(self) -> bool:
        """Whether all of it is on its way or there."""
        return bool(self.lines) and not any(line.open for line in self.lines)

    @property
    def missing(self) -> list[Third]:
        """The thirds to which those lines belong, in the order of a kit."""
        return [third for third in Third if any(line.capability.third == third for line in self.lacking)]

    def thirds(self) -> list[tuple[Third, list[Line]]]:
        """The lines by third; a third that the kit does not speak of is empty."""
        return [(third, [line for line in self.lines if line.capability.third == third]) for third in Third]


def kit_for(
    category: Category | None, place: tuple[float, float] | None, sent: Iterable[tuple[Resource, int]],
    in_drill: Mapping[int, int] | None = None,
) -> Kit:  # fmt: skip
    """The kit of ``category`` for a danger at ``place``; ``sent`` are the resources on their way, with quantities.

    ``in_drill``: what the drill in which it is asked has sent already, by the row id of the resource.

    The nearest that fill each line are marked to be taken (``take``); a team that has been taken for one line counts
    for the others too. Three queries however large the kit.
    """
    lines = list(KitLine.objects.filter(category=category).select_related("capability")) if category else []
    had: dict[int, int] = defaultdict(int)
    for resource, quantity in sent:
        for offer in resource.offers.all():
            had[offer.capability_id] += offer.number * quantity
    found = [Line(line.capability, line.quantity, had[line.capability_id]) for line in lines]
    offers = Offer.objects.filter(
        capability__in=[line.capability.pk for line in found], resource__in=Resource.objects.free()
    )
    standing = list(offers.select_related("resource__station__unit").order_by("resource__code"))
    for offer in standing:
        offer.resource.in_drill = (in_drill or {}).get(offer.resource_id, 0)
    return fill(found, standing, place)


def fill(lines: list[Line], offers: Iterable[Offer], place: tuple[float, float] | None) -> Kit:
    """The kit of ``lines`` for a danger at ``place``, from what is free of ``offers``.

    Each offer comes with its resource and station: the database is asked nothing.
    """
    _fill(lines, offers, place)
    _choose(lines)
    return Kit(lines)


def _fill(lines: list[Line], offers: Iterable[Offer], place: tuple[float, float] | None) -> None:
    by_capability = {line.capability.pk: line for line in lines}
    found = [offer for offer in offers if offer.capability_id in by_capability and offer.resource.free]
    stations = {offer.resource.station_id: offer.resource.station for offer in found}
    legs: dict[int, travel.Leg] = {}
    if place is not None and stations:
        told = travel.times([(station.lat, station.lon) for station in stations.values()], place)
        legs = dict(zip(stations, told, strict=True))
    # One object for one resource, however many capabilities it has: what is taken of it is taken once.
    same: dict[int, Resource] = {}
    for offer in found:
        resource = same.setdefault(offer.resource_id, offer.resource)
        source = Source(resource, offer.number, legs.get(resource.station_id))
        by_capability[offer.capability_id].sources.append(source)
    seen: set[int] = set()
    for line in lines:
        line.sources.sort(key=lambda source: source.leg.minutes if source.leg else 0.0)
        for source in line.sources:
            source.again = source.resource.pk in seen
        seen |= {source.resource.pk for source in line.sources}


def _choose(lines: list[Line]) -> None:
    taken: dict[int, int] = defaultdict(int)
    for line in lines:
        left = line.open - sum(source.gives * taken[source.resource.pk] for source in line.sources)
        for source in line.sources:
            spare = source.resource.free - taken[source.resource.pk]
            wanted = min(spare, -(-left // source.gives)) if left > 0 else 0
            taken[source.resource.pk] += wanted
            left -= wanted * source.gives
        for source in line.sources:
            source.take = taken[source.resource.pk]
