"""A zipped shapefile: one for each kind of geometry, with notes on what the format could not hold.

The rows are read once and kept in files beside the result, for only the last row tells how wide a field must be.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import GeometryType, Layer
from spatial.export.batches import WKB, Batches
from spatial.export.crs import srid_of
from spatial.export.dbf import DbfField, check_fields, record_bytes, short_names, write_dbf
from spatial.export.errors import TooLarge
from spatial.export.files import write_ogr
from spatial.export.read import Connection
from spatial.export.types import ExportOptions, ExportReport
from spatial.query.types import ItemsQuery

FILE_BYTES: Final = 2**31 - 1
CPG: Final = {"utf-8": "UTF-8", "gbk": "GBK"}
SHAPE: Final = "shape"
COLLECTION: Final = 7
KIND_OF_WKB: Final = {1: "point", 2: "line", 3: "polygon", 4: "multipoint", 5: "line", 6: "polygon"}
"""Which shapefile a geometry belongs into, by its type in WKB."""
OGR_TYPE: Final = {"point": "Point", "multipoint": "MultiPoint", "line": "MultiLineString", "polygon": "MultiPolygon"}
KIND_OF_LAYER: Final = {
    GeometryType.POINT: "point",
    GeometryType.MULTIPOINT: "multipoint",
    GeometryType.LINESTRING: "line",
    GeometryType.MULTILINESTRING: "line",
}


class _Part:
    """The rows of one shapefile, kept in a file until all are there."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.rows, self.shape_bytes = path, 0, 0
        self._writer = pa.ipc.new_file(pa.OSFile(str(path), "wb"), schema)

    def add(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)
        self.rows += batch.num_rows
        if SHAPE in batch.schema.names:
            self.shape_bytes += batch.column(SHAPE).nbytes

    def close(self) -> None:
        self._writer.close()

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield some of the columns again."""
        with pa.OSFile(str(self.path), "rb") as file:
            kept = pa.ipc.open_file(file)
            for index in range(kept.num_record_batches):
                yield kept.get_batch(index).select(names)


def write_shapefile(
    path: Path,
    conn: Connection,
    layer: PublishedLayer,
    query: ItemsQuery,
    options: ExportOptions,
    report: ExportReport,
) -> None:
    """Write the zip.

    Raises
    ------
    TooLarge
        There are too many fields, or a file of the set would pass 2 GB.
    """
    batches = Batches(conn, layer, query, options, report)
    names = short_names([column.name for column in batches.columns], options.encoding)
    fields = [DbfField(column, name, options.encoding) for column, name in zip(batches.columns, names, strict=True)]
    check_fields(fields)
    parts = _kept(path.parent, batches, fields, layer.definition)
    check_fields(fields)
    report.notes += _notes(fields, parts)
    changed_at = layer.changed_at
    height = " Z" if layer.definition.geometry.has_z else ""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for kind, part in parts.items():
            name = layer.definition.id if len(parts) == 1 else f"{layer.definition.id}_{kind}"
            ogr_kind = OGR_TYPE[kind] + height if batches.geometry else None
            for file in _written(path.parent / name, part, fields, ogr_kind, query, options, changed_at.date()):
                _pack(archive, file, changed_at)
        _pack_text(archive, "fields.txt", _field_table(fields, options), changed_at)
        _pack_text(archive, "report.txt", _report_text(layer.definition, report), changed_at)


def _kept(folder: Path, batches: Batches, fields: list[DbfField], layer: Layer) -> dict[str, _Part]:
    """Read all rows into one file for each kind of geometry; the layer's own kind where there are none."""
    cells = [pa.field(str(number), pa.binary()) for number in range(len(fields))]
    schema = pa.schema([*cells, pa.field(SHAPE, pa.binary(), metadata=WKB)] if batches.geometry else cells)
    default = KIND_OF_LAYER.get(layer.geometry.type, "polygon")
    parts: dict[str, _Part] = {}
    with ExitStack() as stack:

        def part(kind: str) -> _Part:
            if kind not in parts:
                parts[kind] = _Part(folder / f"{kind}.arrow", schema)
                stack.callback(parts[kind].close)
            return parts[kind]

        for batch in batches:
            columns = [one.cells(batch.column(number)) for number, one in enumerate(fields)]
            if batches.geometry is None:
                part(default).add(pa.RecordBatch.from_arrays(columns, schema=schema))
                continue
            shapes = batch.column(batches.geometry)
            whole = pa.RecordBatch.from_arrays([*columns, shapes], schema=schema)
            kinds = [_kind(wkb, default) for wkb in shapes.to_pylist()]
            for kind in sorted(set(kinds)):
                part(kind).add(whole.filter(pa.array([one == kind for one in kinds])))
        if not parts:
            part(default)
    return dict(sorted(parts.items()))


