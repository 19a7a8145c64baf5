"""Every format, read by a reader that is not ours, holds what the database holds."""

import csv
import io
import json
import math
import sqlite3
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pyogrio
import pyproj
import pytest
import shapely

from spatial.catalogue.queries import load_catalogue
from spatial.catalogue.types import FieldType, GeometryType
from spatial.crs import OFFERED
from spatial.export.stream import export_chunks
from spatial.export.types import FORMATS, ExportReport
from spatial.query.types import ItemsQuery, Look, SortKey
from tests.spatial.export.conftest import AWKWARD, FIELDS, SHAPES, by_gdal, unzipped

GRID = OFFERED["http://www.opengis.net/def/crs/EPSG/0/4548"]
READ_BY_GDAL = ["geojson", "geojsonseq", "fgb", "gpkg", "shp"]
NARROWED = {GeometryType.MULTIPOINT: 4, GeometryType.MULTILINESTRING: 5, GeometryType.MULTIPOLYGON: 6}


def wkts(frame):
    return [shapely.normalize(one).wkt for one in frame.geometry]


def expected_shapes(geometry, count):
    texts = [SHAPES[geometry][number % 2] for number in range(count)]
    return [shapely.normalize(shapely.from_wkt(text)) for text in texts]


def none_for_nan(values):
    return [None if value is None or pd.isna(value) else value for value in values]


@pytest.mark.parametrize("name", ["fgb", "gpkg"])
def test_values_are_kept_by_gdal_formats(make_layer, export, tmp_path, name):
    frame = by_gdal(export(make_layer(), name), name, tmp_path).sort_values("id")
    assert none_for_nan(frame["名称"]) == [row[0] for row in AWKWARD]
    assert frame["id"].tolist() == [1, 2, 3, 4, 5, 6]
    path = tmp_path / f"things.{name}"
    _, table = pyogrio.read_arrow(path)
    order = sorted(range(6), key=lambda at: table["id"][at].as_py())
    assert [table["count"][at].as_py() for at in order] == [row[1] for row in AWKWARD]
    assert [table["ratio"][at].as_py() for at in order] == [row[2] for row in AWKWARD]
    assert [table["is_open"][at].as_py() for at in order] == [row[3] for row in AWKWARD]
    # FlatGeobuf knows moments, but no days.
    built = [table["built"][at].as_py() for at in order]
    assert [one.date() if isinstance(one, datetime) else one for one in built] == [row[4] for row in AWKWARD]
    seen = [table["seen"][at].as_py() for at in order]
    assert [one and one.replace(tzinfo=one.tzinfo or UTC) for one in seen] == [row[5] for row in AWKWARD]


def test_parquet_keeps_every_type(make_layer, export):
    table = pq.read_table(io.BytesIO(export(make_layer(), "parquet")))
    assert [str(one.type) for one in table.schema] == [
        "int64",
        "string",
        "int64",
        "double",
        "bool",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "binary",
    ]
    columns = [table.column(name).to_pylist() for name in FIELDS]
    assert list(zip(*columns, strict=True)) == list(AWKWARD)


