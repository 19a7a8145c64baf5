"""A row as a GeoJSON feature, written by PostgreSQL."""

from spatial.catalogue.types import Layer
from spatial.crs import CGCS2000, GRID, WEB, Crs, same_numbers
from spatial.query.binds import quoted


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


def geometry_sql(layer: Layer, srid: int, *, swaps_axes: bool = False) -> str:
    """Return the expression of a row's geometry in a reference system."""
    column, stored = stored_geometry(layer, srid)
    if not same_numbers(srid, stored):
        column = f"ST_Transform({column}, {srid})"
    return f"ST_FlipCoordinates({column})" if swaps_axes else column


def property_columns(layer: Layer) -> list[str]:
    """Return the select list of a row's properties, the id first.

    QGIS shows only properties, so the id is repeated there (shared/clients).
    """
    columns = [f"t.{quoted(layer.key.column)} AS id"]
    columns += [f"t.{quoted(field.name)}" for field in layer.fields]
    if layer.time_column:
        time = f"t.{quoted(layer.time_column)}"
        columns += [f"lower({time}) AS valid_from", f"upper({time}) AS valid_to"]
    return columns


def feature_sql(layer: Layer, crs: Crs) -> str:
    """Return the expression of a row as GeoJSON text.

    Text is joined rather than built as JSON: 1.4 ms against 1.6 (json_build) and 2.3 (jsonb) for 100 features.
    """
    geometry = f"ST_AsGeoJSON({geometry_sql(layer, crs.srid, swaps_axes=crs.swaps_axes)}, {crs.decimals}, 0)"
    # p.* is the row, even where a column is named p.
    properties = f"(SELECT row_to_json(p.*)::text FROM (SELECT {', '.join(property_columns(layer))}) p)"
    return (
        f"""'{{"type":"Feature","id":' || to_json(t.{quoted(layer.key.column)})::text || ',"geometry":' """
        f"""|| coalesce({geometry}, 'null') || ',"properties":' || {properties} || '}}'"""
    )
