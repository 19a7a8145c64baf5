"""The temporary table that rows go through on their way: everything text but the geometry, no constraint."""

import io
from typing import Any, Final

import numpy as np
import orjson
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely
from psycopg import sql

from spatial.crs import CGCS2000
from spatial.ingest.types import Geometries, RowBatch
from spatial.ingest.values import Columns

TABLE: Final = sql.Identifier("pg_temp", "import_staging")
FIELDS_MAX: Final = 300
"""PostgreSQL allows 1,600 columns, but a row of them must also fit one page of 8 kB."""
OVERFLOW: Final = "other_properties"
"""Where the values of further fields go, as JSON."""

Connection = psycopg.Connection[Any]


class Staging:
    """The staged rows of one import, in the transaction of ``conn``.

    Parameters
    ----------
    columns
        Where types are proven while rows pass.
    """

    def __init__(self, conn: Connection, columns: Columns) -> None:
        self._conn = conn
        self.columns = columns
        self.slots: dict[str, str] = {}
        self.folded: set[str] = set()
        self.has_ids = False
        conn.execute("DROP TABLE IF EXISTS pg_temp.import_staging")
        # Temporary: not logged, seen by nobody, and gone with the transaction.
        conn.execute(
            "CREATE TEMPORARY TABLE import_staging (row_number bigint, source_id text, geom geometry) ON COMMIT DROP"
        )

    def add(self, batch: RowBatch, geometries: Geometries, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        """Copy the chosen rows of a batch with their cleaned geometries."""
        if not chosen.any():
            return
        mask = pa.array(chosen)
        attributes = self._fold(batch.attributes.filter(mask)) if batch.attributes.num_columns else batch.attributes
        self._make_room(attributes.column_names)
        table: dict[str, pa.Array] = {
            "row_number": pa.array(batch.rows[chosen]),
            "source_id": pa.nulls(int(chosen.sum()), pa.string()),
            "geom": _ewkb(geometries[chosen]),
        }
        if batch.source_ids is not None:
            self.has_ids = True
            ids = batch.source_ids.filter(mask).cast(pa.string())
            table["source_id"] = pc.replace_substring(ids, "\0", "")
        for name, column in zip(attributes.column_names, attributes.columns, strict=True):
            table[self.slots[name]] = self.columns.as_text(name, column.combine_chunks())
        self._copy(pa.table(table))

    def _fold(self, attributes: pa.Table) -> pa.Table:
        """Put fields that are too many into one JSON field."""
        names = attributes.column_names
        known = [name for name in names if name in self.slots]
        fresh = [name for name in names if name not in self.slots]
        room = FIELDS_MAX - len(self.slots)
        if len(fresh) <= room and OVERFLOW not in self.slots:
            return attributes
        kept = known + fresh[: max(room - 1, 0)]
        self.folded |= set(names) - set(kept) - {OVERFLOW}
        rest = attributes.drop_columns(kept).to_pylist()
        texts = [_json_of(row) for row in rest]
        return attributes.select([name for name in kept if name != OVERFLOW]).append_column(
            OVERFLOW, pa.array(texts, pa.large_string())
        )

    def _make_room(self, names: list[str]) -> None:
        """Add a column for each field seen for the first time; in PostgreSQL that rewrites nothing."""
        fresh = [name for name in names if name not in self.slots]
        if not fresh:
            return
        for name in fresh:
            self.slots[name] = f"c{len(self.slots)}"
        added = sql.SQL(", ").join(
            sql.SQL("ADD COLUMN {} text").format(sql.Identifier(self.slots[name])) for name in fresh
        )
        self._conn.execute(sql.SQL("ALTER TABLE {} {}").format(TABLE, added))

    def _copy(self, table: pa.Table) -> None:
        buffer = io.BytesIO()
        # Arrow leaves null bare and quotes the empty text, which is how PostgreSQL tells the two apart.
        pa_csv.write_csv(table, buffer, pa_csv.WriteOptions(include_header=False))
        names = sql.SQL(", ").join(map(sql.Identifier, table.column_names))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(TABLE, names)
        with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(buffer.getbuffer())


def _json_of(row: dict[str, Any]) -> str | None:
    known = {name: value for name, value in row.items() if value is not None}
    return orjson.dumps(known, default=str).decode() if known else None


def _ewkb(geometries: Geometries) -> pa.Array:
    placed = shapely.set_srid(geometries, CGCS2000)
    return pa.array(shapely.to_wkb(placed, hex=True, include_srid=True).tolist(), pa.string())
