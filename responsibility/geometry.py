"""Territory boundaries: derived from seats, read from a real file, searched by point.

GeoJSON here is WGS84 with longitude first (RFC 7946); (lat, lon) pairs in Python are latitude
first. Degrees throughout, metres only inside ``derive_cells``.
"""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Geojson = dict[str, Any]
Seat = tuple[str, float, float]

EARTH_RADIUS = 6_371_008.8  # metres, IUGG mean
LARGEST_AREA_KM2 = 1_000_000
LARGEST_LATITUDE = 75  # beyond it the flat map of a district is no map
CODE_PROPERTIES = ("code", "adcode", "id")
OVERLAP_TOLERANCE = 0.001  # of the smaller territory: the slivers of separate digitising


class BoundaryError(Exception):
    """Seats or boundaries that cannot be used: a ``code`` for programs, a ``detail`` for people."""

    def __init__(self, code: str, detail: Promise | str):
        super().__init__(code)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return str(self.detail)


def derive_cells(seats: Sequence[Seat], area_km2: float) -> dict[str, Geojson]:
    """Approximate territories, one per (code, lat, lon) seat, as GeoJSON polygons by code.

    1. The seats are laid on an equal-area plane in metres.
    2. The district's outline is their convex hull, widened until it has ``area_km2``.
    3. The outline is cut along the Voronoi edges. Edges and outline are noded together, so that
       neighbours share the very same vertices and no point falls between them.
    4. Each piece goes to the seat nearest to it.

    Raises ``BoundaryError`` when seats repeat or the district is smaller than their hull.
    """
    _check(seats, area_km2)
    plane = _Plane(seats)
    points = plane.metres([(lon, lat) for _code, lat, lon in seats])
    pieces = _pieces(points, _outline(points, area_km2 * 1e6))
    owners = shapely.STRtree(points).nearest(shapely.point_on_surface(pieces))
    cells = {}
    for number, (code, _lat, _lon) in enumerate(seats):
        own = pieces[owners == number]
        if not len(own):
            raise BoundaryError("seats_identical", _("有驻地点重合，无法划分。"))
        cell = own[0] if len(own) == 1 else shapely.union_all(own)
        cells[code] = _geojson(plane.degrees(cell))
    return cells


def read_boundaries(geojson: object, codes: Collection[str]) -> dict[str, Geojson]:
    """The real boundaries of exactly the territories ``codes``, as GeoJSON geometries by code.

    ``geojson`` is a parsed FeatureCollection of Polygons or MultiPolygons in WGS84, each with
    its territory's code in the property ``code``, ``adcode`` or ``id``. Heights are dropped.
    Overlaps up to ``OVERLAP_TOLERANCE`` pass. Raises ``BoundaryError``.
    """
    shapes: dict[str, shapely.Geometry] = {}
    for feature in _features(geojson):
        code = _code(feature)
        if code in shapes:
            raise _error("boundary_code_twice", _("{codes} 出现了不止一次。"), [code])
        shapes[code] = _real_shape(code, feature.get("geometry"))
    if unknown := shapes.keys() - set(codes):
        raise _error("boundary_code_unknown", _("边界文件含有未知的属地：{codes}。"), unknown)
    if missing := set(codes) - shapes.keys():
        raise _error("boundary_code_missing", _("边界文件缺少属地：{codes}。"), missing)
    _refuse_overlaps(shapes)
    return {code: _geojson(shape) for code, shape in shapes.items()}


def check(code: str, boundary: object) -> None:
    """Raise ``BoundaryError`` when ``boundary`` is no area on the globe in GeoJSON; ``code`` names it in the words."""
    _real_shape(code, boundary)


