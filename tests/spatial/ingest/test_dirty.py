"""Broken rows: the good half is stored, every bad row is told, and the sums are honest."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import InvalidInput
from spatial.ingest.errors import NothingStored, UnknownCrs
from spatial.ingest.sources.features import FeatureReader
from spatial.ingest.sources.stream import Stream


def point(number, **more):
    feature = {
        "type": "Feature",
        "properties": {"n": number},
        "geometry": {"type": "Point", "coordinates": [117.2 + number / 1e4, 31.8]},
    }
    return json.dumps(feature | more)


def polygon(*ring):
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


BROKEN = {
    '{"type":"Feature","properties":{"n":1},"geometry":{"type":"Point","coordinates":[117.2,': "bad_json",
    '{"type":"Feature","properties":{"n":1,},"geometry":null}': "bad_json",
    '{"type":"Feature","properties":{"name":"never closed},"geometry":null}': "bad_json",
    '{"type":"Feature","properties":[],"geometry":null}': "bad_json",
    '{"type":"Point","coordinates":[117.2,31.8]}': "bad_json",
    point(2, geometry=None): "no_geometry",
    point(2, geometry={"type": "Point", "coordinates": []}): "no_geometry",
    point(2, geometry={"type": "Point", "coordinates": ["a", 2]}): "bad_geometry",
    point(2, geometry={"type": "Pointe", "coordinates": [1, 2]}): "bad_geometry",
    point(2, geometry={"type": "Polygon", "coordinates": [[[117, 31], [118, 31]]]}): "bad_geometry",
    point(2, geometry={"type": "Point", "coordinates": [999, 31]}): "out_of_range",
    point(2, geometry={"type": "Point", "coordinates": [117, 89.9]}): "out_of_range",
    point(2, geometry=polygon([117, 31], [118, 32], [118, 31], [117, 32])): "invalid_geometry",
    point(2, geometry=polygon([117, 31], [118, 31], [117.5, 31])): "invalid_geometry",
}
MIXED = {
    "type": "GeometryCollection",
    "geometries": [
        {"type": "Point", "coordinates": [117, 31]},
        {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
    ],
}


def collection(features):
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}"


def rejected_rows(report):
    with (report.folder / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("as_lines", [True, False])
def test_half_of_the_features_are_broken(load, rows, tmp_path, as_lines):
    features = []
    for number, bad in enumerate([*BROKEN, point(3, geometry=MIXED)]):
        features += [point(number), bad]
    path = tmp_path / ("t.geojsonl" if as_lines else "t.geojson")
    path.write_text("\n".join(features) if as_lines else collection(features), encoding="utf-8")
    report = load(path)
    half = len(BROKEN) + 1
    assert (report.read, report.stored, report.rejected) == (2 * half, half, half)
    assert report.status == "stored in part"
    assert sorted(one["n"] for one in rows()) == list(range(half))
    told = rejected_rows(report)
    assert [int(one["row"]) for one in told] == [2 * number for number in range(1, half + 1)]
    assert [one["reason"] for one in told] == [*BROKEN.values(), "mixed_collection"]
    assert all(one["message"] and one["attributes"] for one in told)
    summary = json.loads((report.folder / "report.json").read_text(encoding="utf-8"))
    assert summary["rejected"] == half
    assert sum(summary["reasons"].values()) == half


def test_half_of_a_table_is_broken(load, rows, tmp_path):
    good = "".join(f"{n},路{n},117.{n:03},31.8\n" for n in range(100, 104))
    bad = [
        b"1,\xff\xff\xff,117.2,31.8",
        b"2,short,117.2",
        b"3,long,117.2,31.8,5",
        "4,字,east,31.8".encode(),
        b'5,"never closed,117.2,31.8',
        b"6,blank,,",
        b"7,far,217.2,31.8",
        b"8,nan,nan,31.8",
        b"9,inf,inf,31.8",
    ]
    lines = good.encode().splitlines()
    data = [b"n,name,lon,lat"]
    for at, line in enumerate(bad):
        data += [line, lines[at % 4]]
    (tmp_path / "t.csv").write_bytes(b"\n".join(data))
    report = load(tmp_path / "t.csv")
    assert (report.read, report.stored, report.rejected) == (18, 9, 9)
    assert report.reasons == {
        "bad_text": 2, "column_count": 2, "bad_number": 1, "no_geometry": 1, "out_of_range": 1, "non_finite": 2
    }  # fmt: skip
    assert [int(one["row"]) for one in rejected_rows(report)] == list(range(2, 20, 2))
    assert {one["name"] for one in rows()} == {"路100", "路101", "路102", "路103"}


def test_quotes_that_are_never_closed_cost_their_own_rows_only(load, rows, tmp_path):
    table = ["lon,lat,n", *('117.2,31.8,"a' if n % 2 else f"117.2,31.8,b{n}" for n in range(40))]
    (tmp_path / "t.csv").write_text("\n".join(table), encoding="utf-8")
    report = load(tmp_path / "t.csv")
    assert (report.read, report.stored, report.reasons) == (40, 20, {"bad_text": 20})
    assert {one["n"] for one in rows()} == {f"b{n}" for n in range(0, 40, 2)}


@pytest.mark.parametrize(
    ("encoding", "told"), [("base64", "no encoding"), ("klingon", "no encoding"), ("ascii", "header")]
)
def test_an_encoding_that_cannot_be_is_told(load, tmp_path, encoding, told):
    (tmp_path / "t.csv").write_text("lon,lat,名\n117,31,字\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=told):
        load(tmp_path / "t.csv", encoding=encoding)


def test_what_can_be_repaired_is_repaired_and_counted(load, rows, tmp_path):
    """A spike of no width and a doubled corner change no area."""
    spiked = polygon([117, 31], [118, 31], [118, 32], [118, 33], [118, 32], [117, 32])
    (tmp_path / "t.geojson").write_text(point(1, geometry=spiked), encoding="utf-8")
    report = load(tmp_path / "t.geojson")
    assert (report.stored, report.repaired) == (1, 1)
    assert rows()[0]["wkt"].startswith("POLYGON")


def test_nothing_good_means_nothing_published(load, conn, tmp_path):
    (tmp_path / "t.geojsonl").write_text("\n".join(BROKEN), encoding="utf-8")
    with pytest.raises(NothingStored, match="none of its 14 rows") as caught:
        load(tmp_path / "t.geojsonl")
    report = caught.value.report
    assert json.loads((report.folder / "report.json").read_text(encoding="utf-8"))["status"] == "failed"
    assert len(rejected_rows(report)) == 14
    assert conn.execute("SELECT count(*) FROM catalogue.layer WHERE id = 'given'").fetchone() == (0,)
    assert conn.execute("SELECT to_regclass('imported.given')").fetchone() == (None,)


def test_an_empty_collection_is_told(load, tmp_path):
    (tmp_path / "t.geojson").write_text(collection([]), encoding="utf-8")
    with pytest.raises(NothingStored, match="holds no rows"):
        load(tmp_path / "t.geojson")


def test_a_cut_off_collection_is_told(load, tmp_path):
    whole = collection([point(n) for n in range(5)])
    (tmp_path / "t.geojson").write_text(whole[: whole.rindex("117.")], encoding="utf-8")
    report = load(tmp_path / "t.geojson")
    assert (report.stored, report.rejected) == (4, 1)
    assert any("cut off" in one for one in report.warnings)


def test_a_reference_system_behind_the_features_is_no_surprise(load, tmp_path):
    late = collection([point(1)])[:-1] + ', "crs": {"type": "name", "properties": {"name": "EPSG:4490"}}}'
    (tmp_path / "t.geojson").write_text(late, encoding="utf-8")
    with pytest.raises(UnknownCrs, match="Add --crs EPSG:4490"):
        load(tmp_path / "t.geojson")
    assert load(tmp_path / "t.geojson", crs="EPSG:4490").stored == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(['"', "}", "{", '\\"', "[{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=5), st.booleans(), st.booleans())
def test_every_feature_is_cut_out_whole(tmp_path_factory, properties, indented, type_last):
    features = [{"type": "Feature", "properties": one, "geometry": None} for one in properties]
    if type_last:
        features = [dict(reversed(one.items())) for one in features]
    document = {"type": "FeatureCollection", "features": features, "crs": {"a": "b"}}
    path = tmp_path_factory.mktemp("cut") / "t.geojson"
    path.write_text(json.dumps(document, indent=2 if indented else None), encoding="utf-8")
    with Stream(path) as stream:
        reader = FeatureReader(stream)
        assert [json.loads(one.text) for one in reader.pieces()] == features
        assert reader.was_closed
        assert reader.members["crs"] == {"a": "b"}
