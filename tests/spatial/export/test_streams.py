"""Exports stream: memory stays flat, nothing is left behind, and failures are told by the house."""

import csv
import io
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.catalogue.queries import load_catalogue, refresh_layer, save_layer
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange
from spatial.crs import OFFERED
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.errors import InvalidInput, Unavailable
from spatial.export.stream import export_chunks
from spatial.export.types import CHUNK_BYTES, FORMATS, ExportOptions, ExportReport
from spatial.query.errors import OutsideCrs
from spatial.query.types import ItemsQuery, Look
from tests import cities

ALL = ItemsQuery(limit=None)
BINARY = [name for name, form in FORMATS.items() if form.is_binary]


@pytest.fixture(scope="module")
def large_city(cluster: Cluster) -> Iterator[Access]:
    """Give a city with a layer of 200,000 points."""
    title = Titled(zh="点", en="Points")
    fields = {"full_text": FieldType.STRING, "number": FieldType.INTEGER, "seen": FieldType.DATETIME}
    layer = Layer(
        id="many",
        title=title,
        description=title,
        group="imported",
        db_schema="imported",
        table="many",
        geometry=LayerGeometry(type=GeometryType.POINT),
        fields=tuple(LayerField(name=name, type=kind, title=title) for name, kind in fields.items()),
        zoom=ZoomRange(min=0, max=14),
        rank=1,
        style=(),
    )
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            conn.execute(
                """
                CREATE TABLE imported.many AS
                SELECT n::bigint AS id, '合肥市庐阳区逍遥津街道长江中路' || n || '号' AS full_text, n::bigint AS number,
                       to_timestamp(n) AS seen, ST_Point(117 + n * 1e-6, 31.8, 4490)::geometry(POINT, 4490) AS geom
                  FROM generate_series(1, 200000) n;
                ALTER TABLE imported.many ADD PRIMARY KEY (id)
                """
            )
            save_layer(conn, layer, origin="imported")
            refresh_layer(conn, layer)
        yield access


@pytest.fixture
def many(large_city: Access) -> Iterator[psycopg.Connection[Any]]:
    """Give a session of the owner of that city."""
    with psycopg.connect(large_city.owner_url) as conn:
        yield conn
        if not conn.closed:
            conn.rollback()


def drained(chunks: Iterator[bytes]) -> tuple[int, int]:
    """Read everything; return the bytes and the most memory that the process had meanwhile."""
    process, size, peak = psutil.Process(), 0, 0
    for number, chunk in enumerate(chunks):
        size += len(chunk)
        if number % 16 == 0:
            peak = max(peak, process.memory_info().rss)
    return size, peak


def test_memory_is_flat_and_fast_enough(many: psycopg.Connection[Any], tmp_path: Path) -> None:
    layer = load_catalogue(many).layer("many")
    many.commit()
    process = psutil.Process()
    for name, form in FORMATS.items():
        peaks = []
        for limit in (2_000, 50_000, 200_000):
            peak = 0

            def watch(features: int) -> None:
                nonlocal peak
                peak = max(peak, process.memory_info().rss)

            start = time.perf_counter()
            options = ExportOptions(folder=tmp_path, progress=watch)
            _, seen = drained(export_chunks(many, layer, ItemsQuery(limit=limit), form, options=options))
            seconds = time.perf_counter() - start
            peaks.append(max(peak, seen))
        growth = (peaks[2] - peaks[1]) / 1e6
        print(f"{name}: {200_000 / seconds:,.0f} rows/s, +{(peaks[1] - peaks[0]) / 1e6:.1f} MB, then {growth:+.1f} MB")
        # The spatial index of FlatGeobuf is made in memory, 80 bytes a feature: 12 MB for 150,000 more.
        assert growth < 40


@pytest.mark.parametrize("name", list(FORMATS))
def test_chunks_are_small_and_an_early_close_leaves_nothing(
    many: psycopg.Connection[Any], tmp_path: Path, name: str
) -> None:
    layer = load_catalogue(many).layer("many")
    many.commit()
    options = ExportOptions(folder=tmp_path)
    chunks = export_chunks(many, layer, ItemsQuery(limit=20_000), FORMATS[name], options=options)
    assert len(next(chunks)) <= CHUNK_BYTES
    if name in BINARY and name != "parquet":
        assert [one.name.startswith("shikong-export-") for one in tmp_path.iterdir()] == [True]
    chunks.close()
    assert list(tmp_path.iterdir()) == []
    assert many.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert many.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("name", list(FORMATS))
