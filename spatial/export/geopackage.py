"""GeoPackage by GDAL, with the titles of layer and fields, and the code lists, in the tables that the standard has."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyogrio

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import CodeList
from spatial.export.batches import Batches
from spatial.export.columns import Column, free_name
from spatial.export.crs import srid_of
from spatial.export.errors import CannotWrite
from spatial.export.files import ogr_type, write_ogr
from spatial.export.read import Connection
from spatial.export.types import ExportOptions, ExportReport
from spatial.query.types import ItemsQuery

INDEX_MEMORY: Final = {"OGR_GPKG_MAX_RAM_USAGE_RTREE": str(32 * 1024 * 1024)}
"""GDAL collects the boxes of the spatial index in memory up to here, and writes them one by one beyond."""
SCHEMA_EXTENSION: Final = "http://www.geopackage.org/spec121/#extension_schema"
SCHEMA_SQL: Final = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""


def write_geopackage(
    path: Path,
    conn: Connection,
    layer: PublishedLayer,
    query: ItemsQuery,
    options: ExportOptions,
    report: ExportReport,
    code_lists: Mapping[str, CodeList],
) -> None:
    """Write the file; equal content gives an equal file."""
    batches = Batches(conn, layer, query, options, report)
    definition = layer.definition
    pyogrio.set_gdal_config_options(INDEX_MEMORY)
    write_ogr(
        path,
        iter(batches),
        batches.schema,
        driver="GPKG",
        layer=definition.id,
        geometry_name=batches.geometry,
        geometry_type=ogr_type(definition.geometry) if batches.geometry else None,
        crs=f"EPSG:{srid_of(query.look.crs)}" if batches.geometry else None,
        layer_options={
            "FID": free_name("fid", batches.columns),
            "GEOMETRY_NAME": free_name("geom", batches.columns),
            "IDENTIFIER": definition.title.zh,
            "DESCRIPTION": definition.description.zh,
        },
    )
    try:
        with closing(sqlite3.connect(path)) as file, file:
            _describe(file, definition.id, batches.columns, code_lists)
            _date(file, layer.changed_at)
    except sqlite3.Error as error:
        raise CannotWrite(f"The GeoPackage cannot be finished: {error}.") from error


def _describe(file: sqlite3.Connection, table: str, columns: list[Column], code_lists: Mapping[str, CodeList]) -> None:
    """Write the titles of the fields, and what their codes mean."""
    file.executescript(SCHEMA_SQL)
    for one in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        values = (one, "gpkg_schema", SCHEMA_EXTENSION, "read-write")
        file.execute("INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, ?)", values)
    used = {name: code_lists[name] for name in sorted({column.codes or "" for column in columns}) if name in code_lists}
    taken: set[str] = set()
    for column in columns:
        # Programs show the name; the standard wants it unique in its table.
        name = column.title.zh if column.title.zh not in taken else f"{column.title.zh} ({column.name})"
        taken.add(name)
        unit = f" [{column.unit}]" if column.unit else ""
        constraint = column.codes if column.codes in used else None
        row = (table, column.name, name, column.title.zh + unit, column.title.en + unit, constraint)
        file.execute("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)", row)
    for codes in used.values():
        for value, title in codes.values.items():
            meaning = (codes.id, value, f"{title.zh} / {title.en}")
            file.execute(
                "INSERT INTO gpkg_data_column_constraints VALUES (?, 'enum', ?, NULL, NULL, NULL, NULL, ?)", meaning
            )


def _date(file: sqlite3.Connection, changed_at: datetime) -> None:
    """Date the table by its content, not by the hour of the export."""
    moment = changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    file.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