class Locator:
    """Finds territories by point, many points at a time; safe to share between threads."""

    def __init__(self, boundaries: Mapping[str, Geojson]):
        self._codes = sorted(boundaries)
        self._shapes = np.array([_shape(boundaries[code]) for code in self._codes], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def find(self, points: Sequence[tuple[float, float]]) -> list[str | None]:
        """For each (lat, lon) the code of its territory, or None outside of all.

        A point on a shared edge belongs to the lowest code, so that it has exactly one.
        """
        lat, lon = np.array(points, dtype=float).reshape(-1, 2).T
        spots = shapely.points(lon, lat)
        spot, shape = self._tree.query(spots)
        inside = shapely.intersects(self._shapes[shape], spots[spot])
        lowest = np.full(len(spots), len(self._codes))
        np.minimum.at(lowest, spot[inside], shape[inside])
        names = [*self._codes, None]
        return [names[number] for number in lowest]


class _Plane:
    """Lambert's cylindrical equal-area map, true to scale at the middle latitude of the seats."""

    def __init__(self, seats: Sequence[Seat]):
        self._lon = math.radians(sum(lon for _code, _lat, lon in seats) / len(seats))
        self._squeeze = math.cos(math.radians(sum(lat for _code, lat, _lon in seats) / len(seats)))

    def metres(self, pairs: Sequence[tuple[float, float]]) -> Any:
        """(lon, lat) degrees to an array of points in metres."""
        lon, lat = np.radians(np.array(pairs)).T
        east = EARTH_RADIUS * self._squeeze * (lon - self._lon)
        return shapely.points(east, EARTH_RADIUS * np.sin(lat) / self._squeeze)

    def degrees(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A shape in metres to the same in (lon, lat) degrees."""

        def unfold(metres: Any) -> Any:
            lon = metres[:, 0] / (EARTH_RADIUS * self._squeeze) + self._lon
            lat = np.arcsin(metres[:, 1] * self._squeeze / EARTH_RADIUS)
            return np.degrees(np.column_stack([lon, lat]))

        return shapely.transform(shape, unfold)


def _check(seats: Sequence[Seat], area_km2: float) -> None:
    if not seats or len({code for code, _lat, _lon in seats}) < len(seats):
        raise BoundaryError("seats_codes", _("驻地点不能为空，属地代码不能重复。"))
    if len({(lat, lon) for _code, lat, lon in seats}) < len(seats):
        raise BoundaryError("seats_identical", _("有驻地点重合，无法划分。"))
    if not all(abs(lat) <= LARGEST_LATITUDE and abs(lon) <= 180 for _code, lat, lon in seats):
        raise BoundaryError("seats_range", _("驻地点的经纬度超出范围。"))
    if not 0 < area_km2 <= LARGEST_AREA_KM2:
        raise BoundaryError("district_area", _("辖区面积无效。"))


def _outline(points: Any, area: float) -> shapely.Geometry:
    """The hull of the points, widened by bisection until it covers ``area`` square metres."""
    hull = shapely.MultiPoint(points).convex_hull
    if hull.area >= area:
        raise BoundaryError("district_area", _("辖区面积小于驻地点围成的范围。"))
    low, high = 0.0, 1.1 * math.sqrt(area / math.pi)
    for _round in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if hull.buffer(middle).area < area else (low, middle)
    return hull.buffer(high)


def _pieces(points: Any, outline: shapely.Geometry) -> Any:
    """The outline cut along the Voronoi edges: an array of polygons that share their vertices."""
    beyond = outline.buffer(1000)
    edges = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=beyond, only_edges=True)
    noded = shapely.union_all([edges, outline.boundary])
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return pieces[shapely.contains(outline, shapely.point_on_surface(pieces))]


def _features(geojson: object) -> Iterator[dict[str, Any]]:
    features = geojson.get("features") if isinstance(geojson, dict) else None
    if not isinstance(features, list) or not all(isinstance(item, dict) for item in features):
        raise BoundaryError("boundary_format", _("边界文件必须是 GeoJSON FeatureCollection。"))
    yield from features


def _code(feature: dict[str, Any]) -> str:
    properties = feature.get("properties")
    if isinstance(properties, dict):
        for name in CODE_PROPERTIES:
            if properties.get(name) not in (None, ""):
                return str(properties[name])
    raise BoundaryError("boundary_format", _("每个要素都要在属性 code、adcode 或 id 中写明属地代码。"))


def _real_shape(code: str, geometry: object) -> shapely.Geometry:
    try:
        shape = shapely.force_2d(_shape(geometry))
    except (shapely.GEOSException, TypeError, ValueError) as error:
        raise _error("boundary_geometry", _("{codes} 的边界无法读取。"), [code]) from error
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise _error("boundary_geometry", _("{codes} 的边界必须是面。"), [code])
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise _error("boundary_geometry", _("{codes} 的边界须为经度在前的经纬度。"), [code])
    if not shape.is_valid:
        raise _error("boundary_geometry", _("{codes} 的边界自相交或不闭合。"), [code])
    return shape


def _refuse_overlaps(shapes: Mapping[str, shapely.Geometry]) -> None:
    codes, areas = list(shapes), list(shapes.values())
    tree = shapely.STRtree(areas)
    for first, second in tree.query(areas, predicate="intersects").T:
        if first >= second:
            continue
        shared = areas[first].intersection(areas[second]).area
        if shared > OVERLAP_TOLERANCE * min(areas[first].area, areas[second].area):
            pair = [codes[first], codes[second]]
            raise _error("boundary_overlap", _("属地边界相互重叠：{codes}。"), pair)


def _error(code: str, detail: Any, codes: Collection[str]) -> BoundaryError:
    return BoundaryError(code, format_lazy(detail, codes="、".join(sorted(codes))))


def _shape(geojson: object) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(geojson))


def _geojson(shape: shapely.Geometry) -> Geojson:
    parsed: Geojson = json.loads(shapely.to_geojson(shape))
    return parsed
