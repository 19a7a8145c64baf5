"""The functions that a filter may call, as Features Part 3 lists them (OGC 19-079r2, ``/functions``)."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from spatial.query.cql2.expression import Kind
from spatial.query.cql2.functions import Argument, FunctionDescription

TYPES: Final = MappingProxyType(
    {
        Kind.TEXT: "string",
        Kind.NUMBER: "number",
        Kind.INTEGER: "integer",
        Kind.BOOLEAN: "boolean",
        Kind.DATE: "datetime",
        Kind.TIMESTAMP: "datetime",
        Kind.INTERVAL: "datetime",
        Kind.UUID: "string",
        Kind.ARRAY: "string",
        Kind.GEOMETRY: "geometry",
    }
)
"""The standard's words for types; it has one for dates and times, and none for lists."""


class Example(NamedTuple):
    """A filter to begin with, and the layer on which it finds something in the small sample city."""

    filter: str
    layer: str = "buildings"


EXAMPLES: Final = MappingProxyType(
    {
        "abs": Example("abs(height_m - 30) < 5"),
        "area_m2": Example("area_m2(geometry) > 1000"),
        "as_of": Example("as_of(TIMESTAMP('2026-01-01T00:00:00Z'))"),
        "buffer_m": Example("S_INTERSECTS(geometry, buffer_m(POINT(117.283 31.862), 200))"),
        "ceil": Example("ceil(height_m) = 13"),
        "centroid": Example("S_WITHIN(centroid(geometry), BBOX(117.2, 31.8, 117.3, 31.9))"),
        "concat": Example("concat(estate_code, '-', number) = 'E340103003010000001-1'"),
        "day": Example("day(valid_from) = 1"),
        "distance_m": Example("distance_m(geometry, POINT(117.283 31.862)) < 500"),
        "floor": Example("floor(height_m / 3) = floors"),
        "greatest": Example("greatest(floors, floors_below) > 6"),
        "least": Example("least(floors, floors_below) = 0"),
        "length": Example("length(name) = 3"),
        "length_m": Example("length_m(geometry) > 100", "pipe_segments"),
        "lower": Example("lower(code) = 'b340103003010000001'"),
        "month": Example("month(valid_from) = 9"),
        "region": Example("S_INTERSECTS(geometry, region('340103'))"),
        "round": Example("round(height_m) = 13"),
        "substring": Example("substring(region_code, 1, 6) = '340103'"),
        "trim": Example("trim(name) = '门卫室'"),
        "upper": Example("upper(code) = 'B340103003010000001'"),
        "valid_at": Example("valid_at(TIMESTAMP('2015-06-01T00:00:00Z'))"),
        "within_address": Example("within_address('合肥市庐阳区杏林街道华林路11号', 200)"),
        "within_region": Example("within_region('340103003')"),
        "x": Example("x(geometry) > 117.25"),
        "y": Example("y(geometry) < 31.85"),
        "year": Example("year(valid_from) >= 2020"),
        "z_max": Example("z_max(geometry) > 30", "pipe_segments"),
        "z_min": Example("z_min(geometry) < 30", "pipe_segments"),
    }
)
"""An example for each function."""


def functions_document(functions: Sequence[FunctionDescription], language: str) -> dict[str, Any]:
    """Describe functions with their arguments and what they return."""
    return {
        "title": "Functions of CQL2 filters" if language == "en" else "CQL2 过滤条件的函数",
        "functions": [_function(one, language) for one in functions],
    }


def _function(function: FunctionDescription, language: str) -> dict[str, Any]:
    arguments = [_argument(one, language) for one in function.arguments]
    if function.is_variadic:
        arguments[-1]["description"] = "May be repeated." if language == "en" else "可以重复。"
    document = {
        "name": function.name,
        "description": function.title.get(language),
        "arguments": arguments,
        "returns": [TYPES[function.returns]],
    }
    example = EXAMPLES.get(function.name)
    return document | ({"example": example.filter, "exampleCollection": example.layer} if example else {})


def _argument(argument: Argument, language: str) -> dict[str, Any]:
    # Dates and times are one type; it is named once.
    types = dict.fromkeys(TYPES[kind] for kind in argument.kinds)
    return {"title": argument.title.get(language), "type": list(types)}
