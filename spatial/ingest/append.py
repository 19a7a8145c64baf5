"""Rows for a layer that stays: they must have its fields, and its geometry."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from spatial.catalogue.types import FieldType, GeometryType, Layer
from spatial.crs import CGCS2000, WEB
from spatial.ingest.errors import SchemaDiffers
from spatial.ingest.shape import Shape
from spatial.ingest.table import Column, analyze, fill, typmod
from spatial.ingest.types import ImportReport

WIDENED: Final = {
    (FieldType.INTEGER, FieldType.NUMBER),
    *((kind, FieldType.STRING) for kind in FieldType),
}
"""Pairs of a file's type and a layer's type that lose nothing."""
OWN: Final = frozenset({"source_id"})

Connection = psycopg.Connection[Any]


def append(
    conn: Connection,
    layer: Layer,
    columns: Sequence[Column],
    *,
    shape: Shape,
    with_ids: bool,
    report: ImportReport,
) -> Layer:
    """Add the staged rows to a layer's table and return the layer as it is declared now.

    Raises
    ------
    SchemaDiffers
        The file has other fields, or values that the layer's fields cannot hold.
    """
    fitted = _fitted(layer, columns)
    wide = _wide_enough(layer, shape)
    if wide is not layer:
        _widen(conn, wide)
    has_ids = layer.field("source_id") is not None
    if with_ids and not has_ids:
        report.notes.append("The file's feature ids were left out, as the layer keeps none.")
    if wide.geometry.has_z and not shape.has_z:
        raise SchemaDiffers(f"The layer {layer.id!r} has heights, but the file does not have them for every row.")
    if shape.with_z and not wide.geometry.has_z:
        report.warnings.append("Heights were left out, as the layer has none.")
    fill(
        conn, layer.table, fitted, geometry=wide.geometry.type, has_z=wide.geometry.has_z, with_ids=with_ids and has_ids
    )
    analyze(conn, layer.table)
    return wide


def _fitted(layer: Layer, columns: Sequence[Column]) -> list[Column]:
    """Return the columns under the layer's types."""
    known = {one.name: one for one in layer.fields if one.name not in OWN}
    given = {one.name: one for one in columns}
    missing, extra = sorted(known.keys() - given.keys()), sorted(given.keys() - known.keys())
    if missing or extra:
        parts = [f"the file lacks {', '.join(missing)}"] if missing else []
        parts += [f"the layer lacks {', '.join(extra)}"] if extra else []
        raise SchemaDiffers(f"The fields of the file and of the layer {layer.id!r} differ: {'; '.join(parts)}.")
    fitted = []
    for name, column in given.items():
        wanted = known[name].type
        if column.type is not wanted and (column.type, wanted) not in WIDENED:
            raise SchemaDiffers(
                f"The field {name!r} is {wanted.value} in {layer.id!r}, but the file holds {column.type.value}."
            )
        fitted.append(Column(column.slot, name, column.title, wanted))
    return fitted


def _wide_enough(layer: Layer, shape: Shape) -> Layer:
    """Return the layer with a geometry type that holds the new rows too."""
    held, new = layer.geometry.type, shape.geometry
    if held in {GeometryType.GEOMETRY, new} or held.value == f"multi{new.value}":
        return layer
    geometry = layer.geometry.model_copy(update={"type": new})
    return layer.model_copy(update={"geometry": geometry})


def _widen(conn: Connection, layer: Layer) -> None:
    """Turn a table's single geometries into multi; the derived column cannot be altered, so it is made anew."""
    table = sql.Identifier(layer.db_schema, layer.table)
    wide, has_z = layer.geometry.type, layer.geometry.has_z
    conn.execute(
        sql.SQL("ALTER TABLE {} DROP COLUMN geom_web, ALTER COLUMN geom TYPE {} USING ST_Multi(geom)").format(
            table, typmod(wide, has_z=has_z, srid=CGCS2000)
        )
    )
    conn.execute(
        sql.SQL("ALTER TABLE {} ADD COLUMN geom_web {} GENERATED ALWAYS AS (ST_Transform(geom, {})) STORED").format(
            table, typmod(wide, has_z=has_z, srid=WEB), sql.Literal(WEB)
        )
    )
    conn.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom_web)").format(table))
