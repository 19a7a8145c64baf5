"""GeoParquet 1.1, streamed: row groups leave as they are full, and the footer tells what they hold.

References
----------
GeoParquet specification 1.1.0; coordinates are x, y whatever the CRS says.
"""

import io
import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import Crs
from spatial.export.batches import Batches
from spatial.export.crs import projjson
from spatial.export.read import Connection
from spatial.export.types import CHUNK_BYTES, ExportOptions, ExportReport
from spatial.query.types import ItemsQuery

ROW_GROUP_ROWS: Final = 65_536
ROW_GROUP_BYTES: Final = 32 * 1024 * 1024
"""A group is kept in memory until it is full."""
TYPE_NAMES: Final = {
    0: "Point",
    1: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
"""By shapely's type ids."""


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def take(self, *, at_least: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Give whole chunks, or everything when nothing more comes."""
        while len(self._kept) >= at_least and self._kept:
            yield bytes(self._kept[:CHUNK_BYTES])
            del self._kept[:CHUNK_BYTES]


class _Seen:
    """Types and box of all geometries that passed."""

    def __init__(self) -> None:
        self._types: set[str] = set()
        self._box = np.array([np.inf, np.inf, -np.inf, -np.inf])

    def add(self, column: pa.Array) -> None:
        shapes = shapely.from_wkb(np.asarray(column.drop_null().to_pylist(), dtype=object))
        kinds = np.unique(shapely.get_type_id(shapes) * 2 + shapely.has_z(shapes)).tolist()
        self._types |= {TYPE_NAMES[kind // 2] + (" Z" if kind % 2 else "") for kind in kinds}
        if not shapely.is_empty(shapes).all():
            west, south, east, north = shapely.total_bounds(shapes)
            low, high = np.minimum(self._box[:2], [west, south]), np.maximum(self._box[2:], [east, north])
            self._box = np.concatenate([low, high])

    def metadata(self, name: str, crs: Crs) -> str:
        """Return the ``geo`` member of the footer."""
        column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(self._types), "crs": projjson(crs)}
        if np.isfinite(self._box).all():
            column["bbox"] = self._box.tolist()
        document = {"version": "1.1.0", "primary_column": name, "columns": {name: column}}
        return json.dumps(document, ensure_ascii=False)


def parquet_chunks(
    conn: Connection, layer: PublishedLayer, query: ItemsQuery, options: ExportOptions, report: ExportReport
) -> Iterator[bytes]:
    """Yield a GeoParquet file as its row groups are full; a plain Parquet file where geometries are left out."""
    batches = Batches(conn, layer, query, options, report, has_arrays=True)
    sink, seen = _Sink(), _Seen()
    # Arrow's own copy of the schema would hide the footer's metadata from readers by pyarrow.
    how = {"compression": "zstd", "store_schema": False}
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), batches.schema, **how) as writer:
        for group in _groups(batches):
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
            if batches.geometry:
                for chunk in group.column(batches.geometry).chunks:
                    seen.add(chunk)
            yield from sink.take()
        if batches.geometry:
            writer.add_key_value_metadata({"geo": seen.metadata(batches.geometry, query.look.crs)})
    yield from sink.take(at_least=1)


def _groups(batches: Batches) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        rows, size = sum(one.num_rows for one in waiting), sum(one.nbytes for one in waiting)
        if rows >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
            yield pa.Table.from_batches(waiting, schema=batches.schema)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, schema=batches.schema)
