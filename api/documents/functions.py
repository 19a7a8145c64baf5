"""The functions that a filter may call, as Features Part 3 lists them (OGC 19-079r2, ``/functions``)."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

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

EXAMPLES: Final = MappingProxyType(
    {
        "abs": "abs(height_m - 30) < 5",
        "area_m2": "area_m2(geometry) > 1000",
        "as_of": "as_of(TIMESTAMP('2026-01-01T00:00:00Z'))",
        "buffer_m": "S_INTERSECTS(geometry, buffer_m(POINT(117.25 31.85), 200))",
        "ceil": "ceil(height_m) = 19",
        "centroid": "S_WITHIN(centroid(geometry), BBOX(117.2, 31.8, 117.3, 31.9))",
        "concat": "concat(estate_code, '-', number) = '340103-12'",
        "day": "day(valid_from) = 1",
        "distance_m": "distance_m(geometry, POINT(117.25 31.85)) < 500",
        "floor": "floor(height_m / 3) = floors",
        "greatest": "greatest(floors, floors_below) > 6",
        "least": "least(floors, floors_below) = 0",
        "length": "length(name) > 4",
        "length_m": "length_m(geometry) > 100",
        "lower": "lower(code) = 'b12'",
        "month": "month(valid_from) = 6",
        "region": "S_INTERSECTS(geometry, region('340103'))",
        "round": "round(height_m) = 18",
        "substring": "substring(region_code, 1, 6) = '340103'",
        "trim": "trim(name) = '西楼'",
        "upper": "upper(code) = 'B12'",
        "valid_at": "valid_at(TIMESTAMP('2015-06-01T00:00:00Z'))",
        "within_address": "within_address('长江中路 1 号', 200)",
        "within_region": "within_region('340103')",
        "x": "x(geometry) > 117.25",
        "y": "y(geometry) < 31.9",
        "year": "year(valid_from) >= 2020",
        "z_max": "z_max(geometry) > 20",
        "z_min": "z_min(geometry) < 10",
    }
)
"""A filter on buildings for each function, to begin with."""


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
    return document | ({"example": example} if example else {})


def _argument(argument: Argument, language: str) -> dict[str, Any]:
    # Dates and times are one type; it is named once.
    types = dict.fromkeys(TYPES[kind] for kind in argument.kinds)
    return {"title": argument.title.get(language), "type": list(types)}
