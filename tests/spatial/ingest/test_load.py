"""Publishing: new, replaced, appended, killed in the middle; and what the catalogue then says."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from threading import Event, Thread

import geopandas as gpd
import psycopg
import pyogrio
import pytest
import shapely

from spatial.catalogue.errors import BuiltInLayer, LayerExists, UnknownLayer
from spatial.catalogue.queries import load_catalogue
from spatial.errors import InvalidInput
from spatial.ingest.errors import ImportRunning, SchemaDiffers, UnreadableFile
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions, Mode, Part
from spatial.settings import PROJECT


def lines(*features):
    return "\n".join(json.dumps({"type": "Feature", **one}) for one in features)


def feature(geometry, **properties):
    return {"properties": properties, "geometry": shapely.geometry.mapping(shapely.from_wkt(geometry))}


@pytest.fixture
def given(tmp_path):
    def write(*features, name="t.geojsonl"):
        (tmp_path / name).write_text(lines(*features), encoding="utf-8")
        return tmp_path / name

    return write


def test_the_layer_is_in_the_catalogue(load, conn, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "plots.gpkg")
    load(tmp_path / "plots.gpkg", title="试验地块")
    published = load_catalogue(conn).layer("given")
    layer = published.definition
    assert (published.origin, published.feature_count) == ("imported", 3)
    assert layer.title.zh == "试验地块"
    assert (layer.group, layer.db_schema, layer.table) == ("imported", "imported", "given")
    assert layer.geometry.type == "polygon"
    assert layer.geometry.web_column == "geom_web"
    assert [one.name for one in layer.fields] == ["source_id", "名称", "层数", "面积"]
    assert [one.type for one in layer.style] == ["fill"]
    assert published.extent.west == pytest.approx(117.2)
    assert published.extent.north == pytest.approx(31.801)


def test_the_table_is_indexed_and_readable_by_the_server(load, conn, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "plots.gpkg")
    load(tmp_path / "plots.gpkg")
    names = conn.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'imported' ORDER BY 1").fetchall()
    assert names == [("given_geom_idx",), ("given_geom_web_idx",), ("given_pkey",)]
    granted = conn.execute("SELECT has_table_privilege('shikong_reader', 'imported.given', 'SELECT')").fetchone()
    assert granted == (True,)
    assert conn.execute("SELECT ST_SRID(geom), ST_SRID(geom_web) FROM imported.given LIMIT 1").fetchone() == (
        4490,
        3857,
    )
    with pytest.raises(psycopg.errors.NotNullViolation):
        conn.execute("INSERT INTO imported.given (geom) VALUES (NULL)")


@pytest.mark.parametrize("layer", ["", "Roads", "a-b", "1a", "x" * 64, "道路"])
def test_an_id_that_is_no_id_is_refused(load, given, layer):
    with pytest.raises(InvalidInput, match="a-z"):
        load(given(feature("POINT(117 31)")), layer=layer)


def test_a_missing_file_is_told(load, tmp_path):
    with pytest.raises(UnreadableFile, match="no file"):
        load(tmp_path / "absent.gpkg")


def test_an_existing_layer_needs_a_word(load, given):
    path = given(feature("POINT(117 31)"))
    load(path)
    with pytest.raises(LayerExists, match="--replace"):
        load(path)
    with pytest.raises(BuiltInLayer):
        load(path, layer="roads", mode=Mode.REPLACE)
    with pytest.raises(UnknownLayer):
        load(path, layer="absent", mode=Mode.APPEND)


def test_replacing_keeps_the_title_and_raises_the_version(load, conn, rows, given):
    load(given(feature("POINT(117 31)", a=1)), title="旧名")
    before = load_catalogue(conn).layer("given").data_version
    load(given(feature("LINESTRING(117 31, 118 32)", b="x")), mode=Mode.REPLACE)
    published = load_catalogue(conn).layer("given")
    assert published.definition.title.zh == "旧名"
    assert published.data_version > before
    assert published.definition.geometry.type == "linestring"
    assert [one["b"] for one in rows()] == ["x"]


def test_readers_see_the_old_layer_until_the_new_one_is_committed(empty_city_url, given, tmp_path):
    options = ImportOptions(layer="given", reports=tmp_path)
    with psycopg.connect(empty_city_url) as conn:
        import_file(conn, given(feature("POINT(117 31)", a=1)), options)
    waits, goes_on = Event(), Event()

    def pause(stage, done, total):
        if stage == "indexing":
            waits.set()
            goes_on.wait(30)

    def replace():
        path = given(feature("POINT(118 32)", a=2), feature("POINT(118 32)", a=3), name="new.geojsonl")
        with psycopg.connect(empty_city_url) as conn:
            import_file(conn, path, ImportOptions("given", tmp_path, mode=Mode.REPLACE), progress=pause)

    worker = Thread(target=replace)
    worker.start()
    try:
        assert waits.wait(30)
        with psycopg.connect(empty_city_url, options="-c statement_timeout=2000") as reader:
            assert reader.execute("SELECT a FROM imported.given").fetchall() == [(1,)]
        with psycopg.connect(empty_city_url) as rival, pytest.raises(ImportRunning):
            import_file(rival, given(feature("POINT(117 31)")), options)
    finally:
        goes_on.set()
        worker.join()
    with psycopg.connect(empty_city_url) as reader:
        assert reader.execute("SELECT a FROM imported.given ORDER BY a").fetchall() == [(2,), (3,)]


def test_a_published_layer_is_told_to_running_servers(empty_city_url, given, tmp_path):
    with psycopg.connect(empty_city_url, autocommit=True) as listener, psycopg.connect(empty_city_url) as conn:
        listener.execute("LISTEN catalogue")
        import_file(conn, given(feature("POINT(117 31)")), ImportOptions("given", tmp_path))
        assert list(listener.notifies(timeout=0.2)) == []
        conn.commit()
        assert {one.channel for one in listener.notifies(timeout=5, stop_after=1)} == {"catalogue"}


def test_rows_are_appended(load, conn, rows, given):
    load(given(feature("POLYGON((117 31, 118 31, 118 32, 117 31))", a=1, b="x")))
    two = "MULTIPOLYGON(((117 31, 118 31, 118 32, 117 31)), ((119 31, 120 31, 120 32, 119 31)))"
    load(given(feature(two, a=2, b="y")), mode=Mode.APPEND)
    load(given(feature("POLYGON((117 31, 118 31, 118 32, 117 31))", a=3, b=None)), mode=Mode.APPEND)
    assert [(one["a"], one["b"]) for one in rows(order="a")] == [(1, "x"), (2, "y"), (3, None)]
    published = load_catalogue(conn).layer("given")
    assert published.definition.geometry.type == "multipolygon"
    assert published.feature_count == 3
    assert published.extent.east == pytest.approx(120)


@pytest.mark.parametrize(
    ("properties", "told"),
    [({"a": 1}, "the file lacks b"), ({"a": 1, "b": "x", "c": 1}, "the layer lacks c"), ({"a": "?", "b": "x"}, "'a'")],
)
def test_appending_other_fields_is_refused(load, given, properties, told):
    load(given(feature("POINT(117 31)", a=1, b="x")))
    with pytest.raises(SchemaDiffers, match=told):
        load(given(feature("POINT(117 31)", **properties)), mode=Mode.APPEND)


def test_appending_another_dimension_rejects_the_rows(load, given):
    load(given(feature("POINT(117 31)", a=1)))
    report = load(given(feature("POINT(117 31)", a=1), feature("LINESTRING(117 31, 118 32)", a=2)), mode=Mode.APPEND)
    assert report.reasons == {"wrong_dimension": 1}


def test_mixed_geometries_make_a_mixed_layer_or_one_part(load, conn, given):
    path = given(feature("POINT(117 31)"), feature("LINESTRING(117 31, 118 32)"))
    load(path)
    layer = load_catalogue(conn).layer("given").definition
    assert layer.geometry.type == "geometry"
    assert [one.type for one in layer.style] == ["fill", "line", "circle"]
    report = load(path, part=Part.LINES, mode=Mode.REPLACE)
    assert (report.read, report.stored, report.skipped) == (2, 1, 1)
    assert load_catalogue(conn).layer("given").definition.geometry.type == "linestring"


def test_heights_are_kept_where_all_have_them(load, conn, rows, given):
    load(given(feature("POINT Z (117 31 20)")))
    assert rows()[0]["wkt"] == "POINT Z (117 31 20)"
    assert load_catalogue(conn).layer("given").definition.geometry.has_z
    report = load(given(feature("POINT Z (117 31 20)"), feature("POINT(117 31)")), mode=Mode.REPLACE)
    assert "Only 1 of 2 geometries have heights" in report.warnings[0]
    assert {one["wkt"] for one in rows()} == {"POINT(117 31)"}


def test_types_are_proven_by_all_rows(load, rows, tmp_path):
    table = [
        "lon,lat,code,wide,mixed,number,flag,day,moment,no_day,house,empty",
        "117,31,010203,12345678901234567890,1,1,true,2024-02-29,2024-02-29 08:00,2024-02-30,12E5,",
        "117,31,010204,1,a,2.5,FALSE,2024/3/1,2024-02-29T00:00:00Z,2024-02-29,7,",
        "117,31,,,,,,,,,,",
    ]
    (tmp_path / "t.csv").write_text("\n".join(table), encoding="utf-8")
    report = load(tmp_path / "t.csv")
    types = {one["name"]: one["type"] for one in report.fields}
    assert types == {
        "lon": "integer", "lat": "integer", "code": "string", "wide": "string", "mixed": "string", "number": "number",
        "flag": "boolean", "day": "date", "moment": "datetime", "no_day": "string", "house": "string",
        "empty": "string",
    }  # fmt: skip
    first, second, third = sorted(rows(), key=lambda one: str(one["code"]))
    assert first["moment"] == second["moment"] == datetime(2024, 2, 29, tzinfo=UTC)
    assert (first["number"], second["number"], third["number"]) == (1.0, 2.5, None)


def test_names_that_are_taken_are_renamed_and_told(load, rows, given):
    report = load(given(feature("POINT(117 31)", id=7, geom="x", 名称="y")))
    (row,) = rows()
    assert (row["id_"], row["geom_"], row["名称"]) == (7, "x", "y")
    assert "id -> id_" in report.notes[-1]


def test_values_of_every_kind_survive(load, rows, given):
    odd = {"quote": 'a"b', "line": "a\nb", "comma": ",", "back": "\\N\\.", "blank": "", "null": None, "nul": "a\0b"}
    report = load(given(feature("POINT(117 31)", **odd, more={"a": [1, "字"]}, big=2**70, wide=9007199254740993)))
    (row,) = rows()
    assert {name: row[name] for name in odd} == odd | {"nul": "ab"}
    assert json.loads(row["more"]) == {"a": [1, "字"]}
    assert (row["wide"], row["big"]) == (9007199254740993, float(2**70))
    assert "big: numbers of more than 64 bits" in report.warnings[0]
    assert any("NUL" in one for one in report.notes)


def test_a_thousand_fields_fold_into_one(load, rows, given):
    wide = {f"k{number}": number for number in range(1000)}
    report = load(given(feature("POINT(117 31)", **wide)))
    (row,) = rows()
    assert row["k0"] == 0
    assert json.loads(row["other_properties"])["k999"] == 999
    assert "rarer fields" in report.warnings[0]


SLOW_IMPORT = """
import sys, time
from pathlib import Path
import psycopg
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions

