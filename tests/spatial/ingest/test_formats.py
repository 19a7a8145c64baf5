"""Every format comes in whole: values, names and places."""

import gzip
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from spatial.ingest.errors import ChooseSublayer, UnreadableFile
from spatial.ingest.types import Part

NAMES = ["瑶海区一号", "包河区二号", None]


def check_plots(found):
    assert [one["名称"] for one in found] == NAMES
    assert [one["层数"] for one in found] == [3, 18, 33]
    assert [one["面积"] for one in found] == [1.5, 2.25, None]
    assert [round(shapely.from_wkt(one["wkt"]).centroid.x, 4) for one in found] == [117.2005, 117.2105, 117.2205]
    assert {round(shapely.from_wkt(one["wkt"]).centroid.y, 4) for one in found} == {31.8005}


def write(frame, path):
    match path.suffix:
        case ".parquet":
            frame.to_parquet(path)
        case ".geojsonl":
            pyogrio.write_dataframe(frame, path, driver="GeoJSONSeq")
        case ".geojson":
            # GDAL writes EPSG:4490 with latitude first; QGIS and the world do not.
            frame.set_crs(4326, allow_override=True).to_file(path, driver="GeoJSON")
        case _:
            pyogrio.write_dataframe(frame, path)
    return path


@pytest.mark.parametrize("suffix", [".geojson", ".geojsonl", ".gpkg", ".fgb", ".parquet"])
def test_a_file_comes_in_whole(load, rows, plots, tmp_path, suffix):
    report = load(write(plots, tmp_path / f"plots{suffix}"))
    assert (report.read, report.stored, report.rejected, report.status) == (3, 3, 0, "stored")
    check_plots(rows(order="层数"))
    types = {one["name"]: one["type"] for one in report.fields}
    assert (types["名称"], types["层数"], types["面积"]) == ("string", "integer", "number")


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".parquet"])
def test_metres_are_transformed(load, rows, plots, tmp_path, suffix):
    path = tmp_path / f"plots{suffix}"
    write(plots.to_crs(4548), path)
    report = load(path)
    assert report.crs.startswith("EPSG:4548")
    assert report.crs_basis == "declared"
    check_plots(rows(order="层数"))


@pytest.mark.parametrize(
    ("encoding", "cpg", "read_as"),
    [("GBK", "GBK", "gb18030"), ("GBK", None, "gb18030"), ("UTF-8", "UTF-8", "utf-8"), ("UTF-8", None, "utf-8")],
)
def test_a_shapefile_is_read_in_the_encoding_of_its_bytes(load, rows, plots, tmp_path, encoding, cpg, read_as):
    path = tmp_path / "plots.shp"
    pyogrio.write_dataframe(plots, path, encoding=encoding)
    if cpg is None:
        path.with_suffix(".cpg").unlink()
    report = load(path)
    assert report.encoding == read_as
    check_plots(rows(order="层数"))


def test_a_cpg_that_lies_is_overruled_with_a_warning(load, rows, plots, tmp_path):
    path = tmp_path / "plots.shp"
    pyogrio.write_dataframe(plots, path, encoding="GBK")
    path.with_suffix(".cpg").write_text("UTF-8")
    assert "but the bytes are not" in load(path).warnings[0]
    check_plots(rows(order="层数"))


def test_a_text_that_is_not_in_the_encoding_is_told_and_not_garbled(load, plots, tmp_path):
    path = tmp_path / "plots.shp"
    pyogrio.write_dataframe(plots, path, encoding="GBK")
    report = load(path, encoding="utf-8")
    assert report.reasons == {"bad_text": 2}
    assert report.stored == 1


def test_a_zipped_shapefile_with_chinese_names(load, rows, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "plots.shp", encoding="GBK")
    with zipfile.ZipFile(tmp_path / "送审.zip", "w") as archive:
        for part in tmp_path.glob("plots.*"):
            archive.write(part, f"数据/地块{part.suffix.upper()}")
    load(tmp_path / "送审.zip")
    check_plots(rows(order="层数"))


