"""What the tests of the export share: layers with awkward rows, and readers that are not ours."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pyogrio
import pytest
from psycopg import sql

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.queries import load_catalogue, refresh_layer, save_layer
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange
from spatial.export.stream import export_chunks
from spatial.export.types import FORMATS, ExportOptions, ExportReport
from spatial.query.types import ItemsQuery
from spatial.query.where import SQL_TYPE

MakeLayer = Callable[..., PublishedLayer]
Export = Callable[..., bytes]

FIELDS = {
    "名称": FieldType.STRING,
    "count": FieldType.INTEGER,
    "ratio": FieldType.NUMBER,
    "is_open": FieldType.BOOLEAN,
    "built": FieldType.DATE,
    "seen": FieldType.DATETIME,
}
AWKWARD: tuple[tuple[Any, ...], ...] = (
    ("合肥市庐阳区", 1, 1.5, True, date(2001, 2, 3), datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
    ('say "hi", \r\n</script>\t\\', 2**53 + 1, -0.1, False, date(1899, 12, 31), datetime(1969, 7, 20, tzinfo=UTC)),
    ("", 2**62, 1e300, None, None, None),
    (None, -(2**62), 1 / 3, True, date(9999, 12, 31), datetime(2100, 1, 1, tzinfo=UTC)),
    ("=1+1;'x'; DROP TABLE city.building; --", 0, 0.0, False, date(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC)),
    ("𠮷é🏠", None, None, None, None, None),
)
SHAPES = {
    GeometryType.POINT: ("POINT(117.2 31.8)", "POINT(117.2123456789 31.8)"),
    GeometryType.LINESTRING: ("LINESTRING(117.2 31.8,117.3 31.9)", "LINESTRING(117.2 31.8,117.3 31.9,117.4 31.7)"),
    GeometryType.POLYGON: (
        "POLYGON((117 31,118 31,118 32,117 32,117 31),(117.4 31.4,117.4 31.6,117.6 31.6,117.6 31.4,117.4 31.4))",
        "POLYGON((117.2 31.8,117.3 31.8,117.3 31.9,117.2 31.8))",
    ),
    GeometryType.MULTIPOINT: ("MULTIPOINT((117.2 31.8),(117.3 31.8))", "MULTIPOINT((117.2 31.8))"),
    GeometryType.MULTILINESTRING: (
        "MULTILINESTRING((117.2 31.8,117.3 31.9),(117.5 31.8,117.6 31.9))",
        "MULTILINESTRING((117.2 31.8,117.3 31.9))",
    ),
    GeometryType.MULTIPOLYGON: (
        "MULTIPOLYGON(((117.2 31.8,117.3 31.8,117.3 31.9,117.2 31.8)),((118 32,118.1 32,118.1 32.1,118 32)))",
        "MULTIPOLYGON(((117.2 31.8,117.3 31.8,117.3 31.9,117.2 31.8)))",
    ),
}


@pytest.fixture
def make_layer(conn: psycopg.Connection[Any]) -> MakeLayer:
    """Give the making of a published layer whose rows are rolled back."""

    def make(  # one parameter for each thing that tests vary
        rows: Sequence[tuple[Any, ...]] = AWKWARD,
        *,
        fields: dict[str, FieldType] = FIELDS,
        geometry: GeometryType = GeometryType.POINT,
        shapes: Sequence[str] | None = None,
        has_z: bool = False,
        has_time: bool = False,
        layer_id: str = "things",
    ) -> PublishedLayer:
        layer = Layer(
            id=layer_id,
            title=Titled(zh="东西", en="Things"),
            description=Titled(zh="测试用", en="For tests"),
            group="imported",
            db_schema="imported",
            table=layer_id,
            geometry=LayerGeometry(type=geometry, has_z=has_z),
            fields=tuple(
                LayerField(name=name, type=kind, title=Titled(zh=f"{name}字段", en=f"{name} field"))
                for name, kind in fields.items()
            ),
            time_column="valid" if has_time else None,
            zoom=ZoomRange(min=0, max=14),
            rank=1,
            style=(),
        )
        table = sql.Identifier("imported", layer_id)
        columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(SQL_TYPE[kind])) for n, kind in fields.items()]
        if has_time:
            columns.append(sql.SQL("valid tstzrange"))
        columns.append(sql.SQL(f"geom geometry({geometry.value}{'Z' if has_z else ''}, 4490) NOT NULL"))
        conn.execute(
            sql.SQL("CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {})").format(
                table, sql.SQL(", ").join(columns)
            )
        )
        names = [*fields, *(["valid"] if has_time else []), "geom"]
        wkts = shapes or SHAPES[geometry]
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}, ST_GeomFromText(%s, 4490))").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join([sql.Placeholder()] * (len(names) - 1)),
        )
        for number, row in enumerate(rows):
            conn.execute(statement, [*row, wkts[number % len(wkts)]])
        save_layer(conn, layer, origin="imported")
        refresh_layer(conn, layer)
        return load_catalogue(conn).layer(layer_id)

    return make


@pytest.fixture
def export(conn: psycopg.Connection[Any]) -> Export:
    """Give the export of a layer as one piece."""

    def run(
        layer: PublishedLayer,
        name: str,
        query: ItemsQuery | None = None,
        *,
        report: ExportReport | None = None,
        connection: psycopg.Connection[Any] | None = None,
        **options: Any,
    ) -> bytes:
        chunks = export_chunks(
            connection or conn,
            layer,
            query or ItemsQuery(limit=None),
            FORMATS[name],
            options=ExportOptions(**options),
            code_lists=load_catalogue(conn).code_lists if connection is None else {},
            report=report,
        )
        return b"".join(chunks)

    return run


@contextmanager
def unzipped(content: bytes, folder: Path) -> Iterator[Path]:
    """Give a folder with the files of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    yield folder


def by_gdal(content: bytes, name: str, folder: Path) -> gpd.GeoDataFrame:
    """Read a file by GDAL, as QGIS would."""
    path = folder / f"things.{FORMATS[name].extension}"
    path.write_bytes(content)
    return pyogrio.read_dataframe(f"/vsizip/{path}" if name == "shp" else path, fid_as_index=False)
