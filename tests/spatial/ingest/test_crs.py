"""Which reference system coordinates are read in."""

import numpy as np
import pyproj
import pytest
import shapely

from spatial.crs import GRID
from spatial.ingest.crs import decide
from spatial.ingest.errors import UnknownCrs
from spatial.ingest.geometry import Cleaner
from spatial.ingest.project import datum_warning, parse_crs
from spatial.ingest.types import DeclaredCrs

rng = np.random.default_rng(7)
LONLAT = np.column_stack([rng.uniform(117.0, 117.5, 200), rng.uniform(31.6, 32.0, 200)])


def seen_as(code, *, swapped=False):
    points = np.column_stack(pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(*LONLAT.T))
    return points[:, ::-1] if swapped else points


def plan(points, *, declared=None, told=None, swap_axes=False):
    return decide(points, declared=declared, told=told, swap_axes=swap_axes, city=None)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("code", [4490, 4548, 4527, 3857])
def test_undeclared_coordinates_are_detected_and_said_to_be(code, swapped):
    points = seen_as(code, swapped=swapped)
    found = plan(points)
    assert (found.crs.to_epsg(), found.swaps_axes, found.basis) == (code, swapped, "detected")
    assert "names no reference system" in found.warnings[0]
    landed = Cleaner(found).clean(shapely.points(points)).geometries
    assert np.abs(shapely.get_coordinates(landed) - LONLAT).max() < 1e-7


def test_half_of_the_points_may_be_broken():
    points = seen_as(4527)
    points[::2] = -1.0
    assert plan(points).crs.to_epsg() == 4527


@pytest.mark.parametrize(
    ("points", "option"),
    [
        (np.array([[2.35, 48.85]] * 9), "--crs EPSG:4326"),  # Paris: both orders make sense
        (seen_as(4549), "EPSG:4548"),  # another central meridian: nothing tells which
        (np.empty((0, 2)), "--crs"),
    ],
)
def test_ambiguous_coordinates_are_refused_with_the_option(points, option):
    with pytest.raises(UnknownCrs, match=option):
        plan(points)


def test_new_york_needs_no_telling():
    assert plan(np.array([[-74.0, 40.7]] * 9) * [2, 1]).swaps_axes is False


@pytest.mark.parametrize(
    ("says", "points", "mend"),
    [
        (4326, seen_as(4548), "--crs"),
        (4548, seen_as(4490), "--crs"),
        (4548, seen_as(4527), "--crs"),
        (4490, seen_as(4490, swapped=True), "add --swap-axes"),
        (4548, seen_as(4548, swapped=True), "add --swap-axes"),
    ],
)
def test_a_declaration_that_the_coordinates_contradict_is_refused(says, points, mend):
    with pytest.raises(UnknownCrs, match=mend):
        plan(points, declared=DeclaredCrs(pyproj.CRS.from_epsg(says), "the file"))


def test_a_mere_default_is_overruled_by_the_coordinates():
    default = DeclaredCrs(pyproj.CRS.from_epsg(4326), "RFC 7946", is_firm=False)
    assert plan(LONLAT, declared=default).basis == "assumed"
    assert plan(seen_as(4548), declared=default).crs.to_epsg() == 4548
    assert plan(seen_as(4490, swapped=True), declared=default).swaps_axes


def test_the_user_stands_above_the_file():
    found = plan(seen_as(4549), declared=DeclaredCrs(pyproj.CRS.from_epsg(4326), "the file"), told="EPSG:4549")
    assert (found.crs.to_epsg(), found.basis) == (4549, "told")
    assert plan(LONLAT[:, ::-1], told="4490", swap_axes=True).swaps_axes


@pytest.mark.parametrize("text", ["EPSG:99999999", "hefei", ""])
def test_an_unknown_system_is_refused(text):
    with pytest.raises(UnknownCrs, match="--crs EPSG:4548"):
        parse_crs(text)


ESRI = (
    'PROJCS["{name}",GEOGCS["GCS_{datum}",DATUM["D_{datum}",SPHEROID["{ellipsoid}",{axis},{flattening}]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],'
    'PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def prj(name, datum, ellipsoid, axis, flattening, easting=500000.0):
    wkt = ESRI.format(name=name, datum=datum, ellipsoid=ellipsoid, axis=axis, flattening=flattening, easting=easting)
    return DeclaredCrs(pyproj.CRS.from_wkt(wkt), "its .prj")


@pytest.mark.parametrize(
    ("name", "easting", "code"),
    [("CGCS2000_3_Degree_GK_CM_117E", 500000.0, GRID), ("CGCS2000_3_Degree_GK_Zone_39", 39500000.0, 4527)],
)
def test_the_prj_of_a_cgcs2000_survey_is_known(name, easting, code):
    declared = prj(name, "China_2000", "CGCS2000", 6378137.0, 298.257222101, easting)
    points = seen_as(code)
    found = plan(points, declared=declared)
    assert found.warnings == ()
    landed = Cleaner(found).clean(shapely.points(points)).geometries
    assert np.abs(shapely.get_coordinates(landed) - LONLAT).max() < 1e-7


@pytest.mark.parametrize(
    ("name", "datum", "ellipsoid", "axis", "flattening", "said"),
    [
        ("Xian_1980_3_Degree_GK_CM_117E", "Xian_1980", "Xian_1980", 6378140.0, 298.257, "西安80"),
        ("Beijing_1954_3_Degree_GK_CM_117E", "Beijing_1954", "Krasovsky_1940", 6378245.0, 298.3, "北京54"),
    ],
)
def test_an_old_datum_is_taken_with_a_warning(name, datum, ellipsoid, axis, flattening, said):
    declared = prj(name, datum, ellipsoid, axis, flattening)
    found = plan(seen_as(4548), declared=declared)
    assert said in found.warnings[0]
    assert datum_warning(declared.crs) == found.warnings[0]
    landed = Cleaner(found).clean(shapely.points(seen_as(4548))).geometries
    assert np.abs(shapely.get_coordinates(landed) - LONLAT).max() < 0.003