def test_raising_from_progress_gives_up(many: psycopg.Connection[Any], tmp_path: Path, name: str) -> None:
    class GivenUp(Exception):
        pass

    def stop(features: int) -> None:
        raise GivenUp

    layer = load_catalogue(many).layer("many")
    many.commit()
    chunks = export_chunks(many, layer, ALL, FORMATS[name], options=ExportOptions(folder=tmp_path, progress=stop))
    with pytest.raises(GivenUp):
        drained(chunks)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["geojson", "csv", "gpkg", "parquet", "shp"])
def test_a_killed_session_is_unavailable(many: psycopg.Connection[Any], large_city: Access, tmp_path, name) -> None:
    layer = load_catalogue(many).layer("many")
    many.commit()
    pid = many.info.backend_pid

    def kill(features: int) -> None:
        if features > 10_000:
            with psycopg.connect(large_city.owner_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])

    chunks = export_chunks(many, layer, ALL, FORMATS[name], options=ExportOptions(folder=tmp_path, progress=kill))
    with pytest.raises(Unavailable, match="does not answer"):
        drained(chunks)
    many.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["geojson", "fgb", "parquet"])
def test_a_statement_timeout_is_unavailable(many: psycopg.Connection[Any], name: str) -> None:
    layer = load_catalogue(many).layer("many")
    many.execute("SET statement_timeout = 1")
    many.commit()
    with pytest.raises(Unavailable, match="needed too long"):
        drained(export_chunks(many, layer, ALL, FORMATS[name]))


@pytest.mark.parametrize("name", ["geojson", "csv", "gpkg"])
def test_a_dropped_table_is_unavailable(conn, make_layer, export, name) -> None:
    layer = make_layer()
    conn.execute("DROP TABLE imported.things")
    with pytest.raises(Unavailable, match="being replaced"):
        export(layer, name)


@pytest.mark.parametrize("name", ["geojson", "gpkg", "shp"])
def test_a_place_outside_the_crs_is_said_so(make_layer, export, name) -> None:
    layer = make_layer(shapes=["POINT(27 0)"])
    with pytest.raises(OutsideCrs):
        export(
            layer, name, ItemsQuery(limit=None, look=Look(crs=OFFERED["http://www.opengis.net/def/crs/EPSG/0/4548"]))
        )


class Divides:
    """A condition that PostgreSQL cannot compute."""

    text, row_cost_us, reads_other_layers = "1/0", 0.1, False

    def sql(self, binds: Any) -> str:
        return f"1 / (t.id - t.id + {binds.add(0, 'bigint')}) = 1"


@pytest.mark.parametrize("name", ["geojson", "gpkg"])
def test_a_filter_that_cannot_be_computed_is_bad_input(make_layer, export, name) -> None:
    with pytest.raises(InvalidInput, match="division by zero"):
        export(make_layer(), name, ItemsQuery(limit=None, condition=Divides()))


def test_all_rows_are_of_one_moment(many: psycopg.Connection[Any], large_city: Access) -> None:
    layer = load_catalogue(many).layer("many")
    many.commit()
    report = ExportReport()
    chunks = export_chunks(many, layer, ALL, FORMATS["geojsonseq"], report=report)
    next(chunks)
    with psycopg.connect(large_city.owner_url) as other:
        other.execute("INSERT INTO imported.many (id, geom) VALUES (200001, ST_Point(117, 31, 4490))")
    drained(chunks)
    with psycopg.connect(large_city.owner_url) as other:
        other.execute("DELETE FROM imported.many WHERE id = 200001")
    assert report.features == 200_000


class Writes:
    """A condition that changes the database."""

    text, row_cost_us, reads_other_layers = "nextval", 0.1, False

    def sql(self, binds: Any) -> str:
        return "nextval('imported.numbers') > 0"


def test_an_export_only_reads(many: psycopg.Connection[Any]) -> None:
    layer = load_catalogue(many).layer("many")
    many.execute("CREATE SEQUENCE imported.numbers")
    many.commit()
    query = ItemsQuery(limit=1, condition=Writes())
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        drained(export_chunks(many, layer, query, FORMATS["geojson"]))


texts = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.one_of(st.none(), texts), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_out_of_its_place(conn, make_layer, export, values) -> None:
    with conn.transaction(force_rollback=True):
        layer = make_layer([(one,) for one in values], fields={"a": FieldType.STRING})
        assert [one["properties"]["a"] for one in json.loads(export(layer, "geojson"))["features"]] == values
        records = export(layer, "geojsonseq").split(b"\x1e")[1:]
        assert [json.loads(one)["properties"]["a"] for one in records] == values
        rows = list(csv.reader(io.StringIO(export(layer, "csv").decode(), newline="")))
        assert [row[1] for row in rows[1:]] == [one or "" for one in values]


def test_the_systems_folder_is_the_default(make_layer, export, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert export(make_layer(), "gpkg").startswith(b"SQLite format 3")
    assert list(tmp_path.iterdir()) == []
