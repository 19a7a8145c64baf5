"""Files that mean harm, or do it without meaning to: they are refused in one sentence, or cost their own rows only."""

import gzip
import json
import sqlite3
import zipfile

import openpyxl
import psycopg
import pyogrio
import pytest
import shapely

from spatial.catalogue.queries import load_catalogue, measure_layer
from spatial.errors import InvalidInput
from spatial.ingest import finish
from spatial.ingest.errors import UnreadableFile
from spatial.ingest.load import import_file
from spatial.ingest.sources import archive, delimited, stream, workbook
from spatial.ingest.sources.columns import NESTING_MAX
from spatial.ingest.types import ImportOptions, Mode, Part

HEADER = "lon,lat,n\n"
ROW = "117.2,31.8,1\n"


def vrt(secret):
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>CSV:{secret}</SrcDataSource>'
        '<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
    ).encode()


@pytest.fixture
def secret(tmp_path):
    (tmp_path / "secret.csv").write_text(HEADER + ROW, encoding="utf-8")
    return tmp_path / "secret.csv"


def point(properties, **more):
    place = {"type": "Point", "coordinates": [117.2, 31.8]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": place} | more)


def nested(levels):
    # As text, for Python's own json gives up at a thousand.
    return '{"in": ' * levels + "1" + "}" * levels


# Files that are not what they are called.


@pytest.mark.parametrize("before", [b"", b"fgb", b"fgb\x03fgb\x01", b"\n", b"SQLite format 3", b"\x00\x00"])
@pytest.mark.parametrize("name", ["evil.fgb", "evil.gpkg", "evil.shp"])
def test_a_file_that_names_other_files_is_not_followed(load, secret, tmp_path, name, before):
    (tmp_path / name).write_bytes(before + vrt(secret))
    (tmp_path / "evil.shx").write_bytes(b"")
    with pytest.raises(UnreadableFile, match="does not begin like one"):
        load(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as packed:
        packed.write(tmp_path / name, name)
        packed.write(tmp_path / "evil.shx", "evil.shx")
    with pytest.raises(UnreadableFile, match="does not begin like one"):
        load(tmp_path / "evil.zip")


@pytest.mark.parametrize("text", [b"<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL>", b"OAPIF:http://127.0.0.1:9/"])
def test_a_file_that_names_an_address_is_not_followed(load, tmp_path, text):
    (tmp_path / "evil.gpkg").write_bytes(text)
    with pytest.raises(UnreadableFile, match="no GeoPackage"):
        load(tmp_path / "evil.gpkg")


def test_gdal_must_take_a_file_for_what_it_is_called(load, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "t.sqlite", driver="SQLite")
    with pytest.raises(UnreadableFile, match="GDAL takes it for SQLite"):
        load(tmp_path / "t.sqlite")


def test_a_name_that_gdal_reads_as_an_archive_is_refused(load, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "t.gpkg")
    (tmp_path / "t.gpkg").rename(tmp_path / "other.zip!t.gpkg")
    with pytest.raises(UnreadableFile, match="rename"):
        load(tmp_path / "other.zip!t.gpkg")


def test_an_osm_file_must_begin_like_one(load, tmp_path):
    (tmp_path / "evil.osm.pbf").write_bytes(b"\x7fELF" + bytes(100))
    with pytest.raises(UnreadableFile, match="no OSM file"):
        load(tmp_path / "evil.osm.pbf", part=Part.POINTS)


# Files that grow.


def test_an_archive_that_would_fill_the_disk_is_refused(load, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("t.csv", HEADER + ROW * 100_000)
    assert (tmp_path / "t.zip").stat().st_size < 10_000
    monkeypatch.setattr(archive, "UNPACKED_MAX", 1 << 20)
    with pytest.raises(UnreadableFile, match=r"t\.csv in the archive is too large"):
        load(tmp_path / "t.zip")


def test_what_is_unpacked_is_counted_whatever_the_archive_says(tmp_path):
    (tmp_path / "in").write_bytes(bytes(1000))
    with (
        (tmp_path / "in").open("rb") as packed,
        (tmp_path / "out").open("wb") as file,
        pytest.raises(UnreadableFile, match="too large"),
    ):
        archive._copy(packed, file, 999)


def test_a_workbook_that_would_fill_the_memory_is_refused(load, tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    for line in (["lon", "lat", "n"], [117.2, 31.8, 1]):
        book.active.append(line)
    book.save(tmp_path / "t.xlsx")
    assert load(tmp_path / "t.xlsx").stored == 1
    monkeypatch.setattr(workbook, "WORKBOOK_MAX", 1 << 10)
    with pytest.raises(UnreadableFile, match="once unpacked"):
        load(tmp_path / "t.xlsx", mode=Mode.REPLACE)


@pytest.mark.parametrize("name", ["t.csv", "t.geojsonl", "t.csv.gz", "t.jsonl.gz", "utf16.csv"])
def test_a_line_without_end_is_refused(load, tmp_path, monkeypatch, name):
    monkeypatch.setattr(stream, "LINE_MAX", 3 << 20)
    data = (HEADER + ROW + "x" * (8 << 20)).encode("utf-16" if "utf16" in name else "utf-8")
    (tmp_path / name).write_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data)
    with pytest.raises(UnreadableFile, match="one line of more than 3 MB"):
        load(tmp_path / name)


def test_a_long_line_is_whole(load, rows, tmp_path):
    long = "字" * (3 << 20)
    (tmp_path / "t.csv").write_text(f"{HEADER}117.2,31.8,{long}\n117.2,31.8,x", encoding="utf-8")
    assert load(tmp_path / "t.csv").stored == 2
    assert {one["n"] for one in rows()} == {long, "x"}


def test_a_quote_is_not_looked_after_beyond_the_memory(load, tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "QUOTED_TEXT_MAX", 20)
    (tmp_path / "t.csv").write_text(f'{HEADER}117.2,31.8,"open\n{ROW}{ROW}117.2,31.8,close"\n', encoding="utf-8")
    assert load(tmp_path / "t.csv").reasons == {"bad_text": 2}


# One bad thing costs its own row.


def test_a_curve_costs_its_own_row(load, rows, tmp_path):
    curves = ["CIRCULARSTRING(117 31, 117.1 31.1, 117.2 31)", "CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0))"]
    table = ["n;wkt", *(f"{n};{wkt}" for n, wkt in enumerate([*curves, "POINT(117 31)", "POINT(117 32)"]))]
    (tmp_path / "t.csv").write_text("\n".join(table), encoding="utf-8")
    report = load(tmp_path / "t.csv", crs="EPSG:4490")
    assert (report.stored, report.reasons) == (2, {"bad_geometry": 2})
    assert "curved" in report.samples[0]["message"]
    assert [one["n"] for one in rows(order="n")] == [2, 3]


def test_a_curve_in_a_geopackage_costs_its_own_row(load, tmp_path, plots):
    pyogrio.write_dataframe(
        plots.set_geometry(plots.representative_point()), tmp_path / "t.gpkg", geometry_type="Unknown"
    )
    head = b"GP\x00\x01" + (4490).to_bytes(4, "little")
    # A circular string (type 8) of three points.
    arc = b"\x01\x08\0\0\0\x03\0\0\0" + b"".join(shapely.Point(117 + n, 31).wkb[5:] for n in (0, 0.1, 0.2))
    with sqlite3.connect(tmp_path / "t.gpkg") as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{trigger}"')
        db.execute("UPDATE t SET geom = ? WHERE fid = 2", [head + arc])
    report = load(tmp_path / "t.gpkg")
    assert (report.stored, report.reasons) == (2, {"bad_geometry": 1})


def test_a_doubled_name_never_meets_a_numbered_one(load, rows, tmp_path):
    (tmp_path / "t.csv").write_text("a,a_3,a,lon,lat\nx,y,z,117.2,31.8\n", encoding="utf-8")
    load(tmp_path / "t.csv")
    assert {name: rows()[0][name] for name in ("a", "a_3", "a_4")} == {"a": "x", "a_3": "y", "a_4": "z"}


@pytest.mark.parametrize("encoding", ["idna", "punycode", "undefined", "rot13", "hex"])
@pytest.mark.parametrize("name", ["t.csv", "t.shp"])
def test_a_codec_that_is_no_encoding_of_texts_is_told(load, plots, tmp_path, name, encoding):
    pyogrio.write_dataframe(plots, tmp_path / "t.shp", encoding="UTF-8")
    (tmp_path / "t.csv").write_text(HEADER + ROW, encoding="utf-8")
    with pytest.raises(InvalidInput, match="--encoding"):
        load(tmp_path / name, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8"])
def test_a_file_that_is_not_in_the_encoding_told_is_told(load, tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes((HEADER + ROW).encode("utf-16") + b"\x00\xd8a\0")
    with pytest.raises(InvalidInput, match="--encoding"):
        load(tmp_path / "t.csv", encoding=encoding)


def test_a_cpg_of_rubbish_is_passed_over(load, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "t.shp", encoding="UTF-8")
    (tmp_path / "t.cpg").write_bytes(b"UTF\0-8")
    assert load(tmp_path / "t.shp").stored == 3


def test_nul_in_names_and_ids_is_taken_out(load, conn, rows, tmp_path):
    (tmp_path / "t.geojsonl").write_text(point({"na\0me": "x", "name": "y", "": 1}, id="a\0b"), encoding="utf-8")
    load(tmp_path / "t.geojsonl")
    assert rows()[0]["source_id"] == "ab"
    fields = load_catalogue(conn).layer("given").definition.fields
    assert [(one.name, one.title.zh) for one in fields[1:]] == [("na_me", "name"), ("name", "name"), ("field", "")]


@pytest.mark.parametrize("name", ["t.geojson", "t.geojsonl"])
def test_what_nests_deep_is_kept_and_what_nests_too_deep_is_told_so(load, rows, tmp_path, name):
    depths = [0, 6, 9, 60, NESTING_MAX - 10, NESTING_MAX + 10, 2000]
    features = [point({"n": depth, "v": "@"}).replace('"@"', nested(depth)) for depth in depths]
    whole = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    (tmp_path / name).write_text("\n".join(features) if name.endswith("l") else whole, encoding="utf-8")
    report = load(tmp_path / name)
    assert report.reasons == {"too_deep": 2}
    assert [one["n"] for one in rows(order="n")] == depths[:5]
    assert rows(order="n")[3]["v"] == nested(60).replace(" ", "")
    assert not report.warnings


def test_plain_objects_that_nest_too_deep_are_told_so(load, tmp_path):
    lines = [f'{{"lon": 117.2, "lat": 31.8, "v": {nested(depth)}}}' for depth in (1, 300, 2000)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert load(tmp_path / "t.jsonl").reasons == {"too_deep": 2}


# Names that queries use themselves.


def test_fields_may_be_called_what_queries_call_theirs(load, rows, tmp_path):
    names = ["p", "r", "t", "_n", "_id", "_shape", "k", "hit", "page", "features", "matched"]
    lines = [point({name: f"{name}-{n}" for name in names}) for n in range(2)]
    (tmp_path / "t.geojsonl").write_text("\n".join(lines), encoding="utf-8")
    report = load(tmp_path / "t.geojsonl")
    assert [one["name"] for one in report.fields] == names
    found = [{name: one[name] for name in names} for one in rows(order="p")]
    assert found == [{name: f"{name}-{n}" for name in names} for n in range(2)]


# Who may look, and who must wait.


def test_reports_are_for_the_account_that_imports(load, tmp_path):
    (tmp_path / "reports").mkdir(mode=0o755)
    (tmp_path / "t.geojsonl").write_text(point({"a": 1}) + "\n{", encoding="utf-8")
    folder = load(tmp_path / "t.geojsonl").folder
    assert [one.stat().st_mode & 0o777 for one in (folder.parent, folder)] == [0o700, 0o700]
    assert {one.name: one.stat().st_mode & 0o777 for one in folder.iterdir()} == {
        "rejected.csv": 0o600,
        "report.json": 0o600,
    }


@pytest.mark.parametrize(("mode", "after"), [(Mode.REPLACE, [(2,), (3,)]), (Mode.APPEND, [(1,), (2,), (3,)])])
def test_readers_do_not_wait_while_the_new_layer_is_counted(empty_city_url, tmp_path, monkeypatch, mode, after):
    path = tmp_path / "t.geojsonl"
    path.write_text(point({"a": 1}), encoding="utf-8")
    with psycopg.connect(empty_city_url) as conn:
        import_file(conn, path, ImportOptions("given", tmp_path))
    # Two points in one, so that the layer's geometry type must grow.
    two = {"type": "MultiPoint", "coordinates": [[117.2, 31.8], [117.3, 31.8]]}
    path.write_text(point({"a": 2}) + "\n" + point({"a": 3}, geometry=two), encoding="utf-8")
    seen = []

    def measure(conn, layer):
        with psycopg.connect(empty_city_url, options="-c lock_timeout=2000") as reader:
            seen.extend(reader.execute("SELECT a FROM imported.given").fetchall())
        return measure_layer(conn, layer)

    monkeypatch.setattr(finish, "measure_layer", measure)
    with psycopg.connect(empty_city_url) as conn:
        import_file(conn, path, ImportOptions("given", tmp_path, mode=mode))
        published = load_catalogue(conn).layer("given")
        assert (published.feature_count, published.definition.table) == (len(after), "given")
        assert conn.execute("SELECT a FROM imported.given ORDER BY a").fetchall() == after
        assert conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'imported'").fetchall() == [("given",)]
        assert conn.execute("SELECT count(DISTINCT id) FROM imported.given").fetchone() == (len(after),)
    assert seen == [(1,)]
