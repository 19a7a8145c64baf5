"""Files as they really come; each test skips where ../shared/testdata is absent."""

import csv
import json

import numpy as np
import pytest
import shapely

from spatial.gcj02 import Shift, wgs84_to_gcj02
from spatial.ingest.suspicion import _only, _pattern, hints, weigh
from spatial.ingest.types import Part

COUNTIES = {
    "340102": "瑶海区", "340103": "庐阳区", "340104": "蜀山区", "340111": "包河区", "340121": "长丰县",
    "340122": "肥东县", "340123": "肥西县", "340124": "庐江县", "340181": "巢湖市",
}  # fmt: skip


@pytest.fixture
def counties(conn, testdata):
    document = json.loads((testdata / "boundaries/hefei_counties_cgcs2000.geojson").read_text(encoding="utf-8"))
    for one in document["features"]:
        code = str(one["properties"]["adcode"])
        conn.execute(
            "INSERT INTO city.region_legal (code, name, full_name, level, geom) VALUES (%s, %s, %s, 'county', "
            "ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON(%s), 4490)))",
            [code, COUNTIES[code], f"安徽省合肥市{COUNTIES[code]}", json.dumps(one["geometry"])],
        )


def test_counties_of_hefei(load, testdata):
    report = load(testdata / "boundaries/hefei_counties_cgcs2000.geojson")
    assert (report.stored, report.crs_basis, report.geometry) == (9, "declared", "multipolygon")


def test_buildings_of_new_york(load, testdata):
    report = load(testdata / "osm_world/dev/nyc_buildings.geojsonl.gz")
    assert (report.read, report.stored + report.rejected) == (70_737, 70_737)
    assert report.rejected == 0


@pytest.mark.parametrize(
    ("part", "where", "stored"),
    [(Part.POLYGONS, "building", 1208), (Part.LINES, "highway", None), (Part.POINTS, "amenity", None)],
)
def test_monaco(load, testdata, part, where, stored):
    report = load(testdata / "osm_world/dev/monaco-latest.osm.pbf", part=part, where=where)
    assert report.stored > 100
    if stored:
        assert abs(report.read - stored) <= 5


def test_nanjing(load, rows, testdata):
    report = load(testdata / "osm_china/dev/nanjing_xinjiekou.osm.xml.gz", part=Part.LINES, where="highway")
    assert 370 <= report.stored <= 384
    assert any("路" in (one["name"] or "") for one in rows())


def test_communities_of_hefei_look_like_bd09(load, counties, testdata):
    path = testdata / "hefei_communities/dev/communities.jsonl.gz"
    report = load(path)
    assert report.read == 6423
    assert report.reasons == {"no_geometry": report.rejected}
    assert "look like BD-09" in report.warnings[0]
    assert "--from bd09 --replace" in report.warnings[0]
    converted = load(path, layer="converted", shifted_from=Shift.BD09)
    assert converted.warnings == []
    assert any("After the conversion from BD-09, 96" in one for one in converted.notes)


def shifted_rows(testdata, convert):
    """Places drawn from the real outlines, then shifted."""
    document = json.loads((testdata / "boundaries/hefei_counties_cgcs2000.geojson").read_text(encoding="utf-8"))
    rng = np.random.default_rng(5)
    lon, lat, outlines = [], [], []
    for one in document["features"]:
        outline = shapely.geometry.shape(one["geometry"])
        west, south, east, north = outline.bounds
        xy = rng.uniform((west, south), (east, north), (4000, 2))
        # Near the edge, where a shift tells.
        xy = xy[shapely.contains_xy(outline, *xy.T) & (shapely.distance(outline.boundary, shapely.points(xy)) < 0.02)]
        lon, lat = np.append(lon, xy[:, 0]), np.append(lat, xy[:, 1])
        outlines += [outline] * len(xy)
    return (*convert(lon, lat), np.array(outlines))


def test_true_coordinates_raise_no_suspicion(testdata):
    found = weigh(*shifted_rows(testdata, lambda lon, lat: (lon, lat)))
    assert found.shift is None
    assert "Nothing points to" in found.sentence(None)


def test_gcj02_is_told_from_bd09(testdata):
    found = weigh(*shifted_rows(testdata, wgs84_to_gcj02))
    assert (found.shift, found.is_sure) == (Shift.GCJ02, True)
    assert "--from gcj02" in found.sentence(None)


def test_few_rows_decide_nothing(testdata):
    lon, lat, outlines = shifted_rows(testdata, wgs84_to_gcj02)
    assert weigh(lon[:199], lat[:199], outlines[:199]).sentence(None) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("合肥市瑶海区明光路1号", 0),
        ("瑶海", 0),
        ("合肥二手房>包河>滨湖", 1),
        ("包河大道与瑶海区交口", 0),
        ("庐阳区包河区", -1),
        ("蜀山路3号", -1),
        ("", -1),
        (None, -1),
    ],
)
def test_a_text_names_a_county(text, found):
    patterns = [_pattern(name) for name in ("瑶海区", "包河区", "庐阳区", "蜀山区")]
    assert _only(patterns, text) == found


@pytest.mark.parametrize(
    ("names", "shift"),
    [(["bd_lng", "bd_lat"], "bd09"), (["lng_gcj02"], "gcj02"), (["高德经度"], "gcj02"), (["abdomen", "lon"], None)],
)
def test_names_of_fields_are_hints(names, shift):
    told = hints(names)
    assert (f"--from {shift}" in told) if shift else told is None


def test_universities_with_bd09_csv(load, testdata):
    path = testdata / "poi_universities_hospitals/dev/universities_china.csv.gz"
    report = load(path)
    assert report.read == report.stored + report.rejected
    assert report.stored > 1300
    if report.rejected:
        with (report.folder / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.DictReader(file))) == report.rejected
