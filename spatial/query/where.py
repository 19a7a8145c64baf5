"""Conditions of a query as SQL over the alias ``t``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pyproj import Transformer

from spatial.catalogue.types import FieldType, KeyType, Layer, LayerField
from spatial.crs import CGCS2000, DOMAIN, GRID, WEB, same_numbers
from spatial.geometry import BBox
from spatial.query.binds import Binds, quoted
from spatial.query.feature import stored_geometry
from spatial.query.types import Interval, Value

SQL_TYPE: Final = {
    FieldType.STRING: "text",
    FieldType.INTEGER: "bigint",
    FieldType.NUMBER: "float8",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
    FieldType.ARRAY: "text[]",
}
KEY_SQL_TYPE: Final = {KeyType.INTEGER: "bigint", KeyType.TEXT: "text", KeyType.UUID: "uuid"}

# Boxes of the GiST operators are rounded to float32, about 1e-5 degree or 1 m here; a box drawn in by more than
# that holds only features that truly lie inside, which need no exact test.
INNER_MARGIN: Final = {CGCS2000: 1e-4, WEB: 20.0, GRID: 1.0}
# The edge of a box in another CRS bends when transformed; this many points keep it within centimetres of true.
EDGE_POINTS: Final = 32
# For a text of thirty characters.
LIKE_US: Final = 0.3
ILIKE_US: Final = 0.8


def interval_condition(layer: Layer, interval: Interval, binds: Binds) -> str | None:
    """Return the condition of validity, or None where the layer has no time (then everything matches)."""
    if layer.time_column is None:
        return None
    start = binds.add(interval.start, "timestamptz")
    end = binds.add(interval.end, "timestamptz")
    return f"t.{quoted(layer.time_column)} && tstzrange({start}, {end}, '[]')"


def equals_conditions(equals: Sequence[tuple[LayerField, Value]], binds: Binds) -> list[str]:
    """Return one condition for each property that must have a value."""
    return [f"t.{quoted(field.name)} = {binds.add(value, SQL_TYPE[field.type])}" for field, value in equals]


def text_condition(layer: Layer, terms: Sequence[str], binds: Binds) -> str:
    """Return the condition of having one of some terms in a searchable property, whatever the case."""
    fields = layer.searchables
    cases = []
    for term in terms:
        pattern = "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        bound = binds.add(pattern, "text")
        like = "ILIKE" if _has_cases(term) else "LIKE"
        cases += [f"t.{quoted(field.name)} {like} {bound}" for field in fields]
    return f"({' OR '.join(cases)})" if cases else "false"


def text_cost_us(layer: Layer, terms: Sequence[str]) -> float:
    """Return about how long PostgreSQL looks for some terms in one row, in microseconds, where no index helps."""
    return len(layer.searchables) * sum(ILIKE_US if _has_cases(term) else LIKE_US for term in terms)


def _has_cases(term: str) -> bool:
    # Chinese has none, and LIKE costs a third of ILIKE.
    return term.lower() != term.upper()


def bbox_condition(layer: Layer, box: BBox, binds: Binds, *, by_index: bool) -> str:
    """Return the condition of intersecting a box.

    Parameters
    ----------
    by_index
        False keeps the planner from using the spatial index, for a box that holds so much of the layer that
        reading in the order of the key finds a page sooner.
    """
    whole = clipped(box)
    if whole is None:
        return "false"
    box = whole
    if box.crosses_antimeridian:
        halves = (
            BBox(box.west, box.south, 180.0, box.north, box.srid, box.low, box.high),
            BBox(-180.0, box.south, box.east, box.north, box.srid, box.low, box.high),
        )
        return "(" + " OR ".join(bbox_condition(layer, half, binds, by_index=by_index) for half in halves) + ")"
    column, srid = stored_geometry(layer, box.srid)
    corners = [binds.add(value, "float8") for value in (box.west, box.south, box.east, box.north)]
    is_flat = box.west == box.east or box.south == box.north
    if same_numbers(srid, box.srid):
        envelope = _drawn(corners, srid, is_flat=is_flat)
        overlap, exact = f"{column} && {envelope}", _intersects_box(column, corners, envelope, srid)
    else:
        west, south, east, north = corners
        step = f"greatest({east} - {west}, {north} - {south}) / {EDGE_POINTS}"
        drawn = f"ST_Segmentize({_drawn(corners, box.srid, is_flat=is_flat)}, greatest({step}, 1e-9))"
        outline = f"ST_Transform({drawn}, {srid})"
        overlap, exact = f"{column} && {outline}", f"ST_Intersects({column}, {outline})"
    # IS TRUE hides an operator from the index without changing what it says of a row: one index scan for the
    # overlap is enough, and the exact test is only for the rows that it found.
    conditions = [overlap if by_index else f"({overlap}) IS TRUE", f"({exact}) IS TRUE"]
    conditions += _height_conditions(layer, box, binds)
    return "(" + " AND ".join(conditions) + ")"


def _drawn(corners: Sequence[str], srid: int, *, is_flat: bool) -> str:
    if not is_flat:
        return f"ST_MakeEnvelope({', '.join(corners)}, {srid})"
    # ST_MakeEnvelope draws a polygon without an area, which intersects nothing; this draws a line or a point.
    west, south, east, north = corners
    diagonal = f"ST_MakeLine(ST_MakePoint({west}, {south}), ST_MakePoint({east}, {north}))"
    return f"ST_SetSRID(ST_Envelope({diagonal}), {srid})"


def _intersects_box(column: str, corners: Sequence[str], envelope: str, srid: int) -> str:
    margin = INNER_MARGIN[srid]
    west, south, east, north = corners
    inner = f"ST_MakeEnvelope({west} + {margin}, {south} + {margin}, {east} - {margin}, {north} - {margin}, {srid})"
    # A box smaller than its margins has no inside.
    has_inside = f"{east} - {west} > {2 * margin} AND {north} - {south} > {2 * margin}"
    return f"(({has_inside} AND {column} @ {inner}) OR ST_Intersects({column}, {envelope}))"


def _height_conditions(layer: Layer, box: BBox, binds: Binds) -> list[str]:
    if not layer.geometry.has_z or box.low is None or box.high is None:
        return []
    column = f"t.{quoted(layer.geometry.column)}"
    return [
        f"ST_ZMax({column}) >= {binds.add(box.low, 'float8')}",
        f"ST_ZMin({column}) <= {binds.add(box.high, 'float8')}",
    ]


def clipped(box: BBox) -> BBox | None:
    """Return the part of a box in which its reference system names places; None where there is no such part."""
    west, south, east, north = DOMAIN[box.srid]
    if (
        box.south > north
        or box.north < south
        or (not box.crosses_antimeridian and (box.west > east or box.east < west))
    ):
        return None
    if box.west >= west and box.south >= south and box.east <= east and box.north <= north:
        return box
    return replace(
        box,
        west=max(box.west, west),
        south=max(box.south, south),
        east=min(box.east, east),
        north=min(box.north, north),
    )


def box_in_degrees(box: BBox) -> BBox | None:
    """Return a box in EPSG:4490 that holds ``box``, good enough to estimate by; None where it names no place."""
    whole = clipped(box)
    if whole is None or same_numbers(box.srid, CGCS2000):
        return whole
    box = whole
    transformer = Transformer.from_crs(box.srid, CGCS2000, always_xy=True)
    return BBox(*transformer.transform_bounds(box.west, box.south, box.east, box.north), CGCS2000)
