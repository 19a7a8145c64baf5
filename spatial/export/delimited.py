"""CSV after RFC 4180, each line written by PostgreSQL: texts in quotes, an absent value empty, geometry as WKT."""

from typing import Final

from spatial.catalogue.types import FieldType, Layer
from spatial.export.columns import Column, columns_of, free_name, joined_sql, moment_sql
from spatial.query.feature import decimals, geometry_sql
from spatial.query.types import Look

GEOMETRY: Final = "geometry_wkt"
LINE_END: Final = b"\r\n"
BOM: Final = b"\xef\xbb\xbf"


def header(layer: Layer, look: Look) -> bytes:
    """Return the first line, without its end."""
    columns = columns_of(layer, look)
    names = [column.name for column in columns]
    if look.has_geometry:
        names.append(free_name(GEOMETRY, columns))
    return ",".join(_quoted_name(name) for name in names).encode()


def line_sql(layer: Layer, look: Look) -> str:
    """Return the expression of a row as a line, without its end."""
    cells = [_cell_sql(column) for column in columns_of(layer, look)]
    if look.has_geometry:
        geometry = geometry_sql(layer, look.crs.srid, zoom=look.zoom)
        cells.append(f"""'"' || ST_AsText({geometry}, {decimals(look)}) || '"'""")
    return " || ',' || ".join(f"coalesce({cell}, '')" for cell in cells) or "''"


def _cell_sql(column: Column) -> str:
    if column.type == FieldType.DATETIME:
        return moment_sql(column.sql)
    if column.type == FieldType.STRING:
        return _quoted_sql(f"{column.sql}::text")
    if column.type == FieldType.ARRAY:
        return _quoted_sql(joined_sql(column))
    return f"{column.sql}::text"


def _quoted_sql(text: str) -> str:
    """Quote every text: so an empty one differs from an absent one, and nothing in it can end the cell."""
    return f"""'"' || replace({text}, '"', '""') || '"'"""


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\r\n') else name
