"""Coordinate systems of Chinese maps, brought to WGS84 at the edge.

GCJ-02 (AMap, Tencent) shifts WGS84 by some hundred metres over China; BD-09 (Baidu) shifts
GCJ-02 once more. The formulas are the publicly known ones. Only the forward transforms have a
closed form, so the inverse is found by iteration, to well under 0.1 m. Outside China's bounding
box neither shift exists. Latitudes are -90..90 and longitudes -180..180 degrees throughout.
"""

from collections.abc import Callable
from math import asin, atan2, cos, hypot, pi, radians, sin, sqrt

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Point = tuple[float, float]

KRASOVSKY_AXIS = 6378245.0  # metres
KRASOVSKY_ECCENTRICITY_SQUARED = 0.00669342162296594323
CHINA_LAT = (0.8293, 55.8271)
CHINA_LON = (72.004, 137.8347)
BAIDU_LAT_SHIFT = 0.006
BAIDU_LON_SHIFT = 0.0065
BAIDU_FREQUENCY = pi * 3000 / 180
EARTH_RADIUS = 6_371_008.8  # metres, IUGG mean
ENOUGH = 1e-10  # degrees, about 0.01 mm


class UnknownCrs(ValueError):
    """A coordinate system that is none of WGS84, GCJ02, BD09."""

    code = "crs"

    def __init__(self, crs: object):
        super().__init__(crs)
        self.detail = format_lazy(_("未知的坐标系 {crs}，可用 WGS84、GCJ02、BD09。"), crs=str(crs)[:40])


def metres(one: Point, other: Point) -> float:
    """The distance of two WGS84 points over the globe (haversine), good to half a percent."""
    (lat, lon), (to_lat, to_lon) = (map(radians, point) for point in (one, other))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half)))


def to_wgs84(lat: float, lon: float, crs: str) -> Point:
    """The (lat, lon) in WGS84 degrees of a point given in ``crs``. Raises ``UnknownCrs``."""
    if crs == "WGS84":
        return lat, lon
    if crs == "GCJ02":
        return _wgs84_from_gcj02(lat, lon)
    if crs == "BD09":
        return _wgs84_from_gcj02(*_gcj02_from_bd09(lat, lon))
    raise UnknownCrs(crs)


def gcj02_from_wgs84(lat: float, lon: float) -> Point:
    """The (lat, lon) in GCJ-02 of a WGS84 point; the same point outside China."""
    if not _over_china(lat, lon):
        return lat, lon
    return _shifted(lat, lon)


def bd09_from_gcj02(lat: float, lon: float) -> Point:
    """The (lat, lon) in BD-09 of a GCJ-02 point; the same point outside China."""
    if not _over_china(lat, lon):
        return lat, lon
    return _swirled(lat, lon)


def _wgs84_from_gcj02(lat: float, lon: float) -> Point:
    return _inverse(_shifted, lat, lon) if _over_china(lat, lon) else (lat, lon)


def _gcj02_from_bd09(lat: float, lon: float) -> Point:
    return _inverse(_swirled, lat, lon) if _over_china(lat, lon) else (lat, lon)


def _over_china(lat: float, lon: float) -> bool:
    return CHINA_LAT[0] <= lat <= CHINA_LAT[1] and CHINA_LON[0] <= lon <= CHINA_LON[1]


def _inverse(forward: Callable[[float, float], Point], lat: float, lon: float) -> Point:
    """The point that ``forward`` sends to (lat, lon).

    Both shifts change by less than 3 % of the distance moved, so each round leaves at most 3 %
    of the error: eight rounds take a kilometre below a micrometre.
    """
    guess_lat, guess_lon = lat, lon
    for _round in range(8):
        there_lat, there_lon = forward(guess_lat, guess_lon)
        guess_lat -= there_lat - lat
        guess_lon -= there_lon - lon
        if abs(there_lat - lat) < ENOUGH and abs(there_lon - lon) < ENOUGH:
            break
    return guess_lat, guess_lon


def _shifted(lat: float, lon: float) -> Point:
    """WGS84 to GCJ-02: metres of shift from a wave pattern, turned to degrees on Krasovsky 1940."""
    north, east = _metres_of_shift(lat - 35.0, lon - 105.0)
    phi = radians(lat)
    bulge = 1 - KRASOVSKY_ECCENTRICITY_SQUARED * sin(phi) ** 2
    meridian = KRASOVSKY_AXIS * (1 - KRASOVSKY_ECCENTRICITY_SQUARED) / (bulge * sqrt(bulge))
    parallel = KRASOVSKY_AXIS / sqrt(bulge) * cos(phi)
    return lat + north * 180 / (meridian * pi), lon + east * 180 / (parallel * pi)


def _metres_of_shift(y: float, x: float) -> Point:
    """Northward and eastward shift in metres, ``y`` and ``x`` degrees from 35 N, 105 E."""
    ripple = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (ripple + 20 * sin(pi * y) + 40 * sin(pi * y / 3)) * 2 / 3
    north += (160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (ripple + 20 * sin(pi * x) + 40 * sin(pi * x / 3)) * 2 / 3
    east += (150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
    return north, east


def _swirled(lat: float, lon: float) -> Point:
    """GCJ-02 to BD-09: a ripple in polar coordinates about 0 N 0 E, then a fixed shift."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * BAIDU_FREQUENCY)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * BAIDU_FREQUENCY)
    return radius * sin(angle) + BAIDU_LAT_SHIFT, radius * cos(angle) + BAIDU_LON_SHIFT
