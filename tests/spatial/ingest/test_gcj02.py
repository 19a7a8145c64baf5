"""GCJ-02 and BD-09 against published vectors, and there and back again."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial import gcj02

METRE_DEG = 1 / 111_320
lons = st.floats(73.5, 134.5)
lats = st.floats(18.0, 53.0)


def array(*values):
    return np.array(values, dtype=np.float64)


@given(lons, lats)
def test_gcj02_comes_back_within_half_a_metre(lon, lat):
    there = gcj02.wgs84_to_gcj02(array(lon), array(lat))
    back = gcj02.gcj02_to_wgs84(*there)
    assert abs(back[0][0] - lon) < 0.5 * METRE_DEG
    assert abs(back[1][0] - lat) < 0.5 * METRE_DEG


@given(lons, lats)
def test_bd09_comes_back_within_a_metre(lon, lat):
    back = gcj02.bd09_to_wgs84(*gcj02.wgs84_to_bd09(array(lon), array(lat)))
    assert abs(back[0][0] - lon) < METRE_DEG
    assert abs(back[1][0] - lat) < METRE_DEG


@given(st.floats(-180, 70), st.floats(-90, 90))
def test_outside_china_nothing_moves(lon, lat):
    assert gcj02.wgs84_to_gcj02(array(lon), array(lat)) == (lon, lat)
    assert gcj02.bd09_to_wgs84(array(lon), array(lat)) == (lon, lat)


def test_hefei_is_shifted_by_about_half_a_kilometre():
    lon, lat = gcj02.wgs84_to_gcj02(array(117.23), array(31.82))
    moved_m = np.hypot((lon - 117.23) * np.cos(np.radians(31.82)), lat - 31.82) / METRE_DEG
    assert 450 < moved_m[0] < 650


def test_published_vectors_of_gcj02(testdata):
    with (testdata / "coord_vectors/eviltransform_wgs_gcj.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lon, lat = gcj02.wgs84_to_gcj02(array(float(row["wgs_lng"])), array(float(row["wgs_lat"])))
            assert lon[0] == pytest.approx(float(row["gcj_lng"]), abs=1e-5), row["place"]
            assert lat[0] == pytest.approx(float(row["gcj_lat"]), abs=1e-5), row["place"]


def test_published_vectors_of_cities(testdata):
    cities = json.loads((testdata / "coord_vectors/dev/gcoord_cities.json").read_text(encoding="utf-8"))
    columns = {name: np.array([one["coords"][name] for one in cities]).T for name in ("WGS84", "GCJ02", "BD09")}
    to_wgs = np.array(gcj02.gcj02_to_wgs84(*columns["GCJ02"]))
    assert np.abs(to_wgs - columns["WGS84"]).max() < 1e-4
    to_bd = np.array(gcj02.gcj02_to_bd09(*columns["GCJ02"]))
    assert np.abs(to_bd - columns["BD09"]).max() < 1e-6
    assert np.abs(np.array(gcj02.bd09_to_gcj02(*columns["BD09"])) - columns["GCJ02"]).max() < 1e-5
