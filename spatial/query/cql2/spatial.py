"""Spatial predicates on the canonical geometry, so that its index serves."""

from typing import Final

import shapely

from spatial.query.cql2.expression import SPOKEN, Expression, Kind, Operand, Span, build, literal
from spatial.query.cql2.shapes import Place, as_expression, homogeneous
from spatial.query.cql2.words import wrong

FUNCTIONS: Final = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
OF_COLLECTIONS: Final = frozenset({"s_intersects", "s_disjoint"})
COST_US: Final = 3.0
RELATE_COST_US: Final = 10.0
VERTEX_COST_US: Final = 0.02


def geometry(operand: Operand) -> Expression:
    """Return an operand that is a geometry."""
    if isinstance(operand, Span) or operand.kind is not Kind.GEOMETRY:
        raise wrong(
            f"{operand.label} is {SPOKEN[operand.kind]}; a geometry belongs there, such as POINT(117.2 31.8), without"
            " quotes.",
            f"{operand.label} 不是几何；此处应为几何，例如 POINT(117.2 31.8)，不加引号。",
        )
    return operand


def relate_places(name: str, left: Operand, right: Operand, *, may_hold_collections: bool) -> Expression:
    """Compile a spatial predicate.

    Parameters
    ----------
    may_hold_collections
        Whether a property may hold GEOMETRYCOLLECTIONs, which most predicates of PostGIS refuse with an error.
    """
    operands = [_fitting(geometry(one), name) for one in (left, right)]
    cost_us = COST_US if name in OF_COLLECTIONS else RELATE_COST_US
    cost_us += VERTEX_COST_US * sum(_vertices(one) for one in operands)
    if name == "s_disjoint":
        return build(Kind.BOOLEAN, "(NOT {0})", _intersects(operands, cost_us), cost_us=0)
    if name == "s_intersects":
        return _intersects(operands, cost_us)
    called = f"{FUNCTIONS[name]}({{0}}, {{1}})"
    if may_hold_collections:
        tests = " OR ".join(
            f"ST_GeometryType({{{index}}}) = 'ST_GeometryCollection'"
            for index, one in enumerate(operands)
            if not one.is_literal
        )
        if tests:
            # Boxes that overlap come first, by the index.
            called = f"({{0}} && {{1}} AND CASE WHEN {tests} THEN false ELSE {called} END)"
    return build(Kind.BOOLEAN, called, *operands, cost_us=cost_us)


def _fitting(operand: Expression, name: str) -> Expression:
    if not operand.is_literal or name in OF_COLLECTIONS:
        return operand
    place: Place = operand.value
    return as_expression(place._replace(geometry=homogeneous(place.geometry, name)))


def _intersects(operands: list[Expression], cost_us: float) -> Expression:
    condition = build(Kind.BOOLEAN, "ST_Intersects({0}, {1})", *operands, cost_us=cost_us)
    for one, other in (operands, operands[::-1]):
        if one.is_literal and one.value.low is not None and not other.is_literal:
            low, high = literal(Kind.NUMBER, one.value.low), literal(Kind.NUMBER, one.value.high)
            # A geometry without heights lies on the ground, at every height of the box.
            template = "({0} AND (ST_NDims({1}) < 3 OR (ST_ZMax({1}) >= {2} AND ST_ZMin({1}) <= {3})))"
            condition = build(Kind.BOOLEAN, template, condition, other, low, high, cost_us=0.3)
    return condition


def _vertices(operand: Expression) -> int:
    return int(shapely.get_num_coordinates(operand.value.geometry)) if operand.is_literal else 0
