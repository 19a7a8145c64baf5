"""A layer as a file of any format: one generator of bytes."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import CodeList
from spatial.export.errors import told
from spatial.export.files import file_chunks, temporary_folder
from spatial.export.flatgeobuf import write_flatgeobuf
from spatial.export.geopackage import write_geopackage
from spatial.export.parquet import parquet_chunks
from spatial.export.read import Connection, snapshot
from spatial.export.shapefile import write_shapefile
from spatial.export.text import text_chunks
from spatial.export.types import FGB, GPKG, PARQUET, ExportFormat, ExportOptions, ExportReport
from spatial.query.types import ItemsQuery

DEFAULTS: Final = ExportOptions()
NO_LISTS: Final[Mapping[str, CodeList]] = MappingProxyType({})


def export_chunks(
    conn: Connection,
    layer: PublishedLayer,
    query: ItemsQuery,
    form: ExportFormat,
    *,
    options: ExportOptions = DEFAULTS,
    code_lists: Mapping[str, CodeList] = NO_LISTS,
    report: ExportReport | None = None,
) -> Iterator[bytes]:
    """Yield a layer, or what is asked of it, as a file.

    Memory stays flat whatever the size. All rows are of one moment: they are read in one transaction, which ends
    with the generator. A failure of a binary format comes before its first chunk, one of a text format may come in
    the middle. To give up, close the generator, or raise from ``options.progress``; nothing is left behind.

    Parameters
    ----------
    conn
        A connection for this export alone; best outside a transaction.
    code_lists
        The catalogue's, for formats that can hold them (GeoPackage).
    report
        Filled while the file is written; complete after the last chunk.

    Raises
    ------
    Unavailable
        PostgreSQL was too slow or went away, or the layer is just being replaced.
    OutsideCrs, InvalidInput
        What is asked cannot be computed.
    TooLarge, CannotWrite
        The format cannot hold it, or the disk is full.
    """
    report = report or ExportReport()
    with told(query.look.crs), snapshot(conn):
        if not form.is_binary:
            yield from text_chunks(conn, layer, query, form, options, report)
            return
        if form is PARQUET:
            yield from parquet_chunks(conn, layer, query, options, report)
            return
        with temporary_folder(options.folder) as folder:
            path = folder / f"{layer.definition.id}.{form.extension}"
            if form is GPKG:
                write_geopackage(path, conn, layer, query, options, report, code_lists)
            elif form is FGB:
                write_flatgeobuf(path, conn, layer, query, options, report)
            else:
                write_shapefile(path, conn, layer, query, options, report)
            yield from file_chunks(path)
