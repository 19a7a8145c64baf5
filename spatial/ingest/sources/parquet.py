"""GeoParquet, and plain Parquet with a column of WKB, WKT or coordinates."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from pyproj.exceptions import CRSError

from spatial.crs import WGS84
from spatial.ingest.errors import UnknownCrs, UnreadableFile
from spatial.ingest.project import horizontal
from spatial.ingest.sources.tabular import GeometryColumns, Located, choose_columns, located_batch
from spatial.ingest.sources.wkb import from_wkb
from spatial.ingest.types import (
    BATCH_ROWS,
    DeclaredCrs,
    ImportOptions,
    Reason,
    RowBatch,
    SourceInfo,
    TextKind,
)

GEOMETRY_NAMES: Final = ("geometry", "geom", "wkb_geometry", "wkb", "the_geom", "shape")


class ParquetSource:
    """A Parquet file read row group by row group."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFile(f"{path.name} cannot be read as Parquet: {error}") from error
        schema = self._file.schema_arrow
        about = _geo_metadata(schema, path)
        self.info = SourceInfo(
            format="GeoParquet" if about else "Parquet",
            row_meaning="row in the file, counted from 1",
            text=TextKind.TYPED,
            size=self._file.metadata.num_rows,
        )
        self._columns: GeometryColumns | None = None
        self._geometry = ""
        if about:
            self._geometry = about["primary_column"]
            column = about["columns"][self._geometry]
            if column.get("encoding") != "WKB":
                raise UnreadableFile(
                    f"{path.name} keeps geometry as {column.get('encoding')!r}; write it anew with encoding WKB."
                )
            self.info.declared = _declared(column)
        else:
            self._find_geometry(schema, options)

    def _find_geometry(self, schema: pa.Schema, options: ImportOptions) -> None:
        binary = [one.name for one in schema if pa.types.is_binary(one.type) or pa.types.is_large_binary(one.type)]
        named = [name for name in binary if name.lower() in GEOMETRY_NAMES]
        if named and not (options.x or options.wkt):
            self._geometry = named[0]
            return
        self._columns = choose_columns(schema.names, options)
        self.info.declared = self._columns.declared

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in order, once."""
        read = 0
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
                yield self._batch(pa.Table.from_batches([batch]), read)
                read += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFile(f"{self._path.name} is damaged after row {read}: {error}") from error

    def _batch(self, table: pa.Table, before: int) -> RowBatch:
        rows = np.arange(before + 1, before + 1 + len(table), dtype=np.int64)
        if self._columns:
            located = self._columns.locate({name: table.column(name).to_pylist() for name in self._columns.names})
            attributes = table.drop_columns(self._columns.consumed)
        else:
            geometries, unreadable = from_wkb(table.column(self._geometry).to_pylist())
            problems = {index: (Reason.BAD_GEOMETRY, message) for index, message in unreadable.items()}
            located = Located(geometries, problems)
            attributes = table.drop_columns([self._geometry])
        return located_batch(rows, located, attributes, position=before + len(table))


def _geo_metadata(schema: pa.Schema, path: Path) -> dict[str, Any] | None:
    raw = (schema.metadata or {}).get(b"geo")
    if raw is None:
        return None
    try:
        about: dict[str, Any] = json.loads(raw)
        about["columns"][about["primary_column"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(f"{path.name} has damaged GeoParquet metadata.") from error
    return about


def _declared(column: dict[str, Any]) -> DeclaredCrs | None:
    """Read the CRS; left out it is CRS84 by the standard, and null says that nobody knows."""
    if "crs" not in column:
        return DeclaredCrs(pyproj.CRS.from_epsg(WGS84), "GeoParquet (CRS84 where nothing is said)", is_firm=False)
    if column["crs"] is None:
        return None
    try:
        return DeclaredCrs(horizontal(pyproj.CRS.from_user_input(column["crs"])), "its metadata")
    except CRSError as error:
        raise UnknownCrs("The file's own reference system is unknown to PROJ. Add --crs EPSG:n.") from error