def test_a_zip_with_two_shapefiles_asks_which(load, rows, plots, tmp_path):
    for name in ("north", "south"):
        pyogrio.write_dataframe(plots, tmp_path / f"{name}.shp")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for part in [*tmp_path.glob("north.*"), *tmp_path.glob("south.*")]:
            archive.write(part, part.name)
    with pytest.raises(ChooseSublayer, match=r"--source-layer: .*south\.shp"):
        load(tmp_path / "both.zip")
    load(tmp_path / "both.zip", source_layer="south")
    assert len(rows()) == 3


def test_a_geopackage_with_two_layers_asks_which(load, plots, tmp_path):
    path = tmp_path / "two.gpkg"
    pyogrio.write_dataframe(plots, path, layer="地块")
    pyogrio.write_dataframe(plots, path, layer="道路", append=True)
    with pytest.raises(ChooseSublayer, match="地块, 道路"):
        load(path)
    with pytest.raises(ChooseSublayer, match="no layer '河流'"):
        load(path, source_layer="河流")
    assert load(path, source_layer="地块").source_layer == "地块"


def test_a_geopackage_keeps_its_feature_numbers_and_types(load, rows, tmp_path):
    frame = gpd.GeoDataFrame(
        {
            "moment": [datetime(2024, 2, 29, 8, 0, tzinfo=UTC)],
            "ok": [True],
            "code": ["010203"],
        },
        geometry=[shapely.Point(117.2, 31.8)],
        crs=4326,
    )
    pyogrio.write_dataframe(frame, tmp_path / "typed.gpkg")
    load(tmp_path / "typed.gpkg")
    (row,) = rows()
    assert row["source_id"] == "1"
    assert row["moment"] == datetime(2024, 2, 29, 8, 0, tzinfo=UTC)
    assert (row["ok"], row["code"]) == (True, "010203")


def test_parquet_keeps_days_and_decimals(load, rows, tmp_path):
    frame = gpd.GeoDataFrame(
        {"day": [date(2024, 2, 29)], "price": [Decimal("1.50")], "tags": [["a", "b"]]},
        geometry=[shapely.Point(117.2, 31.8)],
        crs=4326,
    )
    frame.to_parquet(tmp_path / "typed.parquet")
    load(tmp_path / "typed.parquet")
    (row,) = rows()
    assert (row["day"], row["price"], row["tags"]) == (date(2024, 2, 29), 1.5, '["a","b"]')


TABLE = '编号,名称,lon,lat,备注\r\n010203,瑶海,117.30,31.86,\r\n010204,包河,117.31,31.80,"a,b\nc"\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_csv_in_every_encoding(load, rows, tmp_path, encoding, packed):
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    data = TABLE.encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    report = load(path)
    first, second = rows(order="编号")
    assert (first["编号"], first["名称"], first["备注"]) == ("010203", "瑶海", None)
    assert second["备注"] == "a,b\nc"
    assert second["wkt"] == "POINT(117.31 31.8)"
    assert report.encoding == encoding
    assert {one["name"]: one["type"] for one in report.fields}["lon"] == "number"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_with_wkt_and_other_delimiters(load, rows, tmp_path, delimiter):
    lines = [["wkt", "n"], ['"SRID=4490;LINESTRING(117.2 31.8, 117.3 31.9)"', "7"]]
    (tmp_path / "t.csv").write_text("\n".join(delimiter.join(line) for line in lines), encoding="utf-8")
    load(tmp_path / "t.csv")
    assert rows()[0]["wkt"] == "LINESTRING(117.2 31.8,117.3 31.9)"
    assert rows()[0]["n"] == 7


def test_a_survey_table_with_north_in_x(load, rows, tmp_path):
    """Chinese surveys call north X: read by the numbers, and said to be."""
    (tmp_path / "t.csv").write_text("点号,X坐标,Y坐标\nA1,3520000,39519000\nA2,3520100,39519100\n", encoding="gb18030")
    report = load(tmp_path / "t.csv")
    assert report.crs.startswith("EPSG:4527")
    assert "axes swapped" in report.crs
    assert rows(order="点号")[0]["wkt"].startswith("POINT(117.2")


