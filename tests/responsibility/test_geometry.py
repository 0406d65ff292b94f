"""Every point of a district belongs to exactly one territory, derived or real."""

import json
import math
import time

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from responsibility.geometry import BoundaryError, Locator, derive_cells, read_boundaries

SONGJIANG = [
    ("310117001", 31.00983, 121.215),
    ("310117002", 31.00627, 121.20164),
    ("310117003", 31.0335, 121.209),
    ("310117004", 31.03601, 121.24414),
    ("310117005", 31.06, 121.2),
    ("310117006", 31.15, 121.315),
    ("310117102", 31.11444, 121.26833),
    ("310117103", 31.10111, 121.17938),
    ("310117104", 31.01866, 121.30775),
    ("310117105", 31.065, 121.3075),
    ("310117106", 31.0867, 121.263),
    ("310117107", 31.13055, 121.31628),
    ("310117109", 30.93487, 121.20901),
    ("310117116", 30.98516, 121.11446),
    ("310117117", 30.93467, 121.06147),
    ("310117120", 30.94543, 121.31643),
    ("310117121", 31.0305, 121.1175),
    ("310117501", 31.02, 121.26),
    ("310117504", 31.095, 121.195),
    ("310117507", 31.013, 121.285),
]
AREA = 604.64

# A grid of about a metre, so that seats may lie close together but never on one another.
near = st.tuples(st.integers(0, 40_000), st.integers(0, 40_000))
seat_sets = st.lists(near, min_size=1, max_size=25, unique=True).map(
    lambda spots: [(f"{n:03}", 30.8 + y / 1e5, 121.0 + x / 1e5) for n, (y, x) in enumerate(spots)]
)


def shapes(cells):
    return [shapely.from_geojson(json.dumps(cell)) for cell in cells.values()]


def square_km(shape):
    """Area on a sphere: the equal-area cylinder, scaled by hand and not by the code under test."""

    def flat(pairs):
        lon, lat = np.radians(pairs).T
        return 6371.0088 * np.column_stack([lon, np.sin(lat)])

    return shapely.transform(shape, flat).area


def square(west, south, size=1.0):
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def collection(*features):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": geometry} for properties, geometry in features
        ],
    }


def refusal_of(geojson, codes):
    with pytest.raises(BoundaryError) as refusal:
        read_boundaries(geojson, codes)
    assert str(refusal.value.detail)
    return refusal.value


def test_songjiang_gets_twenty_valid_cells_of_its_true_area():
    cells = derive_cells(SONGJIANG, AREA)
    assert list(cells) == [code for code, _lat, _lon in SONGJIANG]
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in shapes(cells))
    assert sum(map(square_km, shapes(cells))) == pytest.approx(AREA, rel=1e-6)


def test_the_cells_cover_the_outline_and_do_not_overlap():
    cells = shapes(derive_cells(SONGJIANG, AREA))
    whole = shapely.union_all(cells)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert sum(cell.area for cell in cells) == pytest.approx(whole.area, rel=1e-6)
    assert shapely.coverage_is_valid(cells)


def test_each_seat_stands_in_its_own_cell():
    locator = Locator(derive_cells(SONGJIANG, AREA))
    found = locator.find([(lat, lon) for _code, lat, lon in SONGJIANG])
    assert found == [code for code, _lat, _lon in SONGJIANG]


def test_points_outside_the_district_have_no_territory():
    locator = Locator(derive_cells(SONGJIANG, AREA))
    everest, swapped = (27.99, 86.93), (121.2, 31.0)
    assert locator.find([everest, swapped, (math.nan, 121.2), (90, 180)]) == [None] * 4


def test_no_points_give_no_answers():
    assert Locator(derive_cells(SONGJIANG, AREA)).find([]) == []
    assert Locator({}).find([(31, 121)]) == [None]


def test_the_longitude_comes_first_in_the_cells():
    west, south, east, north = shapely.total_bounds(shapes(derive_cells(SONGJIANG, AREA)))
    assert 120 < west < east < 122
    assert 30 < south < north < 32


