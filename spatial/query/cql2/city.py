"""Functions that ask the city: its two times, its regions and its addresses.

Other layers are read by scalar subqueries. PostgreSQL runs them once, before it looks into the layer, so that the
layer's own spatial index serves.
"""

from collections.abc import Sequence
from typing import Final

from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.types import Layer, Titled
from spatial.crs import CGCS2000
from spatial.db.schemas import CITY
from spatial.query.binds import Binds, quoted
from spatial.query.cql2.comparison import first_moment
from spatial.query.cql2.expression import Expression, Kind, Operand, build, literal
from spatial.query.cql2.functions import METRES_MAX, MOMENT, NUMBER, Argument, FunctionDescription, arguments
from spatial.query.cql2.lookups import Lookup
from spatial.query.cql2.words import wrong
from spatial.query.feature import table_sql
from spatial.query.types import Statement

REGION_LAYERS: Final = ("regions_legal", "regions_managed")
ADDRESS_LAYER: Final = "addresses"
RECORDED: Final = "recorded"
"""Column of the time at which the city knew a state; the built-in tables have it."""
SHORT_CODES: Final = frozenset({2, 4, 6, 9})
"""Digits of the codes of province, city, county and street; the register writes all with twelve (GB/T 10114)."""
NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width forms of ASCII by their code points."""
REGION_CODE: Final = Argument(Titled(zh="区划代码", en="Region code"), (Kind.TEXT,))
ADDRESS: Final = Argument(Titled(zh="地址编码或全称", en="Code or full text of an address"), (Kind.TEXT,))
METRES: Final = Argument(Titled(zh="米", en="Metres"), NUMBER.kinds)

VALID_AT: Final = FunctionDescription(
    "valid_at", Titled(zh="该时刻有效", en="Whether the feature is valid then"), (MOMENT,), Kind.BOOLEAN
)
AS_OF: Final = FunctionDescription(
    "as_of", Titled(zh="该时刻已知", en="Whether the feature was known then"), (MOMENT,), Kind.BOOLEAN
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


def lookups_of(catalogue: Catalogue, name: str, operands: Sequence[Operand]) -> list[Lookup]:
    """Return what must exist for a call of a city function to find anything."""
    if name not in {"region", "within_region", "within_address"} or not operands:
        return []
    sought = operands[0].value if isinstance(operands[0], Expression) else None
    if not isinstance(sought, str):
        return []
    return [_address_lookup(catalogue, sought) if name == "within_address" else _region_lookup(catalogue, sought)]


def _region_lookup(catalogue: Catalogue, code: str) -> Lookup:
    layers = _region_layers(catalogue)
    tests = " OR ".join(f"EXISTS (SELECT FROM {table_sql(one)} r WHERE r.code = ANY($1::text[]))" for one in layers)
    places = [f"/collections/{one.id}" for one in layers]
    return Lookup(
        code,
        Statement(f"SELECT {tests} AS found", (region_codes(code),)),
        f"there is no region {code!r:.60}; the codes are in {' and '.join(places)}.",
        f"没有区划 {code!r:.60}；区划代码见 {' 和 '.join(places)}。",
    )


def _address_lookup(catalogue: Catalogue, text: str) -> Lookup:
    table = table_sql(catalogue.layers[ADDRESS_LAYER].definition)
    place, test = _address_test(text)
    binds = Binds()
    found = build(Kind.BOOLEAN, f"SELECT EXISTS (SELECT FROM {table} a WHERE {test}) AS found", *place).sql(binds)
    return Lookup(
        text,
        Statement(found, tuple(binds.values)),
        f"there is no address {text!r:.80}; codes and full texts are in /collections/{ADDRESS_LAYER}, where"
        " q= searches them.",
        f"没有地址 {text!r:.80}；地址编码和全称见 /collections/{ADDRESS_LAYER}，可用 q= 查找。",
    )


def region_codes(text: str) -> list[str]:
    """Return the codes that may be meant: as written, and filled up with zeros to the register's twelve digits.

    >>> region_codes("340103"), region_codes("34010３003010")
    (['340103', '340103000000'], ['340103003010'])
    """
    code = _plain(text)
    return [code, code.ljust(12, "0")] if len(code) in SHORT_CODES and code.isdecimal() else [code]


def _plain(text: str) -> str:
    """Return a text without spaces, its full-width digits and letters made narrow."""
    return "".join(text.split()).translate(NARROW)


def _other(expression: Expression) -> Expression:
    """Mark what reads other layers."""
    return Expression(expression.kind, expression.parts, expression.cost_us, name="an area", other_layers=True)


def _region(catalogue: Catalogue, code: Expression) -> Expression:
    codes = literal(Kind.ARRAY, region_codes(code.value))
    areas = [
        f"(SELECT r.{quoted(one.geometry.column)} FROM {table_sql(one)} r"
        " WHERE r.code = ANY({0}) ORDER BY r.code LIMIT 1)"
        for one in _region_layers(catalogue)
    ]
    return _other(build(Kind.GEOMETRY, f"(SELECT coalesce({', '.join(areas)}))", codes, cost_us=0))


def _region_layers(catalogue: Catalogue) -> list[Layer]:
    return [catalogue.layers[name].definition for name in REGION_LAYERS if name in catalogue.layers]


def _address_test(text: str) -> tuple[list[Expression], str]:
    """Return what may be meant by an address, and the condition over ``a`` that takes it as ``{0}``, ``{1}`` ..."""
    forms = dict.fromkeys([text, _plain(text)])
    tests = [f"a.{column} = {{{index}}}" for column in ("code", "full_text") for index in range(len(forms))]
    return [literal(Kind.TEXT, one) for one in forms], f"({' OR '.join(tests)})"


def _within_address(catalogue: Catalogue, layer: Layer, address: Expression, metres: Expression) -> Expression:
    definition = catalogue.layers[ADDRESS_LAYER].definition
    place = _code(address, "within_address")
    if not metres.is_literal or not 0 <= metres.value <= METRES_MAX:
        raise wrong(f"within_address takes a distance from 0 to {METRES_MAX:.0f} metres.")
    forms, test = _address_test(place.value)
    source = f"FROM {table_sql(definition)} a WHERE {test} ORDER BY a.id LIMIT 1"
    metre = f"{{{len(forms)}}}"
    point = f"a.{quoted(definition.geometry.column)}"
    # The box of a circle somewhat too large finds candidates by the index; the ellipsoid decides.
    circle = f"(SELECT ST_SetSRID(ST_Buffer({point}::geography, {metre} * 1.02 + 0.1)::geometry, {CGCS2000}) {source})"
    near = f"ST_DWithin({_geometry(layer)}::geography, (SELECT {point}::geography {source}), {metre})"
    distance = literal(Kind.NUMBER, float(metres.value))
    template = f"({_geometry(layer)} && {circle} AND {near})"
    return _other(build(Kind.BOOLEAN, template, *forms, distance, cost_us=25))
