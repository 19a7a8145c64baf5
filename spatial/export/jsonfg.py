"""A row as a JSON-FG feature: GeoJSON with the valid time, and with coordinates in any reference system.

References
----------
OGC 21-045r1, OGC Features and Geometries JSON - Part 1: Core.
"""

from dataclasses import replace
from typing import Any, Final

from spatial.catalogue.types import Layer
from spatial.crs import CRS84, CRS84_URI, CRS84H_URI
from spatial.export.columns import moment_sql
from spatial.query.binds import quoted
from spatial.query.feature import geojson_geometry_sql, properties_sql
from spatial.query.types import Look

CORE: Final = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"
TYPES: Final = "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"
CONFORMS_TO: Final = (CORE, TYPES)


def jsonfg_members(layer: Layer, look: Look) -> dict[str, Any]:
    """Return what a JSON-FG document says of itself, beside ``type`` and ``features`` or those of the one feature."""
    members: dict[str, Any] = {
        "conformsTo": list(CONFORMS_TO),
        "featureType": layer.id,
        "coordRefSys": look.crs.uri,
    }
    dimension = layer.geometry.type.dimension
    if dimension is not None and look.has_geometry:
        members["geometryDimension"] = dimension
    return members


def jsonfg_feature_sql(layer: Layer, look: Look) -> str:
    """Return the expression of a row as JSON-FG text.

    In CRS84 the ``geometry`` tells the place. In any other system ``place`` has the coordinates, in the order of the
    authority's axes, and ``geometry`` repeats them in CRS84 for programs that only know GeoJSON.
    """
    if look.crs.uri in {CRS84_URI, CRS84H_URI}:
        place = "'null'"
        geometry = geojson_geometry_sql(layer, look)
    else:
        place = geojson_geometry_sql(layer, look)
        geometry = geojson_geometry_sql(layer, replace(look, crs=CRS84))
    return (
        f"""'{{"type":"Feature","id":' || to_json(t.{quoted(layer.key.column)})::text"""
        f""" || ',"time":' || {_time_sql(layer)} || ',"place":' || {place} || ',"geometry":' || {geometry}"""
        f""" || ',"properties":' || {properties_sql(layer, look)} || '}}'"""
    )


def _time_sql(layer: Layer) -> str:
    """Return the valid time as JSON text; an open end is ``..``."""
    if layer.time_column is None:
        return "'null'"
    time = f"t.{quoted(layer.time_column)}"
    start, end = (f"coalesce({moment_sql(f'{side}({time})')}, '..')" for side in ("lower", "upper"))
    interval = f"""'{{"interval":["' || {start} || '","' || {end} || '"]}}'"""
    return f"CASE WHEN {time} IS NULL OR isempty({time}) THEN 'null' ELSE {interval} END"
