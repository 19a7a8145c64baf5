"""Rows for a layer that stays: they must have its fields, and its geometry."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from spatial.catalogue.types import FieldType, GeometryType, Layer
from spatial.ingest.errors import SchemaDiffers
from spatial.ingest.shape import Shape
from spatial.ingest.table import Column, analyze, building_name, create_table, fill, index
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
) -> tuple[Layer, str]:
    """Add the staged rows to a layer's table; return the layer as it is declared now, and the table's name.

    That is another than the layer's where its geometry type had to grow: then it is still to be put in place.

    Raises
    ------
    SchemaDiffers
        The file has other fields, or values that the layer's fields cannot hold.
    """
    fitted = _fitted(layer, columns)
    wide = _wide_enough(layer, shape)
    has_ids = layer.field("source_id") is not None
    if with_ids and not has_ids:
        report.notes.append("The file's feature ids were left out, as the layer keeps none.")
    if wide.geometry.has_z and not shape.has_z:
        raise SchemaDiffers(f"The layer {layer.id!r} has heights, but the file does not have them for every row.")
    if shape.with_z and not wide.geometry.has_z:
        report.warnings.append("Heights were left out, as the layer has none.")
    name = layer.table if wide is layer else _copied(conn, layer, wide)
    fill(conn, name, fitted, geometry=wide.geometry.type, has_z=wide.geometry.has_z, with_ids=with_ids and has_ids)
    if wide is layer:
        analyze(conn, name)
    else:
        index(conn, name)
    return wide, name


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


def _copied(conn: Connection, layer: Layer, wide: Layer) -> str:
    """Copy a layer's rows into a new table of a wider geometry type and return its name; ids stay."""
    old = sql.Identifier(layer.db_schema, layer.table)
    # Readers go on, but nobody may change rows that would be left behind.
    conn.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(old))
    name = building_name(conn)
    columns = [Column(one.name, one.name, one.title.zh, one.type) for one in layer.fields if one.name not in OWN]
    geometry, with_ids = wide.geometry, layer.field("source_id") is not None
    create_table(conn, name, columns, geometry=geometry.type, has_z=geometry.has_z, with_ids=with_ids)
    new = sql.Identifier(layer.db_schema, name)
    names = sql.SQL(", ").join([sql.Identifier("id"), *(sql.Identifier(one.name) for one in layer.fields)])
    conn.execute(
        sql.SQL("INSERT INTO {} ({}, geom) SELECT {}, ST_Multi(geom) FROM {} ORDER BY id").format(
            new, names, names, old
        )
    )
    conn.execute(
        "SELECT setval(pg_get_serial_sequence(%s, 'id'), nextval(pg_get_serial_sequence(%s, 'id')), false)",
        [new.as_string(conn), old.as_string(conn)],
    )
    return name