def _kind(wkb: bytes | None, default: str) -> str:
    """Return the kind of a geometry; heights add a thousand to the type."""
    if wkb is None:
        return default
    kind = int.from_bytes(wkb[1:5], "little") % 1000
    if kind not in KIND_OF_WKB:
        raise TooLarge("A shapefile cannot hold collections of geometries. Choose another format, such as gpkg.")
    return KIND_OF_WKB[kind]


def _written(
    base: Path,
    part: _Part,
    fields: list[DbfField],
    ogr_kind: str | None,
    query: ItemsQuery,
    options: ExportOptions,
    changed_on: date,
) -> Iterator[Path]:
    """Write the files of one shapefile and give their paths, each gone when the next is asked for."""
    if part.shape_bytes > FILE_BYTES or part.rows * record_bytes(fields) > FILE_BYTES:
        raise TooLarge("A file of a shapefile holds at most 2 GB. Ask for less, or for another format, such as gpkg.")
    if ogr_kind:
        schema = pa.schema([pa.field(SHAPE, pa.binary(), metadata=WKB)])
        crs = f"EPSG:{srid_of(query.look.crs)}"
        how = {"driver": "ESRI Shapefile", "geometry_name": SHAPE, "geometry_type": ogr_kind, "crs": crs}
        write_ogr(base.with_suffix(".shp"), part.batches([SHAPE]), schema, **how)
    names = [str(number) for number in range(len(fields))]
    if fields:
        write_dbf(base.with_suffix(".dbf"), fields, part.rows, part.batches(names), changed_on)
    base.with_suffix(".cpg").write_text(CPG[options.encoding], encoding="ascii")
    for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        file = base.with_suffix(suffix)
        if file.exists():
            yield file
            file.unlink()
    part.path.unlink()


def _notes(fields: list[DbfField], parts: dict[str, _Part]) -> list[str]:
    """Return what the format could not hold, a sentence each."""
    notes = []
    for one in fields:
        told = (
            (one.cut, "texts were cut to 254 bytes"),
            (one.replaced, f"texts have characters that {one.encoding.value.upper()} lacks, replaced by ?"),
            (one.absent, "numbers are not finite and were left empty"),
            (one.long_numbers, "whole numbers have more than 18 digits; some programs round them"),
        )
        notes += [f"{one.column.name}: {count:,} {what}." for count, what in told if count]
    if len(parts) > 1:
        notes.append(f"One shapefile for each kind of geometry: {', '.join(parts)}.")
    return notes


def _field_table(fields: list[DbfField], options: ExportOptions) -> str:
    """Return what the short names stand for, with tabs between.

    It opens in Excel, and is no .csv: many programs would take that for a second layer of the zip.
    """
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab")
    writer.writerow(["short_name", "name", "title_zh", "title_en", "unit"])
    for one in fields:
        column = one.column
        short = one.name.decode(options.encoding)
        writer.writerow([short, column.name, column.title.zh, column.title.en, column.unit or ""])
    return "\ufeff" + text.getvalue()


def _report_text(layer: Layer, report: ExportReport) -> str:
    lines = [
        f"{layer.title.zh} / {layer.title.en} ({layer.id})",
        f"要素 / features: {report.features:,}",
        "字段对照 / short field names: fields.txt",
    ]
    lines += report.notes or ["没有损失 / nothing was lost."]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _pack(archive: ZipFile, path: Path, changed_at: datetime) -> None:
    with path.open("rb") as source, archive.open(_entry(path.name, changed_at), "w", force_zip64=False) as target:
        while piece := source.read(1024 * 1024):
            target.write(piece)


def _pack_text(archive: ZipFile, name: str, text: str, changed_at: datetime) -> None:
    archive.writestr(_entry(name, changed_at), text.encode())


def _entry(name: str, changed_at: datetime) -> ZipInfo:
    """Return an entry dated by the content, so that equal content gives an equal file."""
    entry = ZipInfo(name, max(changed_at.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
    entry.compress_type = ZIP_DEFLATED
    return entry
