"""Shifted Chinese coordinates come back to WGS84 within a decimetre."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.coordinates import UnknownCrs, bd09_from_gcj02, gcj02_from_wgs84, to_wgs84

# Songjiang's seat, computed with the public transform and near a published map point.
WGS84 = (31.03443, 121.22326)
GCJ02 = (31.032316, 121.227681)

inland = st.tuples(st.floats(4, 53), st.floats(74, 135))
world = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def metres_between(one, other):
    north = (one[0] - other[0]) * 111_320
    return hypot(north, (one[1] - other[1]) * 111_320 * cos(radians(one[0])))


def test_wgs84_is_left_alone():
    assert to_wgs84(*WGS84, "WGS84") == WGS84


def test_the_known_point_of_songjiang_is_shifted_as_published():
    assert gcj02_from_wgs84(*WGS84) == pytest.approx(GCJ02, abs=6e-7)
    assert 480 < metres_between(WGS84, GCJ02) < 486


def test_the_known_point_of_songjiang_comes_back():
    assert to_wgs84(*GCJ02, "GCJ02") == pytest.approx(WGS84, abs=1e-6)


def test_a_baidu_point_lies_about_a_kilometre_from_the_true_one():
    baidu = bd09_from_gcj02(*GCJ02)
    assert 900 < metres_between(WGS84, baidu) < 1500
    assert to_wgs84(*baidu, "BD09") == pytest.approx(WGS84, abs=1e-6)


@given(inland)
def test_gcj02_is_undone_to_a_decimetre_anywhere_in_china(point):
    assert metres_between(to_wgs84(*gcj02_from_wgs84(*point), "GCJ02"), point) < 0.1


@given(inland)
def test_bd09_is_undone_to_a_decimetre_anywhere_in_china(point):
    baidu = bd09_from_gcj02(*gcj02_from_wgs84(*point))
    assert metres_between(to_wgs84(*baidu, "BD09"), point) < 0.1


@given(inland)
def test_the_shift_is_never_more_than_a_kilometre_and_a_half(point):
    assert metres_between(gcj02_from_wgs84(*point), point) < 1500


@pytest.mark.parametrize("point", [(35.68, 139.77), (-33.87, 151.21), (51.5, -0.12), (60.0, 110.0)])
@pytest.mark.parametrize("crs", ["GCJ02", "BD09"])
def test_outside_china_nothing_is_shifted(point, crs):
    assert gcj02_from_wgs84(*point) == point
    assert to_wgs84(*point, crs) == point


@given(world, st.sampled_from(["WGS84", "GCJ02", "BD09"]))
def test_any_point_on_earth_gives_a_point_near_by(point, crs):
    assert metres_between(to_wgs84(*point, crs), point) < 4000


@pytest.mark.parametrize("crs", ["", "wgs84", "EPSG:4326", None, "CGCS2000"])
def test_an_unknown_system_is_refused_with_its_name(crs):
    with pytest.raises(UnknownCrs) as refusal:
        to_wgs84(31.0, 121.0, crs)
    assert str(crs) in str(refusal.value.detail)