def tell(stage, done, total):
    if stage == sys.argv[4]:
        print("here", flush=True)
        time.sleep(60)

with psycopg.connect(sys.argv[1]) as conn:
    import_file(conn, Path(sys.argv[2]), ImportOptions("given", Path(sys.argv[3])), progress=tell)
"""


@pytest.mark.parametrize("stage", ["reading", "indexing", "publishing"])
def test_killed_in_the_middle_leaves_nothing_half_done(empty_city_url, plots, tmp_path, stage):
    path = tmp_path / "plots.gpkg"
    pyogrio.write_dataframe(plots, path)
    command = [sys.executable, "-c", SLOW_IMPORT, empty_city_url, str(path), str(tmp_path), stage]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as killed:
        assert killed.stdout.readline() == b"here\n"
        killed.send_signal(signal.SIGKILL)
    with psycopg.connect(empty_city_url) as conn:
        assert conn.execute("SELECT count(*) FROM catalogue.layer WHERE origin = 'imported'").fetchone() == (0,)
        assert conn.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'imported'::regnamespace"
        ).fetchone() == (0,)
        conn.rollback()
        report = _again(conn, path, tmp_path)
        assert report.stored == 3
        conn.commit()
        assert conn.execute("SELECT count(*) FROM imported.given").fetchone() == (3,)


def _again(conn, path, folder):
    """The server notices the death of its client within moments."""
    for _ in range(50):
        try:
            return import_file(conn, path, ImportOptions("given", folder))
        except ImportRunning:
            conn.rollback()
            time.sleep(0.1)
    raise AssertionError("the dead import still holds its lock")


def test_neighbours_lie_beside_neighbours(load, rows, tmp_path):
    """Rows come in any order and are stored along a Hilbert curve."""
    corners = [shapely.Point(117 + x / 10, 31 + y / 10) for x in (0, 9) for y in (0, 9)]
    frame = gpd.GeoDataFrame(
        {"corner": [n % 4 for n in range(40)]}, geometry=[corners[n % 4] for n in range(40)], crs=4490
    )
    pyogrio.write_dataframe(frame, tmp_path / "t.fgb", SPATIAL_INDEX="NO")
    load(tmp_path / "t.fgb")
    stored = [one["corner"] for one in rows()]
    assert sum(a != b for a, b in pairwise(stored)) == 3
