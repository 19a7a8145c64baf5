"""What we write, our own import reads: the same rows, values and places."""

from pathlib import Path

import psycopg
import pytest

from spatial.catalogue.queries import load_catalogue
from spatial.catalogue.types import GeometryType
from spatial.crs import OFFERED
from spatial.export.types import FORMATS
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions
from spatial.query.types import ItemsQuery, Look
from tests.spatial.export.conftest import AWKWARD

GRID = OFFERED["http://www.opengis.net/def/crs/EPSG/0/4548"]
# A shapefile rounds what is longer, and has no empty text.
PLAIN = tuple(row for row in AWKWARD if row[1] is None or abs(row[1]) < 2**53)


FILES = tuple(one for one in FORMATS if one != "jsonfg")
# GeoJSON is lon, lat unless its head says otherwise, and a sequence has none.
CASES = [(name, None) for name in FILES] + [(name, GRID) for name in FILES if not name.startswith("geojson")]


@pytest.mark.parametrize(
    ("name", "crs"), CASES, ids=lambda one: "degrees" if one is None else str(getattr(one, "srid", one))
)
def test_a_file_comes_back_as_it_went(conn: psycopg.Connection, make_layer, export, tmp_path: Path, name, crs) -> None:
    layer = make_layer(PLAIN if name in {"shp", "geojson", "geojsonseq"} else AWKWARD, geometry=GeometryType.POLYGON)
    query = ItemsQuery(limit=None, look=Look(crs=crs) if crs else Look())
    path = tmp_path / f"things.{FORMATS[name].extension}"
    path.write_bytes(export(layer, name, query))
    options = ImportOptions(
        layer="back",
        reports=tmp_path,
        crs="EPSG:4548" if crs and name == "csv" else None,
    )
    report = import_file(conn, path, options)
    assert report.rejected == 0
    differing = """
        SELECT a.id, a."名称", b."名称", a.count, b.count, a.built, b.built, a.seen, b.seen
          FROM imported.things a FULL JOIN imported.back b ON b.id_ = a.id
         -- The import reads CSV with plain line ends.
         WHERE replace(coalesce(a."名称", ''), E'\\r\\n', E'\\n')
               IS DISTINCT FROM replace(coalesce(b."名称"::text, ''), E'\\r\\n', E'\\n')
            OR a.count IS DISTINCT FROM b.count::numeric
            OR a.ratio IS DISTINCT FROM b.ratio::float8
            OR a.is_open IS DISTINCT FROM b.is_open::boolean
            OR a.built IS DISTINCT FROM {built}
            OR a.seen IS DISTINCT FROM {seen}
            OR NOT coalesce(ST_HausdorffDistance(a.geom, b.geom) < 2e-8, false)
    """
    # FlatGeobuf has no days; a day is the moment at its beginning, which the import takes for one of China.
    built = "(b.built AT TIME ZONE 'Asia/Shanghai')::date" if name == "fgb" else "b.built::date"
    assert conn.execute(differing.format(built=built, seen="b.seen::timestamptz")).fetchall() == []


@pytest.mark.parametrize("name", [one for one in FORMATS if one != "jsonfg"])
def test_the_sample_city_comes_back(sample_access, conn, export, tmp_path: Path, name) -> None:
    with psycopg.connect(sample_access.reader_url) as reader:
        layer = load_catalogue(reader).layer("pipe_segments")
        path = tmp_path / f"pipes.{FORMATS[name].extension}"
        path.write_bytes(export(layer, name, connection=reader))
    report = import_file(conn, path, ImportOptions(layer="back", reports=tmp_path))
    assert (report.rejected, report.stored) == (0, layer.feature_count)
    assert report.crs.startswith(("EPSG:4326", "OGC:CRS84", "EPSG:4490"))