def test_deriving_twice_gives_the_same_cells():
    assert derive_cells(SONGJIANG, AREA) == derive_cells(SONGJIANG, AREA)


def test_a_thousand_points_are_found_in_one_sweep():
    locator = Locator(derive_cells(SONGJIANG, AREA))
    rng = np.random.default_rng(7)
    points = list(zip(rng.uniform(30.9, 31.2, 1000), rng.uniform(121, 121.4, 1000), strict=True))
    start = time.perf_counter()
    together = locator.find(points)
    assert time.perf_counter() - start < 1
    assert together == [locator.find([point])[0] for point in points]


@settings(deadline=None, max_examples=60)
@given(seat_sets, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_every_point_of_the_outline_belongs_to_exactly_one_nearest_cell(seats, spots):
    cells = derive_cells(seats, 3000)
    parts = shapes(cells)
    assert all(part.is_valid for part in parts)
    outline = shapely.union_all(parts)
    assert sum(part.area for part in parts) == pytest.approx(outline.area, rel=1e-6)
    west, south, east, north = outline.bounds
    points = [(south + y * (north - south), west + x * (east - west)) for y, x in spots]
    corners = [(lat, lon) for part in parts for lon, lat in part.exterior.coords]
    found = Locator(cells).find(points + corners)
    for (lat, lon), code in zip(points, found, strict=False):
        if outline.contains(shapely.Point(lon, lat)):
            assert code in cells
    assert None not in found[len(points) :]


@settings(deadline=None, max_examples=60)
@given(seat_sets)
def test_a_cell_holds_the_points_nearest_to_its_seat(seats):
    cells = derive_cells(seats, 3000)
    places = {code: (lat, lon) for code, lat, lon in seats}
    squeeze = math.cos(math.radians(31))

    def distance(code, point):
        lat, lon = places[code]
        return math.hypot(lat - point.y, (lon - point.x) * squeeze)

    for code, shape in zip(cells, shapes(cells), strict=True):
        middle = shape.representative_point()
        assume(shape.area > 1e-8)
        assert distance(code, middle) <= 1.02 * min(distance(other, middle) for other in places)


def test_a_single_seat_owns_the_whole_district():
    cells = derive_cells([("1", 31.0, 121.0)], 10)
    assert square_km(shapes(cells)[0]) == pytest.approx(10, rel=1e-6)
    assert Locator(cells).find([(31.0, 121.0)]) == ["1"]


def test_seats_a_metre_apart_are_told_apart():
    seats = [("1", 31.0, 121.0), ("2", 31.00001, 121.0), ("3", 31.1, 121.1)]
    found = Locator(derive_cells(seats, 200)).find([(lat, lon) for _code, lat, lon in seats])
    assert found == ["1", "2", "3"]


def test_seats_in_a_regular_grid_are_told_apart():
    seats = [(f"{y}{x}", 31 + y / 50, 121 + x / 50) for y in range(4) for x in range(4)]
    found = Locator(derive_cells(seats, 100)).find([(lat, lon) for _code, lat, lon in seats])
    assert found == [code for code, _lat, _lon in seats]


@pytest.mark.parametrize(
    ("seats", "area", "code"),
    [
        ([], 10, "seats_codes"),
        ([("1", 31.0, 121.0), ("1", 31.1, 121.0)], 100, "seats_codes"),
        ([("1", 31.0, 121.0), ("2", 31.0, 121.0)], 100, "seats_identical"),
        ([("1", 121.0, 31.0)], 100, "seats_range"),
        ([("1", math.nan, 31.0)], 100, "seats_range"),
        ([("1", 31.0, 121.0)], 0, "district_area"),
        ([("1", 31.0, 121.0)], math.inf, "district_area"),
        (SONGJIANG, 100, "district_area"),
    ],
)
def test_seats_that_make_no_district_are_refused(seats, area, code):
    with pytest.raises(BoundaryError) as refusal:
        derive_cells(seats, area)
    assert refusal.value.code == code


def test_a_point_on_a_shared_edge_belongs_to_the_lowest_code():
    boundaries = {"b": square(121, 31), "a": square(122, 31), "c": square(121, 32)}
    locator = Locator(boundaries)
    assert locator.find([(31.5, 122), (32, 121.5), (32, 122), (31, 121)]) == ["a", "b", "a", "b"]


@pytest.mark.parametrize("name", ["code", "adcode", "id"])
def test_a_real_file_names_its_territories_by_code_adcode_or_id(name):
    read = read_boundaries(collection(({name: 310117001}, square(121, 31))), {"310117001"})
    assert Locator(read).find([(31.5, 121.5), (30.5, 121.5)]) == ["310117001", None]


def test_a_real_boundary_may_have_parts_holes_and_heights():
    hole = [[121.4, 31.4], [121.6, 31.4], [121.6, 31.6], [121.4, 31.6], [121.4, 31.4]]
    holed = [*square(121, 31)["coordinates"], hole]
    island = [[[lon, lat, 4.0] for lon, lat in square(125, 31)["coordinates"][0]]]
    parts = {"type": "MultiPolygon", "coordinates": [holed, island]}
    read = read_boundaries(collection(({"code": "1"}, parts)), {"1"})
    assert Locator(read).find([(31.1, 121.1), (31.5, 121.5), (31.5, 125.5)]) == ["1", None, "1"]
    assert json.loads(json.dumps(read)) == read


def test_derived_cells_are_themselves_an_acceptable_file():
    cells = derive_cells(SONGJIANG, AREA)
    file = collection(*(({"code": code}, cell) for code, cell in cells.items()))
    assert read_boundaries(file, cells.keys()) == cells


def test_neighbours_that_share_an_edge_or_a_sliver_are_accepted():
    file = collection(({"code": "1"}, square(121, 31)), ({"code": "2"}, square(121.9999, 31)))
    assert set(read_boundaries(file, {"1", "2"})) == {"1", "2"}


def test_overlapping_territories_are_refused_by_name():
    file = collection(({"code": "1"}, square(121, 31)), ({"code": "2"}, square(121.5, 31)))
    refusal = refusal_of(file, {"1", "2"})
    assert refusal.code == "boundary_overlap"
    assert "1、2" in str(refusal.detail)


def test_an_unknown_a_missing_and_a_repeated_code_are_refused_by_name():
    one, two = ({"code": "1"}, square(121, 31)), ({"code": "2"}, square(122, 31))
    unknown = refusal_of(collection(one, two), {"1"})
    assert (unknown.code, "2" in str(unknown.detail)) == ("boundary_code_unknown", True)
    missing = refusal_of(collection(one), {"1", "2"})
    assert (missing.code, "2" in str(missing.detail)) == ("boundary_code_missing", True)
    assert refusal_of(collection(one, one), {"1"}).code == "boundary_code_twice"


BOW_TIE = [[[121, 31], [122, 32], [122, 31], [121, 32], [121, 31]]]
LATITUDE_FIRST = [[[31, 121], [32, 121], [32, 122], [31, 121]]]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        "area",
        {},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [3, 4], ["a", 1]]]},
        {"type": "Polygon", "coordinates": [[[121, 31], [122, 31], [math.nan, 32], [121, 31]]]},
        {"type": "Polygon", "coordinates": [[[121, 31], [122, 31], [122, 32]]]},
        {"type": "Polygon", "coordinates": BOW_TIE},
        {"type": "Polygon", "coordinates": LATITUDE_FIRST},
        {"type": "Point", "coordinates": [121, 31]},
        {"type": "LineString", "coordinates": [[121, 31], [122, 31]]},
    ],
)
def test_a_geometry_that_is_no_valid_area_is_refused(geometry):
    assert refusal_of(collection(({"code": "1"}, geometry)), {"1"}).code == "boundary_geometry"


@pytest.mark.parametrize(
    "geojson",
    [
        None,
        [],
        "x",
        {},
        {"features": None},
        {"features": [None]},
        {"features": [{"properties": None}]},
        {"features": [{"properties": {"name": "泗泾镇"}}]},
        {"features": [{"properties": {"code": ""}}]},
    ],
)
def test_what_is_no_feature_collection_with_codes_is_refused(geojson):
    assert refusal_of(geojson, {"1"}).code == "boundary_format"
