"""Geometries that stand in a filter: checked, brought to EPSG:4490 in x, y order, and bound as WKB."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from spatial.crs import CGCS2000, DOMAIN, GRID, Crs, same_numbers
from spatial.errors import InvalidInput
from spatial.query.cql2.expression import Expression, Kind, Value
from spatial.query.cql2.words import wrong
from spatial.query.where import EDGE_POINTS

DENSE_VERTICES: Final = 1_000
"""Lines of more vertices than this have short edges, which hardly bend."""

TURN: Final = 360.0
"""No longitude in degrees is larger."""
METRIC_EXAMPLE: Final = f"http://www.opengis.net/def/crs/EPSG/0/{GRID}"


class Place(NamedTuple):
    """A geometry of the filter, in EPSG:4490; ``low`` and ``high`` are the heights of a box that has them."""

    geometry: BaseGeometry
    low: float | None = None
    high: float | None = None


def place_literal(node: Mapping[str, Any], crs: Crs) -> Expression:
    """Return a geometry or bbox of CQL2 JSON, whose coordinates are in the axis order of ``crs``.

    Raises
    ------
    InvalidInput
        It is not valid, or lies outside of the reference system.
    """
    place = _box(node["bbox"], crs) if "bbox" in node else Place(_in_degrees(_geometry(node, crs), crs))
    return as_expression(place)


def as_expression(place: Place) -> Expression:
    """Return a place as SQL."""
    wkb = shapely.to_wkb(place.geometry)
    parts = ("ST_GeomFromWKB(", Value(wkb, "bytea"), f", {CGCS2000})")
    return Expression(Kind.GEOMETRY, parts, 0.0, place, f"the {place.geometry.geom_type} of the filter")


def _geometry(node: Mapping[str, Any], crs: Crs) -> BaseGeometry:
    if node["type"] == "GeometryCollection":
        return GeometryCollection([_geometry(one, crs) for one in node["geometries"]])
    _check_counts(node["type"], node["coordinates"])
    try:
        geometry = shapely.force_2d(shape(dict(node)))
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        raise wrong(f"the {node['type']} cannot be built ({str(error)[:80]}).") from error
    if not geometry.is_valid:
        raise wrong(f"the {node['type']} is not valid: {shapely.is_valid_reason(geometry)}.")
    if crs.swaps_axes:
        geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
    return geometry


def _check_counts(kind: str, coordinates: list[Any]) -> None:
    """Refuse lines of one position and rings that do not close; shapely would close them by itself."""
    lines = {"LineString": [coordinates], "MultiLineString": coordinates}.get(kind, [])
    if any(len(line) < 2 for line in lines):
        raise wrong(f"a line of the {kind} has only one position.")
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    for ring in [ring for polygon in polygons for ring in polygon]:
        if len(ring) < 4:
            raise wrong(f"a ring of the {kind} has fewer than four positions.")
        if ring[0] != ring[-1]:
            raise wrong(f"a ring of the {kind} is not closed: it begins at {ring[0]} and ends at {ring[-1]}.")


def _in_degrees(geometry: BaseGeometry, crs: Crs) -> BaseGeometry:
    """Bring a geometry in x, y order to EPSG:4490; edges of a projected system bend, so they get more points."""
    west, south, east, north = DOMAIN[crs.srid]
    left, bottom, right, top = geometry.bounds
    if left < west or bottom < south or right > east or top > north:
        if not crs.is_metric and max(map(abs, geometry.bounds)) > TURN:
            raise _not_degrees(geometry, crs)
        order = "lat,lon" if crs.swaps_axes else "lon,lat"
        if crs.is_metric:
            order = "north,east" if crs.swaps_axes else "east,north"
        raise wrong(
            f"the {geometry.geom_type} lies outside of {crs.title}; the order of its coordinates is {order}.",
            f"{geometry.geom_type} 超出 {crs.title} 的范围；坐标的顺序是 {order}。",
        )
    if same_numbers(crs.srid, CGCS2000):
        return geometry
    extent = max(right - left, top - bottom)
    if extent > 0:
        share = max(1.0, shapely.get_num_coordinates(geometry) / DENSE_VERTICES)
        geometry = shapely.segmentize(geometry, extent / EDGE_POINTS * share)
    return _transformed(geometry, crs)


def _not_degrees(geometry: BaseGeometry, crs: Crs) -> InvalidInput:
    return wrong(
        f"the coordinates of the {geometry.geom_type} look like metres, but {crs.title} is in degrees. Send their"
        f" reference system along, such as filter-crs={METRIC_EXAMPLE} (north,east).",
        f"{geometry.geom_type} 的坐标像是以米为单位的投影坐标，而 {crs.title} 以度为单位。请同时给出坐标系，"
        f"例如 filter-crs={METRIC_EXAMPLE}（北、东顺序）。",
    )


def _transformed(geometry: BaseGeometry, crs: Crs) -> BaseGeometry:
    transformer = _transformer(crs.srid)

    def to_degrees(xy: Any) -> Any:
        lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
        return np.column_stack([lon, lat])

    moved: BaseGeometry = shapely.transform(geometry, to_degrees)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise wrong(f"the {geometry.geom_type} lies outside of {crs.title}.")
    return moved


@lru_cache(maxsize=16)
def _transformer(srid: int) -> Transformer:
    return Transformer.from_crs(srid, CGCS2000, always_xy=True)


def _box(numbers: list[float], crs: Crs) -> Place:
    low = high = None
    if len(numbers) == 6:
        low, high = numbers[2], numbers[5]
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
        if low > high:
            raise wrong(f"the lower height {low} of the BBOX is above the upper one, {high}.")
    west, south, east, north = numbers
    if crs.swaps_axes:
        west, south, east, north = south, west, north, east
    if south > north:
        raise wrong(f"the lower edge {south} of the BBOX is above the upper edge {north}.")
    if west <= east:
        return Place(_in_degrees(_rectangle(west, south, east, north), crs), low, high)
    if crs.is_metric:
        raise wrong(f"the left edge {west} of the BBOX is right of the right edge {east}.")
    halves = [_rectangle(west, south, 180.0, north), _rectangle(-180.0, south, east, north)]
    for half in halves:
        _in_degrees(half, crs)
    polygons = [half for half in halves if isinstance(half, Polygon)]
    return Place(MultiPolygon(polygons) if len(polygons) == 2 else GeometryCollection(halves), low, high)


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Return a box as a polygon, or as the line or point to which it has shrunk."""
    if west == east and south == north:
        return Point(west, south)
    if west == east or south == north:
        return LineString([(west, south), (east, north)])
    return box(west, south, east, north)


def homogeneous(geometry: BaseGeometry, predicate: str) -> BaseGeometry:
    """Return a collection as one multi-geometry; PostGIS relates collections by ST_Intersects only."""
    if geometry.geom_type != "GeometryCollection":
        return geometry
    dimensions = {int(shapely.get_dimensions(part)) for part in shapely.get_parts(geometry)}
    if len(dimensions) > 1:
        raise wrong(f"{predicate.upper()} takes a GEOMETRYCOLLECTION only if it holds points, lines or areas alone.")
    return shapely.unary_union(geometry)
