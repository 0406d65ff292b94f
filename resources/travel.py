"""How long it takes from the stations to the danger, by whatever the installation has: a setting names it.

``settings.TRAVEL_TIMES`` is the dotted path of ``times(origins, to) -> list[Leg]``, one leg for each origin in its
order; points are ``(lat, lon)`` in WGS84 degrees. A routing service of the district takes the place of the default.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

EARTH_KM = 6371.0088
Point = tuple[float, float]


@dataclass(frozen=True)
class Leg:
    """One way: kilometres and minutes; ``approximate`` where nobody has asked a map of roads."""

    km: float
    minutes: float
    approximate: bool


def times(origins: Sequence[Point], to: Point) -> list[Leg]:
    """The legs from each of ``origins`` to ``to``, by the way that the installation names."""
    return import_string(settings.TRAVEL_TIMES)(origins, to)


def as_the_crow_drives(origins: Sequence[Point], to: Point) -> list[Leg]:
    """Great-circle distance × ``TRAVEL_ROAD_FACTOR`` ÷ ``TRAVEL_SPEED_KMH``: an approximation, and marked as one."""
    legs = []
    for origin in origins:
        km = great_circle_km(origin, to) * settings.TRAVEL_ROAD_FACTOR
        legs.append(Leg(km, km / settings.TRAVEL_SPEED_KMH * 60, approximate=True))
    return legs


def great_circle_km(a: Point, b: Point) -> float:
    """The distance of two points on the sphere (haversine)."""
    (lat1, lon1), (lat2, lon2) = (map(math.radians, point) for point in (a, b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
