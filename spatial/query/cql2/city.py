"""Functions that ask the city: its two times, its regions and its addresses.

Other layers are read by scalar subqueries. PostgreSQL runs them once, before it looks into the layer, so that the
layer's own spatial index serves.
"""

import re
from collections.abc import Sequence
from typing import Final

from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.types import Layer, Titled
from spatial.crs import CGCS2000
from spatial.db.schemas import CITY
from spatial.query.binds import quoted
from spatial.query.cql2.comparison import first_moment
from spatial.query.cql2.expression import Expression, Kind, Operand, build, literal
from spatial.query.cql2.functions import INSTANT, METRES_MAX, NUMBER, Argument, FunctionDescription, arguments
from spatial.query.cql2.words import wrong
from spatial.query.feature import table_sql

REGION_LAYERS: Final = ("regions_legal", "regions_managed")
ADDRESS_LAYER: Final = "addresses"
RECORDED: Final = "recorded"
"""Column of the time at which the city knew a state; the built-in tables have it."""
CODE: Final = re.compile(r"[0-9A-Za-z_.:-]+")
REGION_CODE: Final = Argument(Titled(zh="区划代码", en="Region code"), (Kind.TEXT,))
ADDRESS: Final = Argument(Titled(zh="地址编码或全称", en="Code or full text of an address"), (Kind.TEXT,))
METRES: Final = Argument(Titled(zh="米", en="Metres"), NUMBER.kinds)

VALID_AT: Final = FunctionDescription(
    "valid_at", Titled(zh="该时刻有效", en="Whether the feature is valid then"), (INSTANT,), Kind.BOOLEAN
)
AS_OF: Final = FunctionDescription(
    "as_of", Titled(zh="该时刻已知", en="Whether the feature was known then"), (INSTANT,), Kind.BOOLEAN
)
REGION: Final = FunctionDescription(
    "region",
    Titled(zh="法定或管理区划的范围", en="Area of a legal or managed region"),
    (REGION_CODE,),
    Kind.GEOMETRY,
)
WITHIN_REGION: Final = FunctionDescription(
    "within_region",
    Titled(zh="完全位于该区划内", en="Whether the feature lies wholly inside a legal or managed region"),
    (REGION_CODE,),
    Kind.BOOLEAN,
)
WITHIN_ADDRESS: Final = FunctionDescription(
    "within_address",
    Titled(zh="在标准地址的若干米以内", en="Whether the feature lies within so many metres of a standard address"),
    (ADDRESS, METRES),
    Kind.BOOLEAN,
)


def city_functions(catalogue: Catalogue) -> dict[str, FunctionDescription]:
    """Return the functions of this city by name; those of layers that it lacks are left out."""
    found = {"valid_at": VALID_AT, "as_of": AS_OF}
    if any(name in catalogue.layers for name in REGION_LAYERS):
        found |= {"region": REGION, "within_region": WITHIN_REGION}
    if ADDRESS_LAYER in catalogue.layers:
        found["within_address"] = WITHIN_ADDRESS
    return found


def call_city(catalogue: Catalogue, layer: Layer, name: str, operands: Sequence[Operand]) -> Expression:
    """Compile a call of a city function."""
    found = arguments(city_functions(catalogue)[name], operands)
    if name == "valid_at":
        return _holds(layer.time_column, found[0], f"layer {layer.id!r} has no valid time")
    if name == "as_of":
        column = RECORDED if layer.db_schema == CITY else None
        return _holds(column, found[0], f"layer {layer.id!r} does not record when it was known")
    if name == "region":
        return _region(catalogue, _code(found[0], "region"))
    if name == "within_region":
        region = _region(catalogue, _code(found[0], "within_region"))
        return build(Kind.BOOLEAN, f"ST_CoveredBy({_geometry(layer)}, {{0}})", region, cost_us=20)
    return _within_address(catalogue, layer, *found)


def _holds(column: str | None, moment: Expression, refusal: str) -> Expression:
    if column is None:
        raise wrong(f"{refusal}.")
    if moment.kind is Kind.DATE:
        if not moment.is_literal:
            raise wrong(f"{moment.label} is a date; a time belongs there, such as TIMESTAMP('2026-01-31T12:00:00Z').")
        moment = literal(Kind.TIMESTAMP, first_moment(moment.value))
    return build(Kind.BOOLEAN, f"(t.{quoted(column)} @> {{0}})", moment, cost_us=0.2)


def _geometry(layer: Layer) -> str:
    return f"t.{quoted(layer.geometry.column)}"


def _code(expression: Expression, name: str) -> Expression:
    if not expression.is_literal:
        raise wrong(f"{name} takes a text that stands in the filter, not {expression.label}.")
    return expression


def _other(expression: Expression) -> Expression:
    """Mark what reads other layers."""
    return Expression(expression.kind, expression.parts, expression.cost_us, name="an area", other_layers=True)


def _region(catalogue: Catalogue, code: Expression) -> Expression:
    lookups = [
        f"(SELECT r.{quoted(one.geometry.column)} FROM {table_sql(one)} r WHERE r.code = {{0}} ORDER BY r.id LIMIT 1)"
        for one in (catalogue.layers[name].definition for name in REGION_LAYERS if name in catalogue.layers)
    ]
    return _other(build(Kind.GEOMETRY, f"(SELECT coalesce({', '.join(lookups)}))", code, cost_us=0))


def _within_address(catalogue: Catalogue, layer: Layer, address: Expression, metres: Expression) -> Expression:
    definition = catalogue.layers[ADDRESS_LAYER].definition
    place = _code(address, "within_address")
    if not metres.is_literal or not 0 <= metres.value <= METRES_MAX:
        raise wrong(f"within_address takes a distance from 0 to {METRES_MAX:.0f} metres.")
    column = "code" if CODE.fullmatch(place.value) else "full_text"
    source = f"FROM {table_sql(definition)} a WHERE a.{column} = {{0}} ORDER BY a.id LIMIT 1"
    point = f"a.{quoted(definition.geometry.column)}"
    # The box of a circle somewhat too large finds candidates by the index; the ellipsoid decides.
    circle = f"(SELECT ST_SetSRID(ST_Buffer({point}::geography, {{1}} * 1.02 + 0.1)::geometry, {CGCS2000}) {source})"
    near = f"ST_DWithin({_geometry(layer)}::geography, (SELECT {point}::geography {source}), {{1}})"
    distance = literal(Kind.NUMBER, float(metres.value))
    template = f"({_geometry(layer)} && {circle} AND {near})"
    return _other(build(Kind.BOOLEAN, template, place, distance, cost_us=25))