def test_a_workbook_with_a_title_above_the_header(load, rows, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["合肥市地名表"],
        ["编号", "名称", "经度", "纬度", "日期", "层数"],
        ["010203", "瑶海", 117.30, 31.86, datetime(2024, 5, 1), 3],  # noqa: DTZ001
        [],
        ["010204", "包河", 117.31, 31.80, datetime(2024, 5, 1, 8, 30), 18],  # noqa: DTZ001
    ):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    report = load(tmp_path / "t.xlsx")
    first, second = rows(order="编号")
    assert (first["编号"], first["层数"], second["wkt"]) == ("010203", 3, "POINT(117.31 31.8)")
    assert second["日期"] == datetime(2024, 5, 1, 0, 30, tzinfo=UTC)
    assert any("Asia/Shanghai" in note for note in report.notes)


def test_a_workbook_with_two_filled_sheets_asks_which(load, tmp_path):
    book = openpyxl.Workbook()
    for name in ("东", "西"):
        sheet = book.create_sheet(name)
        sheet.append(["x", "lon", "lat"])
        sheet.append([1, 117.3, 31.8])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(ChooseSublayer, match="东, 西"):
        load(tmp_path / "t.xlsx")
    assert load(tmp_path / "t.xlsx", source_layer="西").stored == 1


def test_parquet_without_geometry_column_is_a_table(load, rows, tmp_path):
    pd.DataFrame({"lng": [117.2], "lat": [31.8], "n": [1]}).to_parquet(tmp_path / "t.parquet")
    load(tmp_path / "t.parquet")
    assert rows()[0]["wkt"] == "POINT(117.2 31.8)"


OSM = """<osm version="0.6">
 <node id="1" lon="117.20" lat="31.80"><tag k="amenity" v="cafe"/><tag k="name" v="咖啡"/></node>
 <node id="2" lon="117.21" lat="31.80"/><node id="3" lon="117.21" lat="31.81"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="yes"/><tag k="odd" v="1"/></way>
 <way id="11"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
 <way id="12"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="highway" v="service"/></way>
 <relation id="20"><member type="way" ref="99" role="outer"/><tag k="type" v="multipolygon"/>
 <tag k="natural" v="water"/></relation></osm>"""


@pytest.mark.parametrize(
    ("part", "ids"),
    [(Part.POINTS, {"node/1"}), (Part.LINES, {"way/11", "way/12"}), (Part.POLYGONS, {"way/10"})],
)
@pytest.mark.parametrize("name", ["t.osm", "t.osm.xml.gz"])
def test_osm_by_part(load, rows, tmp_path, part, ids, name):
    data = OSM.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    report = load(tmp_path / name, part=part)
    assert {one["source_id"] for one in rows()} == ids
    # A relation whose ring is not in the file is told, not dropped.
    assert report.reasons == ({"bad_geometry": 1} if part is Part.POLYGONS else {})
    if part is Part.POLYGONS:
        assert json.loads(rows()[0]["tags"]) == {"odd": "1"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.geojson", b'{"a": 1}'),
        ("t.geojson", b'{"type": "FeatureColl'),
        ("t.gpkg", b"nothing"),
        ("t.fgb", b"nothing"),
        ("t.parquet", b"PAR1 nothing"),
        ("t.xlsx", b"nothing"),
        ("t.zip", b"nothing"),
        ("t.osm.pbf", b"nothing"),
        ("t.csv.gz", gzip.compress(b"lon,lat\n1,2\n" * 9, mtime=0)[:-9]),
        ("t.dwg", b"AC1027"),
        ("t.shp", b"nothing"),
        ("t.csv", b""),
    ],
)
def test_what_is_no_data_gets_one_clear_line(load, tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableFile, match="t\\.") as caught:
        load(tmp_path / name, part=Part.LINES)
    assert "\n" not in str(caught.value)
