"""A row as a GeoJSON feature, written by PostgreSQL."""

from collections.abc import Collection
from math import ceil, log10
from typing import Final

from spatial.catalogue.types import VALID_FROM, VALID_TO, Layer
from spatial.crs import CGCS2000, GRID, WEB, same_numbers
from spatial.query.binds import quoted
from spatial.query.types import Look

METRES_PER_DEGREE: Final = 111_320.0
"""Along the equator; good enough to choose a number of digits."""


def table_sql(layer: Layer) -> str:
    """Return a layer's table as quoted SQL."""
    return f"{quoted(layer.db_schema)}.{quoted(layer.table)}"


def stored_geometry(layer: Layer, srid: int) -> tuple[str, int]:
    """Return the stored geometry that is nearest to a reference system, and its own SRID.

    A copy in the asked system where the layer keeps one, else the canonical geometry.
    """
    geometry = layer.geometry
    copies = {WEB: geometry.web_column, GRID: geometry.grid_column}
    copy = copies.get(srid)
    return (f"t.{quoted(copy)}", srid) if copy else (f"t.{quoted(geometry.column)}", CGCS2000)


def geometry_sql(layer: Layer, srid: int, *, swaps_axes: bool = False, zoom: int | None = None) -> str:
    """Return the expression of a row's geometry in a reference system.

    Parameters
    ----------
    swaps_axes
        True writes y (lat or north) first.
    zoom
        Zoom level of web mercator tiles whose half pixel may be lost; None for the exact geometry.
    """
    if zoom is None or layer.geometry.type.dimension == 0:
        column, stored = stored_geometry(layer, srid)
    else:
        tolerance = half_pixel_deg(zoom)
        column, stored = f"ST_SimplifyPreserveTopology(t.{quoted(layer.geometry.column)}, {tolerance})", CGCS2000
    if not same_numbers(srid, stored):
        column = f"ST_Transform({column}, {srid})"
    return f"ST_FlipCoordinates({column})" if swaps_axes else column


def half_pixel_deg(zoom: int) -> float:
    """Return half the width of a pixel of a 256-pixel web mercator tile, in degrees of longitude.

    >>> half_pixel_deg(0)
    0.703125
    """
    return 360.0 / 256.0 / 2.0 / float(2**zoom)


def decimals(look: Look) -> int:
    """Return how many digits after the point are worth writing: a millimetre, or a twentieth of a pixel."""
    if look.zoom is None:
        return look.crs.decimals
    pixel = half_pixel_deg(look.zoom) * (METRES_PER_DEGREE if look.crs.is_metric else 1.0)
    return min(look.crs.decimals, max(0, ceil(-log10(pixel)) + 1))


def property_columns(layer: Layer, names: Collection[str] | None = None) -> list[str]:
    """Return the select list of a row's properties, the id first.

    QGIS shows only properties, so the id is repeated there (shared/clients) unless other properties are chosen.

    Parameters
    ----------
    names
        The properties that are wanted; None for all.
    """
    columns = {"id": f"t.{quoted(layer.key.column)} AS id"}
    columns |= {field.name: f"t.{quoted(field.name)}" for field in layer.fields}
    if layer.time_column:
        time = f"t.{quoted(layer.time_column)}"
        columns |= {VALID_FROM: f"lower({time}) AS {VALID_FROM}", VALID_TO: f"upper({time}) AS {VALID_TO}"}
    return [column for name, column in columns.items() if names is None or name in names]


def property_names(layer: Layer) -> list[str]:
    """Return the names of a feature's properties, the id first."""
    times = [VALID_FROM, VALID_TO] if layer.time_column else []
    return ["id", *(field.name for field in layer.fields), *times]


def feature_sql(layer: Layer, look: Look) -> str:
    """Return the expression of a row as GeoJSON text.

    Text is joined rather than built as JSON: 1.4 ms against 1.6 (json_build) and 2.3 (jsonb) for 100 features.
    """
    return (
        f"""'{{"type":"Feature","id":' || to_json(t.{quoted(layer.key.column)})::text || ',"geometry":' """
        f"""|| {geojson_geometry_sql(layer, look)} || ',"properties":' || {properties_sql(layer, look)} || '}}'"""
    )


def geojson_geometry_sql(layer: Layer, look: Look) -> str:
    """Return the expression of a row's geometry as GeoJSON text, ``null`` where it has none."""
    if not look.has_geometry:
        return "'null'"
    geometry = geometry_sql(layer, look.crs.srid, swaps_axes=look.crs.swaps_axes, zoom=look.zoom)
    return f"coalesce(ST_AsGeoJSON({geometry}, {decimals(look)}, 0), 'null')"


def properties_sql(layer: Layer, look: Look) -> str:
    """Return the expression of a row's properties as JSON text."""
    columns = property_columns(layer, look.properties)
    if not columns:
        return "'{}'"
    # p.* is the row, even where a column is named p.
    return f"(SELECT row_to_json(p.*)::text FROM (SELECT {', '.join(columns)}) p)"
