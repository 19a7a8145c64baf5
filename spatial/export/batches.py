"""Rows as Arrow record batches, the common way into every binary format."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import FieldType
from spatial.export.columns import Column, columns_of, free_name, joined_sql
from spatial.export.read import Connection, Row, row_groups
from spatial.export.types import ExportOptions, ExportReport
from spatial.query.feature import geometry_sql
from spatial.query.select import rows_statement
from spatial.query.types import ItemsQuery

MOMENT: Final = pa.timestamp("us", tz="UTC")
ARROW_TYPE: Final = {
    FieldType.STRING.value: pa.string(),
    FieldType.INTEGER.value: pa.int64(),
    FieldType.NUMBER.value: pa.float64(),
    FieldType.BOOLEAN.value: pa.bool_(),
    FieldType.DATE.value: pa.date32(),
    FieldType.DATETIME.value: MOMENT,
    FieldType.ARRAY.value: pa.list_(pa.string()),
}
SENT_AS: Final = {pa.date32(): pa.int32(), MOMENT: pa.int64()}
"""Days and microseconds since 1970 travel as numbers: faster, and for years beyond Python's as well."""
WKB: Final = {"ARROW:extension:name": "geoarrow.wkb"}
FIXED_BYTES: Final = 16
"""A number or a moment in Python, roughly."""


class Batches:
    """The features that are asked for, as record batches; to be iterated once.

    Attributes
    ----------
    schema
        Of every batch; the geometry comes last.
    columns
        The properties, in the order of the schema.
    geometry
        Name of the geometry column; None where geometries are left out.
    """

    def __init__(
        self,
        conn: Connection,
        layer: PublishedLayer,
        query: ItemsQuery,
        options: ExportOptions,
        report: ExportReport,
        *,
        has_arrays: bool = False,
        geometry: str = "geometry",
    ) -> None:
        self.columns = columns_of(layer.definition, query.look)
        self.geometry = free_name(geometry, self.columns) if query.look.has_geometry else None
        types = [_arrow_type(column, has_arrays=has_arrays) for column in self.columns]
        fields = [pa.field(column.name, kind) for column, kind in zip(self.columns, types, strict=True)]
        select = [_select(column, kind) for column, kind in zip(self.columns, types, strict=True)]
        if self.geometry:
            fields.append(pa.field(self.geometry, pa.binary(), metadata=WKB))
            shape = geometry_sql(layer.definition, query.look.crs.srid, zoom=query.look.zoom)
            select.append(f"ST_AsBinary({shape}, 'NDR')")
        # A row needs a column, even where nothing of it is wanted.
        self._statement = rows_statement(layer, query, ", ".join(select) or "1")
        self.schema = pa.schema(fields)
        self._conn, self._options, self._report = conn, options, report

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for rows in row_groups(self._conn, self._statement, weigh=_weight, raw_text=True):
            yield _batch(rows, self.schema)
            self._report.features += len(rows)
            self._options.progress(self._report.features)


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    if not schema:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
    arrays = []
    for field, values in zip(schema, zip(*rows, strict=True), strict=True):
        sent = pa.array(values, SENT_AS.get(field.type, field.type))
        arrays.append(sent.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _arrow_type(column: Column, *, has_arrays: bool) -> pa.DataType:
    return ARROW_TYPE[FieldType.STRING.value if column.type == FieldType.ARRAY and not has_arrays else column.type]


def _select(column: Column, kind: pa.DataType) -> str:
    if column.type == FieldType.DATE:
        return f"CASE WHEN isfinite({column.sql}) THEN {column.sql} - DATE '1970-01-01' END"
    if column.type == FieldType.DATETIME:
        return f"CASE WHEN isfinite({column.sql}) THEN (extract(epoch FROM {column.sql}) * 1000000)::bigint END"
    if column.type == FieldType.ARRAY and pa.types.is_string(kind):
        return joined_sql(column)
    return f"{column.sql}::{_SQL_TYPE[column.type]}"


_SQL_TYPE: Final = {
    FieldType.STRING.value: "text",
    FieldType.INTEGER.value: "bigint",
    FieldType.NUMBER.value: "float8",
    FieldType.BOOLEAN.value: "boolean",
    FieldType.ARRAY.value: "text[]",
}


def _weight(row: Row) -> int:
    return sum(len(value) if isinstance(value, bytes) else FIXED_BYTES for value in row)
