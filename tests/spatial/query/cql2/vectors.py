"""The standard's test predicates and examples, where the folder of shared data is present."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any, Final

import psycopg

from spatial.catalogue.queries import refresh_layer, save_layer
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange
from spatial.query.binds import quoted
from spatial.settings import PROJECT

CLIENTS: Final = PROJECT.parent / "shared" / "clients"
DATA: Final = CLIENTS / "cql2" / "ne110m4cql2.gpkg"
CQL2: Final = CLIENTS / "schemas" / "cql2"
COLLECTIONS: Final = (
    "ne_110m_admin_0_countries",
    "ne_110m_populated_places_simple",
    "ne_110m_rivers_lake_centerlines",
)
CLASSES: Final = (
    "basic-cql2",
    "advanced-comparison-operators",
    "case-insensitive-comparison",
    "accent-insensitive-comparison",
    "basic-spatial-functions",
    "basic-spatial-functions-plus",
    "spatial-functions",
    "temporal-functions",
    "property-property",
    "arithmetic",
)


def predicates(conformance: str) -> list[dict[str, Any]]:
    """Return the test predicates of a conformance class, in their order; none where the data is absent."""
    path = CLIENTS / "cql2" / "cql2_vectors.json"
    if not path.is_file():
        return []
    return [one for one in json.loads(path.read_text(encoding="utf-8")) if one["conf"] == conformance]


def uri(conformance: str) -> str:
    """Return the URI of a conformance class."""
    return f"http://www.opengis.net/spec/cql2/1.0/conf/{conformance}"


TYPES: Final = {
    "TEXT": ("text", FieldType.STRING),
    "INTEGER": ("bigint", FieldType.INTEGER),
    "REAL": ("float8", FieldType.NUMBER),
    "BOOLEAN": ("boolean", FieldType.BOOLEAN),
    "DATE": ("date", FieldType.DATE),
    "DATETIME": ("timestamptz", FieldType.DATETIME),
}
ENVELOPE_BYTES: Final = (0, 32, 48, 48, 64)


def publish(conn: psycopg.Connection[Any], collection: str) -> None:
    """Make a layer of a collection as it is: our import would turn away a country with a broken outline."""
    with closing(sqlite3.connect(f"file:{DATA}?mode=ro", uri=True)) as file:
        columns = [(name, kind) for _n, name, kind, *_more in file.execute(f"PRAGMA table_info({collection})")]
        rows = file.execute(f"SELECT * FROM {collection}").fetchall()
    assert [name for name, _kind in columns[:2]] == ["fid", "geom"]
    fields = [(name, *TYPES[re.sub(r"\(.*", "", kind)]) for name, kind in columns[2:]]
    table = f"imported.{quoted(collection)}"
    declared = "".join(f", {quoted(name)} {sql_type}" for name, sql_type, _kind in fields)
    conn.execute(f"CREATE TABLE {table} (id bigint PRIMARY KEY, geom geometry(Geometry, 4490){declared})")
    marks = "".join(f", %s::text::{sql_type}" for _name, sql_type, _kind in fields)
    with conn.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} VALUES (%s, ST_GeomFromWKB(%s, 4490){marks})",
            [(fid, wkb_of(blob), *values) for fid, blob, *values in rows],
        )
    title = Titled(zh=collection, en=collection)
    layer = Layer(
        id=collection,
        title=title,
        description=title,
        group="imported",
        db_schema="imported",
        table=collection,
        geometry=LayerGeometry(type=GeometryType.GEOMETRY),
        fields=tuple(LayerField(name=name, type=kind, title=title) for name, _sql_type, kind in fields),
        zoom=ZoomRange(min=0, max=5),
        rank=1,
        style=(),
    )
    save_layer(conn, layer, origin="imported")
    refresh_layer(conn, layer)


def wkb_of(blob: bytes) -> bytes:
    """Return the WKB of a GeoPackage geometry: after a header, whose length follows from its flags."""
    return blob[8 + ENVELOPE_BYTES[blob[3] >> 1 & 7] :]