def test_geoparquet_tells_crs_box_and_types(make_layer, export):
    content = export(make_layer(geometry=GeometryType.POLYGON), "parquet")
    about = json.loads(pq.read_schema(io.BytesIO(content)).metadata[b"geo"])
    assert about["version"] == "1.1.0"
    column = about["columns"][about["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["Polygon"]
    assert column["bbox"] == [117.0, 31.0, 118.0, 32.0]
    assert pyproj.CRS.from_json_dict(column["crs"]) == pyproj.CRS("OGC:CRS84")
    frame = gpd.read_parquet(io.BytesIO(content))
    assert wkts(frame) == [one.wkt for one in expected_shapes(GeometryType.POLYGON, 6)]


def test_csv_is_read_by_the_csv_module(make_layer, export):
    text = export(make_layer(), "csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == ["id", *FIELDS, "geometry_wkt"]
    assert [row["名称"] for row in rows] == [row[0] or "" for row in AWKWARD]
    assert [row["count"] for row in rows] == ["" if row[1] is None else str(row[1]) for row in AWKWARD]
    assert [row["ratio"] and float(row["ratio"]) for row in rows] == [
        "" if row[2] is None else row[2] for row in AWKWARD
    ]
    assert [row["is_open"] for row in rows] == [{True: "true", False: "false", None: ""}[row[3]] for row in AWKWARD]
    assert [row["built"] for row in rows] == [row[4].isoformat() if row[4] else "" for row in AWKWARD]
    assert rows[0]["seen"] == "2024-01-02T03:04:05.678Z"
    assert rows[1]["seen"] == "1969-07-20T00:00:00Z"
    assert rows[0]["geometry_wkt"] == "POINT(117.2 31.8)"


def test_csv_tells_an_empty_text_from_none(make_layer, export):
    lines = export(make_layer([("",), (None,)], fields={"a": FieldType.STRING}), "csv").split(b"\r\n")
    assert lines[1].startswith(b'1,"",')
    assert lines[2].startswith(b"2,,")


def test_csv_begins_with_a_byte_order_mark_where_asked(make_layer, export):
    layer = make_layer()
    assert export(layer, "csv", bom=True) == b"\xef\xbb\xbf" + export(layer, "csv")


def test_geojson_is_what_the_head_and_tail_make_of_it(make_layer, export):
    content = export(
        make_layer(), "geojson", head=b'{"type":"FeatureCollection","x":[1],"features":[', tail=b'],"y":2}'
    )
    document = json.loads(content)
    assert (document["x"], document["y"]) == ([1], 2)
    assert [one["properties"]["名称"] for one in document["features"]] == [row[0] for row in AWKWARD]
    assert [one["properties"]["count"] for one in document["features"]] == [row[1] for row in AWKWARD]


def test_a_text_sequence_has_a_separator_before_and_a_newline_behind_each(make_layer, export):
    records = export(make_layer(), "geojsonseq").split(b"\x1e")
    assert records[0] == b""
    assert all(record.endswith(b"\n") and record.count(b"\n") == 1 for record in records[1:])
    assert [json.loads(record)["id"] for record in records[1:]] == [1, 2, 3, 4, 5, 6]


def test_jsonfg_tells_time_and_place(make_layer, export):
    row = ("甲", "[2020-01-01T08:00:00+08:00,)")
    layer = make_layer(
        [row, ("乙", "[2020-01-01 00:00:00.5+00,2021-01-01 00:00+00)")], fields={"a": FieldType.STRING}, has_time=True
    )
    plain = json.loads(export(layer, "jsonfg"))["features"]
    assert plain[0]["time"] == {"interval": ["2020-01-01T00:00:00Z", ".."]}
    assert plain[1]["time"] == {"interval": ["2020-01-01T00:00:00.5Z", "2021-01-01T00:00:00Z"]}
    assert plain[0]["place"] is None
    assert plain[0]["geometry"] == {"type": "Point", "coordinates": [117.2, 31.8]}
    metric = json.loads(export(layer, "jsonfg", ItemsQuery(limit=1, look=Look(crs=GRID))))["features"]
    assert len(metric) == 1
    assert metric[0]["geometry"] == plain[0]["geometry"]
    north, east = metric[0]["place"]["coordinates"]
    assert (north, east) == pytest.approx(pyproj.Transformer.from_crs(4490, 4548).transform(31.8, 117.2), abs=0.001)


@pytest.mark.parametrize("name", [*READ_BY_GDAL, "parquet", "csv"])
@pytest.mark.parametrize("geometry", list(SHAPES))
def test_every_kind_of_geometry_comes_out(make_layer, export, tmp_path, name, geometry):
    content = export(make_layer(geometry=geometry), name)
    if name == "csv":
        cells = [row["geometry_wkt"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]
        found = [shapely.normalize(shapely.from_wkt(cell)) for cell in cells]
    elif name == "parquet":
        found = [shapely.normalize(one) for one in gpd.read_parquet(io.BytesIO(content)).geometry]
    else:
        found = [shapely.normalize(one) for one in by_gdal(content, name, tmp_path).sort_values("id").geometry]
    expected = expected_shapes(geometry, 6)
    if name == "shp":
        # The format knows no difference between one part and several.
        found, expected = ([shapely.normalize(shapely.union_all([one])) for one in side] for side in (found, expected))
    assert all(shapely.equals_exact(a, b, 1e-8) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", [*READ_BY_GDAL, "parquet"])
def test_heights_come_out(make_layer, export, tmp_path, name):
    layer = make_layer(
        geometry=GeometryType.LINESTRING, has_z=True, shapes=["LINESTRING Z(117.2 31.8 18.25,117.3 31.9 -2)"]
    )
    content = export(layer, name)
    frame = gpd.read_parquet(io.BytesIO(content)) if name == "parquet" else by_gdal(content, name, tmp_path)
    assert [list(one.coords) for one in frame.geometry] == [[(117.2, 31.8, 18.25), (117.3, 31.9, -2.0)]] * 6
    if name == "parquet":
        about = json.loads(pq.read_schema(io.BytesIO(content)).metadata[b"geo"])
        assert about["columns"]["geometry"]["geometry_types"] == ["LineString Z"]


@pytest.mark.parametrize("name", ["fgb", "gpkg", "shp", "parquet"])
@pytest.mark.parametrize("uri", [uri for uri in OFFERED if "CRS84h" not in uri])
def test_the_file_tells_its_crs_and_is_x_y(make_layer, export, tmp_path, name, uri):
    crs = OFFERED[uri]
    content = export(make_layer(), name, ItemsQuery(limit=None, look=Look(crs=crs)))
    frame = gpd.read_parquet(io.BytesIO(content)) if name == "parquet" else by_gdal(content, name, tmp_path)
    known = "OGC:CRS84" if "CRS84" in uri and name == "parquet" else 4326 if "CRS84" in uri else crs.srid
    if name == "shp":
        assert pyproj.CRS(frame.crs).to_epsg(min_confidence=20) == known or crs.srid == 4527
    else:
        assert frame.crs == pyproj.CRS(known)
    x, y = pyproj.Transformer.from_crs(4490, crs.srid, always_xy=True).transform(117.2, 31.8)
    first = frame.sort_values("id").geometry.iloc[0]
    assert (first.x, first.y) == pytest.approx((x, y), abs=0.001 if crs.is_metric else 1e-9)


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_empty_layer_gives_a_valid_file_with_its_fields(make_layer, export, tmp_path, name):
    layer = make_layer([], geometry=GeometryType.MULTIPOLYGON)
    content = export(layer, name)
    if name in {"geojson", "jsonfg"}:
        assert json.loads(content)["features"] == []
    elif name == "geojsonseq":
        assert content == b""
    elif name == "csv":
        assert content.decode() == f"id,{','.join(FIELDS)},geometry_wkt\r\n"
    else:
        frame = gpd.read_parquet(io.BytesIO(content)) if name == "parquet" else by_gdal(content, name, tmp_path)
        assert len(frame) == 0
        assert list(frame.columns) == ["id", *FIELDS, "geometry"]


@pytest.mark.parametrize("name", [one for one in FORMATS if one != "jsonfg"])
def test_properties_are_chosen_and_geometry_is_left_out(make_layer, export, tmp_path, name):
    query = ItemsQuery(limit=None, look=Look(properties=("count", "名称"), has_geometry=False))
    content = export(make_layer(), name, query)
    if name == "csv":
        assert content.splitlines()[0].decode() == "名称,count"
    elif name in {"geojson", "geojsonseq"}:
        one = json.loads(content)["features"][0] if name == "geojson" else json.loads(content.split(b"\x1e")[1])
        assert one["geometry"] is None
        assert one["properties"] == {"名称": "合肥市庐阳区", "count": 1}
    else:
        if name == "parquet":
            frame = pq.read_table(io.BytesIO(content)).to_pandas()
        elif name == "shp":
            with unzipped(content, tmp_path) as folder:
                assert not (folder / "things.shp").exists()
                frame = pyogrio.read_dataframe(folder / "things.dbf")
        else:
            frame = by_gdal(content, name, tmp_path)
        if name == "fgb":
            # The format always has a place for a geometry.
            assert frame.pop("geometry").isna().all()
        assert list(frame.columns) == ["名称", "count"]
        assert len(frame) == 6


@pytest.mark.parametrize("name", list(FORMATS))
def test_filter_order_and_limit_hold(make_layer, export, tmp_path, name):
    rows = [(number,) for number in (7, None, 2**53, 3, 2**53 - 1)]
    layer = make_layer(rows, fields={"count": FieldType.INTEGER})
    count = layer.definition.field("count")
    query = ItemsQuery(limit=2, sort=(SortKey(count, is_descending=True),), look=Look(properties=("count",)))
    content = export(layer, name, query)
    if name in {"geojson", "jsonfg"}:
        found = [one["properties"]["count"] for one in json.loads(content)["features"]]
    elif name == "geojsonseq":
        found = [json.loads(one)["properties"]["count"] for one in content.split(b"\x1e")[1:]]
    elif name == "csv":
        found = [int(row["count"]) for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    elif name == "parquet":
        found = pq.read_table(io.BytesIO(content)).column("count").to_pylist()
    else:
        found = [int(one) for one in by_gdal(content, name, tmp_path)["count"]]
    assert found == [2**53, 2**53 - 1]


def test_zoom_simplifies_what_is_drawn(make_layer, export):
    wiggly = "LINESTRING(117 31,117.5 31.0001,118 31)"
    layer = make_layer(geometry=GeometryType.LINESTRING, shapes=[wiggly])
    document = json.loads(export(layer, "geojson", ItemsQuery(limit=1, look=Look(zoom=5))))
    assert len(document["features"][0]["geometry"]["coordinates"]) == 2


def test_an_open_end_of_infinity_is_empty(conn, make_layer, export):
    layer = make_layer([], fields={"a": FieldType.STRING}, has_time=True)
    valid = "[2020-01-01 00:00+00,infinity)"
    conn.execute("INSERT INTO imported.things (valid, geom) VALUES (%s, ST_Point(117, 31, 4490))", [valid])
    table = pq.read_table(io.BytesIO(export(layer, "parquet")))
    assert table.column("valid_to").to_pylist() == [None]
    row = next(csv.DictReader(io.StringIO(export(layer, "csv").decode(), newline="")))
    assert (row["valid_from"], row["valid_to"]) == ("2020-01-01T00:00:00Z", "")


def test_a_geopackage_carries_titles_and_codes(sample_access, export, tmp_path):
    with psycopg.connect(sample_access.reader_url) as conn:
        catalogue = load_catalogue(conn)
        layer = catalogue.layer("buildings")
        query = ItemsQuery(limit=50)
        path = tmp_path / "b.gpkg"
        path.write_bytes(b"".join(export_chunks(conn, layer, query, FORMATS["gpkg"], code_lists=catalogue.code_lists)))
    with sqlite3.connect(path) as file:
        contents = file.execute("SELECT identifier, description, srs_id FROM gpkg_contents").fetchone()
        rows = file.execute("SELECT column_name, name, constraint_name FROM gpkg_data_columns").fetchall()
        columns = {column: (name, constraint) for column, name, constraint in rows}
        values = file.execute(
            "SELECT count(*) FROM gpkg_data_column_constraints WHERE constraint_name = ?", [columns["use"][1]]
        ).fetchone()
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    definition = layer.definition
    assert contents == (definition.title.zh, definition.description.zh, 4326)
    assert columns["use"] == (definition.field("use").title.zh, definition.field("use").codes)
    assert values == (len(catalogue.code_lists[definition.field("use").codes].values),)
    assert len(pyogrio.read_dataframe(path)) == 50


@pytest.mark.parametrize("name", ["fgb", "gpkg", "parquet", "shp"])
def test_equal_content_gives_an_equal_file(make_layer, export, name):
    layer = make_layer()
    assert export(layer, name) == export(layer, name)


def test_the_report_counts(make_layer, export):
    for name in FORMATS:
        report = ExportReport()
        export(make_layer(layer_id=f"l_{name}"), name, report=report)
        assert report.features == len(AWKWARD)


def test_numbers_without_end_do_not_break_a_file(make_layer, export, tmp_path):
    layer = make_layer([(math.inf,), (math.nan,), (1.0,)], fields={"x": FieldType.NUMBER})
    table = pq.read_table(io.BytesIO(export(layer, "parquet")))
    assert table.column("x").to_pylist()[0] == math.inf
    json.loads(export(layer, "geojson"))
    report = ExportReport()
    frame = by_gdal(export(layer, "shp", report=report), "shp", tmp_path)
    assert none_for_nan(frame["x"]) == [None, None, 1.0]
    assert report.notes == ["x: 2 numbers are not finite and were left empty."]


@pytest.mark.parametrize("name", [one for one in FORMATS if one != "jsonfg"])
def test_lists_of_texts_are_kept_or_joined(make_layer, export, tmp_path, name):
    lists = [["甲", 'b"c'], [], None]
    layer = make_layer([(one,) for one in lists], fields={"names": FieldType.ARRAY})
    content = export(layer, name)
    if name == "parquet":
        assert pq.read_table(io.BytesIO(content)).column("names").to_pylist() == lists
    elif name == "geojson":
        assert [one["properties"]["names"] for one in json.loads(content)["features"]] == lists
    elif name == "geojsonseq":
        assert [json.loads(one)["properties"]["names"] for one in content.split(b"\x1e")[1:]] == lists
    elif name == "csv":
        rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
        assert [row["names"] for row in rows] == ['甲;b"c', "", ""]
    else:
        found = by_gdal(content, name, tmp_path).sort_values("id")["names"]
        assert [one or "" for one in none_for_nan(found)] == ['甲;b"c', "", ""]


def test_flatgeobuf_says_that_its_moments_are_utc(make_layer, export):
    content = export(make_layer(), "fgb")
    assert b"2024-01-02T03:04:05.678Z" in content
    assert b"1969-07-20T00:00:00Z" in content
