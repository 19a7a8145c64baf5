"""Text formats: PostgreSQL writes each feature, and the texts are passed on as they are read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import Layer
from spatial.export.delimited import BOM, LINE_END, header, line_sql
from spatial.export.jsonfg import jsonfg_feature_sql
from spatial.export.read import Connection, Row, row_groups
from spatial.export.types import CHUNK_BYTES, CSV, GEOJSONSEQ, JSONFG, ExportFormat, ExportOptions, ExportReport
from spatial.query.feature import feature_sql
from spatial.query.select import rows_statement
from spatial.query.types import ItemsQuery, Look

RECORD_SEPARATOR = b"\x1e"


@dataclass(frozen=True, slots=True)
class TextForm:
    """How features are strung together.

    Attributes
    ----------
    sql
        One feature as text, over the alias ``t``.
    opening, closing
        Begin and end of the file, whatever it holds.
    first, between, last
        Before the first feature, between two, after the last; nothing where there is no feature.
    """

    sql: str
    opening: bytes
    first: bytes
    between: bytes
    last: bytes
    closing: bytes


def text_form(layer: Layer, look: Look, form: ExportFormat, options: ExportOptions) -> TextForm:
    """Return how a format writes a layer."""
    if form is CSV:
        opening = (BOM if options.bom else b"") + header(layer, look)
        return TextForm(line_sql(layer, look), opening, LINE_END, LINE_END, b"", LINE_END)
    if form is GEOJSONSEQ:
        # A file is x, y; the order of the authority's axes is for answers that name their CRS.
        plain = replace(look, crs=replace(look.crs, swaps_axes=False))
        separator = b"\n" + RECORD_SEPARATOR
        return TextForm(feature_sql(layer, plain), b"", RECORD_SEPARATOR, separator, b"\n", b"")
    sql = jsonfg_feature_sql(layer, look) if form is JSONFG else feature_sql(layer, look)
    return TextForm(sql, options.head, b"\n", b",\n", b"\n", options.tail)


def text_chunks(
    conn: Connection,
    layer: PublishedLayer,
    query: ItemsQuery,
    form: ExportFormat,
    options: ExportOptions,
    report: ExportReport,
) -> Iterator[bytes]:
    """Yield a text file as its features are read."""
    written = text_form(layer.definition, query.look, form, options)
    statement = rows_statement(layer, query, f"({written.sql})::text AS feature")
    waiting = bytearray(written.opening)
    for rows in row_groups(conn, statement, weigh=_length, raw_text=True):
        waiting += written.between if report.features else written.first
        waiting += written.between.join([row[0] for row in rows])
        report.features += len(rows)
        options.progress(report.features)
        whole = len(waiting) - len(waiting) % CHUNK_BYTES
        for start in range(0, whole, CHUNK_BYTES):
            yield bytes(waiting[start : start + CHUNK_BYTES])
        del waiting[:whole]
    if report.features:
        waiting += written.last
    waiting += written.closing
    if waiting:
        yield bytes(waiting)


def _length(row: Row) -> int:
    return len(row[0])
